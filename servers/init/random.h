/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random bytes that every process finds in its start-up page, made from the tree's seed. Pure.
 *
 * init calls nobody, so it cannot ask rng. A key is made of the seed and tells nothing of it: it
 * can stay when the seed has gone to rng. Without a seed the bytes are zero.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <wherry/startup.h>

enum { RANDOM_SEED_BYTES_MIN = 32 }; /* a key of SipHash, and as much to hash */

struct random_key {
    uint64_t words[2];
    bool is_there;
};

/* Of a seed of `bytes`; what is beyond 64 of them is not looked at. */
void random_make_key(const uint8_t *seed, uint32_t bytes, struct random_key *key);

/* Other bytes for each `id`, which no two processes have, and each `moment`. */
void random_fill(const struct random_key *key, uint64_t id, uint64_t moment,
                 uint8_t bytes[STARTUP_RANDOM_BYTES]);
