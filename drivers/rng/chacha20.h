/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ChaCha20 block function. Pure; its time does not depend on its inputs. [RFC 8439 §2.3]
 */
#pragma once

#include <stdint.h>

enum {
    CHACHA20_KEY_WORDS = 8,
    CHACHA20_NONCE_WORDS = 3,
    CHACHA20_BLOCK_BYTES = 64,
};

/* One block of key stream. */
void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[CHACHA20_NONCE_WORDS],
                    uint8_t block[CHACHA20_BLOCK_BYTES]);
