/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sum of 64-bit words. With a carry flag: one chain of additions, where the carry of the last
 * goes into the next. Without: `all` adds whole words and may wrap, `rest` adds their upper halves;
 * the sum of the lower halves is then all - (rest << 32), exactly, because it is below 2^64. Four
 * instructions a word, no branch.
 */
#include "checksum.h"

#ifndef SUM_HAS_CARRY /* the host tests try both */
#if __has_include(<sum_arch.h>)
#include <sum_arch.h>
#else
#define SUM_HAS_CARRY 1
#endif
#endif

#if !__has_builtin(__builtin_addcll) /* GCC knows no such chain */
#undef SUM_HAS_CARRY
#define SUM_HAS_CARRY 0
#endif

enum {
    WORD_BYTES = 8,
    GROUP_BYTES = 4 * WORD_BYTES,
    BLOCK_BYTES = 4 * GROUP_BYTES,
};

/* Words added up so far. */
struct words {
    uint64_t all;
    uint64_t rest; /* the carry, or the upper halves: < 2^32 times the number of words, < 2^32 */
};

static inline void add_word(struct words *words, uint64_t word)
{
#if SUM_HAS_CARRY
    unsigned long long carry;
    words->all = __builtin_addcll(words->all, word, words->rest, &carry);
    words->rest = carry;
#else
    words->all += word;
    words->rest += word >> 32;
#endif
}

/* Their sum, for fold. */
static inline uint64_t end_words(struct words words)
{
#if SUM_HAS_CARRY
    return (words.all & 0xffffffff) + (words.all >> 32) + words.rest; /* <= 2^33 */
#else
    /* Both are < 2^32 times the number of words; packets are < 2^16 bytes, so no overflow. */
    return words.all - (words.rest << 32) + words.rest;
#endif
}

static uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(at, WORD_BYTES), sizeof(word));
    return word;
}

static void store64(uint8_t *at, uint64_t word)
{
    __builtin_memcpy(__builtin_assume_aligned(at, WORD_BYTES), &word, sizeof(word));
}

static uint64_t load32(const uint8_t *at)
{
    uint32_t half;
    __builtin_memcpy(&half, __builtin_assume_aligned(at, 4), sizeof(half));
    return half;
}

static uint64_t load16(const uint8_t *at)
{
    uint16_t half;
    __builtin_memcpy(&half, __builtin_assume_aligned(at, 2), sizeof(half));
    return half;
}

/* Sums whole words at an aligned address: `len` is a multiple of WORD_BYTES. */
static uint64_t sum_words(const uint8_t *at, size_t len)
{
    struct words words = {0};
    const uint8_t *end = at + len;
    for (const uint8_t *blocks_end = at + len / BLOCK_BYTES * BLOCK_BYTES; at != blocks_end;
         at += BLOCK_BYTES) {
        for (size_t i = 0; i < BLOCK_BYTES; i += WORD_BYTES) {
            add_word(&words, load64(at + i));
        }
    }
    for (; at != end; at += WORD_BYTES) {
        add_word(&words, load64(at));
    }
    return end_words(words);
}

static uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32); /* <= 2^32 + 2^14: 64 KiB are 2^14 halves of words */
    sum = (sum & 0xffff) + (sum >> 16);     /* <= 2^17 - 2 */
    return (uint16_t)((sum & 0xffff) + (sum >> 16)); /* <= 2^16 - 1 */
}

/* A lone byte as the first of a 16-bit unit in memory, or as the second. */
static uint64_t lone_byte(uint8_t byte, bool is_second)
{
    uint8_t pair[2] = {is_second ? 0 : byte, is_second ? byte : 0};
    uint16_t half;
    __builtin_memcpy(&half, pair, sizeof(half));
    return half;
}

uint16_t checksum_partial(const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t sum = 0;
    bool is_odd = ((uintptr_t)at & 1) != 0 && len != 0;
    if (is_odd) {
        /* Everything after it is summed with the bytes of each unit exchanged; undone below. */
        sum += lone_byte(*at, true);
        at++;
        len--;
    }
    if (((uintptr_t)at & 2) != 0 && len >= 2) {
        sum += load16(at);
        at += 2;
        len -= 2;
    }
    if (((uintptr_t)at & 4) != 0 && len >= 4) {
        sum += load32(at);
        at += 4;
        len -= 4;
    }
    size_t words = len & ~(size_t)(WORD_BYTES - 1); /* 0 where the steps above found too few */
    sum += sum_words(at, words);
    at += words;
    if ((len & 4) != 0) {
        sum += load32(at);
        at += 4;
    }
    if ((len & 2) != 0) {
        sum += load16(at);
        at += 2;
    }
    if ((len & 1) != 0) {
        sum += lone_byte(*at, false);
    }
    uint16_t folded = fold(sum);
    return is_odd ? __builtin_bswap16(folded) : folded;
}

/* The same word, of which the compiler does not know that: else it copies first and sums later. */
static inline uint64_t one_pass(uint64_t word)
{
    __asm__("" : "+r"(word));
    return word;
}

static inline void copy_group(struct words *words, uint8_t *restrict to, const uint8_t *from)
{
    uint64_t a = load64(from), b = load64(from + WORD_BYTES);
    uint64_t c = load64(from + 2 * WORD_BYTES), d = load64(from + 3 * WORD_BYTES);
    store64(to, a);
    store64(to + WORD_BYTES, b);
    store64(to + 2 * WORD_BYTES, c);
    store64(to + 3 * WORD_BYTES, d);
    add_word(words, a);
    add_word(words, b);
    add_word(words, c);
    add_word(words, d);
}

/* The same of words that are copied by the way. */
static uint64_t copy_words(uint8_t *restrict to, const uint8_t *restrict from, size_t len)
{
    struct words words = {0};
    const uint8_t *end = from + len;
    for (const uint8_t *blocks_end = from + len / BLOCK_BYTES * BLOCK_BYTES; from != blocks_end;
         from += BLOCK_BYTES, to += BLOCK_BYTES) {
        copy_group(&words, to, from);
        copy_group(&words, to + GROUP_BYTES, from + GROUP_BYTES);
        copy_group(&words, to + 2 * GROUP_BYTES, from + 2 * GROUP_BYTES);
        copy_group(&words, to + 3 * GROUP_BYTES, from + 3 * GROUP_BYTES);
    }
    for (; (size_t)(end - from) >= GROUP_BYTES; from += GROUP_BYTES, to += GROUP_BYTES) {
        copy_group(&words, to, from);
    }
    for (; from != end; from += WORD_BYTES, to += WORD_BYTES) {
        uint64_t word = one_pass(load64(from));
        store64(to, word);
        add_word(&words, word);
    }
    return end_words(words);
}

/* The same of less than a word, wherever it lies. */
static inline uint64_t copy_bytes(uint8_t *restrict to, const uint8_t *restrict from, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)one_pass(from[i]);
        to[i] = byte;
        sum += lone_byte(byte, i % 2 != 0);
    }
    return sum;
}

uint16_t checksum_copy(void *to, const void *from, size_t len)
{
    size_t words = len & ~(size_t)(WORD_BYTES - 1);
    uint64_t sum = 0;
    if (words != 0) {
        if ((((uintptr_t)to | (uintptr_t)from) & (WORD_BYTES - 1)) != 0) {
            __builtin_memcpy(to, from, len);
            return checksum_partial(to, len);
        }
        sum = fold(copy_words(to, from, words));
    }
    sum += copy_bytes((uint8_t *)to + words, (const uint8_t *)from + words, len - words);
    return fold(sum);
}
