/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of the bus and the wire between them, in virtual time.
 *
 * Datagrams may be lost, doubled, late and out of order. Streams come in pieces, late, but in
 * order, as TCP gives them; they may break, and somebody may change a bit of them. Everything
 * follows from the seed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/dsoftbusd/node.h"

enum {
    BUS_SIM_NODES = 100,
    BUS_SIM_PORT = 34567,
    BUS_SIM_ADDRESS = 0x0a010000, /* of node 0; the others follow */
};

struct bus_sim_packet;

/* One end of a stream, at a link of a node. */
struct bus_sim_end {
    uint64_t stream; /* 0: none */
    int node;        /* the other end; its link once it is known */
    int link;
    bool is_up;
    bool is_stuck;   /* takes nothing more */
    uint64_t due_us; /* of the last piece */
};

struct bus_sim {
    /* Set after bus_sim_init: how many of a hundred datagrams; how many of ten thousand pieces. */
    unsigned loss;
    unsigned doubling;
    unsigned breaking;
    unsigned spoiling;
    uint64_t delay_us; /* at most */
    void *context;
    void (*on_event)(void *context, int node, const struct node_event *event);
    /* --- */
    uint64_t now_us;
    uint64_t seed;
    int count;
    uint64_t next_stream;
    uint64_t datagrams; /* announces put on the wire */
    uint64_t datagram_bytes;
    uint64_t spoilt;
    bool has_no_entropy[BUS_SIM_NODES];
    uint64_t next_us[BUS_SIM_NODES]; /* of each node, as of its last turn */
    struct node *nodes;              /* `count` of them */
    struct bus_sim_end (*ends)[NODE_LINKS];
    struct bus_sim_packet **heap;
    size_t heap_len;
    size_t heap_size;
};

/*
 * `count` nodes, "node-0" and so on, with keys of their own; nobody trusts anybody. One simulation
 * at a time.
 */
void bus_sim_init(struct bus_sim *sim, int count, uint64_t seed);
void bus_sim_free(struct bus_sim *sim);

/* A node begins anew with the key it had, as after a restart; its streams break. */
void bus_sim_restart(struct bus_sim *sim, int node);

/* Each pins the other's key. */
void bus_sim_pin(struct bus_sim *sim, int a, int b);

/* Lets so much time pass. */
void bus_sim_run(struct bus_sim *sim, uint64_t span_us);

/* After something was asked of a node directly: does what it wants done. */
void bus_sim_serve(struct bus_sim *sim, int node);

/* The id of a node, and whether one has a session with another. */
struct bus_name bus_sim_name(int node);
bool bus_sim_has_session(struct bus_sim *sim, int from, int to);
