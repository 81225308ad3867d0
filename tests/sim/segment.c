/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

enum {
    TCP = 6,
    TCP_AT = 34,
    TCP_HEADER_BYTES = 20,
    SCALE_BYTES = 4,
};

void segment_receive(struct sim *sim, const struct segment *segment)
{
    uint8_t frame[1514];
    uint8_t tcp[1480] = {0};
    uint8_t pseudo[12];
    uint32_t header = TCP_HEADER_BYTES + (segment->has_scale ? SCALE_BYTES : 0);
    bytes_put_be16(tcp, segment->from);
    bytes_put_be16(tcp + 2, segment->to);
    bytes_put_be32(tcp + 4, segment->sequence);
    bytes_put_be32(tcp + 8, segment->acknowledged);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = segment->flags;
    bytes_put_be16(tcp + 14, segment->window);
    if (segment->has_scale) {
        bytes_put_be32(tcp + TCP_HEADER_BYTES, 0x01030300); /* [RFC 7323 §2.2] */
    }
    if (segment->len != 0) {
        memcpy(tcp + header, segment->bytes, segment->len);
    }
    bytes_put_be32(pseudo, SIM_GATEWAY);
    bytes_put_be32(pseudo + 4, SIM_CLIENT);
    bytes_put_be16(pseudo + 8, TCP);
    bytes_put_be16(pseudo + 10, (uint16_t)(header + segment->len));
    uint16_t sum = checksum_add(checksum_partial(pseudo, sizeof(pseudo)),
                                checksum_partial(tcp, header + segment->len));
    bytes_put_be16(tcp + 16, checksum_wire16((uint16_t)~sum));
    sim_receive(sim, frame,
                sim_make_ip4(frame, TCP, SIM_GATEWAY, SIM_CLIENT, tcp, header + segment->len));
}

static bool is_segment(const struct sim_sent *sent)
{
    return bytes_get_be16(sent->head + 12) == 0x0800 && sent->head[23] == TCP;
}

int segment_count(const struct sim *sim)
{
    int count = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        count += is_segment(&sim->sent[i]);
    }
    return count;
}

struct segment segment_sent(const struct sim *sim, int index)
{
    uint32_t at = 0;
    for (; at < sim->sent_count; at++) {
        if (is_segment(&sim->sent[at]) && index-- == 0) {
            break;
        }
    }
    assert_true(at < sim->sent_count);
    const uint8_t *tcp = sim->sent[at].head + TCP_AT;
    return (struct segment){
        .from = bytes_get_be16(tcp),
        .to = bytes_get_be16(tcp + 2),
        .sequence = bytes_get_be32(tcp + 4),
        .acknowledged = bytes_get_be32(tcp + 8),
        .flags = tcp[13],
        .window = bytes_get_be16(tcp + 14),
        .len = bytes_get_be16(sim->sent[at].head + 16) - 20u - (uint32_t)(tcp[12] >> 4) * 4,
    };
}
