/* SPDX-License-Identifier: BSD-2-Clause */
#include "random.h"

#include <base/siphash.h>
#include <string.h>

enum { SEED_WORDS = 8 };

void random_make_key(const uint8_t *seed, uint32_t bytes, struct random_key *key)
{
    uint64_t words[SEED_WORDS] = {0};
    *key = (struct random_key){.is_there = bytes >= RANDOM_SEED_BYTES_MIN};
    if (!key->is_there) {
        return;
    }
    memcpy(words, seed, bytes < sizeof(words) ? bytes : sizeof(words));
    for (uint64_t i = 0; i < 2; i++) {
        struct siphash hash = siphash_start(words);
        for (int at = 2; at < SEED_WORDS; at++) {
            siphash_word(&hash, words[at]);
        }
        siphash_word(&hash, i);
        key->words[i] = siphash_end(&hash);
    }
    explicit_bzero(words, sizeof(words));
}

void random_fill(const struct random_key *key, uint64_t id, uint64_t moment,
                 uint8_t bytes[STARTUP_RANDOM_BYTES])
{
    memset(bytes, 0, STARTUP_RANDOM_BYTES);
    for (uint64_t i = 0; i < STARTUP_RANDOM_BYTES / sizeof(uint64_t) && key->is_there; i++) {
        struct siphash hash = siphash_start(key->words);
        siphash_word(&hash, id);
        siphash_word(&hash, moment);
        siphash_word(&hash, i);
        uint64_t word = siphash_end(&hash);
        memcpy(bytes + i * sizeof(word), &word, sizeof(word));
    }
}
