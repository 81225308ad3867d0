/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process dsoftbusd: one node, or with dual=1 two that meet each other, on the sockets that
 * every program has.
 *
 * Everything but opening and waiting is elsewhere: loop.c has the sockets, node.c the rest. The
 * identity is made of random bytes at each start; without entropy there is none, and it waits.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <base/error_text.h>
#include <base/fmt.h>
#include <proto/init.h>
#include <wherry/console.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>

#include "dual.h"
#include "lines.h"
#include "loop.h"

enum {
    NODES_MAX = 2,
    GROUP = 0xef2a0001, /* 239.42.0.1 */
    GROUP_PORT = 37020,
    SESSION_PORT = 34567, /* and the next of the second node */
    GROUP_TRIES = 16,     /* until netd has an interface; then broadcast will do */
    TRY_AGAIN_US = 500 * 1000,
};

static const struct crypto_span ping_text = {(const uint8_t *)"dsoftbusd", 9};

static struct loop loops[NODES_MAX];
static int count;
static struct dual dual;

static int tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message.words[0] : error;
}

static void say(const struct lines *lines)
{
    for (int i = 0; i < lines->count; i++) {
        console_print("%s", lines->text[i]);
    }
}

/* --- beginning --- */

/* The id of a node: the setting, with a letter of its own where there are two. */
static bool set_id(struct bus_name *id, int which)
{
    char text[BUS_NAME_MAX + 1];
    const char *node = getenv("node");
    const char *base = node != NULL && node[0] != '\0' ? node : "wherry";
    size_t len = count == 1 ? fmt_format(text, sizeof(text), "%s", base)
                            : fmt_format(text, sizeof(text), "%.62s-%c", base, 'a' + which);
    return bus_name_set(id, text, len);
}

static void configure(struct loop_config *config, int which)
{
    *config = (struct loop_config){
        .node = {.port = (uint16_t)(SESSION_PORT + which)},
        .group = {.sin_family = AF_INET, .sin_port = htons(GROUP_PORT)},
        .listen_port = GROUP_PORT,
    };
    config->group.sin_addr.s_addr = htonl(GROUP);
    if (!set_id(&config->node.id, which)) {
        console_print("dsoftbusd: node= is no name");
        exit(EXIT_FAILURE);
    }
    for (bool was_told = false;
         getrandom(config->node.secret, CRYPTO_KEY_BYTES, GRND_NONBLOCK) != CRYPTO_KEY_BYTES;
         was_told = true) {
        if (!was_told) {
            console_print("dsoftbusd: no entropy, no identity");
        }
        (void)usleep(TRY_AGAIN_US);
    }
}

/* Opens one, and waits for the group until there is an interface to join it on. */
static void open_node(int which)
{
    struct loop_config config;
    configure(&config, which);
    for (int tries = 0;; tries++) {
        int error = loop_open(&loops[which], &config);
        if (error == OK && (loops[which].mode == LOOP_GROUP || tries >= GROUP_TRIES)) {
            break;
        }
        if (error == OK) {
            loop_close(&loops[which]);
        }
        (void)usleep(TRY_AGAIN_US);
    }
    crypto_wipe(config.node.secret, CRYPTO_KEY_BYTES);
    console_print("dsoftbusd: identity ephemeral");
}

/* Each knows the other's key beforehand. */
static bool pin_both(void)
{
    const struct node *a = &loops[0].node;
    const struct node *b = &loops[1].node;
    dual_begin(&dual, &a->config.id, &b->config.id);
    return trust_pin(&loops[0].node.trust, &b->config.id, b->public_key) == OK &&
           trust_pin(&loops[1].node.trust, &a->config.id, a->public_key) == OK;
}

static void say_mode(void)
{
    enum loop_mode mode = loops[0].mode;
    if (mode == LOOP_NONE) {
        console_print("dsoftbusd: discovery transport unavailable");
        return;
    }
    console_print("dsoftbusd: discovery up (mcast/bcast)");
    console_print("dsoftbusd: discovery by %s", mode == LOOP_GROUP ? "multicast" : "broadcast");
}

/* --- running --- */

static void take_events(int which)
{
    struct node *node = &loops[which].node;
    struct node_event event;
    struct lines lines;
    while (node_next_event(node, &event)) {
        lines_of_event(&event, &lines);
        say(&lines);
        enum dual_action action = count == 2 ? dual_event(&dual, which, &event) : DUAL_NOTHING;
        if (action == DUAL_PING) {
            (void)!node_ping(node, &event.peer, ping_text, loop_now_us());
        } else if (action == DUAL_MET) {
            lines_of_dual(&dual, &lines);
            say(&lines);
        }
    }
}

static void turn(void)
{
    static struct pollfd fds[NODES_MAX * LOOP_FDS];
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; i < count; i++) {
        loop_serve(&loops[i]);
        loop_wants(&loops[i], fds + (size_t)i * LOOP_FDS);
        uint64_t due_us = loop_next_us(&loops[i]);
        next_us = due_us < next_us ? due_us : next_us;
    }
    if (poll(fds, (nfds_t)count * LOOP_FDS, loop_wait_ms(next_us)) < 0) {
        memset(fds, 0, sizeof(fds)); /* interrupted: only time has passed */
    }
    for (int i = 0; i < count; i++) {
        loop_turn(&loops[i], fds + (size_t)i * LOOP_FDS);
        take_events(i);
    }
}

int main(void)
{
    const char *setting = getenv("dual");
    count = setting != NULL && strcmp(setting, "1") == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
        open_node(i);
    }
    if (count == 2 && !pin_both()) {
        console_print("dsoftbusd: gives up: the nodes cannot be told apart");
        return EXIT_FAILURE;
    }
    say_mode();
    int error = tell_up(); /* by now all memory is there: selftest counts objects */
    if (error != OK) {
        console_print("dsoftbusd: gives up: %s", error_text(error));
        return EXIT_FAILURE;
    }
    console_print("dsoftbusd: ready");
    for (;;) {
        turn();
    }
}
