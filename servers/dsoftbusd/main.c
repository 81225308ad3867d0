/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process dsoftbusd: one node, or with dual=1 two that meet each other, on the sockets that
 * every program has; and the desk where local processes ask.
 *
 * Everything but opening and waiting is elsewhere: loop.c has the sockets, node.c the rest, desk.c
 * the requests, identity.c the keys. Without entropy there is no identity and no node; the process
 * is up all the same, and says no to whoever asks.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <base/error_text.h>
#include <base/fmt.h>
#include <proto/init.h>
#include <wherry/console.h>
#include <wherry/ipc.h>
#include <wherry/poll_serve.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

#include "desk.h"
#include "dual.h"
#include "identity.h"
#include "lines.h"
#include "loop.h"

enum {
    NODES_MAX = 2,
    GROUP = 0xef2a0001, /* 239.42.0.1 */
    GROUP_PORT = 37020,
    SESSION_PORT = 34567, /* and the next of the second node */
    GROUP_TRIES = 30,     /* netd has an address after ten seconds; then broadcast will do */
    TRY_AGAIN_US = 500 * 1000,
    WAIT_MOST_US = 60 * 1000 * 1000,
};

static const struct crypto_span ping_text = {(const uint8_t *)"dsoftbusd", 9};

static struct loop first;
static struct loop *loops[NODES_MAX] = {&first}; /* a second one costs memory only where it is */
static int count;
static int group_tries;   /* of discovery, until it is as good as it gets */
static bool is_found;     /* discovery is up, and has been told */
static bool is_lost_told; /* that there is none has been told */
static int error_told;    /* why there is no node */
static uint64_t try_us;   /* when to try again what is missing */
static struct dual dual;
static struct desk desk;

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

/*
 * With two network devices and two nodes each has one of its own, so that they meet over the wire
 * between them. NULL: there is one, or nobody said that there is a second.
 */
static const char *device_of(int which)
{
    static const char *const names[NODES_MAX] = {"en0", "en1"};
    return count == NODES_MAX && getenv("ip1") != NULL ? names[which] : NULL;
}

/* E_AGAIN: no entropy yet. Else as loop_open. */
static int open_node(int which)
{
    struct trust trust = {.is_first_use = false};
    struct loop_config config = {
        .node = {.port = (uint16_t)(SESSION_PORT + which)},
        .group = {.sin_family = AF_INET, .sin_port = htons(GROUP_PORT)},
        .listen_port = GROUP_PORT,
        .is_alone = count == 1,
        .device = device_of(which),
    };
    config.group.sin_addr.s_addr = htonl(GROUP);
    if (!set_id(&config.node.id, which)) {
        return E_INVALID;
    }
    int error = identity_find(which, &config.node.id, config.node.secret, &trust);
    if (error == OK) {
        error = loop_open(loops[which], &config);
    }
    crypto_wipe(config.node.secret, CRYPTO_KEY_BYTES);
    if (error == OK) {
        loops[which]->node.trust = trust;
    }
    return error;
}

/* Each knows the other's key beforehand. The first's store may have it from before a restart. */
static int pin_both(void)
{
    struct node *a = &loops[0]->node;
    struct node *b = &loops[1]->node;
    dual_begin(&dual, &a->config.id, &b->config.id);
    (void)!trust_forget_id(&a->trust, &b->config.id);
    int error = trust_pin(&a->trust, &b->config.id, node_public_key(b));
    return error == OK ? trust_pin(&b->trust, &a->config.id, node_public_key(a)) : error;
}

/* Opens all nodes, or none yet. */
static int open_all(void)
{
    int error = OK;
    for (int i = desk.nodes; i < count && error == OK; i++) {
        error = open_node(i);
        if (error == OK) {
            desk_add_node(&desk, &loops[i]->node);
        }
    }
    if (error == OK && count == 2) {
        error = pin_both();
    }
    if (error == OK) {
        desk.is_open = true;
        identity_keep(&loops[0]->node.trust);
        console_print("dsoftbusd: ready");
    }
    return error;
}

