/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 addresses as text and back. An address is 16 bytes in network order.
 *
 * [RFC 4291 §2.2] [RFC 5952]
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

enum { IP6_BYTES = 16, IP6_TEXT_BYTES = 40 };

/* The one recommended form, terminated; never the dotted one. Returns its length. */
size_t ip6_format(const uint8_t address[IP6_BYTES], char text[IP6_TEXT_BYTES]);

/* The whole of `text`, without zone or prefix; the last four bytes may be dotted. E_INVALID. */
MUST_CHECK int ip6_parse(const char *text, size_t length, uint8_t address[IP6_BYTES]);
