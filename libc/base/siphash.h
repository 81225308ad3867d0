/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 of whole words: a keyed hash whose results tell nobody the key, nor each other.
 *
 * For inputs whose number of words is fixed where it is used: the length is not part of it.
 * Stateless: the caller has the state. [Aumasson, Bernstein: SipHash, §2]
 */
#pragma once

#include <stdint.h>

struct siphash {
    uint64_t v[4];
};

static inline uint64_t siphash_rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void siphash_round(struct siphash *hash)
{
    uint64_t *v = hash->v;
    v[0] += v[1];
    v[2] += v[3];
    v[1] = siphash_rotate(v[1], 13) ^ v[0];
    v[3] = siphash_rotate(v[3], 16) ^ v[2];
    v[0] = siphash_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = siphash_rotate(v[1], 17) ^ v[2];
    v[3] = siphash_rotate(v[3], 21) ^ v[0];
    v[2] = siphash_rotate(v[2], 32);
}

static inline struct siphash siphash_start(const uint64_t key[2])
{
    return (struct siphash){{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                             key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573}};
}

static inline void siphash_word(struct siphash *hash, uint64_t word)
{
    hash->v[3] ^= word;
    siphash_round(hash);
    siphash_round(hash);
    hash->v[0] ^= word;
}

static inline uint64_t siphash_end(struct siphash *hash)
{
    hash->v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
        siphash_round(hash);
    }
    return hash->v[0] ^ hash->v[1] ^ hash->v[2] ^ hash->v[3];
}
