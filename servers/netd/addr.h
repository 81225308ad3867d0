/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 address of one interface: lwIP's DHCP client, and a static address when nobody answers.
 *
 * lwIP speaks the protocol and sets what it was leased. This file starts it, looks after every
 * step what became of it, refuses impossible leases, puts the static address in force after a
 * time without an answer while the client keeps trying, empties the neighbour cache when the
 * address changes, and says so in lines:
 *
 *     net: dhcp bound 10.0.2.15/24 gw=10.0.2.2           gw=none without a router
 *     net: dhcp lost 10.0.2.15                           refused, expired or released
 *     net: dhcp unavailable, fallback static 10.0.2.15/24 gw=10.0.2.2
 *     net: conflict 10.0.2.15            another host has the static address: it is not used
 *
 * The MTU of a lease is used while it is in force, if it is less than the device's [RFC 2132 §5.1];
 * so are its name servers.
 *
 * An address is asked for by ARP before it is used. A lease of what another host has is given back;
 * a static address is left, and asked for again after ADDR_RETRY_AFTER_S.
 *
 * [RFC 2131] [RFC 5227] deviates: the questions follow each other ten times as fast; see
 * docs/decisions/address-conflicts.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/acd.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>

#include "lines.h"
#include "stats.h"

enum {
    ADDR_FALLBACK_AFTER_S = 10,
    ADDR_MTU_MIN = 576, /* of a lease [RFC 791 §3.2]: every host takes as much */
    ADDR_RETRY_AFTER_S = 10, /* between two searches, whatever made the first one fail */
};

enum addr_mode {
    ADDR_OFF,
    ADDR_SEEKING, /* no address yet */
    ADDR_BOUND,   /* leased */
    ADDR_STATIC,  /* the fallback; the client goes on trying */
    ADDR_MANUAL,  /* set by hand; no client runs */
    ADDR_NONE,    /* given back; no client runs */
};

/* In host order; gateway 0: none. */
struct addr_ip4 {
    uint32_t address;
    uint32_t gateway;
    uint8_t prefix;
};

struct addr {
    struct netif *netif;
    struct stats *stats;
    const struct lines *lines;
    const char *name;          /* in lines, of the interface */
    struct addr_ip4 fallback;  /* address 0: none */
    struct dhcp dhcp;
    struct acd acd; /* asks for the static address */

    uint16_t device_mtu;

    enum addr_mode mode;
    struct addr_ip4 lease;      /* when ADDR_BOUND */
    struct addr_ip4 wanted;     /* when ADDR_STATIC or ADDR_MANUAL */
    bool is_in_force;           /* it was free, and is the netif's */
    uint8_t conflicts;          /* of lwIP's count, those that were told or are no longer counted */
    uint64_t claim_at_us;       /* ask for it; UINT64_MAX: that was done */
    bool was_declining;         /* the client has given a lease back and waits */
    bool was_asking;            /* the client was renewing or rebinding when last looked at */
    uint64_t fallback_at_us;    /* when ADDR_SEEKING */
    uint64_t retry_at_us;       /* start the client again; UINT64_MAX: it runs */
    uint32_t search;            /* transaction of the last search for a server */
    uint64_t next_search_us;    /* the earliest time of the next */
};

/*
 * Starts the client on an interface that is up. Borrows everything for good. A client that
 * cannot start is tried again like a lease that could not be used. `name` stands behind "net: "
 * in its lines, with a blank, and is empty for the first interface.
 */
void addr_start(struct addr *addr, struct netif *netif, const struct addr_ip4 *fallback,
                struct stats *stats, const struct lines *lines, const char *name);

/* Looks at what the client did and acts on time. After every input and after the timers. */
void addr_update(struct addr *addr);

/* When addr_update has something to do by itself; UINT64_MAX: never. */
uint64_t addr_next_us(const struct addr *addr);

/*
 * By request. Renew a lease at once, or search for one; give it back and search for none; use an
 * address that addr_is_possible and search for none. Require that addr was started.
 */
void addr_renew(struct addr *addr);
void addr_release(struct addr *addr);
void addr_set(struct addr *addr, const struct addr_ip4 *ip4);

/* An address that a host can have in a network of that prefix, and its gateway too. */
bool addr_is_possible(const struct addr_ip4 *ip4);

/* Gives the lease back and stops. */
void addr_stop(struct addr *addr);

/* The length of a contiguous mask in host order; -1 for another. */
int addr_prefix(uint32_t mask);
