/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCPv6 stub: a server for tests that gives no addresses, at fe80::2, in process.
 *
 * It answers Information-request with Reply. What it may do wrong is a setting.
 * Pure: bytes in, bytes out. [RFC 8415 §18.3.6]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DHCP6_STUB_FRAME_MAX = 1514 };

struct dhcp6_stub {
    uint8_t name_server[2][16]; /* fd77::3 and none; none is all zero */
    uint32_t refresh_s;         /* 0: not said */

    /* What it does beyond that. */
    bool is_silent;
    uint8_t type;          /* of its message, if not 0 */
    uint16_t status;       /* that it tells, if not 0 */
    uint32_t spoils;       /* in every bit of the transaction that is set */
    uint16_t cut;          /* bytes that are missing at the end */
    bool has_no_server;    /* leaves out who it is */
    bool names_client;     /* though nobody said who it is */
    uint16_t kind;         /* of one more option, if not 0, with these bytes */
    uint16_t bytes;
    uint8_t fill;
    bool is_far;           /* answers to another address than that of the question */
    uint8_t far[16];

    /* What it saw. */
    uint32_t requests;     /* well-formed ones */
    uint32_t bad_requests;
    uint32_t transaction;  /* of the last */
    uint16_t elapsed;
    uint16_t port;
};

void dhcp6_stub_init(struct dhcp6_stub *stub);

/* Takes a frame; the bytes of the answer in `reply` (of DHCP6_STUB_FRAME_MAX), or 0. */
size_t dhcp6_stub_answer(struct dhcp6_stub *stub, const uint8_t *frame, size_t len,
                         uint8_t *reply);
