/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP stub: a server for tests, in process, with one fixed lease.
 *
 * It is no server and says so: every line it writes begins with "dhcp stub:". It answers DISCOVER
 * with OFFER and REQUEST with ACK, always the same lease, so a renewal changes nothing. What a
 * server may do to a client beyond that is a setting.
 *
 * Pure: bytes in, bytes out. [RFC 2131 §4.3]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DHCP_STUB_FRAME_MAX = 1514,
    DHCP_STUB_LINES_MAX = 256,
    DHCP_STUB_LINE_BYTES = 96,
    DHCP_STUB_LEASE_S = 86400,
    DHCP_STUB_NO_OPTION = 0, /* in t1_s, t2_s, router, mask: do not send it */
};

static const uint8_t dhcp_stub_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};

struct dhcp_stub {
    /* The lease, as dhcp_stub_init sets it: 10.0.2.15/24 gw 10.0.2.2 dns 10.0.2.3. */
    uint32_t address;
    uint32_t mask;
    uint32_t router;
    uint32_t dns;
    uint32_t server;
    uint32_t lease_s;
    uint32_t t1_s;
    uint32_t t2_s;
    uint16_t mtu; /* 0: none */

    /* What it does beyond that. */
    bool is_silent;         /* answers nothing */
    bool refuses;           /* NAK to every REQUEST */
    bool refuses_renewal;   /* NAK to a REQUEST that names its address as its own */
    bool ignores_unicast;   /* so that a client must rebind */

    /* What it saw and did. */
    uint32_t discovers;
    uint32_t requests;
    uint32_t unicast_requests;
    uint32_t releases;
    uint32_t declines;
    uint32_t last_server; /* that the last DECLINE was for */
    uint32_t names;       /* messages with a host name of six letters */
    uint32_t offers;
    uint32_t acks;
    uint32_t naks;
    uint32_t last_ciaddr;
    uint32_t last_xid;
    char line[DHCP_STUB_LINES_MAX][DHCP_STUB_LINE_BYTES];
    uint32_t lines;
};

void dhcp_stub_init(struct dhcp_stub *stub);

/*
 * Takes an Ethernet frame from the client. Returns the bytes of the answer written to `reply`
 * (of DHCP_STUB_FRAME_MAX), or 0: not DHCP, or nothing to say.
 */
size_t dhcp_stub_answer(struct dhcp_stub *stub, const uint8_t *frame, size_t len, uint8_t *reply);