/* Every process that has rights at the desk, as the manifest has them. */
static int admit_clients(void)
{
    for (uint32_t index = 0;; index++) {
        struct message message = {.words = {INIT_BUS, index}};
        struct init_bus rights;
        int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
        if (error != OK || message.words[0] != OK) {
            return error; /* behind the last */
        }
        init_bus_unpack(message.words, &rights);
        bool has_any = rights.flags != 0 || rights.services[0][0] != '\0';
        error = has_any ? desk_admit(&desk, index + 1, &rights) : OK;
        if (error != OK) {
            return error;
        }
    }
}

/* --- discovery --- */

static void show_modes(void)
{
    static const enum bus_mode modes[] = {
        [LOOP_NONE] = BUS_MODE_NONE,
        [LOOP_GROUP] = BUS_MODE_GROUP,
        [LOOP_BROADCAST] = BUS_MODE_BROADCAST,
        [LOOP_ADDRESS] = BUS_MODE_NONE,
    };
    for (int i = 0; i < count; i++) {
        enum bus_mode mode = modes[loops[i]->mode];
        desk.mode[i] = mode == BUS_MODE_NONE && !is_lost_told ? BUS_MODE_SEEKING : mode;
    }
}

/*
 * Says what discovery has come to: something to announce on, or nothing for now. `is_best`: the
 * group will not come; `is_over`: nothing will.
 */
static void say_mode(enum loop_mode mode, bool is_best, bool is_over)
{
    if (mode == LOOP_NONE && is_over && !is_lost_told) {
        is_lost_told = true;
        console_print("dsoftbusd: discovery transport unavailable");
    }
    if (mode == LOOP_GROUP || (mode == LOOP_BROADCAST && is_best)) {
        is_found = true;
        console_print("dsoftbusd: discovery up (mcast/bcast)");
        console_print("dsoftbusd: discovery by %s",
                      mode == LOOP_GROUP ? "multicast" : "broadcast");
    }
    show_modes();
}

/* The group as soon as there is an interface; broadcast if it is refused, or does not come. */
static void discover(void)
{
    enum loop_mode worst = LOOP_GROUP;
    bool is_best = group_tries + 1 >= GROUP_TRIES;
    bool is_over = is_best;
    for (int i = 0; i < count; i++) {
        struct loop *loop = loops[i];
        if (group_tries != 0) {
            loop_discover(loop);
        }
        is_best |= loop->is_group_denied;
        is_over |= loop->is_group_denied && loop->is_broadcast_denied;
        loop->node.is_silent |= loop->mode != LOOP_GROUP && !is_best;
        enum loop_mode mode = loop->has_lost ? LOOP_NONE : loop->mode; /* it lacks its listener */
        worst = mode == LOOP_GROUP || worst == LOOP_NONE ? worst : mode;
    }
    group_tries += group_tries < GROUP_TRIES;
    say_mode(worst, is_best, is_over);
}

/* What is missing, tried again: entropy, ports, an interface. */
static void try_again(uint64_t now_us)
{
    if (is_found || now_us < try_us) {
        return;
    }
    try_us = now_us + TRY_AGAIN_US;
    int error = desk.is_open ? OK : open_all();
    if (error == OK) {
        discover();
    } else if (error != error_told) {
        console_print(error == E_AGAIN ? "dsoftbusd: no entropy, no identity"
                                       : "dsoftbusd: no node: %s",
                      error_text(error));
    }
    error_told = error;
}

/* What the network took away is looked for as at the beginning, at once. */
static void find_again(const struct loop *loop)
{
    if (is_found && loop->has_lost) {
        is_found = false;
        is_lost_told = false;
        group_tries = 1; /* this time there is something to open */
        try_us = 0;
    }
}

/* --- running --- */

static void take_events(int which)
{
    struct node *node = &loops[which]->node;
    struct node_event event;
    struct lines lines;
    while (node_next_event(node, &event)) {
        lines_of_event(&event, &lines);
        say(&lines);
        desk_event(&desk, which, &event);
        enum dual_action action = count == 2 ? dual_event(&dual, which, &event) : DUAL_NOTHING;
        if (action == DUAL_PING) {
            (void)!node_ping(node, &event.peer, ping_text, loop_now_us());
        } else if (action == DUAL_MET) {
            lines_of_dual(&dual, &lines);
            say(&lines);
            desk.has_met = true;
        }
    }
}

