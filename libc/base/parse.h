/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and addresses from text, strictly.
 *
 * The whole of `text` must be the value: no spaces, no signs, no rest. The text need not be
 * terminated. On an error nothing is stored.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

/*
 * Digits of `base` (2 to 16; letters in either case), no prefix.
 * E_INVALID: empty or a foreign character. E_RANGE: above UINT64_MAX.
 */
MUST_CHECK int parse_u64(const char *text, size_t length, unsigned base, uint64_t *value);

/* Four decimal numbers of 0 to 255 without leading zeros; host order. E_INVALID. */
MUST_CHECK int parse_ipv4(const char *text, size_t length, uint32_t *address);

/* An address, '/', and the length of the network part, 0 to 32. E_INVALID. */
MUST_CHECK int parse_ipv4_prefix(const char *text, size_t length, uint32_t *address,
                                 uint32_t *prefix_bits);
