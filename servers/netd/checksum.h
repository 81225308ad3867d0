/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum, 64 bits at a time.
 *
 * Sums are ones' complement, not inverted, and in the order of memory: a sum over bytes that
 * contain their own checksum is good when it is 0xffff, whatever the CPU's byte order.
 * Pure. [RFC 1071]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The sum of `len` bytes at any address, at most 64 KiB. An odd last byte counts as if a zero
 * followed.
 */
uint16_t checksum_partial(const void *data, size_t len);

/* The same, of bytes that are copied by the way. */
uint16_t checksum_copy(void *to, const void *from, size_t len);

static inline uint64_t checksum_word(const uint8_t *at)
{
    uint32_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(at, 4), sizeof(word));
    return word;
}

/* Of a header: a few whole words of four bytes; five of them in most. */
static inline uint16_t checksum_header(const void *data, size_t len)
{
    if (((uintptr_t)data & 3) != 0) {
        return checksum_partial(data, len);
    }
    const uint8_t *at = data;
    uint64_t sum = 0;
    if (len == 20) {
        sum = checksum_word(at) + checksum_word(at + 4) + checksum_word(at + 8) +
              checksum_word(at + 12) + checksum_word(at + 16);
    } else {
        for (; len != 0; at += 4, len -= 4) {
            sum += checksum_word(at);
        }
    }
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32); /* < 2^18: few words */
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Adds sums of pieces that begin at even offsets, and 16-bit values in the order of memory. */
static inline uint16_t checksum_add(uint16_t left, uint16_t right)
{
    uint32_t sum = (uint32_t)left + right;
    return (uint16_t)(sum + (sum >> 16));
}

/* A host value as it lies in a packet, for checksum_add. */
static inline uint16_t checksum_wire16(uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap16(value);
#else
    return value;
#endif
}

/* The sum of a few sums and values like those above, added up as numbers. */
static inline uint16_t checksum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16); /* <= 2^17 - 2 */
    return (uint16_t)(sum + (sum >> 16));
}

static inline bool checksum_is_good(uint16_t sum)
{
    return sum == 0xffff;
}
