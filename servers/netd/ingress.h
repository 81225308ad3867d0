/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check every received frame passes before the protocol stack sees it.
 *
 * Refuses what the stack is known to misread (neighbour discovery options of length zero, or not
 * the link-layer address it takes them for; option lengths past the options; ARP shorter than its
 * header; path MTUs that no fragment fits), whatever breaks a length, an address rule or a
 * checksum, and groups that nobody has joined. Says why with one counter. What passes has a whole
 * header chain inside the frame and, unless it is a fragment, correct checksums.
 *
 * Leaves to the stack: state (is there such a connection), options' meaning, reassembly.
 * Pure: reads `len` bytes and the rules, writes nothing. Time: one pass over the bytes.
 *
 * [RFC 826] [RFC 791] [RFC 1122 §3.2.1] [RFC 8200] [RFC 8201 §4]
 * [RFC 4861 §6.1, §7.1] [RFC 768] [RFC 9293 §3.1]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats.h"

enum {
    ETH_ADDRESS_BYTES = 6,
    ETH_HEADER_BYTES = 14,
    INGRESS_GROUPS_MAX = 128,
};

/* Group addresses of the link that somebody here has joined, and how often. */
struct ingress_groups {
    uint64_t mac[INGRESS_GROUPS_MAX];
    uint16_t users[INGRESS_GROUPS_MAX];
    uint32_t count;
    bool is_full; /* once there were more: from then on every group passes, the stack sorts out */
};

struct ingress_rules {
    uint8_t mac[ETH_ADDRESS_BYTES]; /* our station */
    uint16_t mtu;                   /* bytes after the Ethernet header */
    bool takes_ip6;
    struct ingress_groups groups;
};

/* One more, one less user of a group. Leaving what was not joined does nothing. */
void ingress_join(struct ingress_rules *rules, const uint8_t mac[ETH_ADDRESS_BYTES]);
void ingress_leave(struct ingress_rules *rules, const uint8_t mac[ETH_ADDRESS_BYTES]);

/*
 * COUNTER_rx_whole: pass it on, every checksum is right. COUNTER_rx_fragment: pass it on, its
 * transport checksum is still to be checked. Any other: drop it.
 */
enum counter ingress_check(const struct ingress_rules *rules, const uint8_t *frame, size_t len);
