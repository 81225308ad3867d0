/* SPDX-License-Identifier: BSD-2-Clause */
#include "merge.h"

#include <string.h>

#include <lwip/opt.h>

#include <base/bytes.h>

enum {
    IP_AT = ETH_PAD_SIZE + 14,
    IP_BYTES = 20,
    TCP_AT = IP_AT + IP_BYTES,
    TCP_BYTES = 20,
    ETHERTYPE_IP4 = 0x0800,
    IP4_WITHOUT_OPTIONS = 0x45,
    PROTOCOL_TCP = 6,
    /* offsets in an IP header */
    IP_TOS = 1,
    IP_LENGTH = 2,
    IP_TTL = 8,
    IP_PROTOCOL = 9,
    IP_ADDRESSES = 12,
    /* offsets in a TCP header */
    TCP_SEQUENCE = 4,
    TCP_ACKNOWLEDGED = 8,
    TCP_OFFSET = 12,
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    FLAG_PSH = 8,
    FLAG_ACK = 16,
};

static const uint8_t *ip_of(const struct pbuf *pbuf)
{
    return (const uint8_t *)pbuf->payload + IP_AT;
}

static const uint8_t *tcp_of(const struct pbuf *pbuf)
{
    return (const uint8_t *)pbuf->payload + TCP_AT;
}

/* G5. Of what ingress.c found whole they fit, unless the driver has changed them since; volatile,
 * so that what is compared is what is kept. */
static bool find_lengths(const struct pbuf *pbuf, struct merge_lengths *lengths)
{
    const volatile uint8_t *ip = ip_of(pbuf), *tcp = tcp_of(pbuf);
    uint32_t header = (uint32_t)(tcp[TCP_OFFSET] >> 4) * 4;
    uint32_t packet = (uint32_t)ip[IP_LENGTH] << 8 | ip[IP_LENGTH + 1];
    lengths->header = (uint16_t)header;                     /* <= 60 */
    lengths->data = (uint16_t)(packet - IP_BYTES - header); /* <= UINT16_MAX if it fits */
    return header >= TCP_BYTES && packet >= IP_BYTES + header && IP_AT + packet <= pbuf->len;
}

/* G1. */
static bool is_plain(const struct pbuf *pbuf)
{
    const uint8_t *ip = ip_of(pbuf);
    return bytes_get_be16(ip - 2) == ETHERTYPE_IP4 && ip[0] == IP4_WITHOUT_OPTIONS &&
           ip[IP_PROTOCOL] == PROTOCOL_TCP &&
           (tcp_of(pbuf)[TCP_FLAGS] | FLAG_PSH) == (FLAG_ACK | FLAG_PSH);
}

/* A word as it lies there: payloads are aligned, and both headers in them. */
static uint32_t word(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof(value)), sizeof(value));
    return value;
}

/* Same ends, same way, same header but for what grows. */
static bool is_same_flow(const struct pbuf *left, const struct pbuf *right)
{
    const uint8_t *ip = ip_of(left), *other = ip_of(right);
    return word(ip + IP_ADDRESSES) == word(other + IP_ADDRESSES) &&
           word(ip + IP_ADDRESSES + 4) == word(other + IP_ADDRESSES + 4) &&
           word(ip + IP_BYTES) == word(other + IP_BYTES) && /* both ports */
           ip[IP_TOS] == other[IP_TOS] && ip[IP_TTL] == other[IP_TTL] &&
           ip[IP_BYTES + TCP_OFFSET] == other[IP_BYTES + TCP_OFFSET];
}

