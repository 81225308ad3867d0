/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a dsoftbusd that dies leaves to the next: its identities and whom it trusts.
 *
 * Two pages that init owns and gives to dsoftbusd alone. Each write goes to the page that is not
 * the good one, with a number and a hash over all of it, so that a death in the middle costs the
 * last change and nothing else. Nothing in them is believed before the hash fits. Pure.
 *
 *     0  8  number of the write, low byte first; 0: never written
 *     8  2  bytes of the body
 *    16 32  BLAKE2s of the sixteen bytes before and the body
 *    48     body: two secrets of 32 bytes, zero: none; the store of trust [trust.h]
 */
#pragma once

#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "trust.h"

enum {
    KEPT_NODES = 2,
    KEPT_PAGE_BYTES = 4096,
    KEPT_BYTES = 2 * KEPT_PAGE_BYTES,
};

struct kept {
    uint8_t secret[KEPT_NODES][CRYPTO_KEY_BYTES]; /* zero: none */
    struct trust trust;                           /* of the first node */
};

/* E_NOT_FOUND: nothing was ever written. E_CORRUPT: something was, and no page is good. */
MUST_CHECK int kept_read(const uint8_t area[KEPT_BYTES], struct kept *kept);
void kept_write(uint8_t area[KEPT_BYTES], const struct kept *kept);
