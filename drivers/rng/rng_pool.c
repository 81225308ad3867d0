/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of random bytes. See rng_pool.h for P1 and P2.
 */
#include "rng_pool.h"

#include <abi/error.h>
#include <base/bytes.h>
#include <base/mem.h>

enum { KEY_BYTES = CHACHA20_KEY_WORDS * 4 };

static const uint32_t nonce_of_mix[CHACHA20_NONCE_WORDS] = {1, 0, 0};
static const uint32_t nonce_of_take[CHACHA20_NONCE_WORDS] = {2, 0, 0};

/* A memset that the compiler must not leave out. */
static void wipe(void *secret, size_t bytes)
{
    memset(secret, 0, bytes);
    __asm__ volatile("" : : "r"(secret) : "memory");
}

static void set_key(struct rng_pool *pool, const uint8_t key[KEY_BYTES])
{
    for (uint32_t i = 0; i < CHACHA20_KEY_WORDS; i++) {
        pool->key[i] = bytes_get_le32(key + 4 * i);
    }
}

/* Adds up to a key's length to the key, with their number, and moves it on. */
static void mix_piece(struct rng_pool *pool, const uint8_t *bytes, size_t count)
{
    uint8_t block[CHACHA20_BLOCK_BYTES];

    for (size_t i = 0; i < count; i++) { /* count <= KEY_BYTES */
        pool->key[i / 4] ^= (uint32_t)bytes[i] << (8 * (i % 4));
    }
    chacha20_block(pool->key, (uint32_t)count, nonce_of_mix, block);
    set_key(pool, block);
    wipe(block, sizeof(block));
}

void rng_pool_mix(struct rng_pool *pool, const uint8_t *bytes, size_t count, bool is_credited)
{
    for (size_t done = 0; done < count; done += KEY_BYTES) {
        mix_piece(pool, bytes + done, count - done < KEY_BYTES ? count - done : KEY_BYTES);
    }
    if (is_credited && !rng_pool_is_seeded(pool)) {
        size_t missing = RNG_POOL_SEED_BYTES - pool->credited_bytes;

        pool->credited_bytes += (uint32_t)(count < missing ? count : missing);
    }
}

int rng_pool_take(struct rng_pool *pool, uint8_t *bytes, size_t count)
{
    uint8_t next_key[CHACHA20_BLOCK_BYTES];
    uint8_t block[CHACHA20_BLOCK_BYTES];

    if (!rng_pool_is_seeded(pool)) {
        return E_AGAIN;
    }
    /* --- committed --- */
    chacha20_block(pool->key, 0, nonce_of_take, next_key);
    for (size_t done = 0; done < count; done += sizeof(block)) {
        size_t piece = count - done < sizeof(block) ? count - done : sizeof(block);

        chacha20_block(pool->key, (uint32_t)(done / sizeof(block)) + 1, nonce_of_take, block);
        memcpy(bytes + done, block, piece);
    }
    set_key(pool, next_key);
    wipe(next_key, sizeof(next_key));
    wipe(block, sizeof(block));
    return 0;
}
