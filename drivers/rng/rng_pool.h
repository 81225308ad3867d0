/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes from whatever entropy there is.
 *
 * Pure. A key that only ever moves forward: what is mixed in is added to it and it is run through
 * ChaCha20; what is taken out comes from the key stream, and the first bytes of the same stream
 * become the next key. So neither later bytes tell earlier ones, nor does a source that lies
 * weaken one that does not.
 *
 * P1  No byte is given before RNG_POOL_SEED_BYTES of credited entropy were mixed in.
 * P2  After a take nothing in memory tells what was taken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

#include "chacha20.h"

enum { RNG_POOL_SEED_BYTES = 16 };

/* Zero is an empty pool. */
struct rng_pool {
    uint32_t key[CHACHA20_KEY_WORDS];
    uint32_t credited_bytes; /* up to RNG_POOL_SEED_BYTES */
};

/* Mixes bytes in. Credited: an attacker does not know them. */
void rng_pool_mix(struct rng_pool *pool, const uint8_t *bytes, size_t count, bool is_credited);

/* Fills `bytes`. E_AGAIN: too little entropy yet; nothing is written. */
int rng_pool_take(struct rng_pool *pool, uint8_t *bytes, size_t count) MUST_CHECK;

static inline bool rng_pool_is_seeded(const struct rng_pool *pool)
{
    return pool->credited_bytes >= RNG_POOL_SEED_BYTES;
}
