/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets are from the start of the frame; the client under test sends no IP options and one
 * frame per message, anything else is not answered.
 */
#include "dhcp_stub.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

enum {
    IP_AT = 14,
    UDP_AT = 34,
    BOOTP_AT = 42,
    OPTIONS_AT = BOOTP_AT + 240,
    FRAME_BYTES = OPTIONS_AT + 64,

    PORT_SERVER = 67,
    PORT_CLIENT = 68,
    COOKIE = 0x63825363,

    OPTION_MASK = 1,
    OPTION_NAME = 12,
    OPTION_ROUTER = 3,
    OPTION_DNS = 6,
    OPTION_LEASE = 51,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_T1 = 58,
    OPTION_MTU = 26,
    OPTION_T2 = 59,
    OPTION_END = 255,

    DISCOVER = 1,
    OFFER = 2,
    REQUEST = 3,
    ACK = 5,
    NAK = 6,
    RELEASE = 7,
    DECLINE = 4,
};

void dhcp_stub_init(struct dhcp_stub *stub)
{
    memset(stub, 0, sizeof(*stub));
    stub->address = 0x0a00020f;
    stub->mask = 0xffffff00;
    stub->router = 0x0a000202;
    stub->dns = 0x0a000203;
    stub->server = 0x0a000202;
    stub->lease_s = DHCP_STUB_LEASE_S;
}

