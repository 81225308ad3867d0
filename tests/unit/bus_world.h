/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two nodes on a wire, and what they said happened.
 */
#pragma once

#include "test.h"

#include "tests/sim/bus_sim.h"

enum {
    MS = 1000,
    S = 1000 * MS,
    STRANGER = 0x0a020000, /* an address that no node has */
    WORLD_KINDS = EVENT_CALL_DONE + 1,
};

struct world {
    struct bus_sim sim;
    int told[2][WORLD_KINDS]; /* events of each node and kind, and the last of them */
    struct node_event last[2][WORLD_KINDS];
};

extern struct world world;

int world_begin(void **state);
int world_end(void **state);
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

/* What a node has counted. */
uint64_t world_counted(int node, enum bus_counter counter);

/* Makes them trust each other and waits for a session each way. */
void world_meet(void);

/* A ping with a text, and what node_ping said to it. */
int world_ping(int from, int to);
