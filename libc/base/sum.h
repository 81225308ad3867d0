/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sum that notices accidents: flipped bits, lost pages, words in the wrong place. Against an
 * attacker it is nothing: bytes with a given sum are easily made.
 *
 * Over little-endian words of 64 bits: sum * SUM_FACTOR + word, modulo 2^64. The factor is odd, so
 * a step can be undone, and whatever changes within one word changes the sum. SUM_EMPTY is not 0,
 * so words of zeros count.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

#define SUM_EMPTY  UINT64_C(1)
#define SUM_FACTOR UINT64_C(0x100000001b3)

enum { SUM_WORD_BYTES = 8 };

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word is read as it stands");

/* May stand for any bytes. */
typedef uint64_t __attribute__((may_alias)) sum_word_t;

/*
 * The sum of what `sum` covers followed by `bytes`; begin with SUM_EMPTY. Requires that address
 * and length are multiples of 8: a word is one load then, and a byte less than one instruction.
 */
static inline uint64_t sum_extend(uint64_t sum, const void *bytes, size_t length)
{
    const sum_word_t *at = bytes;
#pragma GCC unroll 8
    for (const sum_word_t *end = at + length / SUM_WORD_BYTES; at != end; at++) {
        sum = sum * SUM_FACTOR + *at;
    }
    return sum;
}
