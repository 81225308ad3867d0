/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to netd, on the endpoint that init gives each client with a badge of its own.
 *
 * Word 0 of a request is its label, word 0 of a reply 0 or a negative error, as a signed 64-bit
 * number. Every request is answered at once; what takes time is begun by one request, signalled,
 * and taken by another. IPv4 addresses are numbers in host order: 10.0.2.15 is 0x0a00020f.
 * Ethernet addresses have their first byte lowest.
 *
 *     label                 words of the request           words of the reply
 *     NETD_INTERFACE_GET    1 index                        1 name, 8 characters, the first lowest
 *                                                          2 address | gateway << 32
 *                                                          3 struct netd_interface_facts
 *                                                          4 Ethernet address
 *                                                          5 frames received  6 frames sent
 *                                                          7 seconds left of the lease, or 0;
 *                                                            UINT64_MAX: for ever
 *     NETD_NEIGHBOUR_GET    1 index                        1 IPv4 address  2 Ethernet address
 *                                                          3 index of its interface
 *                                                          4 the next index to ask for
 *     NETD_COUNTER_GET      1 index                        1 value  2-6 name, 40 characters
 *     NETD_PING_START       1 IPv4 address                 1 token
 *                           2 payload bytes
 *                           3 deadline, in ticks
 *                           4 bits to signal
 *         handle 0, or none: a notification, signalled once with these bits when there is an answer
 *     NETD_PING6_START      1, 2 IPv6 address              1 token
 *                           3 payload bytes
 *                             | interface << 32
 *                           4 deadline, in ticks
 *                           5 bits to signal
 *         handle 0 as above
 *     NETD_PING_TAKE        1 token                        1 round trip in microseconds
 *                                                          2 hop limit of the reply
 *                                                          3 payload bytes
 *     NETD_LEASE_GET        1 index of an interface        1 the server that gave the lease
 *                                                          2 its length  3 renewed after
 *                                                          4 rebound after, in seconds;
 *                                                            UINT32_MAX: for ever, never
 *     NETD_ADDRESS6_GET     1 index of an interface        1, 2 IPv6 address
 *                           2 index of an address          3 prefix | enum netd_address6_state << 8
 *                                                          4 the next index to ask for
 *                                                          5 seconds it is valid, 6 preferred;
 *                                                            UINT64_MAX: for ever
 *     NETD_NEIGHBOUR6_GET   1 index                        1, 2 IPv6 address
 *                                                          3 Ethernet address
 *                                                          4 the next index to ask for
 *                                                          5 index of its interface
 *                                                          6 1: it is a router
 *     NETD_ROUTE_GET        1 index                        1 network | gateway << 32; gateway 0: it
 *                                                            is on the link
 *                                                          2 struct netd_route_facts
 *                                                          3 index of its interface
 *
 *     NETD_LEASE_SET        1 index of an interface
 *                           2 enum netd_lease_action
 *     NETD_ADDRESS_SET      1 index of an interface
 *                           2 address | gateway << 32; gateway 0: none
 *                           3 prefix, 1 to 32
 *     NETD_INTERFACE_SET    1 index of an interface
 *                           2 1: up, 0: down
 *                           3 MTU, or 0: as it is
 *                           4 metric + 1, or 0: as it is
 *     NETD_ROUTE_SET        1 index of an interface
 *                           2 network | gateway << 32
 *                           3 struct netd_route_facts; is_set 0
 *                           4 1: it is there, 0: it is not
 *
 *     NETD_SOCKETS_GET      none                           1 sockets of all programs
 *     NETD_CONGESTION_GET   none                           1-3 name of the congestion control that
 *                                                            every connection has
 *
 * NETD_*_SET is for whom the manifest lets configure [proto/init.h MAY_CONFIGURE]; loopback cannot
 * be changed. An address that is set by hand holds until a lease is asked for again; whoever had a
 * lease gives it back.
 *
 * An IPv6 address is two words as its 16 bytes lie in memory. An interface that is no index is its
 * number as if_nametoindex gives it, the index + 1; 0: any, and for an address that means several
 * links, the first that is not loopback.
 *
 * Errors: E_BAD_CALL no such label; E_INVALID a word that must be 0 is not, or a payload,
 * destination, address, prefix or MTU that cannot be; E_NOT_FOUND index past the end, no such token
 * of this client, or no lease in force there; E_DENIED the manifest does not allow it; E_STATE
 * there is no lease to give back, or the interface is down. NETD_ROUTE_SET: E_LIMIT there are as
 * many routes as can be, E_NOT_FOUND none of that network and interface to take away.
 * NETD_PING_START, NETD_PING6_START: E_TIMEOUT the deadline has passed, E_LIMIT too many in flight.
 * NETD_PING_TAKE: E_AGAIN in flight; E_TIMEOUT no answer by the deadline, E_UNREACHABLE an
 * error came back or there is no way there, E_NO_MEMORY: netd could not send it. After any
 * but E_AGAIN the token is gone; an answer not taken within ten seconds is forgotten.
 */
