/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers in byte arrays, and alignment.
 *
 * The only place that knows byte order: everything above works in host order. The arrays need no
 * alignment and no pointer is ever cast. Callers have checked that the bytes are there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

static inline uint16_t bytes_get_be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t bytes_get_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t bytes_get_be64(const uint8_t *at)
{
    return (uint64_t)bytes_get_be32(at) << 32 | bytes_get_be32(at + 4);
}

static inline uint16_t bytes_get_le16(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t bytes_get_le32(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static inline uint64_t bytes_get_le64(const uint8_t *at)
{
    return (uint64_t)bytes_get_le32(at + 4) << 32 | bytes_get_le32(at);
}

static inline void bytes_put_be16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void bytes_put_be32(uint8_t *at, uint32_t value)
{
    bytes_put_be16(at, (uint16_t)(value >> 16));
    bytes_put_be16(at + 2, (uint16_t)value);
}

static inline void bytes_put_be64(uint8_t *at, uint64_t value)
{
    bytes_put_be32(at, (uint32_t)(value >> 32));
    bytes_put_be32(at + 4, (uint32_t)value);
}

static inline void bytes_put_le16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put_le32(uint8_t *at, uint32_t value)
{
    bytes_put_le16(at, (uint16_t)value);
    bytes_put_le16(at + 2, (uint16_t)(value >> 16));
}

static inline void bytes_put_le64(uint8_t *at, uint64_t value)
{
    bytes_put_le32(at, (uint32_t)value);
    bytes_put_le32(at + 4, (uint32_t)(value >> 32));
}

/* In all of the following `alignment` is a power of two. */

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
    return (value & (alignment - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

/* Requires value <= UINT64_MAX - alignment + 1; above that the result is 0. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return align_down(value + (alignment - 1), alignment);
}

/* align_up for values from outside: false, and nothing stored, when the result does not fit. */
static inline MUST_CHECK bool align_up_checked(uint64_t value, uint64_t alignment,
                                               uint64_t *aligned)
{
    if (value > UINT64_MAX - (alignment - 1)) {
        return false;
    }
    *aligned = align_up(value, alignment);
    return true;
}

/* Whether [offset, offset + bytes) lies inside [0, limit), without adding. */
static inline bool is_inside(uint64_t offset, uint64_t bytes, uint64_t limit)
{
    return offset <= limit && bytes <= limit - offset;
}
