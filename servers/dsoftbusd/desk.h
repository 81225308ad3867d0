/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What local processes ask of dsoftbusd [proto/bus.h]: each has a place at the desk.
 *
 * Turns a request into a reply on the nodes of the process; handles are numbers here, and
 * signals are given to whoever can make them. Pure: no call, no clock.
 *
 * I1  Who is not in the manifest with a right there gets E_DENIED for all but what asks nothing.
 * I2  A process has one ping or call under way, and offers what the manifest names, to nobody
 *     unless it says so.
 * I3  A request of a peer that its service does not answer in NODE_CALL_MS has failed; of one
 *     peer at most DESK_ERRANDS_EACH are there at a time.
 * I4  A service is offered by every node or by none: nothing is asked before the desk is open, but
 *     for trust, once there is a node: a store that is full may be why it is not.
 * I5  The services of a process are all at one desk: who offers another with the epoch of a desk
 *     before this one gets E_RESTARTED.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/bus.h>
#include <proto/init.h>

#include "node.h"

enum {
    DESK_NODES = 2,
    DESK_CLIENTS = 6,
    DESK_ERRANDS = 8,
    DESK_ERRANDS_EACH = 3,
};

enum desk_ask_state {
    DESK_ASK_NONE,
    DESK_ASK_PING, /* under way */
    DESK_ASK_CALL,
    DESK_ASK_DONE,      /* its result waits to be taken */
    DESK_ASK_ABANDONED, /* a call under way that nobody waits for */
};

struct desk_client {
    uint64_t badge; /* 0: the place is free */
    struct init_bus rights;
    uint8_t in[BUS_BYTES_MAX];
    size_t in_len;
    uint8_t out[BUS_BYTES_MAX];
    size_t out_len;
    struct {
        enum desk_ask_state state;
        bool is_call;
        uint64_t token;
        uint32_t number; /* of the node's call or ping */
        enum bus_result result;
        uint64_t rtt_us;
        handle_t notification;
        uint64_t bits;
    } ask;
    handle_t bell; /* of its services */
    uint64_t bell_bits;
    bool bell_rings;
};

/* What a service's function is given: whose it is, and at which node. */
struct desk_door {
    struct desk *desk;
    uint8_t client;
    uint8_t node;
};

/* A request of a peer, until its service answers. */
struct desk_errand {
    bool is_used;
    bool is_taken;
    uint8_t client;
    uint8_t node;
    uint64_t number; /* of this errand: no other has had it */
    uint64_t call;   /* of the node */
    uint64_t until_us;
    struct bus_name peer;
    struct bus_name service;
    uint16_t len;
    uint8_t bytes[CALL_BYTES_MAX];
};

struct desk {
    struct node *node[DESK_NODES];
    enum bus_mode mode[DESK_NODES];
    int nodes;
    bool is_open; /* every node is there and runs; set by whoever adds them */
    uint64_t epoch; /* of this desk, not 0; no other has it */
    bool has_met; /* both nodes, each other */
    struct desk_client client[DESK_CLIENTS];
    struct desk_door door[DESK_CLIENTS][DESK_NODES];
    struct desk_errand errand[DESK_ERRANDS];
    uint64_t next_token;
    uint64_t next_errand;
};

struct desk_request {
    uint64_t badge;
    uint64_t words[IPC_WORDS];
    handle_t notification; /* HANDLE_NONE: none came */
};

/* A signal to be made. */
struct desk_wakeup {
    handle_t notification;
    uint64_t bits;
    bool is_last; /* close the handle afterwards */
};

/* A desk that is not open. The nodes, at most DESK_NODES, stay the caller's. */
void desk_init(struct desk *desk, uint64_t epoch);
void desk_add_node(struct desk *desk, struct node *node);

/* A process that has rights there. E_LIMIT: no place. */
MUST_CHECK int desk_admit(struct desk *desk, uint64_t badge, const struct init_bus *rights);

/*
 * Answers; `reply` gets all words. `kept`: the notification is the desk's, which gives it back by
 * desk_next_wakeup; `dropped`: one that it had before, to be closed, or HANDLE_NONE.
 */
void desk_answer(struct desk *desk, const struct desk_request *request,
                 uint64_t reply[IPC_WORDS], uint64_t now_us, bool *kept, handle_t *dropped);

/* An event of a node; and time. */
void desk_event(struct desk *desk, int node, const struct node_event *event);
void desk_tick(struct desk *desk, uint64_t now_us);
/* When desk_tick has something to do; UINT64_MAX: never. */
uint64_t desk_next_us(const struct desk *desk);

/* A process has died: what it offered is gone, nobody waits for what it asked. */
void desk_gone(struct desk *desk, uint64_t badge, uint64_t now_us);

/* The next signal to be made; false: none. */
MUST_CHECK bool desk_next_wakeup(struct desk *desk, struct desk_wakeup *wakeup);

/* --- between desk.c and desk_services.c --- */

/* Takes a name from the front of `bytes`; false: there is none. */
MUST_CHECK bool desk_take_name(struct crypto_span *bytes, struct bus_name *name);
void desk_put(struct desk_client *client, const void *bytes, size_t len);
void desk_put_name(struct desk_client *client, const struct bus_name *name);

int desk_serve(struct desk *desk, int client, const struct desk_request *request,
               struct crypto_span in, handle_t *dropped);
int desk_unserve(struct desk *desk, int client, struct crypto_span in);
int desk_next(struct desk *desk, int client, uint64_t reply[IPC_WORDS]);
int desk_take_reply(struct desk *desk, int client, const uint64_t words[IPC_WORDS],
                    struct crypto_span in, uint64_t now_us);
void desk_remove_services(struct desk *desk, int client, uint64_t now_us);
void desk_expire_errands(struct desk *desk, uint64_t now_us);
