/* SPDX-License-Identifier: BSD-2-Clause */
#include "router6.h"

#include <string.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

enum {
    IP_AT = 14,
    SOURCE_AT = IP_AT + 8,
    DESTINATION_AT = IP_AT + 24,
    ICMP_AT = IP_AT + 40,
    HOP_BY_HOP = 0,
    ICMP6 = 58,
    ECHO_REQUEST = 128,
    ECHO_REPLY = 129,
    ROUTER_SOLICITATION = 133,
    ROUTER_ADVERTISEMENT = 134,
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
    SOLICITED_OVERRIDE = 0x60,
    OVERRIDE = 0x20,
};

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

void router6_init(struct router6 *router)
{
    *router = (struct router6){.router_s = 1800, .valid_s = 86400, .preferred_s = 14400};
}

static void make_address(uint64_t upper, uint8_t address[16])
{
    bytes_put_be64(address, upper);
    bytes_put_be64(address + 8, 2);
}

static bool is_own(const struct router6 *router, const uint8_t *address)
{
    uint64_t upper = bytes_get_be64(address);
    bool is_ours = upper == 0xfe80000000000000 || (router->prefix != 0 && upper == router->prefix);
    return is_ours && bytes_get_be64(address + 8) == 2;
}

size_t router6_frame(uint8_t *frame, const uint8_t source[16], const uint8_t destination[16],
                     const uint8_t *message, size_t bytes)
{
    const uint8_t client[6] = {0x02, 0, 0, 0, 0, 0x01};
    memset(frame, 0, ICMP_AT);
    memcpy(frame, client, 6);
    if (destination[0] == 0xff) {
        frame[0] = frame[1] = 0x33;
        memcpy(frame + 2, destination + 12, 4);
    }
    memcpy(frame + 6, router6_mac, 6);
    bytes_put_be16(frame + 12, 0x86dd);
    frame[IP_AT] = 0x60;
    bytes_put_be16(frame + IP_AT + 4, (uint16_t)bytes);
    frame[IP_AT + 6] = ICMP6;
    frame[IP_AT + 7] = 255;
    memcpy(frame + SOURCE_AT, source, 16);
    memcpy(frame + DESTINATION_AT, destination, 16);
    memcpy(frame + ICMP_AT, message, bytes);
    bytes_put_be16(frame + ICMP_AT + 2, 0);
    uint16_t sum = checksum_partial(frame + ICMP_AT, bytes);
    sum = checksum_add(sum, checksum_partial(frame + SOURCE_AT, 32));
    sum = checksum_add(sum, checksum_wire16(ICMP6));
    sum = checksum_add(sum, checksum_wire16((uint16_t)bytes));
    bytes_put_be16(frame + ICMP_AT + 2, checksum_wire16((uint16_t)~sum));
    return ICMP_AT + bytes;
}

size_t router6_advertise(const struct router6 *router, uint8_t *frame)
{
    uint8_t message[16 + 8 + 32] = {ROUTER_ADVERTISEMENT, 0, 0, 0, 64};
    uint8_t own[16];
    message[5] = router->has_other ? 0x40 : 0;
    bytes_put_be16(message + 6, router->router_s);
    message[16] = 1; /* its own Ethernet address */
    message[17] = 1;
    memcpy(message + 18, router6_mac, 6);
    uint8_t *prefix = message + 24;
    prefix[0] = 3;
    prefix[1] = 4;
    prefix[2] = 64;
    prefix[3] = 0xc0; /* on link, autonomous */
    bytes_put_be32(prefix + 4, router->valid_s);
    bytes_put_be32(prefix + 8, router->preferred_s);
    bytes_put_be64(prefix + 16, router->prefix);
    make_address(0xfe80000000000000, own);
    return router6_frame(frame, own, all_nodes, message, router->prefix != 0 ? 56 : 24);
}

static size_t advertise_address(const uint8_t *frame, const uint8_t *target, uint8_t flags,
                                uint8_t *reply)
{
    uint8_t message[32] = {ADVERTISEMENT, 0, 0, 0, flags};
    bool is_probe = bytes_get_be64(frame + SOURCE_AT) == 0;
    memcpy(message + 8, target, 16);
    message[24] = 2;
    message[25] = 1;
    memcpy(message + 26, router6_mac, 6);
    return router6_frame(reply, target, is_probe ? all_nodes : frame + SOURCE_AT, message,
                         sizeof(message));
}

static size_t answer_solicitation(struct router6 *router, const uint8_t *frame, uint8_t *reply)
{
    const uint8_t *target = frame + ICMP_AT + 8;
    if (bytes_get_be64(frame + SOURCE_AT) == 0) {
        router->probes++;
        return router->claims_every_address ? advertise_address(frame, target, OVERRIDE, reply) : 0;
    }
    if (!is_own(router, target)) {
        return 0;
    }
    router->solicitations++;
    return router->is_deaf ? 0 : advertise_address(frame, target, SOLICITED_OVERRIDE, reply);
}

static size_t answer_echo(struct router6 *router, const uint8_t *frame, size_t len, uint8_t *reply)
{
    uint8_t message[ROUTER6_FRAME_MAX];
    size_t bytes = len - ICMP_AT;
    router->echo_requests++;
    if (router->is_deaf || !is_own(router, frame + DESTINATION_AT)) {
        return 0;
    }
    memcpy(message, frame + ICMP_AT, bytes);
    message[0] = ECHO_REPLY;
    return router6_frame(reply, frame + DESTINATION_AT, frame + SOURCE_AT, message, bytes);
}

size_t router6_answer(struct router6 *router, const uint8_t *frame, size_t len, uint8_t *reply)
{
    if (len < ICMP_AT + 8 || bytes_get_be16(frame + 12) != 0x86dd) {
        return 0;
    }
    router->reports += frame[IP_AT + 6] == HOP_BY_HOP;
    if (frame[IP_AT + 6] != ICMP6) {
        return 0;
    }
    switch (frame[ICMP_AT]) {
    case ROUTER_SOLICITATION:
        router->router_solicitations++;
        return router->is_there ? router6_advertise(router, reply) : 0;
    case SOLICITATION:
        return answer_solicitation(router, frame, reply);
    case ECHO_REQUEST:
        return answer_echo(router, frame, len, reply);
    case ECHO_REPLY:
        router->echo_replies++;
        return 0;
    default:
        return 0;
    }
}
