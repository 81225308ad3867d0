/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP peer on the wire, at the gateway's address, that a test moves segment by segment.
 */
#pragma once

#include "sim.h"

enum segment_flag {
    SEGMENT_FIN = 1,
    SEGMENT_SYN = 2,
    SEGMENT_RST = 4,
    SEGMENT_ACK = 16,
};

struct segment {
    uint16_t from; /* ports */
    uint16_t to;
    uint32_t sequence;
    uint32_t acknowledged;
    uint8_t flags;
    uint16_t window;
    bool has_scale;        /* offers window scaling */
    uint8_t scale;         /* of what was sent; what is received has 0 */
    bool takes_reports;    /* SACK is permitted [RFC 2018 §2] */
    uint32_t reported[2];  /* of what was sent: the first block that SACK tells of; else 0 */
    uint32_t len;
    const void *bytes;
};

/* Puts it before the driver; nothing happens until sim_run. */
void segment_receive(struct sim *sim, const struct segment *segment);

/* How many were sent to the gateway since the simulation began. */
int segment_count(const struct sim *sim);

/* The one that was sent as `index`, without its bytes; the last is segment_count - 1. */
struct segment segment_sent(const struct sim *sim, int index);
