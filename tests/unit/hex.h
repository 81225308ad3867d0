/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes as the tests and their data files write them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The bytes of a string of hex digits; returns their number. At most `size`. */
static inline size_t hex_read(const char *text, uint8_t *bytes, size_t size)
{
    size_t len = 0;
    unsigned value;
    for (; len < size && sscanf(text + 2 * len, "%2x", &value) == 1; len++) {
        bytes[len] = (uint8_t)value;
    }
    return len;
}
