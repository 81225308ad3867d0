/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One frame for each refusal of the ingress check, made from a good one by the least change.
 *
 * Frames lie at the very end of their memory, so that the sanitizer sees a byte read past them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "servers/netd/ingress.h"

enum {
    IP_AT = 14,
    IP4_SEGMENT_AT = IP_AT + 20,
    IP6_SEGMENT_AT = IP_AT + 40,
    ICMP4 = 1,
    TCP = 6,
    UDP = 17,
    FRAGMENT = 44,
    ICMP6 = 58,
    DESTINATION = 60,
    NEIGHBOUR_SOLICITATION = 135,
};

static const struct ingress_rules rules = {
    .mac = {0x02, 0, 0, 0, 0, 1},
    .mtu = 1500,
    .takes_ip6 = true,
};

struct frame {
    uint8_t bytes[1600];
    size_t len;
};

/* The verdict on an exact copy of the frame, with nothing readable behind it. */
static enum counter verdict(const struct frame *frame)
{
    uint8_t *copy = malloc(frame->len == 0 ? 1 : frame->len);
    memcpy(copy, frame->bytes, frame->len);
    enum counter counter = ingress_check(&rules, copy, frame->len);
    free(copy);
    return counter;
}

#define assert_refused(frame, name) \
    assert_string_equal(stats_name(verdict(frame)), #name)

/* --- making frames ------------------------------------------------------------------------- */

static struct frame ethernet(uint16_t type, size_t payload)
{
    struct frame frame = {.len = IP_AT + payload};
    memcpy(frame.bytes, rules.mac, 6);
    frame.bytes[6] = 0x52;
    bytes_put_be16(frame.bytes + 12, type);
    return frame;
}

static void put_sum(uint8_t *at, uint16_t sum)
{
    bytes_put_be16(at, checksum_wire16((uint16_t)~sum));
}

/* The header sum again, after a change. */
static void sum_ip4(struct frame *frame)
{
    uint8_t *ip = frame->bytes + IP_AT;
    bytes_put_be16(ip + 10, 0);
    put_sum(ip + 10, checksum_partial(ip, (size_t)(ip[0] & 15) * 4));
}

static struct frame ip4(uint8_t protocol, size_t segment)
{
    struct frame frame = ethernet(0x0800, 20 + segment);
    uint8_t *ip = frame.bytes + IP_AT;
    ip[0] = 0x45;
    bytes_put_be16(ip + 2, (uint16_t)(20 + segment));
    ip[8] = 64;
    ip[9] = protocol;
    bytes_put_be32(ip + 12, 0x0a000202);
    bytes_put_be32(ip + 16, 0x0a00020f);
    sum_ip4(&frame);
    return frame;
}

static struct frame ip6(uint8_t next, size_t payload)
{
    struct frame frame = ethernet(0x86dd, 40 + payload);
    uint8_t *ip = frame.bytes + IP_AT;
    ip[0] = 0x60;
    bytes_put_be16(ip + 4, (uint16_t)payload);
    ip[6] = next;
    ip[7] = 255;
    bytes_put_be64(ip + 8, 0xfe80000000000000);
    bytes_put_be64(ip + 16, 2);
    bytes_put_be64(ip + 24, 0xfe80000000000000);
    bytes_put_be64(ip + 32, 1);
    return frame;
}

/* Sums the segment behind the given place, with the pseudo header, into `sum_at`. */
static void sum_segment(struct frame *frame, size_t segment_at, uint8_t protocol, size_t sum_at)
{
    const uint8_t *ip = frame->bytes + IP_AT;
    size_t bytes = frame->len - segment_at;
    bool is_ip6 = ip[0] >> 4 == 6;
    bytes_put_be16(frame->bytes + sum_at, 0);
    uint16_t sum = checksum_partial(frame->bytes + segment_at, bytes);
    if (protocol != ICMP4) {
        const uint8_t *addresses = ip + (is_ip6 ? 8 : 12);
        sum = checksum_add(sum, checksum_partial(addresses, is_ip6 ? 32 : 8));
        sum = checksum_add(sum, checksum_wire16(protocol));
        sum = checksum_add(sum, checksum_wire16((uint16_t)bytes));
    }
    put_sum(frame->bytes + sum_at, sum);
}

static struct frame udp4(size_t data)
{
    struct frame frame = ip4(UDP, 8 + data);
    uint8_t *udp = frame.bytes + IP4_SEGMENT_AT;
    bytes_put_be16(udp, 67);
    bytes_put_be16(udp + 2, 68);
    bytes_put_be16(udp + 4, (uint16_t)(8 + data));
    sum_segment(&frame, IP4_SEGMENT_AT, UDP, IP4_SEGMENT_AT + 6);
    return frame;
}

static struct frame tcp4(const uint8_t *options, size_t bytes)
{
    struct frame frame = ip4(TCP, 20 + bytes);
    uint8_t *tcp = frame.bytes + IP4_SEGMENT_AT;
    tcp[12] = (uint8_t)((5 + bytes / 4) << 4);
    tcp[13] = 2;
    if (bytes != 0) {
        memcpy(tcp + 20, options, bytes);
    }
    sum_segment(&frame, IP4_SEGMENT_AT, TCP, IP4_SEGMENT_AT + 16);
    return frame;
}

static struct frame echo4(size_t data)
{
    struct frame frame = ip4(ICMP4, 8 + data);
    frame.bytes[IP4_SEGMENT_AT] = 8;
    sum_segment(&frame, IP4_SEGMENT_AT, ICMP4, IP4_SEGMENT_AT + 2);
    return frame;
}

/* A neighbour solicitation with these bytes as its options. */
static struct frame solicitation(const uint8_t *options, size_t bytes)
{
    struct frame frame = ip6(ICMP6, 24 + bytes);
    frame.bytes[IP6_SEGMENT_AT] = NEIGHBOUR_SOLICITATION;
    if (bytes != 0) {
        memcpy(frame.bytes + IP6_SEGMENT_AT + 24, options, bytes);
    }
    sum_segment(&frame, IP6_SEGMENT_AT, ICMP6, IP6_SEGMENT_AT + 2);
    return frame;
}

static struct frame arp_request(void)
{
    const uint8_t start[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct frame frame = ethernet(0x0806, 28);
    memset(frame.bytes, 0xff, 6);
    memcpy(frame.bytes + IP_AT, start, sizeof(start));
    return frame;
}

/* --- accepted ------------------------------------------------------------------------------ */

static void good_packets_of_every_kind_pass(void **state)
{
    (void)state;
    const uint8_t tcp_options[] = {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0};
    const uint8_t nd_options[8] = {1, 1};
    struct frame frames[] = {
        udp4(0),       udp4(1),         udp4(100),           udp4(1472),
        echo4(56),     echo4(1472),     tcp4(NULL, 0),       tcp4(tcp_options, sizeof(tcp_options)),
        arp_request(), solicitation(nd_options, 8),
    };
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        assert_refused(&frames[i], rx_whole);
    }
}

static void padding_of_the_link_behind_a_short_packet_is_no_part_of_it(void **state)
{
    (void)state;
    struct frame frame = udp4(1);
    memset(frame.bytes + frame.len, 0xa5, 60 - frame.len);
    frame.len = 60;
    assert_refused(&frame, rx_whole);
}

static void udp_without_a_checksum_passes_over_ip4(void **state)
{
    (void)state;
    struct frame frame = udp4(9);
    bytes_put_be16(frame.bytes + IP4_SEGMENT_AT + 6, 0);
    assert_refused(&frame, rx_whole);
}

static void an_unknown_protocol_is_left_to_the_stack(void **state)
{
    (void)state;
    struct frame frame = ip4(253, 3);
    assert_refused(&frame, rx_whole);
}

/* --- Ethernet and ARP ---------------------------------------------------------------------- */

static void ethernet_frames_are_refused_for_length_address_and_type(void **state)
{
    (void)state;
    struct frame frame = udp4(0);
    frame.len = 13;
    assert_refused(&frame, eth_short);
    frame = udp4(1473);
    assert_refused(&frame, eth_long);
    frame = udp4(0);
    frame.bytes[6] |= 1;
    assert_refused(&frame, eth_source_group);
    frame = udp4(0);
    frame.bytes[5] = 9;
    assert_refused(&frame, eth_not_ours);
    frame.bytes[0] |= 1;
    assert_refused(&frame, eth_group);
    memset(frame.bytes, 0xff, 6);
    assert_refused(&frame, rx_whole);
    frame = ethernet(0x8100, 40);
    assert_refused(&frame, eth_type);
    frame = ethernet(0x0800, 0);
    assert_refused(&frame, ip4_short);
}

static void arp_is_refused_when_short_foreign_or_from_a_group(void **state)
{
    (void)state;
    struct frame frame = arp_request();
    frame.len = IP_AT + 27;
    assert_refused(&frame, arp_short);
    for (int i = 0; i < 8; i++) {
        frame = arp_request();
        frame.bytes[IP_AT + i] ^= 0x40;
        assert_refused(&frame, arp_format);
    }
    frame = arp_request();
    frame.bytes[IP_AT + 7] = 3;
    assert_refused(&frame, arp_format);
    frame.bytes[IP_AT + 7] = 0;
    assert_refused(&frame, arp_format);
    frame = arp_request();
    frame.bytes[IP_AT + 8] = 1;
    assert_refused(&frame, arp_sender);
}

/* --- IPv4 ---------------------------------------------------------------------------------- */

static void ip4_headers_are_refused_for_every_broken_length(void **state)
{
    (void)state;
    struct frame frame = udp4(0);
    frame.len = IP4_SEGMENT_AT - 1;
    assert_refused(&frame, ip4_short);
    frame = udp4(0);
    frame.bytes[IP_AT] = 0x65;
    assert_refused(&frame, ip4_version);
    frame.bytes[IP_AT] = 0x44;
    assert_refused(&frame, ip4_header_length);
    frame.bytes[IP_AT] = 0x4f;
    assert_refused(&frame, ip4_header_length);
    frame = udp4(0);
    bytes_put_be16(frame.bytes + IP_AT + 2, 19);
    assert_refused(&frame, ip4_total_length);
    bytes_put_be16(frame.bytes + IP_AT + 2, 29);
    assert_refused(&frame, ip4_total_length);
}

static void an_ip4_header_with_one_wrong_bit_is_refused(void **state)
{
    (void)state;
    struct frame frame = udp4(0);
    frame.bytes[IP_AT + 8] ^= 1;
    assert_refused(&frame, ip4_checksum);
}

static void ip4_options_that_leave_the_header_are_refused(void **state)
{
    (void)state;
    const uint8_t bad[][4] = {{7, 0, 0, 0}, {7, 1, 0, 0}, {7, 5, 0, 0}, {1, 1, 1, 7}};
    struct frame frame;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        frame = ip4(253, 4);
        frame.bytes[IP_AT] = 0x46;
        memcpy(frame.bytes + IP_AT + 20, bad[i], 4);
        sum_ip4(&frame);
        assert_refused(&frame, ip4_options);
    }
    bytes_put_be32(frame.bytes + IP_AT + 20, 0x01070300);
    sum_ip4(&frame);
    assert_refused(&frame, rx_whole);
}

