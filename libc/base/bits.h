/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting and finding bits in a word.
 *
 * Plain C instead of compiler built-ins: on a CPU without the instructions those become calls
 * into a compiler library that a freestanding program does not link.
 */
#pragma once

#include <stdint.h>

enum {
    BITS_NONE = -1, /* what bits_highest returns when no bit is set */
};

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

/* Index of the lowest bit set: how many are not set below it; of 0 that is 64. */
static inline uint32_t bits_lowest(uint64_t word)
{
    return bits_count(~word & (word - 1));
}
