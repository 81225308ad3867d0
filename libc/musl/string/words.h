/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops behind memcpy, memmove, memset, memcmp: integer registers, 128 bytes a turn.
 *
 * Stands in for musl's, whose C copies half as fast and whose aarch64 assembly uses FP registers.
 * The CPU's mem_arch.h says with MEM_WORD_ALIGNMENT (8 or 1) where a word may lie. With 8, two
 * buffers that differ in alignment are joined from neighbouring words by shifts.
 *
 * Pure, and linked into the host tests with either alignment. Little endian.
 *
 * W1  Nothing outside the buffers is read, not even inside an aligned word.
 * W2  copy_forward moves addresses upwards and loads a group before it stores it, so it is right
 *     for any overlap with to <= from; copy_backward for to >= from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef MEM_WORD_ALIGNMENT /* the host tests try both */
#include <mem_arch.h>
#endif

enum {
    WORD_BYTES = 8,
    GROUP_BYTES = 4 * WORD_BYTES,
    BLOCK_BYTES = 4 * GROUP_BYTES,
};

typedef uint64_t __attribute__((may_alias, aligned(MEM_WORD_ALIGNMENT))) word_t;
typedef uint32_t __attribute__((may_alias, aligned(MEM_WORD_ALIGNMENT == 1 ? 1 : 4))) half_t;

/* Bytes from `address` up to the next place where a word may lie. */
static inline size_t word_gap(const void *address)
{
    return -(uintptr_t)address % MEM_WORD_ALIGNMENT;
}

static inline void copy_group(uint8_t *to, const uint8_t *from)
{
    const word_t *source = (const void *)from;
    word_t *target = (void *)to;
    uint64_t a = source[0], b = source[1], c = source[2], d = source[3];
    target[0] = a;
    target[1] = b;
    target[2] = c;
    target[3] = d;
}

static inline void copy_word(uint8_t *to, const uint8_t *from)
{
    *(word_t *)(void *)to = *(const word_t *)(const void *)from;
}

/* Both pointers lie where words may; the last `bytes` % 8 are left to copy. */
static inline void copy_tail(uint8_t *to, const uint8_t *from, size_t bytes)
{
    if ((bytes & 4) != 0) {
        *(half_t *)(void *)to = *(const half_t *)(const void *)from;
        to += 4;
        from += 4;
    }
    for (bytes &= 3; bytes > 0; bytes--) {
        *to++ = *from++;
    }
}

/* Both pointers lie where words may. Each loop ends at an address: one instruction to count. */
static inline void copy_words_forward(uint8_t *to, const uint8_t *from, size_t bytes)
{
    const uint8_t *blocks_end = from + bytes / BLOCK_BYTES * BLOCK_BYTES;
    const uint8_t *groups_end = from + bytes / GROUP_BYTES * GROUP_BYTES;
    const uint8_t *words_end = from + bytes / WORD_BYTES * WORD_BYTES;
    while (from != blocks_end) {
        copy_group(to, from);
        copy_group(to + GROUP_BYTES, from + GROUP_BYTES);
        copy_group(to + 2 * GROUP_BYTES, from + 2 * GROUP_BYTES);
        copy_group(to + 3 * GROUP_BYTES, from + 3 * GROUP_BYTES);
        to += BLOCK_BYTES;
        from += BLOCK_BYTES;
    }
    while (from != groups_end) {
        copy_group(to, from);
        to += GROUP_BYTES;
        from += GROUP_BYTES;
    }
    while (from != words_end) {
        copy_word(to, from);
        to += WORD_BYTES;
        from += WORD_BYTES;
    }
    copy_tail(to, from, bytes);
}

static inline void copy_bytes_forward(uint8_t *to, const uint8_t *from, size_t bytes)
{
    for (const uint8_t *end = from + bytes; from != end; from++) {
        *to++ = *from;
    }
}

/* The word that begins `right` bits inside `low` and ends in `high`; a sum of what never meets,
 * because compilers turn the same with | into a longer rotation. 0 < right < 64. */
static inline uint64_t word_join(uint64_t low, uint64_t high, unsigned right)
{
    return (low >> right) + (high << (64 - right));
}

/*
 * `to` is aligned, `from` is not, and what lies before `from` in its word belongs to the buffer.
 * A word is read ahead only where it belongs to the buffer too (W1).
 */
