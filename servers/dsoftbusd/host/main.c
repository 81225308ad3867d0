/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dsoftbus-node: a Linux machine in the fabric. Its commands are in `usage`.
 *
 * What it says stands in lines of its own on standard output, what is wrong on standard error.
 * Exit status: 0 done, 1 not done in time or refused, 2 usage, 3 a file or socket.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "both.h"
#include "files.h"
#include "../loop.h"

enum {
    US_PER_S = 1000 * 1000,
    DONE = 0,
    NOT_DONE = 1,
    BAD_USAGE = 2,
    BAD_FILE = 3,
    SECONDS_DEFAULT = 15,
    ADDRESS_BYTES = 64,
    TOLD_MAX = 8,
};

static const char usage[] =
    "usage: dsoftbus-node keygen FILE             a new secret; its public key is printed\n"
    "       dsoftbus-node key FILE                the public key of a secret\n"
    "       dsoftbus-node trust FILE list | pin ID KEY | allow KEY | deny KEY | deny-id ID\n"
    "                                | forget ID\n"
    "       dsoftbus-node run [OPTION...]         announce, answer, say what happens\n"
    "       dsoftbus-node list [OPTION...]        say who is there\n"
    "       dsoftbus-node ping ID [OPTION...]\n"
    "       dsoftbus-node call ID SERVICE [TEXT] [OPTION...]\n"
    "       dsoftbus-node dual [OPTION...]        two nodes in this process meet; --id not needed\n"
    "options: --id ID --key FILE --trust FILE     who we are, whom we trust\n"
    "         --port N                            of sessions (34567; 0: any)\n"
    "         --group ADDRESS:PORT                where announces go (239.42.0.1:37020)\n"
    "         --listen N                          where they come from (37020)\n"
    "         --interface ADDRESS                 whose network is used\n"
    "         --first-use                         trust what is new, and remember it\n"
    "         --peer ID@ADDRESS:PORT              where a pinned peer is, heard or not; again\n"
    "         --serve                             offer echo and status to trusted peers\n"
    "         --ping                              run: ping each peer\n"
    "         --seconds N                         end after so long (run: never; else 15)\n";

/* A peer we are told of. */
struct told {
    struct bus_name id;
    struct sockaddr_in address;
};

struct options {
    struct loop_config loop;
    struct told told[TOLD_MAX];
    int told_count;
    const char *key_path;
    const char *trust_path;
    bool is_first_use;
    bool serves;
    bool pings;
    uint64_t seconds;
};

static struct loop loop;
static volatile sig_atomic_t is_interrupted;

static int misused(const char *why)
{
    fprintf(stderr, "dsoftbus-node: %s\n%s", why, usage);
    return BAD_USAGE;
}

static void interrupt(int number)
{
    (void)number;
    is_interrupted = 1;
}

static bool set_name(struct bus_name *name, const char *text)
{
    return bus_name_set(name, text, strlen(text));
}

/* --- options --- */

static bool read_number(const char *text, uint64_t most, uint64_t *value)
{
    char *rest;
    *value = strtoull(text, &rest, 10);
    return *text >= '0' && *text <= '9' && *rest == '\0' && *value <= most;
}

static bool read_port(const char *text, uint16_t *port)
{
    uint64_t value;
    bool is_good = read_number(text, UINT16_MAX, &value);
    *port = (uint16_t)value;
    return is_good;
}

static bool read_address(const char *text, struct sockaddr_in *address)
{
    char host_part[ADDRESS_BYTES];
    uint16_t port;
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host_part)) {
        return false;
    }
    memcpy(host_part, text, (size_t)(colon - text));
    host_part[colon - text] = '\0';
    bool is_good =
        read_port(colon + 1, &port) && inet_pton(AF_INET, host_part, &address->sin_addr) == 1;
    address->sin_family = AF_INET;
    address->sin_port = htons(port);
    return is_good;
}

static bool read_told(const char *text, struct options *options)
{
    const char *at = strrchr(text, '@');
    if (at == NULL || options->told_count == TOLD_MAX) {
        return false;
    }
    struct told *told = &options->told[options->told_count++];
    return bus_name_set(&told->id, text, (size_t)(at - text)) &&
           read_address(at + 1, &told->address) && told->address.sin_port != 0;
}

static bool take_option(struct options *options, int letter, const char *value)
{
    struct loop_config *config = &options->loop;
    switch (letter) {
    case 'i': return set_name(&config->node.id, value);
    case 'k': options->key_path = value; return true;
    case 't': options->trust_path = value; return true;
    case 'p': return read_port(value, &config->node.port);
    case 'g': return read_address(value, &config->group);
    case 'l': return read_port(value, &config->listen_port);
    case 'n': return inet_pton(AF_INET, value, &config->interface) == 1;
    case 's': return read_number(value, UINT32_MAX, &options->seconds);
    case 'd': return read_told(value, options);
    case 'f': options->is_first_use = true; return true;
    case 'e': options->serves = true; return true;
    case 'P': options->pings = true; return true;
    default: return false;
    }
}