static void ip4_addresses_that_cannot_be_on_a_wire_are_refused(void **state)
{
    (void)state;
    const uint32_t sources[] = {0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff};
    struct frame frame;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        frame = ip4(253, 0);
        bytes_put_be32(frame.bytes + IP_AT + 12, sources[i]);
        sum_ip4(&frame);
        assert_refused(&frame, ip4_source);
    }
    frame = ip4(253, 0);
    bytes_put_be32(frame.bytes + IP_AT + 16, 0x7f000001);
    sum_ip4(&frame);
    assert_refused(&frame, ip4_destination);
}

static struct frame fragment4(uint16_t place, size_t payload)
{
    struct frame frame = ip4(253, payload);
    bytes_put_be16(frame.bytes + IP_AT + 6, place);
    sum_ip4(&frame);
    return frame;
}

static void ip4_fragments_of_impossible_size_or_place_are_refused(void **state)
{
    (void)state;
    enum { MORE = 0x2000, LAST_PLACE = 8189 }; /* 8189 * 8 = 65512 */
    struct frame good[] = {fragment4(MORE, 8), fragment4(1, 1), fragment4(LAST_PLACE, 3)};
    struct frame bad[] = {fragment4(MORE, 0), fragment4(MORE, 9), fragment4(1, 0),
                          fragment4(LAST_PLACE, 4), fragment4(8190, 1)};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_refused(&good[i], rx_fragment);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(&bad[i], ip4_fragment);
    }
}

