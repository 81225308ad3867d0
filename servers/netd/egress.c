/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first piece of a chain has all headers, except where somebody sends raw packets; it is
 * copied and looked at in the frame. What follows it is summed while it is copied.
 */
#include "egress.h"

#include <stdbool.h>
#include <string.h>

#include <lwip/opt.h>

#include <base/bytes.h>

#include "checksum.h"

enum {
    ETHERTYPE_AT = 12,
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_IP6 = 0x86dd,
    IP_AT = 14,
    IP4_HEADER_BYTES = 20,
    IP4_FRAGMENT_MASK = 0x3fff, /* more fragments, and the offset */
    IP6_HEADER_BYTES = 40,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    TCP_HEADER_BYTES = 20,
    TCP_SUM_AT = 16,
    UDP_SUM_AT = 6,
    TRANSPORT_BYTES_MIN = 8,
};

/* What is to be summed: from `at` in the frame on, into `sum_at`; at 0: nothing. */
struct transport {
    uint32_t at;
    uint32_t sum_at;
    uint8_t protocol;
    uint16_t address_sum;
};

/* `len` bytes of the packet are in the frame. */
static struct transport find_transport(const uint8_t *frame, uint32_t len)
{
    struct transport none = {0};
    struct transport found;
    const uint8_t *ip = frame + IP_AT;
    if (len < IP_AT + IP4_HEADER_BYTES) {
        return none;
    }
    uint16_t type = bytes_get_be16(frame + ETHERTYPE_AT);
    if (type == ETHERTYPE_IP4 && (bytes_get_be16(ip + 6) & IP4_FRAGMENT_MASK) == 0) {
        found = (struct transport){.at = IP_AT + (uint32_t)(ip[0] & 15) * 4,
                                   .protocol = ip[9],
                                   .address_sum = checksum_header(ip + 12, 8)};
    } else if (type == ETHERTYPE_IP6 && len >= IP_AT + IP6_HEADER_BYTES) {
        found = (struct transport){.at = IP_AT + IP6_HEADER_BYTES,
                                   .protocol = ip[6],
                                   .address_sum = checksum_header(ip + 8, 32)};
    } else {
        return none;
    }
    if (found.protocol != PROTOCOL_TCP && found.protocol != PROTOCOL_UDP) {
        return none;
    }
    found.sum_at = found.at + (found.protocol == PROTOCOL_TCP ? TCP_SUM_AT : UDP_SUM_AT);
    bool has_header = len >= found.at + TRANSPORT_BYTES_MIN && len >= found.sum_at + 2;
    return has_header && bytes_get_be16(frame + found.sum_at) == 0 ? found : none;
}

/* Adds the sum of a piece that begins at `offset` of what is summed. */
static uint16_t add_piece(uint16_t sum, uint16_t piece, uint32_t offset)
{
    return checksum_add(sum, offset % 2 == 0 ? piece : __builtin_bswap16(piece));
}

static void put_sum(uint8_t *frame, const struct transport *transport, uint32_t len, uint16_t sum)
{
    uint32_t whole = (uint32_t)sum + transport->address_sum;
    whole += checksum_wire16(transport->protocol);
    whole += checksum_wire16((uint16_t)(len - transport->at)); /* < 1 << 16 */
    uint16_t inverted = (uint16_t)~checksum_fold(whole);
    if (inverted == 0 && transport->protocol == PROTOCOL_UDP) {
        inverted = 0xffff; /* 0 would mean: no sum [RFC 768] */
    }
    memcpy(frame + transport->sum_at, &inverted, sizeof(inverted));
}

void egress_fill(uint8_t *frame, uint8_t *at, const struct pbuf *pbuf)
{
    uint32_t len = (uint32_t)(at - frame) + pbuf->len;
    memcpy(at, pbuf->payload, pbuf->len); /* both are aligned alike */
    struct transport transport = find_transport(frame, len);
    uint16_t sum = 0;
    if (transport.at != 0) {
        uint32_t rest = len - transport.at; /* most often the header of TCP alone */
        sum = rest == TCP_HEADER_BYTES ? checksum_header(frame + transport.at, TCP_HEADER_BYTES)
                                       : checksum_partial(frame + transport.at, rest);
    }
    for (pbuf = pbuf->next; pbuf != NULL; pbuf = pbuf->next) {
        if (transport.at == 0) {
            memcpy(frame + len, pbuf->payload, pbuf->len);
        } else {
            uint16_t piece = checksum_copy(frame + len, pbuf->payload, pbuf->len);
            sum = add_piece(sum, piece, len - transport.at);
        }
        len += pbuf->len;
    }
    if (transport.at != 0) {
        put_sum(frame, &transport, len, sum);
    }
}