/* Takes all options; what is left stands at the end of `argv`, from optind on. */
static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"id", required_argument, NULL, 'i'},
        {"key", required_argument, NULL, 'k'},
        {"trust", required_argument, NULL, 't'},
        {"port", required_argument, NULL, 'p'},
        {"group", required_argument, NULL, 'g'},
        {"listen", required_argument, NULL, 'l'},
        {"interface", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'},
        {"peer", required_argument, NULL, 'd'},
        {"first-use", no_argument, NULL, 'f'},
        {"serve", no_argument, NULL, 'e'},
        {"ping", no_argument, NULL, 'P'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.loop = {.listen_port = 37020, .node = {.port = 34567}}};
    bool is_good = read_address("239.42.0.1:37020", &options->loop.group);
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        is_good = is_good && take_option(options, letter, optarg);
    }
    return is_good;
}

/* --- what happens --- */

static void say_event(const struct node_event *event)
{
    static const char *const words[] = {
        [EVENT_PEER_FOUND] = "found",
        [EVENT_PEER_CHANGED] = "changed",
        [EVENT_PEER_LOST] = "lost",
        [EVENT_ANNOUNCE_REFUSED] = "announce refused",
        [EVENT_AUTH_OK] = "auth ok",
        [EVENT_AUTH_FAILED] = "auth failed",
        [EVENT_SESSION_ENDED] = "session ended",
        [EVENT_PING_OK] = "ping ok",
        [EVENT_PING_LOST] = "ping lost",
        [EVENT_CALL_DONE] = "call done",
    };
    char address[INET_ADDRSTRLEN];
    const struct in_addr there = {.s_addr = htonl(event->address)};
    printf("%s %.*s %s:%u", words[event->kind], event->peer.len, event->peer.text,
           inet_ntop(AF_INET, &there, address, sizeof(address)), event->port);
    if (event->kind == EVENT_PING_OK) {
        printf(" %llu us", (unsigned long long)event->us);
    }
    if (event->kind == EVENT_ANNOUNCE_REFUSED || event->kind == EVENT_AUTH_FAILED ||
        event->kind == EVENT_SESSION_ENDED) {
        printf(": %s", bus_counter_sentence(event->reason));
    }
    printf("\n");
    (void)fflush(stdout);
}

/* A store that trust on first use has changed is written at once. */
static bool keep_trust(const struct options *options, uint32_t *changes)
{
    if (loop.node.trust.changes == *changes || options->trust_path == NULL) {
        return true;
    }
    *changes = loop.node.trust.changes;
    return files_write_trust(options->trust_path, &loop.node.trust);
}

static const struct crypto_span ping_text = {(const uint8_t *)"dsoftbus-node", 13};

/* Runs until `kind` happens with this peer, or time is up. A NULL peer: until then. */
static int run(const struct options *options, const struct bus_name *peer,
               enum node_event_kind kind)
{
    uint64_t until_us =
        options->seconds == 0 ? UINT64_MAX : loop_now_us() + options->seconds * US_PER_S;
    uint32_t changes = loop.node.trust.changes;
    while (!is_interrupted && loop_now_us() < until_us) {
        struct node_event event;
        loop_step(&loop, until_us);
        while (node_next_event(&loop.node, &event)) {
            if (peer != NULL && event.kind == kind &&
                (kind == EVENT_CALL_DONE || bus_name_is_equal(&event.peer, peer))) {
                return keep_trust(options, &changes) ? DONE : BAD_FILE;
            }
            say_event(&event);
            if (event.kind == EVENT_AUTH_OK && options->pings) {
                (void)!node_ping(&loop.node, &event.peer, ping_text, loop_now_us());
            }
        }
        if (!keep_trust(options, &changes)) {
            return BAD_FILE;
        }
    }
    return peer == NULL ? DONE : NOT_DONE;
}

/* --- commands with a node --- */

static bool offer(const char *name, int (*serve)(void *, struct service_call *))
{
    struct service service = {
        .request_max = CALL_BYTES_MAX,
        .policy = SERVICE_FOR_PEERS,
        .context = &loop.node,
        .serve = serve,
    };
    return set_name(&service.name, name) && services_add(&loop.node.services, &service) == OK;
}

