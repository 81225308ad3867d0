/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ChaCha20. See chacha20.h.
 */
#include "chacha20.h"

#include <base/bytes.h>

enum { STATE_WORDS = 16, DOUBLE_ROUNDS = 10 };

static uint32_t rotate(uint32_t word, uint32_t bits) /* 0 < bits < 32 */
{
    return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = rotate(*d ^ *a, 16);
    *c += *d;
    *b = rotate(*b ^ *c, 12);
    *a += *b;
    *d = rotate(*d ^ *a, 8);
    *c += *d;
    *b = rotate(*b ^ *c, 7);
}

void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[CHACHA20_NONCE_WORDS], uint8_t block[CHACHA20_BLOCK_BYTES])
{
    const uint32_t start[STATE_WORDS] = {
        0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, /* "expand 32-byte k" */
        key[0],     key[1],     key[2],     key[3],     key[4],   key[5],
        key[6],     key[7],     counter,    nonce[0],   nonce[1], nonce[2],
    };
    uint32_t s[STATE_WORDS];

    for (uint32_t i = 0; i < STATE_WORDS; i++) {
        s[i] = start[i];
    }
    for (uint32_t i = 0; i < DOUBLE_ROUNDS; i++) {
        for (uint32_t k = 0; k < 4; k++) { /* columns */
            quarter_round(&s[k], &s[4 + k], &s[8 + k], &s[12 + k]);
        }
        for (uint32_t k = 0; k < 4; k++) { /* diagonals */
            quarter_round(&s[k], &s[4 + (k + 1) % 4], &s[8 + (k + 2) % 4], &s[12 + (k + 3) % 4]);
        }
    }
    for (uint32_t i = 0; i < STATE_WORDS; i++) {
        bytes_put_le32(block + 4 * i, s[i] + start[i]);
    }
}