static bool follows(const struct merge *merge, const struct pbuf *next)
{
    const uint8_t *tcp = tcp_of(merge->held), *other = tcp_of(next);
    uint32_t end = bytes_get_be32(tcp + TCP_SEQUENCE) + merge->lengths.data;
    size_t options = (size_t)(merge->lengths.header - TCP_BYTES);
    return bytes_get_be32(other + TCP_SEQUENCE) == end &&
           word(other + TCP_ACKNOWLEDGED) == word(tcp + TCP_ACKNOWLEDGED) &&
           other[TCP_WINDOW] == tcp[TCP_WINDOW] && other[TCP_WINDOW + 1] == tcp[TCP_WINDOW + 1] &&
           (options == 0 || memcmp(tcp + TCP_BYTES, other + TCP_BYTES, options) == 0);
}

static bool acknowledges_more(const struct merge *merge, const struct pbuf *next)
{
    const uint8_t *tcp = tcp_of(merge->held), *other = tcp_of(next);
    uint32_t more =
        bytes_get_be32(other + TCP_ACKNOWLEDGED) - bytes_get_be32(tcp + TCP_ACKNOWLEDGED);
    return merge->lengths.header == TCP_BYTES && more - 1 < INT32_MAX &&
           bytes_get_be32(other + TCP_SEQUENCE) == bytes_get_be32(tcp + TCP_SEQUENCE);
}

/* Appends the bytes of a packet, and makes the first one's header say so. */
static void append(struct merge *merge, struct pbuf *next, struct merge_lengths lengths)
{
    uint8_t *ip = (uint8_t *)merge->held->payload + IP_AT;
    merge->lengths.data = (uint16_t)(merge->lengths.data + lengths.data); /* <= 16 frames */
    ip[IP_BYTES + TCP_FLAGS] |= tcp_of(next)[TCP_FLAGS] & FLAG_PSH;
    bytes_put_be16(ip + IP_LENGTH,
                   (uint16_t)(IP_BYTES + merge->lengths.header + merge->lengths.data));
    (void)pbuf_remove_header(next, (size_t)TCP_AT + lengths.header);
    next->len = lengths.data; /* the link may have padded it */
    merge->last->next = next;
    merge->last = next;
}

/* Holds it alone. */
static void hold(struct merge *merge, struct pbuf *pbuf, struct merge_lengths lengths)
{
    pbuf->len = pbuf->tot_len = (uint16_t)(TCP_AT + lengths.header + lengths.data);
    merge->held = merge->last = pbuf;
    merge->lengths = lengths;
}

bool merge_begin(struct merge *merge, struct pbuf *pbuf)
{
    struct merge_lengths lengths;
    if (!is_plain(pbuf) || !find_lengths(pbuf, &lengths)) {
        return false;
    }
    hold(merge, pbuf, lengths);
    merge->frames = 1;
    return true;
}

bool merge_join(struct merge *merge, struct pbuf *pbuf)
{
    struct pbuf *held = merge->held;
    struct merge_lengths lengths;
    if (held == NULL || merge->frames == MERGE_FRAMES_MAX || !is_plain(pbuf) ||
        !find_lengths(pbuf, &lengths) || !is_same_flow(held, pbuf)) {
        return false;
    }
    bool has_data = merge->lengths.data != 0;
    if (has_data != (lengths.data != 0) || lengths.header != merge->lengths.header ||
        !(has_data ? follows(merge, pbuf) : acknowledges_more(merge, pbuf))) {
        return false;
    }
    /* --- committed --- */
    merge->frames++;
    merge->joined++;
    if (has_data) {
        append(merge, pbuf, lengths);
    } else {
        hold(merge, pbuf, lengths);
        pbuf_free(held);
    }
    return true;
}

struct pbuf *merge_end(struct merge *merge)
{
    struct pbuf *held = merge->held;
    if (held != NULL && held->next != NULL) {
        uint16_t left = (uint16_t)(TCP_AT + merge->lengths.header + merge->lengths.data);
        for (struct pbuf *piece = held; piece != NULL; piece = piece->next) {
            piece->tot_len = left;
            left = (uint16_t)(left - piece->len);
        }
    }
    merge->held = NULL;
    return held;
}