static void say(struct dhcp_stub *stub, const char *what, uint32_t address)
{
    if (stub->lines < DHCP_STUB_LINES_MAX) {
        snprintf(stub->line[stub->lines++], DHCP_STUB_LINE_BYTES, "dhcp stub: %s %u.%u.%u.%u", what,
                 address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
    }
}

static const uint8_t *find_option(const uint8_t *frame, size_t len, uint8_t kind, uint8_t bytes)
{
    size_t at = OPTIONS_AT;
    while (at + 2 <= len && frame[at] != OPTION_END) {
        if (frame[at] == 0) {
            at++;
            continue;
        }
        size_t next = at + 2 + frame[at + 1];
        if (frame[at] == kind && frame[at + 1] == bytes && next <= len) {
            return frame + at + 2;
        }
        at = next;
    }
    return NULL;
}

static uint8_t *put_option(uint8_t *at, uint8_t kind, uint32_t value)
{
    at[0] = kind;
    at[1] = 4;
    bytes_put_be32(at + 2, value);
    return at + 6;
}

static uint8_t *put_some_option(uint8_t *at, uint8_t kind, uint32_t value)
{
    return value == DHCP_STUB_NO_OPTION ? at : put_option(at, kind, value);
}

static void put_options(const struct dhcp_stub *stub, uint8_t type, uint8_t *at)
{
    at[0] = OPTION_TYPE;
    at[1] = 1;
    at[2] = type;
    at = put_option(at + 3, OPTION_SERVER, stub->server);
    if (type != NAK) {
        at = put_option(at, OPTION_LEASE, stub->lease_s);
        at = put_some_option(at, OPTION_T1, stub->t1_s);
        at = put_some_option(at, OPTION_T2, stub->t2_s);
        at = put_some_option(at, OPTION_MASK, stub->mask);
        at = put_some_option(at, OPTION_ROUTER, stub->router);
        at = put_some_option(at, OPTION_DNS, stub->dns);
    }
    if (type != NAK && stub->mtu != 0) {
        at[0] = OPTION_MTU;
        at[1] = 2;
        bytes_put_be16(at + 2, stub->mtu);
        at += 4;
    }
    *at = OPTION_END;
}

/* Headers around a message whose bytes stand, broadcast as to a client without an address. */
static void put_headers(const struct dhcp_stub *stub, uint8_t *frame)
{
    memset(frame, 0xff, 6);
    memcpy(frame + 6, dhcp_stub_mac, 6);
    bytes_put_be16(frame + 12, 0x0800);
    frame[IP_AT] = 0x45;
    bytes_put_be16(frame + IP_AT + 2, FRAME_BYTES - IP_AT);
    frame[IP_AT + 8] = 64;
    frame[IP_AT + 9] = 17;
    bytes_put_be32(frame + IP_AT + 12, stub->server);
    bytes_put_be32(frame + IP_AT + 16, 0xffffffff);
    uint16_t sum = (uint16_t)~checksum_partial(frame + IP_AT, 20);
    bytes_put_be16(frame + IP_AT + 10, checksum_wire16(sum));
    bytes_put_be16(frame + UDP_AT, PORT_SERVER);
    bytes_put_be16(frame + UDP_AT + 2, PORT_CLIENT);
    bytes_put_be16(frame + UDP_AT + 4, FRAME_BYTES - UDP_AT);
    bytes_put_be16(frame + UDP_AT + 6, 0); /* no checksum, as RFC 768 allows */
}

static size_t put_reply(const struct dhcp_stub *stub, const uint8_t *query, uint8_t type,
                        uint8_t *reply)
{
    memset(reply, 0, FRAME_BYTES);
    uint8_t *bootp = reply + BOOTP_AT;
    bootp[0] = 2; /* reply */
    bootp[1] = 1;
    bootp[2] = 6;
    memcpy(bootp + 4, query + BOOTP_AT + 4, 4); /* transaction */
    bytes_put_be32(bootp + 16, type == NAK ? 0 : stub->address);
    memcpy(bootp + 28, query + BOOTP_AT + 28, 16); /* client's hardware address */
    bytes_put_be32(bootp + 236, COOKIE);
    put_options(stub, type, reply + OPTIONS_AT);
    put_headers(stub, reply);
    return FRAME_BYTES;
}

static size_t answer_request(struct dhcp_stub *stub, const uint8_t *frame, uint8_t *reply)
{
    bool is_renewal = stub->last_ciaddr != 0;
    bool is_unicast = (frame[0] & 1) == 0;
    stub->requests++;
    stub->unicast_requests += is_unicast;
    if (stub->is_silent || (is_unicast && stub->ignores_unicast)) {
        say(stub, "ignores request from", stub->last_ciaddr);
        return 0;
    }
    if (stub->refuses || (is_renewal && stub->refuses_renewal)) {
        stub->naks++;
        say(stub, "nak", stub->last_ciaddr);
        return put_reply(stub, frame, NAK, reply);
    }
    stub->acks++;
    say(stub, "ack", stub->address);
    return put_reply(stub, frame, ACK, reply);
}

size_t dhcp_stub_answer(struct dhcp_stub *stub, const uint8_t *frame, size_t len, uint8_t *reply)
{
    if (len < OPTIONS_AT || bytes_get_be16(frame + 12) != 0x0800 || frame[IP_AT] != 0x45 ||
        frame[IP_AT + 9] != 17 || bytes_get_be16(frame + UDP_AT + 2) != PORT_SERVER ||
        bytes_get_be32(frame + BOOTP_AT + 236) != COOKIE) {
        return 0;
    }
    const uint8_t *type = find_option(frame, len, OPTION_TYPE, 1);
    if (type == NULL) {
        return 0;
    }
    stub->last_ciaddr = bytes_get_be32(frame + BOOTP_AT + 12);
    stub->last_xid = bytes_get_be32(frame + BOOTP_AT + 4);
    stub->names += find_option(frame, len, OPTION_NAME, 6) != NULL;
    switch (*type) {
    case DISCOVER:
        stub->discovers++;
        if (stub->is_silent) {
            say(stub, "ignores discover from", 0);
            return 0;
        }
        stub->offers++;
        say(stub, "offer", stub->address);
        return put_reply(stub, frame, OFFER, reply);
    case REQUEST:
        return answer_request(stub, frame, reply);
    case DECLINE: {
        const uint8_t *server = find_option(frame, len, OPTION_SERVER, 4);
        stub->declines++;
        stub->last_server = server == NULL ? 0 : bytes_get_be32(server);
        say(stub, "decline", stub->last_ciaddr);
        return 0;
    }
    case RELEASE:
        stub->releases++;
        say(stub, "release of", stub->last_ciaddr);
        return 0;
    default:
        return 0;
    }
}
