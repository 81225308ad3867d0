/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many announces each source may send: a token bucket for each of the addresses heard last.
 *
 * A source that is forgotten begins again with a full bucket, so a flood from many addresses is
 * bounded by the table of peers and not by this. Pure: time comes in as now_us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

enum {
    SOURCES_MAX = 64,
    SOURCE_RATE = 4, /* a second: two nodes at one address need 0.4 */
    SOURCE_BURST = 10,
};

struct bucket {
    uint64_t level; /* in millionths of a token */
    uint64_t last_us;
};

struct source {
    bool is_used;
    uint32_t address; /* host order */
    struct bucket bucket;
};

struct sources {
    struct source slot[SOURCES_MAX];
};

/* A full one. */
struct bucket bucket_full(uint64_t burst, uint64_t now_us);

/* Fills with `rate` tokens a second up to `burst`; takes one if it is there. */
MUST_CHECK bool bucket_take(struct bucket *bucket, uint64_t rate, uint64_t burst, uint64_t now_us);

/* Whether this source may send one more now. */
MUST_CHECK bool sources_take(struct sources *sources, uint32_t address, uint64_t now_us);