static void a_first_fragment_must_hold_good_transport_headers(void **state)
{
    (void)state;
    const uint8_t options[] = {3, 0, 0, 0};
    struct frame frame = tcp4(options, sizeof(options));
    bytes_put_be16(frame.bytes + IP_AT + 6, 0x2000);
    sum_ip4(&frame);
    assert_refused(&frame, tcp_options);
    frame = udp4(8);
    bytes_put_be16(frame.bytes + IP_AT + 6, 0x2000);
    bytes_put_be16(frame.bytes + IP4_SEGMENT_AT + 4, 3000); /* the rest is still to come */
    sum_ip4(&frame);
    assert_refused(&frame, rx_fragment);
}

/* --- transports ---------------------------------------------------------------------------- */

static void icmp_is_refused_when_short_or_wrongly_summed(void **state)
{
    (void)state;
    struct frame frame = ip4(ICMP4, 7);
    assert_refused(&frame, icmp_short);
    frame = echo4(9);
    frame.bytes[frame.len - 1] ^= 1;
    assert_refused(&frame, icmp_checksum);
}

static void igmp_is_refused_when_short_or_wrongly_summed(void **state)
{
    (void)state;
    struct frame frame = ip4(2, 7);
    assert_refused(&frame, igmp_short);
    frame = ip4(2, 8);
    frame.bytes[IP4_SEGMENT_AT] = 0x11;
    frame.bytes[IP4_SEGMENT_AT + 2] = 0xee;
    frame.bytes[IP4_SEGMENT_AT + 3] = 0xff;
    assert_refused(&frame, rx_whole);
    frame.bytes[IP4_SEGMENT_AT + 3] ^= 1;
    assert_refused(&frame, igmp_checksum);
}