/* Those we are told of, which must be pinned. */
static bool add_told(const struct options *options)
{
    for (int i = 0; i < options->told_count; i++) {
        const struct told *told = &options->told[i];
        int error = node_add_peer(&loop.node, &told->id, ntohl(told->address.sin_addr.s_addr),
                                  ntohs(told->address.sin_port), loop_now_us());
        if (error != OK) {
            fprintf(stderr, "dsoftbus-node: %.*s %s\n", told->id.len, told->id.text,
                    error == E_NOT_FOUND ? "is not pinned, so --peer cannot know it"
                                         : "is there twice");
            return false;
        }
    }
    return true;
}

static int open_node(struct options *options)
{
    if (options->key_path == NULL || options->loop.node.id.len == 0) {
        return misused("--id and --key are needed");
    }
    if (!files_read_key(options->key_path, options->loop.node.secret)) {
        return BAD_FILE;
    }
    int error = loop_open(&loop, &options->loop);
    crypto_wipe(options->loop.node.secret, CRYPTO_KEY_BYTES);
    if (error != OK) {
        fprintf(stderr, "dsoftbus-node: the port of sessions cannot be had\n");
        return BAD_FILE;
    }
    loop.node.trust.is_first_use = options->is_first_use;
    if ((options->trust_path != NULL && !files_read_trust(options->trust_path, &loop.node.trust)) ||
        !add_told(options) ||
        (options->serves && (!offer("echo", service_echo) || !offer("status", node_status)))) {
        return BAD_FILE;
    }
    static const char *const modes[] = {
        [LOOP_NONE] = "unavailable",
        [LOOP_GROUP] = "mcast",
        [LOOP_BROADCAST] = "bcast",
        [LOOP_ADDRESS] = "one address",
    };
    printf("up %.*s sessions at port %u, discovery %s\n", loop.node.config.id.len,
           loop.node.config.id.text, loop.node.config.port, modes[loop.mode]);
    (void)fflush(stdout);
    return DONE;
}

static int list_peers(const struct options *options)
{
    int status = run(options, NULL, EVENT_PEER_FOUND);
    for (int i = 0; i < PEERS_MAX; i++) {
        const struct peer *peer = &loop.node.peers.slot[i];
        const struct announce *announce = &peer->announce;
        const struct in_addr there = {.s_addr = htonl(peer->address)};
        char address[INET_ADDRSTRLEN];
        if (!peer->is_used) {
            continue;
        }
        printf("peer %.*s %s:%u %s", announce->id.len, announce->id.text,
               inet_ntop(AF_INET, &there, address, sizeof(address)), announce->port,
               node_has_session(&loop.node, &announce->id) ? "session" : "no session");
        for (size_t j = 0; j < announce->service_count; j++) {
            printf(" %.*s", announce->services[j].len, announce->services[j].text);
        }
        files_print_key(" ", announce->key);
    }
    return status;
}

static int ping_peer(const struct options *options, const struct bus_name *peer)
{
    struct options quiet = *options;
    quiet.pings = true;
    int status = run(&quiet, peer, EVENT_PING_OK);
    printf(status == DONE ? "%.*s answers\n" : "%.*s does not answer\n", peer->len, peer->text);
    return status;
}

static int call_peer(const struct options *options, const struct bus_name *peer,
                     const struct bus_name *service, const char *text)
{
    uint32_t token;
    uint8_t answer[CALL_BYTES_MAX];
    enum call_status call_status = CALL_LOST;
    size_t len = 0;
    const struct crypto_span request = {(const uint8_t *)text, strlen(text)};
    int status = run(options, peer, EVENT_AUTH_OK);
    if (status != DONE) {
        fprintf(stderr, "dsoftbus-node: no session with %.*s\n", peer->len, peer->text);
        return status;
    }
    int error = node_call(&loop.node, peer, service, request, loop_now_us(), &token);
    if (error == OK) {
        (void)!run(options, peer, EVENT_CALL_DONE);
        error = node_take_answer(&loop.node, token, &call_status, answer, &len);
    }
    if (error != OK || call_status != CALL_OK) {
        fprintf(stderr, "dsoftbus-node: not answered: error %d, status %d\n", error,
                (int)call_status);
        return NOT_DONE;
    }
    (void)fwrite(answer, 1, len, stdout);
    printf("\n");
    return DONE;
}

static int with_node(const char *command, int argc, char **argv)
{
    struct options options;
    struct bus_name peer;
    struct bus_name service;
    bool is_good = read_options(argc, argv, &options);
    int left = argc - optind;
    char **rest = argv + optind;
    bool is_run = strcmp(command, "run") == 0;
    bool is_call = strcmp(command, "call") == 0;
    bool is_ping = strcmp(command, "ping") == 0;
    is_good = is_good && (is_call ? left == 2 || left == 3 : left == (is_ping ? 1 : 0));
    is_good = is_good && (left == 0 || set_name(&peer, rest[0]));
    is_good = is_good && (!is_call || set_name(&service, rest[1]));
    if (!is_good || (left == 3 && strlen(rest[2]) > CALL_BYTES_MAX)) {
        return misused("an argument is not understood");
    }
    options.seconds = options.seconds == 0 && !is_run ? SECONDS_DEFAULT : options.seconds;
    int status = open_node(&options);
    if (status != DONE) {
        return status;
    }
    if (is_call) {
        status = call_peer(&options, &peer, &service, left == 3 ? rest[2] : "");
    } else if (is_ping) {
        status = ping_peer(&options, &peer);
    } else {
        status = is_run ? run(&options, NULL, EVENT_PEER_FOUND) : list_peers(&options);
    }
    loop_close(&loop);
    return status;
}

