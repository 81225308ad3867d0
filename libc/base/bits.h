/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting and finding bits in a word, and sets of bits in an array of words.
 *
 * Plain C instead of compiler built-ins: on a CPU without the instructions those become calls
 * into a compiler library that a freestanding program does not link.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    BITS_PER_WORD = 64,
    BITS_NONE = -1, /* what the finders return when no bit is set */
};

/* How many 64-bit words hold `count` bits, as a constant expression. */
#define BITS_WORDS(count) (((count) + 63) / 64)

static inline uint32_t bits_count(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32_t)(word * 0x0101010101010101 >> 56); /* <= 64 */
}

/* Index of the highest bit set, or BITS_NONE. */
static inline int bits_highest(uint64_t word)
{
    int index = 0;
    if (word == 0) {
        return BITS_NONE;
    }
    for (int step = 32; step > 0; step /= 2) {
        if (word >> step != 0) {
            word >>= step;
            index += step;
        }
    }
    return index;
}

/* Index of the lowest bit set, or BITS_NONE. */
static inline int bits_lowest(uint64_t word)
{
    return bits_highest(word & (~word + 1));
}

/* --- arrays of words; bit i is bit i % 64 of word i / 64; the caller knows the size --- */

static inline bool bits_is_set(const uint64_t *words, uint32_t index)
{
    return (words[index / BITS_PER_WORD] >> index % BITS_PER_WORD & 1) != 0;
}

static inline void bits_set(uint64_t *words, uint32_t index)
{
    words[index / BITS_PER_WORD] |= (uint64_t)1 << index % BITS_PER_WORD;
}

static inline void bits_clear(uint64_t *words, uint32_t index)
{
    words[index / BITS_PER_WORD] &= ~((uint64_t)1 << index % BITS_PER_WORD);
}

/* Index of the first bit that is set (clear) among the first `count`, or BITS_NONE. */
static inline int64_t bits_find(const uint64_t *words, uint32_t count, bool is_set)
{
    for (uint32_t base = 0; base < count; base += BITS_PER_WORD) {
        uint64_t word = words[base / BITS_PER_WORD];
        int bit = bits_lowest(is_set ? word : ~word);
        if (bit != BITS_NONE) {
            return base + (uint32_t)bit < count ? (int64_t)base + bit : BITS_NONE;
        }
    }
    return BITS_NONE;
}