static void udp_is_refused_when_short_of_wrong_length_or_wrongly_summed(void **state)
{
    (void)state;
    struct frame frame = ip4(UDP, 7);
    assert_refused(&frame, udp_short);
    frame = udp4(4);
    bytes_put_be16(frame.bytes + IP4_SEGMENT_AT + 4, 7);
    assert_refused(&frame, udp_length);
    bytes_put_be16(frame.bytes + IP4_SEGMENT_AT + 4, 13);
    assert_refused(&frame, udp_length);
    frame = udp4(4);
    frame.bytes[frame.len - 1] ^= 0x80;
    assert_refused(&frame, udp_checksum);
}

static void udp_without_a_checksum_is_refused_over_ip6(void **state)
{
    (void)state;
    struct frame frame = ip6(UDP, 8);
    bytes_put_be16(frame.bytes + IP6_SEGMENT_AT + 4, 8);
    assert_refused(&frame, udp_checksum);
    sum_segment(&frame, IP6_SEGMENT_AT, UDP, IP6_SEGMENT_AT + 6);
    assert_refused(&frame, rx_whole);
}

static void tcp_is_refused_when_short_of_wrong_offset_or_wrongly_summed(void **state)
{
    (void)state;
    struct frame frame = ip4(TCP, 19);
    assert_refused(&frame, tcp_short);
    frame = tcp4(NULL, 0);
    frame.bytes[IP4_SEGMENT_AT + 12] = 0x40;
    assert_refused(&frame, tcp_data_offset);
    frame.bytes[IP4_SEGMENT_AT + 12] = 0x60;
    assert_refused(&frame, tcp_data_offset);
    frame = tcp4(NULL, 0);
    frame.bytes[IP4_SEGMENT_AT + 4] ^= 1;
    assert_refused(&frame, tcp_checksum);
}

