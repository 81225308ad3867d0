/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A router of IPv6 for tests: fe80::2, and <prefix>::2 where it announces a prefix.
 *
 * It answers solicitations for its addresses and for routers, echo requests to its addresses, and
 * can claim an address of ours. Pure: bytes in, bytes out. [RFC 4861] [RFC 4443 §4]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROUTER6_FRAME_MAX = 1514 };

static const uint8_t router6_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x06};

struct router6 {
    bool is_there;
    bool is_deaf;              /* says what it has to say and answers nothing */
    bool has_other;            /* a DHCPv6 server tells the rest [RFC 4861 §4.2] */
    bool claims_every_address; /* answers who asks whether an address is free */
    uint64_t prefix;           /* upper half; 0: none */
    uint16_t router_s;         /* lifetime */
    uint32_t valid_s;
    uint32_t preferred_s;

    uint32_t router_solicitations;
    uint32_t solicitations;  /* for its own addresses */
    uint32_t probes;         /* whether an address is free */
    uint32_t echo_requests;
    uint32_t echo_replies;
    uint32_t reports;        /* of groups */
};

/* No prefix, half an hour as a router, a day valid, four hours preferred; not there. */
void router6_init(struct router6 *router);

/* Takes a frame; the bytes of the answer in `reply` (of ROUTER6_FRAME_MAX), or 0. */
size_t router6_answer(struct router6 *router, const uint8_t *frame, size_t len, uint8_t *reply);

/* An advertisement to all nodes as a frame; its length. */
size_t router6_advertise(const struct router6 *router, uint8_t *frame);

/* A frame around an ICMPv6 message between these addresses, summed; its length. */
size_t router6_frame(uint8_t *frame, const uint8_t source[16], const uint8_t destination[16],
                     const uint8_t *message, size_t bytes);
