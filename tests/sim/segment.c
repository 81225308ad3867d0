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
    OPTIONS_BYTES_MAX = 8,
};

enum option {
    OPTION_END,
    OPTION_NONE,
    OPTION_SCALE = 3,       /* [RFC 7323 §2.2] */
    OPTION_REPORTS_OK,      /* [RFC 2018 §2] */
    OPTION_REPORTS,         /* [RFC 2018 §3] */
};

/* Returns their length. */
static uint32_t put_options(uint8_t options[OPTIONS_BYTES_MAX], const struct segment *segment)
{
    uint32_t bytes = 0;
    if (segment->has_scale) {
        memcpy(options + bytes, (const uint8_t[]){OPTION_NONE, OPTION_SCALE, 3, 0}, 4);
        bytes += 4;
    }
    if (segment->takes_reports) {
        memcpy(options + bytes, (const uint8_t[]){OPTION_NONE, OPTION_NONE, OPTION_REPORTS_OK, 2},
               4);
        bytes += 4;
    }
    return bytes;
}

static void read_option(struct segment *segment, const uint8_t *option)
{
    if (option[0] == OPTION_SCALE) {
        segment->has_scale = true;
        segment->scale = option[2];
    } else if (option[0] == OPTION_REPORTS_OK) {
        segment->takes_reports = true;
    } else if (option[0] == OPTION_REPORTS) {
        segment->reported[0] = bytes_get_be32(option + 2);
        segment->reported[1] = bytes_get_be32(option + 6);
    }
}

/* Of a header of so many bytes, which lwIP has made well. */
static void read_options(struct segment *segment, const uint8_t *tcp, uint32_t header)
{
    for (uint32_t at = TCP_HEADER_BYTES; at < header && tcp[at] != OPTION_END;) {
        if (tcp[at] == OPTION_NONE) {
            at++;
        } else {
            read_option(segment, tcp + at);
            at += tcp[at + 1];
        }
    }
}

void segment_receive(struct sim *sim, const struct segment *segment)
{
    uint8_t frame[1514];
    uint8_t tcp[1480] = {0};
    uint8_t pseudo[12];
    uint32_t header = TCP_HEADER_BYTES + put_options(tcp + TCP_HEADER_BYTES, segment);
    bytes_put_be16(tcp, segment->from);
    bytes_put_be16(tcp + 2, segment->to);
    bytes_put_be32(tcp + 4, segment->sequence);
    bytes_put_be32(tcp + 8, segment->acknowledged);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = segment->flags;
    bytes_put_be16(tcp + 14, segment->window);
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
    uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
    struct segment segment = {
        .from = bytes_get_be16(tcp),
        .to = bytes_get_be16(tcp + 2),
        .sequence = bytes_get_be32(tcp + 4),
        .acknowledged = bytes_get_be32(tcp + 8),
        .flags = tcp[13],
        .window = bytes_get_be16(tcp + 14),
        .len = bytes_get_be16(sim->sent[at].head + 16) - 20u - header,
    };
    read_options(&segment, tcp, header);
    return segment;
}
