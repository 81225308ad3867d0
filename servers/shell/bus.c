/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dsoftbusctl: the bus at the prompt.
 */
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/fmt.h>
#include <wherry/bus.h>
#include <wherry/console.h>
#include <wherry/time.h>

#include "commands.h"
#include "network.h"

enum {
    WAIT_MS = 6000,
    HEX_BYTES = 2 * BUS_KEY_BYTES + 1,
    LINE_MAX_BYTES = 200, /* of an answer, shown as one line */
};

static ticks_t soon(void)
{
    return time_after(time_now(), WAIT_MS * NS_PER_MS);
}

static const char *hex(const uint8_t key[BUS_KEY_BYTES], char text[HEX_BYTES])
{
    for (int i = 0; i < BUS_KEY_BYTES; i++) {
        (void)fmt_format(text + 2 * i, 3, "%02x", key[i]);
    }
    return text;
}

static int digit(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool read_key(const char *text, uint8_t key[BUS_KEY_BYTES])
{
    if (strnlen(text, HEX_BYTES) != HEX_BYTES - 1) {
        return false;
    }
    for (int i = 0; i < BUS_KEY_BYTES; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* What an error means here, where the table of errors does not say. */
static const char *reason(int error)
{
    switch (error) {
    case E_NOT_FOUND: return "no session with that peer";
    case E_UNSUPPORTED: return "no node is open here; the log says why";
    case E_DENIED: return "not from here: the manifest does not allow it";
    case E_AGAIN: return "the peer takes no more now; try again";
    case E_BUSY: return "another is under way";
    case E_RANGE: return "too long";
    case E_TIMEOUT: return "no answer in time";
    default: return error_text(error);
    }
}

/* --- what is there --- */

static int show_nodes(void)
{
    static const char *const modes[BUS_MODES] = {
        [BUS_MODE_SEEKING] = "looks for a network",
        [BUS_MODE_GROUP] = "by multicast",
        [BUS_MODE_BROADCAST] = "by broadcast",
        [BUS_MODE_NONE] = "unavailable",
    };
    char key[HEX_BYTES];
    struct bus_node node;
    int error;
    for (uint64_t i = 0; (error = bus_get_node(&i, &node)) == OK;) {
        console_print("%s port %u, discovery %s, up %lu s", node.id, node.port,
                      modes[node.mode], (unsigned long)node.up_seconds);
        console_print("    key %s", hex(node.key, key));
    }
    return error;
}

static int show_peers(void)
{
    static struct bus_peer peer;
    char key[HEX_BYTES], address[IPV4_TEXT_BYTES];
    int error;
    for (uint64_t i = 0; (error = bus_get_peer(&i, &peer)) == OK;) {
        console_print("%s at %s:%u, %s, %s, heard %lu s ago", peer.id,
                      network_format_ipv4(peer.address, address), peer.port,
                      (peer.flags & BUS_PEER_SESSION) != 0 ? "session" : "no session",
                      (peer.flags & BUS_PEER_PINNED) != 0 ? "pinned" : "not pinned",
                      (unsigned long)peer.heard_seconds);
        console_print("    key %s", hex(peer.key, key));
        for (unsigned j = 0; j < peer.service_count; j++) {
            console_print("    service %s", peer.services[j]);
        }
    }
    return error;
}

static int show_services(void)
{
    static const char *const policies[] = {"nobody", "listed peers", "every peer with a session"};
    struct bus_service service;
    int error;
    for (uint64_t i = 0; (error = bus_get_service(&i, &service)) == OK;) {
        console_print("%s for %s, requests up to %u bytes", service.name,
                      policies[service.policy <= BUS_FOR_PEERS ? service.policy : 0],
                      service.request_max);
    }
    return error;
}

static int show_counters(void)
{
    char name[BUS_COUNTER_NAME_WORDS * sizeof(uint64_t) + 1];
    uint64_t value;
    int error;
    for (uint64_t i = 0; (error = bus_get_counter(&i, name, &value)) == OK;) {
        if (value != 0) {
            console_print("%-24s %lu", name, (unsigned long)value);
        }
    }
    return error;
}

static int show_trust(void)
{
    static const char *const kinds[] = {"", "pin", "allow", "deny", "deny-id"};
    char key[HEX_BYTES];
    struct bus_trusted trusted;
    int error;
    for (uint64_t i = 0; (error = bus_get_trusted(&i, &trusted)) == OK;) {
        bool has_key = trusted.kind != BUS_TRUST_DENY_ID;
        console_print("%s%s%s%s%s", kinds[trusted.kind <= BUS_TRUST_DENY_ID ? trusted.kind : 0],
                      trusted.id[0] != '\0' ? " " : "", trusted.id, has_key ? " " : "",
                      has_key ? hex(trusted.key, key) : "");
    }
    return error;
}

/* --- asking others --- */

static void ping(const char *peer)
{
    uint64_t rtt_us;
    int error = bus_ping(peer, soon(), &rtt_us);
    if (error == OK) {
        console_print("%s answers after %lu us", peer, (unsigned long)rtt_us);
    } else {
        console_print("%s does not answer: %s", peer, reason(error));
    }
}

/* An answer as lines; what is not text is escaped by whoever shows it. */
static void show_answer(const struct bus_call *call)
{
    size_t at = 0;
    while (at < call->answer_len) {
        size_t len = 0;
        while (at + len < call->answer_len && len < LINE_MAX_BYTES &&
               call->answer[at + len] != '\n') {
            len++;
        }
        console_print("%.*s", (int)len, (const char *)call->answer + at);
        at += len;
        at += at < call->answer_len && call->answer[at] == '\n';
    }
}

/* The words behind the service are its request, with one space between them. */
static void call_service(const struct command_call *command)
{
    static struct bus_call call;
    char request[LINE_MAX_BYTES];
    size_t len = 0;
    for (int i = 4; i < command->count; i++) {
        len += fmt_format(request + len, sizeof(request) - len, "%s%s", i == 4 ? "" : " ",
                          command->words[i]); /* a keyboard line is shorter */
    }
    call.peer = command->words[2];
    call.service = command->words[3];
    call.request = request;
    call.request_len = len;
    int error = bus_call(&call, soon());
    if (error == OK && call.result == BUS_DONE) {
        show_answer(&call);
        console_print("answered after %lu us", (unsigned long)call.rtt_us);
    } else {
        console_print("not answered: %s",
                      error == OK ? bus_result_text(call.result) : reason(error));
    }
}

/* --- trust --- */

static const struct {
    const char *word;
    enum bus_trust action;
    bool takes_id;
    bool takes_key;
} actions[] = {
    {"pin", BUS_TRUST_PIN, true, true},
    {"rotate", BUS_TRUST_ROTATE, true, true},
    {"allow", BUS_TRUST_ALLOW, false, true},
    {"deny", BUS_TRUST_DENY_KEY, false, true},
    {"deny-id", BUS_TRUST_DENY_ID, true, false},
    {"remove", BUS_TRUST_FORGET_ID, true, false},
    {"remove-key", BUS_TRUST_FORGET_KEY, false, true},
};

static const char *trust_reason(int error)
{
    switch (error) {
    case E_EXISTS: return "the id has another key, or the key another id; rotate or remove it";
    case E_NOT_FOUND: return "nothing is known of it";
    case E_LIMIT: return "the store is full";
    default: return reason(error);
    }
}

/* False: these words mean nothing. */
static bool change_trust(const struct command_call *call)
{
    uint8_t key[BUS_KEY_BYTES];
    for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        int words = 3 + actions[i].takes_id + actions[i].takes_key;
        if (strcmp(actions[i].word, call->words[2]) != 0 || call->count != words ||
            (actions[i].takes_key && !read_key(call->words[words - 1], key))) {
            continue;
        }
        int error = bus_set_trust(actions[i].action, actions[i].takes_id ? call->words[3] : NULL,
                                  actions[i].takes_key ? key : NULL);
        console_print("%s", error == OK ? "done" : trust_reason(error));
        return true;
    }
    return false;
}

/* --- the command --- */

static int (*find_list(const char *word))(void)
{
    static const struct {
        const char *word;
        int (*show)(void);
    } lists[] = {
        {"node", show_nodes},     {"peers", show_peers}, {"services", show_services},
        {"stats", show_counters}, {"trust", show_trust},
    };
    for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].word, word) == 0) {
            return lists[i].show;
        }
    }
    return NULL;
}

void command_bus(const struct command_call *call)
{
    const char *word = call->count > 1 ? call->words[1] : "";
    int (*show)(void) = call->count == 2 ? find_list(word) : NULL;
    if (show != NULL) {
        int error = show();
        if (error != E_NOT_FOUND) { /* behind the last */
            console_print("dsoftbusctl: %s", reason(error));
        }
        return;
    }
    if (call->count == 3 && strcmp(word, "ping") == 0) {
        ping(call->words[2]);
    } else if (call->count >= 4 && strcmp(word, "call") == 0) {
        call_service(call);
    } else if (call->count < 3 || strcmp(word, "trust") != 0 || !change_trust(call)) {
        console_print("write dsoftbusctl node, peers, services, stats, ping PEER,");
        console_print("    call PEER SERVICE [TEXT], trust, trust pin|rotate ID KEY,");
        console_print("    trust allow|deny|remove-key KEY, trust deny-id|remove ID");
    }
}