static void tcp_options_that_leave_the_header_are_refused(void **state)
{
    (void)state;
    const uint8_t bad[][4] = {{2, 0, 0, 0}, {2, 1, 0, 0}, {2, 5, 0, 0}, {1, 1, 1, 2}, {1, 1, 3, 3}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct frame frame = tcp4(bad[i], 4);
        assert_refused(&frame, tcp_options);
    }
    const uint8_t after_the_end[] = {1, 0, 2, 0};
    struct frame frame = tcp4(after_the_end, 4);
    assert_refused(&frame, rx_whole);
}

/* --- IPv6 ---------------------------------------------------------------------------------- */

static void ip6_headers_are_refused_for_version_length_and_address(void **state)
{
    (void)state;
    struct frame frame = ip6(59, 0);
    frame.len--;
    assert_refused(&frame, ip6_short);
    frame = ip6(59, 0);
    frame.bytes[IP_AT] = 0x40;
    assert_refused(&frame, ip6_version);
    frame = ip6(59, 4);
    bytes_put_be16(frame.bytes + IP_AT + 4, 5);
    assert_refused(&frame, ip6_payload_length);
    frame = ip6(59, 0);
    frame.bytes[IP_AT + 8] = 0xff;
    assert_refused(&frame, ip6_source);
    frame = ip6(59, 0);
    memset(frame.bytes + IP_AT + 8, 0, 16);
    frame.bytes[IP_AT + 23] = 1;
    assert_refused(&frame, ip6_source);
    frame = ip6(59, 0);
    memset(frame.bytes + IP_AT + 24, 0, 16);
    frame.bytes[IP_AT + 39] = 1;
    assert_refused(&frame, ip6_destination);
}

static void ip6_is_refused_where_it_is_not_in_use(void **state)
{
    (void)state;
    struct ingress_rules ip4_only = rules;
    struct frame frame = solicitation(NULL, 0);
    ip4_only.takes_ip6 = false;
    assert_int_equal(ingress_check(&ip4_only, frame.bytes, frame.len), COUNTER_ip6_off);
}

static void ip6_extension_headers_past_the_packet_or_without_end_are_refused(void **state)
{
    (void)state;
    struct frame frame = ip6(DESTINATION, 7);
    assert_refused(&frame, ip6_extension);
    frame = ip6(DESTINATION, 8);
    frame.bytes[IP6_SEGMENT_AT] = 59;
    assert_refused(&frame, rx_whole);
    frame.bytes[IP6_SEGMENT_AT + 1] = 1;
    assert_refused(&frame, ip6_extension);
    frame = ip6(DESTINATION, 8 * 9);
    for (int i = 0; i < 9; i++) {
        frame.bytes[IP6_SEGMENT_AT + 8 * i] = i == 8 ? 59 : DESTINATION;
    }
    assert_refused(&frame, ip6_extension);
}

static void ip6_fragments_pass_but_not_with_neighbour_discovery(void **state)
{
    (void)state;
    struct frame frame = ip6(FRAGMENT, 8 + 24);
    frame.bytes[IP6_SEGMENT_AT] = ICMP6;
    frame.bytes[IP6_SEGMENT_AT + 3] = 1; /* more follow */
    frame.bytes[IP6_SEGMENT_AT + 8] = 128;
    assert_refused(&frame, rx_fragment);
    frame.bytes[IP6_SEGMENT_AT + 8] = NEIGHBOUR_SOLICITATION;
    assert_refused(&frame, nd_fragment);
    frame.bytes[IP6_SEGMENT_AT + 3] = 8; /* not the first */
    assert_refused(&frame, rx_fragment);
}

