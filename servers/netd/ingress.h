/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check every received frame passes before the protocol stack sees it.
 *
 * Refuses what the stack is known to misread (neighbour discovery options of length zero, TCP
 * option lengths past the options, ARP shorter than its header) and whatever breaks a length, an
 * address rule or a checksum. Says why with one counter. What passes has a whole header
 * chain inside the frame and, unless it is a fragment, correct checksums.
 *
 * Leaves to the stack: state (is there such a connection), options' meaning, reassembly.
 * Pure: reads `len` bytes and the rules, writes nothing. Time: one pass over the bytes.
 *
 * [RFC 826] [RFC 791] [RFC 1122 §3.2.1] [RFC 8200] [RFC 4861 §6.1, §7.1] [RFC 768] [RFC 9293 §3.1]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats.h"

enum {
    ETH_ADDRESS_BYTES = 6,
    ETH_HEADER_BYTES = 14,
};

struct ingress_rules {
    uint8_t mac[ETH_ADDRESS_BYTES]; /* our station */
    uint16_t mtu;                   /* bytes after the Ethernet header */
    bool takes_ip6;
};

/*
 * COUNTER_rx_whole: pass it on, every checksum is right. COUNTER_rx_fragment: pass it on, its
 * transport checksum is still to be checked. Any other: drop it.
 */
enum counter ingress_check(const struct ingress_rules *rules, const uint8_t *frame, size_t len);
