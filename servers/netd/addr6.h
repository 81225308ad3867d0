/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv6 addresses of one interface: link-local from its Ethernet address, others from what
 * routers announce.
 *
 * lwIP does duplicate detection, solicits routers, keeps lifetimes. This file starts it, looks
 * after every step what became of the addresses, gives up routers that do not answer, and says
 * what changed:
 *
 *     net: ipv6 fd77::5054:ff:fe12:3456/64               an address may be used
 *     net: ipv6 duplicate fe80::5054:ff:fe12:3456        another host has it: it is not used
 *
 * [RFC 4862] [RFC 4861 §6.3]
 */
#pragma once

#include <stdint.h>

#include <lwip/netif.h>

#include "lines.h"
#include "stats.h"

enum {
    /* Solicitations without an answer after which a router is given up. */
    ADDR6_ROUTER_PROBES_MAX = 6,
    ADDR6_PREFIX = 64,
};

struct addr6 {
    struct netif *netif; /* NULL: not started */
    struct stats *stats;
    const struct lines *lines;
    const char *name; /* in lines, of the interface */
    uint8_t state[LWIP_IPV6_NUM_ADDRESSES]; /* of lwIP, when last looked at */
};

/*
 * Begins on an interface that is up, or begins again when its Ethernet address is another: what was
 * made from the old one is dropped. Borrows everything for good; `name` as in addr_start.
 */
void addr6_start(struct addr6 *addr, struct netif *netif, struct stats *stats,
                 const struct lines *lines, const char *name);

/* Looks at what became of addresses and routers. After every input and after the timers. */
void addr6_update(struct addr6 *addr);
