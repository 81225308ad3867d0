/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nodes that announced themselves: at most 16, the least recently heard gives way.
 *
 * Decides what an announce changes; whom to talk to is node.c's, whom to believe trust.c's.
 * Pure: time comes in as now_us.
 *
 * I1  The key of an entry never changes; an announce with another is refused.
 * I2  An entry in a session (`sessions` > 0) is neither evicted nor expired.
 * I3  A pinned entry is evicted only for a pinned newcomer.
 * I4  Of one peer at most one announce in PEER_DEBOUNCE_MS is taken.
 * I5  An entry that is fixed stays, with its address and port, whatever is heard or not heard.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

#include "announce.h"
#include "sources.h"

enum {
    PEERS_MAX = 16,
    PEER_DEBOUNCE_MS = 500,
    PEER_TTL_MS = 4 * ANNOUNCE_PERIOD_MS,
    PEER_HOLD_MS = 3 * ANNOUNCE_PERIOD_MS, /* before an announce may move it to another address */
    PEERS_NEW_RATE = 16,                   /* a second */
    PEERS_NEW_BURST = 32,
};

struct peer {
    bool is_used;
    bool is_pinned;
    bool is_fixed;     /* where it is was said to us, not heard */
    uint8_t sessions;  /* links.c counts */
    uint8_t failures;  /* links.c: of connections, in a row */
    uint64_t retry_us; /* and when to try again */
    uint32_t address;  /* host order */
    uint64_t heard_us;
    struct announce announce;
};

struct peers {
    struct peer slot[PEERS_MAX];
    struct bucket new_ones;
};

/* An announce that was understood, from whom, and whether its key is pinned to its id. */
struct heard {
    const struct announce *announce;
    uint32_t address;
    bool is_pinned;
};

void peers_init(struct peers *peers, uint64_t now_us);

/*
 * Takes an announce or refuses it; says which. Gives the entry when it was taken. `evicted` gets
 * what had to make room; its is_used says whether there was one.
 */
MUST_CHECK enum bus_counter peers_hear(struct peers *peers, const struct heard *heard,
                                       uint64_t now_us, struct peer **peer, struct peer *evicted);

/* One that is where we are told. E_EXISTS: it is there already. E_LIMIT: no free place. */
MUST_CHECK int peers_fix(struct peers *peers, const struct announce *announce, uint32_t address,
                         uint64_t now_us);

/* NULL: nobody. */
struct peer *peers_find(struct peers *peers, const struct bus_name *id);
struct peer *peers_find_key(struct peers *peers, const uint8_t *key);

/* Takes out one that was not heard for PEER_TTL_MS; false: none. */
MUST_CHECK bool peers_expire(struct peers *peers, uint64_t now_us, struct peer *gone);

/* When peers_expire has something to do; UINT64_MAX: never. */
uint64_t peers_next_us(const struct peers *peers);