/* Turns a request into its answer. A handle that nobody keeps is closed. */
static void answer(struct message *message)
{
    struct desk_request request = {
        .badge = message->badge,
        .notification = message->handle_count != 0 ? message->handles[0] : HANDLE_NONE,
    };
    bool kept;
    handle_t dropped;
    memcpy(request.words, message->words, sizeof(request.words));
    desk_answer(&desk, &request, message->words, loop_now_us(), &kept, &dropped);
    if (!kept && request.notification != HANDLE_NONE) {
        sys_handle_close(request.notification);
    }
    if (dropped != HANDLE_NONE) {
        sys_handle_close(dropped);
    }
    message->handle_count = 0;
    if (desk.nodes != 0) {
        identity_keep(&loops[0]->node.trust);
    }
}

/* A client that has gone, or gave something else than a notification, hurts only itself. */
static void wake_clients(void)
{
    struct desk_wakeup wakeup;
    while (desk_next_wakeup(&desk, &wakeup)) {
        (void)sys_signal(wakeup.notification, wakeup.bits);
        if (wakeup.is_last) {
            sys_handle_close(wakeup.notification);
        }
    }
}

static void end_clients(uint64_t gone)
{
    for (uint64_t badge = 1; gone != 0; badge++, gone >>= 1) {
        if ((gone & 1) != 0) {
            desk_gone(&desk, badge, loop_now_us());
        }
    }
}

/* Until something is due, rounded up: an idle node wakes for its announces and nothing else. */
static int wait_ms(uint64_t next_us)
{
    uint64_t now_us = loop_now_us();
    uint64_t span_us = next_us > now_us ? next_us - now_us : 0;
    return span_us > WAIT_MOST_US ? WAIT_MOST_US / 1000 : (int)((span_us + 999) / 1000);
}

/* Waits for sockets, requests and time, then does what came of it. */
static int turn(struct message *message)
{
    static struct pollfd fds[NODES_MAX * LOOP_FDS];
    uint64_t next_us = desk_next_us(&desk);
    next_us = is_found || next_us < try_us ? next_us : try_us;
    bool is_request;
    nfds_t from[NODES_MAX + 1] = {0}; /* entry of each node, and behind the last */
    int polled = desk.is_open ? count : 0;
    for (int i = 0; i < polled; i++) {
        loop_serve(loops[i]);
        from[i + 1] = from[i] + loop_wants(loops[i], fds + from[i]);
        uint64_t due_us = loop_next_us(loops[i]);
        next_us = due_us < next_us ? due_us : next_us;
    }
    wake_clients();
    int error = poll_serve(fds, from[polled], wait_ms(next_us), startup_handle(ROLE_ENDPOINT),
                           message, &is_request);
    if (error != OK) {
        return error;
    }
    if (is_request) {
        answer(message);
    } else {
        end_clients(message->bits & (SOCKET_GONE(SOCKET_CLIENTS_MAX) - 1));
    }
    for (int i = 0; i < polled; i++) {
        loop_turn(loops[i], fds + from[i], from[i + 1] - from[i]);
        find_again(loops[i]);
        take_events(i);
    }
    uint64_t now_us = loop_now_us();
    desk_tick(&desk, now_us);
    try_again(now_us);
    return OK;
}

static int begin(void)
{
    const char *setting = getenv("dual");
    count = setting != NULL && strcmp(setting, "1") == 0 ? NODES_MAX : 1;
    if (count == NODES_MAX) {
        loops[1] = calloc(1, sizeof(*loops[1]));
    }
    if (loops[count - 1] == NULL) {
        return E_NO_MEMORY;
    }
    desk_init(&desk, loop_now_us() + 1); /* a time: no dsoftbusd before had it */
    int error = identity_open();
    if (error == OK) {
        error = admit_clients();
    }
    if (error == OK) {
        (void)!open_all(); /* if that fails it is tried again, and told, in the loop */
        error = tell_up(); /* by now all memory is there: selftest counts objects */
    }
    return error;
}

int main(void)
{
    struct message message = {.accept_count = 1};
    int error = begin();
    while (error == OK) {
        error = turn(&message);
    }
    console_print("dsoftbusd: gives up: %s", error_text(error));
    return EXIT_FAILURE;
}
