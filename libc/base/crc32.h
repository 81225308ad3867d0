/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32 of IEEE 802.3 (the one of zip and Ethernet): polynomial 0xedb88320, reflected.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CRC32_EMPTY = 0 };

/* The sum of what `crc` covers followed by `bytes`; begin with CRC32_EMPTY. */
uint32_t crc32_extend(uint32_t crc, const void *bytes, size_t length);