#pragma once

#include <stdint.h>

#include <base/attributes.h>

enum netd_label {
    NETD_INTERFACE_GET = 1,
    NETD_NEIGHBOUR_GET,
    NETD_COUNTER_GET,
    NETD_PING_START,
    NETD_PING_TAKE,
    NETD_LEASE_GET,
    NETD_PING6_START,
    NETD_ADDRESS6_GET,
    NETD_NEIGHBOUR6_GET,
    NETD_LEASE_SET,
    NETD_ADDRESS_SET,
    NETD_INTERFACE_SET,
    NETD_ROUTE_GET,
    NETD_ROUTE_SET,
    NETD_SOCKETS_GET,
    NETD_CONGESTION_GET,
};

enum netd_lease_action {
    NETD_LEASE_RENEW = 1, /* at once; without a lease: search for one */
    NETD_LEASE_RELEASE,   /* give it back and search for none */
};

enum netd_address6_state {
    NETD_ADDRESS6_TENTATIVE, /* another host may have it: not used yet */
    NETD_ADDRESS6_PREFERRED,
    NETD_ADDRESS6_DEPRECATED,
    NETD_ADDRESS6_DUPLICATED, /* another host has it: not used */
};

enum {
    NETD_PING_PAYLOAD_MAX = 1472, /* of one Ethernet frame */
    NETD_PING6_PAYLOAD_MAX = 1452,
    NETD_COUNTER_NAME_WORDS = 5,
    NETD_CONGESTION_NAME_WORDS = 3,
};

enum netd_address_state {
    NETD_ADDRESS_NONE,
    NETD_ADDRESS_SEEKING,
    NETD_ADDRESS_BOUND,
    NETD_ADDRESS_STATIC,
};

enum netd_interface_flag {
    NETD_INTERFACE_UP = 1 << 0,
    NETD_INTERFACE_LINK = 1 << 1,
    NETD_INTERFACE_LOOPBACK = 1 << 2,
};

/* Word 3 of NETD_INTERFACE_GET. */
struct netd_interface_facts {
    uint8_t prefix;
    uint8_t address_state; /* enum netd_address_state */
    uint8_t flags;         /* enum netd_interface_flag */
    uint8_t zero;
    uint32_t mtu;
};

static_assert(sizeof(struct netd_interface_facts) == sizeof(uint64_t), "one word");

/* Of the routes that fit the longest prefix counts, of several the lowest metric. */
struct netd_route_facts {
    uint8_t prefix;
    uint8_t is_set; /* by request; else it comes with an address */
    uint16_t metric;
};

static inline uint64_t netd_route_word(struct netd_route_facts facts)
{
    return (uint64_t)facts.prefix | (uint64_t)facts.is_set << 8 | (uint64_t)facts.metric << 16;
}

static inline struct netd_route_facts netd_word_route(uint64_t word)
{
    return (struct netd_route_facts){(uint8_t)word, (uint8_t)(word >> 8), (uint16_t)(word >> 16)};
}

static inline uint64_t netd_facts_word(struct netd_interface_facts facts)
{
    return (uint64_t)facts.prefix | (uint64_t)facts.address_state << 8 |
           (uint64_t)facts.flags << 16 | (uint64_t)facts.mtu << 32;
}

static inline struct netd_interface_facts netd_word_facts(uint64_t word)
{
    return (struct netd_interface_facts){
        .prefix = (uint8_t)word,
        .address_state = (uint8_t)(word >> 8),
        .flags = (uint8_t)(word >> 16),
        .mtu = (uint32_t)(word >> 32),
    };
}