static inline void copy_joined_forward(uint8_t *to, const uint8_t *from, size_t bytes)
{
    size_t inside = (uintptr_t)from % WORD_BYTES; /* 1 to 7 */
    unsigned right = (unsigned)inside * 8;
    const word_t *source = (const void *)(from - inside);
    size_t words = (bytes + inside) / WORD_BYTES - 1; /* those whose two words are in the buffer */
    const word_t *groups_end = source + words / 4 * 4, *words_end = source + words;
    uint64_t low = *source;
    for (; source != groups_end; source += 4, to += GROUP_BYTES) {
        word_t *target = (void *)to;
        uint64_t a = source[1], b = source[2], c = source[3], d = source[4];
        target[0] = word_join(low, a, right);
        target[1] = word_join(a, b, right);
        target[2] = word_join(b, c, right);
        target[3] = word_join(c, d, right);
        low = d;
    }
    for (; source != words_end; source++, to += WORD_BYTES) {
        *(word_t *)(void *)to = word_join(low, source[1], right);
        low = source[1];
    }
    copy_bytes_forward(to, from + words * WORD_BYTES, bytes - words * WORD_BYTES);
}

static inline void copy_forward(void *target, const void *source, size_t bytes)
{
    uint8_t *to = target;
    const uint8_t *from = source;
    if (bytes < sizeof(half_t)) { /* a few bytes gain nothing by words */
        copy_bytes_forward(to, from, bytes);
        return;
    }
    size_t head = word_gap(to);
    bool is_joined = word_gap(from) != head;
    if (is_joined && (uintptr_t)(from + head) % WORD_BYTES > head) {
        head += WORD_BYTES; /* so that the first word to join lies in the buffer */
    }
    if (bytes < head + (is_joined ? GROUP_BYTES : 0)) {
        copy_bytes_forward(to, from, bytes);
        return;
    }
    copy_bytes_forward(to, from, head);
    if (is_joined) {
        copy_joined_forward(to + head, from + head, bytes - head);
    } else {
        copy_words_forward(to + head, from + head, bytes - head);
    }
}

/* memmove upwards: rarer than the others, so words where they lie well, else bytes. */
static inline void copy_backward(void *target, const void *source, size_t bytes)
{
    uint8_t *to = (uint8_t *)target + bytes;
    const uint8_t *from = (const uint8_t *)source + bytes;
    if (word_gap(to) == word_gap(from)) {
        for (; bytes > 0 && word_gap(to) != 0; bytes--) {
            *--to = *--from;
        }
        for (; bytes >= GROUP_BYTES; bytes -= GROUP_BYTES) {
            copy_group(to -= GROUP_BYTES, from -= GROUP_BYTES);
        }
        for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
            copy_word(to -= WORD_BYTES, from -= WORD_BYTES);
        }
    }
    for (; bytes > 0; bytes--) {
        *--to = *--from;
    }
}

static inline void fill(void *target, uint8_t value, size_t bytes)
{
    uint8_t *to = target;
    uint64_t pattern = value * 0x0101010101010101u;
    for (; bytes > 0 && word_gap(to) != 0; bytes--) {
        *to++ = value;
    }
    for (; bytes >= BLOCK_BYTES; bytes -= BLOCK_BYTES) {
        word_t *word = (void *)to;
        word[0] = word[1] = word[2] = word[3] = pattern;
        word[4] = word[5] = word[6] = word[7] = pattern;
        word[8] = word[9] = word[10] = word[11] = pattern;
        word[12] = word[13] = word[14] = word[15] = pattern;
        to += BLOCK_BYTES;
    }
    for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
        *(word_t *)(void *)to = pattern;
        to += WORD_BYTES;
    }
    for (; bytes > 0; bytes--) {
        *to++ = value;
    }
}

/* Negative, zero or positive, as memcmp. */
static inline int compare(const void *left_buffer, const void *right_buffer, size_t bytes)
{
    const uint8_t *left = left_buffer, *right = right_buffer;
    if (word_gap(left) == word_gap(right)) {
        for (; bytes > 0 && word_gap(left) != 0 && *left == *right; bytes--) {
            left++;
            right++;
        }
        while (bytes >= WORD_BYTES && word_gap(left) == 0 &&
               *(const word_t *)(const void *)left == *(const word_t *)(const void *)right) {
            left += WORD_BYTES;
            right += WORD_BYTES;
            bytes -= WORD_BYTES;
        }
    }
    for (; bytes > 0; bytes--) {
        if (*left != *right) {
            return *left - *right;
        }
        left++;
        right++;
    }
    return 0;
}
