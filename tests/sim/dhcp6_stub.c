/* SPDX-License-Identifier: BSD-2-Clause */
#include "dhcp6_stub.h"

#include <string.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

#include "router6.h"

enum {
    IP_AT = 14,
    SOURCE_AT = IP_AT + 8,
    DESTINATION_AT = IP_AT + 24,
    UDP_AT = IP_AT + 40,
    MESSAGE_AT = UDP_AT + 8,
    OPTIONS_AT = MESSAGE_AT + 4,
    UDP = 17,
    SERVER_PORT = 547,
    CLIENT_PORT = 546,
    INFORMATION_REQUEST = 11,
    REPLY = 7,
    OPTION_CLIENT = 1,
    OPTION_SERVER = 2,
    OPTION_ASKED = 6,
    OPTION_ELAPSED = 8,
    OPTION_STATUS = 13,
    OPTION_NAME_SERVERS = 23,
    OPTION_REFRESH = 32,
    OPTION_MAX_RT = 83,
};

static const uint8_t all_servers[16] = {0xff, 0x02, [13] = 1, [15] = 2};
static const uint8_t link_local[16] = {0xfe, 0x80, [15] = 2};

void dhcp6_stub_init(struct dhcp6_stub *stub)
{
    *stub = (struct dhcp6_stub){.name_server = {{0xfd, 0x77, [15] = 3}}};
}

/* Whether it is a request as RFC 8415 §18.2.6 has it: what it must ask and tell. */
static bool is_good_request(struct dhcp6_stub *stub, const uint8_t *frame, size_t len)
{
    uint32_t asked = 0;
    bool tells_time = false;
    size_t at = OPTIONS_AT;
    while (at + 4 <= len) {
        uint16_t kind = bytes_get_be16(frame + at);
        uint16_t bytes = bytes_get_be16(frame + at + 2);
        at += 4;
        if (bytes > len - at) {
            return false;
        }
        for (uint16_t i = 0; kind == OPTION_ASKED && i < bytes; i += 2) {
            uint16_t wish = bytes_get_be16(frame + at + i);
            asked += wish == OPTION_NAME_SERVERS || wish == OPTION_REFRESH || wish == OPTION_MAX_RT;
        }
        if (kind == OPTION_ELAPSED && bytes == 2) {
            tells_time = true;
            stub->elapsed = bytes_get_be16(frame + at);
        }
        at += bytes;
    }
    uint16_t sum = checksum_partial(frame + UDP_AT, len - UDP_AT);
    sum = checksum_add(sum, checksum_partial(frame + SOURCE_AT, 32));
    sum = checksum_add(sum, checksum_wire16(UDP));
    sum = checksum_add(sum, checksum_wire16((uint16_t)(len - UDP_AT)));
    return at == len && asked == 3 && tells_time && checksum_is_good(sum) &&
           frame[MESSAGE_AT] == INFORMATION_REQUEST &&
           bytes_get_be64(frame + SOURCE_AT) == 0xfe80000000000000 &&
           memcmp(frame + DESTINATION_AT, all_servers, 16) == 0;
}

static uint8_t *put_option(uint8_t *at, uint16_t kind, const void *value, uint16_t bytes)
{
    bytes_put_be16(at, kind);
    bytes_put_be16(at + 2, bytes);
    memcpy(at + 4, value, bytes);
    return at + 4 + bytes;
}

static uint8_t *put_options(const struct dhcp6_stub *stub, uint8_t *at)
{
    const uint8_t identity[10] = {0, 3, 0, 1, 0x52, 0x55, 0x0a, 0, 2, 6};
    const uint8_t none[16] = {0};
    uint8_t value[64];
    if (!stub->has_no_server) {
        at = put_option(at, OPTION_SERVER, identity, sizeof(identity));
    }
    if (stub->names_client) {
        at = put_option(at, OPTION_CLIENT, identity, sizeof(identity));
    }
    if (stub->status != 0) {
        bytes_put_be16(value, stub->status);
        at = put_option(at, OPTION_STATUS, value, 2);
    }
    if (stub->refresh_s != 0) {
        bytes_put_be32(value, stub->refresh_s);
        at = put_option(at, OPTION_REFRESH, value, 4);
    }
    if (stub->kind != 0) {
        memset(value, stub->fill, sizeof(value));
        at = put_option(at, stub->kind, value, stub->bytes);
    }
    if (memcmp(stub->name_server[0], none, 16) != 0) {
        bool has_two = memcmp(stub->name_server[1], none, 16) != 0;
        at = put_option(at, OPTION_NAME_SERVERS, stub->name_server, has_two ? 32 : 16);
    }
    return at - stub->cut;
}

/* Headers around a message that stands, from fe80::2, summed. */
static void put_headers(const uint8_t *query, const uint8_t *to, size_t bytes, uint8_t *reply)
{
    memset(reply, 0, MESSAGE_AT);
    memcpy(reply, query + 6, 6);
    memcpy(reply + 6, router6_mac, 6);
    bytes_put_be16(reply + 12, 0x86dd);
    reply[IP_AT] = 0x60;
    bytes_put_be16(reply + IP_AT + 4, (uint16_t)(8 + bytes));
    reply[IP_AT + 6] = UDP;
    reply[IP_AT + 7] = 64;
    memcpy(reply + SOURCE_AT, link_local, 16);
    memcpy(reply + DESTINATION_AT, to, 16);
    bytes_put_be16(reply + UDP_AT, SERVER_PORT);
    bytes_put_be16(reply + UDP_AT + 2, CLIENT_PORT);
    bytes_put_be16(reply + UDP_AT + 4, (uint16_t)(8 + bytes));
    uint16_t sum = checksum_partial(reply + UDP_AT, 8 + bytes);
    sum = checksum_add(sum, checksum_partial(reply + SOURCE_AT, 32));
    sum = checksum_add(sum, checksum_wire16(UDP));
    sum = checksum_add(sum, checksum_wire16((uint16_t)(8 + bytes)));
    bytes_put_be16(reply + UDP_AT + 6, checksum_wire16((uint16_t)~sum));
}

size_t dhcp6_stub_answer(struct dhcp6_stub *stub, const uint8_t *frame, size_t len, uint8_t *reply)
{
    if (len < OPTIONS_AT || bytes_get_be16(frame + 12) != 0x86dd || frame[IP_AT + 6] != UDP ||
        bytes_get_be16(frame + UDP_AT + 2) != SERVER_PORT) {
        return 0;
    }
    bool is_good = is_good_request(stub, frame, len);
    stub->requests += is_good;
    stub->bad_requests += !is_good;
    stub->transaction = bytes_get_be32(frame + MESSAGE_AT) & 0xffffff;
    stub->port = bytes_get_be16(frame + UDP_AT);
    if (stub->is_silent || !is_good) {
        return 0;
    }
    uint32_t type = stub->type != 0 ? stub->type : REPLY;
    bytes_put_be32(reply + MESSAGE_AT, type << 24 | (stub->transaction ^ stub->spoils));
    size_t end = (size_t)(put_options(stub, reply + OPTIONS_AT) - reply);
    put_headers(frame, stub->is_far ? stub->far : frame + SOURCE_AT, end - MESSAGE_AT, reply);
    return end;
}