/* --- commands without --- */

static int meet(int argc, char **argv)
{
    struct options options;
    if (!read_options(argc, argv, &options) || argc != optind) {
        return misused("an argument is not understood");
    }
    uint64_t seconds = options.seconds == 0 ? SECONDS_DEFAULT : options.seconds;
    return both_meet(&options.loop, seconds * US_PER_S) ? DONE : NOT_DONE;
}

static int print_public(const uint8_t *secret)
{
    uint8_t key[CRYPTO_KEY_BYTES];
    crypto_x25519_public(secret, key);
    files_print_key("", key);
    return DONE;
}

static void print_trust(const struct trust *trust)
{
    static const char *const words[] = {"", "pin", "allow", "deny", "deny-id"};
    for (int i = 0; i < TRUST_MAX; i++) {
        const struct trust_entry *entry = &trust->slot[i];
        if (entry->kind == TRUST_FREE) {
            continue;
        }
        printf("%s%s%.*s", words[entry->kind], entry->id.len != 0 ? " " : "", entry->id.len,
               entry->id.text);
        if (entry->kind == TRUST_DENY_ID) {
            printf("\n");
        } else {
            files_print_key(" ", entry->key);
        }
    }
}

/* What `argv` asks for: a word, then an id, a key, or both. */
static int change_trust(struct trust *trust, int argc, char **argv)
{
    struct bus_name id;
    uint8_t key[CRYPTO_KEY_BYTES];
    bool has_id = argc > 1 && set_name(&id, argv[1]);
    bool has_key = argc > 1 && files_read_hex(argv[argc - 1], key);
    if (argc == 3 && strcmp(argv[0], "pin") == 0 && has_id && has_key) {
        return trust_pin(trust, &id, key);
    }
    if (argc == 2 && strcmp(argv[0], "allow") == 0 && has_key) {
        return trust_allow(trust, key);
    }
    if (argc == 2 && strcmp(argv[0], "deny") == 0 && has_key) {
        return trust_deny_key(trust, key);
    }
    if (argc == 2 && strcmp(argv[0], "deny-id") == 0 && has_id) {
        return trust_deny_id(trust, &id);
    }
    if (argc == 2 && strcmp(argv[0], "forget") == 0 && has_id) {
        return trust_forget_id(trust, &id);
    }
    return E_INVALID;
}

static int edit_trust(const char *path, int argc, char **argv)
{
    struct trust trust = {.is_first_use = false};
    if (!files_read_trust(path, &trust)) {
        return BAD_FILE;
    }
    if (argc == 1 && strcmp(argv[0], "list") == 0) {
        print_trust(&trust);
        return DONE;
    }
    int error = change_trust(&trust, argc, argv);
    if (error == E_INVALID) {
        return misused("an argument is not understood");
    }
    if (error != OK) {
        fprintf(stderr, "dsoftbus-node: refused: %s\n",
                error == E_EXISTS      ? "the id has another key, or the key another id"
                : error == E_NOT_FOUND ? "nothing is known of it"
                                       : "the store is full");
        return NOT_DONE;
    }
    return files_write_trust(path, &trust) ? DONE : BAD_FILE;
}

int main(int argc, char **argv)
{
    uint8_t secret[CRYPTO_KEY_BYTES];
    const char *command = argc > 1 ? argv[1] : "";
    const struct sigaction action = {.sa_handler = interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (argc == 3 && strcmp(command, "keygen") == 0) {
        return files_make_key(argv[2], secret) ? print_public(secret) : BAD_FILE;
    }
    if (argc == 3 && strcmp(command, "key") == 0) {
        return files_read_key(argv[2], secret) ? print_public(secret) : BAD_FILE;
    }
    if (strcmp(command, "dual") == 0) {
        return meet(argc - 1, argv + 1);
    }
    if (argc >= 4 && strcmp(command, "trust") == 0) {
        return edit_trust(argv[2], argc - 3, argv + 3);
    }
    if (strcmp(command, "run") == 0 || strcmp(command, "list") == 0 ||
        strcmp(command, "ping") == 0 || strcmp(command, "call") == 0) {
        return with_node(command, argc - 1, argv + 1);
    }
    return misused("no such command");
}
