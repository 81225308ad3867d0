/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies of DHCPv6 servers as bytes, before lwIP reads them.
 *
 * lwIP 2.2.1 takes an option that ends past its message, reads a list of name servers on into the
 * option behind it where its length is no multiple of an address, and does not ask which server it
 * was. What passes here has none of that.
 * Pure. [RFC 8415 §16.10, §21] [RFC 3646 §3]
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "stats.h"

enum {
    INFO6_REFRESH_S = 86400,  /* [RFC 8415 §21.23] when a server does not say */
    INFO6_REFRESH_MIN_S = 600,
};

/*
 * COUNTER_dhcp6_answered, and for how many seconds the answer holds; or why the message is not an
 * answer to the request of that transaction.
 */
enum counter info6_check(const uint8_t *message, size_t len, uint32_t transaction,
                         uint32_t *refresh_s);
