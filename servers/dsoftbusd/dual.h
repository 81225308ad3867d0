/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dual mode: whether two nodes in one process, A and B, have met each other over the network.
 *
 * Takes what the nodes say happened and asks for pings; the nodes share nothing else. They have met
 * when each has found the other by an announce that it received, has a session of its own making
 * with it, and has had an answer to a ping on it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

#include "node.h"

enum dual_action {
    DUAL_NOTHING,
    DUAL_PING, /* this node is to ping the other */
    DUAL_MET,  /* said once */
};

struct dual_side {
    struct bus_name id;
    bool has_found;
    bool has_session;
    bool has_answer;
    /* Of the other, as this side sees it. */
    uint32_t address;
    uint16_t port;
    uint64_t round_trip_us;
};

struct dual {
    struct dual_side side[2];
    bool is_told;
};

void dual_begin(struct dual *dual, const struct bus_name *a, const struct bus_name *b);

/* An event of node 0 or 1. */
MUST_CHECK enum dual_action dual_event(struct dual *dual, int node, const struct node_event *event);