static void neighbour_discovery_is_refused_from_afar_cut_short_or_with_broken_options(void **state)
{
    (void)state;
    const uint8_t bad[][8] = {{1, 0}, {1, 2}, {3, 255}};
    struct frame frame = solicitation(NULL, 0);
    frame.bytes[IP_AT + 7] = 254;
    assert_refused(&frame, nd_hop_limit);
    frame = ip6(ICMP6, 23);
    frame.bytes[IP6_SEGMENT_AT] = NEIGHBOUR_SOLICITATION;
    sum_segment(&frame, IP6_SEGMENT_AT, ICMP6, IP6_SEGMENT_AT + 2);
    assert_refused(&frame, nd_short);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        frame = solicitation(bad[i], 8);
        assert_refused(&frame, nd_option);
    }
    const uint8_t second_is_broken[16] = {1, 1, 0, 0, 0, 0, 0, 0, 1, 0};
    frame = solicitation(second_is_broken, 16);
    assert_refused(&frame, nd_option);
    frame = solicitation(second_is_broken, 9); /* cut inside its head */
    assert_refused(&frame, nd_option);
    frame = solicitation(NULL, 0);
    assert_refused(&frame, nd_address);
}

/* --- all of them --------------------------------------------------------------------------- */

static void no_prefix_of_a_good_frame_is_read_past_its_end(void **state)
{
    (void)state;
    const uint8_t options[8] = {1, 1};
    struct frame frames[] = {udp4(20), echo4(20), tcp4(NULL, 0), arp_request(),
                             solicitation(options, 8)};
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (size_t len = frames[i].len; len-- > 0;) {
            frames[i].len = len;
            assert_int_not_equal(verdict(&frames[i]), COUNTER_rx_whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_packets_of_every_kind_pass),
        cmocka_unit_test(padding_of_the_link_behind_a_short_packet_is_no_part_of_it),
        cmocka_unit_test(udp_without_a_checksum_passes_over_ip4),
        cmocka_unit_test(an_unknown_protocol_is_left_to_the_stack),
        cmocka_unit_test(ethernet_frames_are_refused_for_length_address_and_type),
        cmocka_unit_test(arp_is_refused_when_short_foreign_or_from_a_group),
        cmocka_unit_test(ip4_headers_are_refused_for_every_broken_length),
        cmocka_unit_test(an_ip4_header_with_one_wrong_bit_is_refused),
        cmocka_unit_test(ip4_options_that_leave_the_header_are_refused),
        cmocka_unit_test(ip4_addresses_that_cannot_be_on_a_wire_are_refused),
        cmocka_unit_test(ip4_fragments_of_impossible_size_or_place_are_refused),
        cmocka_unit_test(a_first_fragment_must_hold_good_transport_headers),
        cmocka_unit_test(icmp_is_refused_when_short_or_wrongly_summed),
        cmocka_unit_test(igmp_is_refused_when_short_or_wrongly_summed),
        cmocka_unit_test(udp_is_refused_when_short_of_wrong_length_or_wrongly_summed),
        cmocka_unit_test(udp_without_a_checksum_is_refused_over_ip6),
        cmocka_unit_test(tcp_is_refused_when_short_of_wrong_offset_or_wrongly_summed),
        cmocka_unit_test(tcp_options_that_leave_the_header_are_refused),
        cmocka_unit_test(ip6_headers_are_refused_for_version_length_and_address),
        cmocka_unit_test(ip6_is_refused_where_it_is_not_in_use),
        cmocka_unit_test(ip6_extension_headers_past_the_packet_or_without_end_are_refused),
        cmocka_unit_test(ip6_fragments_pass_but_not_with_neighbour_discovery),
        cmocka_unit_test(neighbour_discovery_is_refused_from_afar_cut_short_or_with_broken_options),
        cmocka_unit_test(no_prefix_of_a_good_frame_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
