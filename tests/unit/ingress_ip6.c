/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of IPv6 would harm the stack, and which groups of the link are let in.
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
    SOURCE_AT = IP_AT + 8,
    DESTINATION_AT = IP_AT + 24,
    PAYLOAD_AT = IP_AT + 40,
    HOP_BY_HOP = 0,
    UDP = 17,
    ICMP6 = 58,
    NO_NEXT = 59,
    DESTINATION = 60,
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
};

static struct ingress_rules rules;

static int begin(void **state)
{
    (void)state;
    rules = (struct ingress_rules){.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .takes_ip6 = true};
    return 0;
}

struct frame {
    uint8_t bytes[200];
    size_t len;
};

/* The verdict on an exact copy, with nothing readable behind it. */
static enum counter verdict(const struct frame *frame)
{
    uint8_t *copy = malloc(frame->len);
    memcpy(copy, frame->bytes, frame->len);
    enum counter counter = ingress_check(&rules, copy, frame->len);
    free(copy);
    return counter;
}

#define assert_refused(frame, name) assert_string_equal(stats_name(verdict(frame)), #name)

static struct frame packet(uint8_t next, const uint8_t *payload, size_t bytes)
{
    struct frame frame = {.len = PAYLOAD_AT + bytes};
    memcpy(frame.bytes, rules.mac, 6);
    bytes_put_be16(frame.bytes + 12, 0x86dd);
    frame.bytes[IP_AT] = 0x60;
    bytes_put_be16(frame.bytes + IP_AT + 4, (uint16_t)bytes);
    frame.bytes[IP_AT + 6] = next;
    frame.bytes[IP_AT + 7] = 255;
    bytes_put_be64(frame.bytes + SOURCE_AT, 0xfe80000000000000);
    bytes_put_be64(frame.bytes + SOURCE_AT + 8, 2);
    bytes_put_be64(frame.bytes + DESTINATION_AT, 0xfe80000000000000);
    bytes_put_be64(frame.bytes + DESTINATION_AT + 8, 1);
    if (bytes != 0) {
        memcpy(frame.bytes + PAYLOAD_AT, payload, bytes);
    }
    return frame;
}

static void sum(struct frame *frame)
{
    size_t bytes = frame->len - PAYLOAD_AT;
    uint8_t *icmp = frame->bytes + PAYLOAD_AT;
    bytes_put_be16(icmp + 2, 0);
    uint16_t total = checksum_partial(icmp, bytes);
    total = checksum_add(total, checksum_partial(frame->bytes + SOURCE_AT, 32));
    total = checksum_add(total, checksum_wire16(ICMP6));
    total = checksum_add(total, checksum_wire16((uint16_t)bytes));
    bytes_put_be16(icmp + 2, checksum_wire16((uint16_t)~total));
}

/* A solicitation or advertisement with one option of eight bytes, or none. */
static struct frame discovery(uint8_t type, uint8_t option)
{
    uint8_t message[32] = {type};
    message[24] = option;
    message[25] = 1;
    struct frame frame = packet(ICMP6, message, option == 0 ? 24 : 32);
    sum(&frame);
    return frame;
}

static void the_first_option_of_discovery_must_be_the_address_it_is_taken_for(void **state)
{
    (void)state;
    enum { SOURCE = 1, TARGET = 2, NONCE = 14 };
    struct frame frame = discovery(SOLICITATION, SOURCE);
    assert_refused(&frame, rx_whole);
    frame = discovery(SOLICITATION, NONCE);
    assert_refused(&frame, nd_address);
    frame = discovery(ADVERTISEMENT, TARGET);
    assert_refused(&frame, rx_whole);
    frame = discovery(ADVERTISEMENT, 0);
    assert_refused(&frame, rx_whole);
    frame = discovery(ADVERTISEMENT, SOURCE);
    assert_refused(&frame, nd_address);
}

static void who_asks_whether_an_address_is_free_has_none(void **state)
{
    (void)state;
    struct frame frame = discovery(SOLICITATION, 14);
    memset(frame.bytes + SOURCE_AT, 0, 16);
    sum(&frame);
    assert_refused(&frame, rx_whole);
    frame = packet(NO_NEXT, NULL, 0);
    memset(frame.bytes + SOURCE_AT, 0, 16);
    assert_refused(&frame, ip6_source);
}

static void an_impossible_path_mtu_is_refused(void **state)
{
    (void)state;
    uint8_t message[8 + 40] = {2};
    const uint32_t refused[] = {0, 48, 55, 1279};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        bytes_put_be32(message + 4, refused[i]);
        struct frame frame = packet(ICMP6, message, sizeof(message));
        sum(&frame);
        assert_refused(&frame, icmp_mtu);
    }
    bytes_put_be32(message + 4, 1280);
    struct frame frame = packet(ICMP6, message, sizeof(message));
    sum(&frame);
    assert_refused(&frame, rx_whole);
}

static void options_of_extension_headers_stay_inside(void **state)
{
    (void)state;
    const uint8_t good[][8] = {{NO_NEXT, 0, 1, 4}, {NO_NEXT, 0, 5, 2, 0, 0, 1, 0},
                               {NO_NEXT, 0, 0, 0, 0, 0, 0, 0}};
    const uint8_t bad[][8] = {{NO_NEXT, 0, 1, 5}, {NO_NEXT, 0, 0, 0, 0, 0, 0, 1},
                              {NO_NEXT, 0, 1, 2, 0, 0, 5, 1}, {NO_NEXT, 0, 0xc0, 255}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct frame frame = packet(DESTINATION, good[i], 8);
        assert_refused(&frame, rx_whole);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct frame frame = packet(DESTINATION, bad[i], 8);
        assert_refused(&frame, ip6_options);
        frame = packet(HOP_BY_HOP, bad[i], 8);
        assert_refused(&frame, ip6_options);
    }
}

static void addresses_of_programs_are_not_for_the_wire(void **state)
{
    (void)state;
    uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1};
    const size_t places[] = {SOURCE_AT, DESTINATION_AT};
    for (int i = 0; i < 2; i++) {
        struct frame frame = packet(NO_NEXT, NULL, 0);
        memcpy(frame.bytes + places[i], mapped, 16);
        assert_string_equal(stats_name(verdict(&frame)), i == 0 ? "ip6_source" : "ip6_destination");
    }
    struct frame frame = packet(NO_NEXT, NULL, 0);
    memset(frame.bytes + DESTINATION_AT, 0, 16);
    assert_refused(&frame, ip6_destination);
}

static void only_groups_that_somebody_has_joined_are_let_in(void **state)
{
    (void)state;
    const uint8_t group[6] = {0x33, 0x33, 0xff, 0, 0, 1}, all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
    struct frame frame = packet(NO_NEXT, NULL, 0);
    memcpy(frame.bytes, group, 6);
    assert_refused(&frame, eth_group);
    ingress_leave(&rules, group);
    ingress_join(&rules, group);
    ingress_join(&rules, group);
    assert_refused(&frame, rx_whole);
    ingress_leave(&rules, group);
    assert_refused(&frame, rx_whole);
    ingress_leave(&rules, group);
    assert_refused(&frame, eth_group);
    memcpy(frame.bytes, all_nodes, 6);
    assert_refused(&frame, rx_whole);
    rules.takes_ip6 = false;
    assert_refused(&frame, eth_group);
}

static void more_groups_than_there_is_room_for_are_sorted_out_by_the_stack(void **state)
{
    (void)state;
    struct frame frame = packet(NO_NEXT, NULL, 0);
    const uint8_t foreign[6] = {0x33, 0x33, 9, 9, 9, 9};
    memcpy(frame.bytes, foreign, 6);
    for (int i = 0; i < INGRESS_GROUPS_MAX; i++) {
        const uint8_t group[6] = {0x33, 0x33, 1, 0, 0, (uint8_t)i};
        ingress_join(&rules, group);
    }
    assert_refused(&frame, eth_group);
    const uint8_t one_more[6] = {0x33, 0x33, 2};
    ingress_join(&rules, one_more);
    assert_refused(&frame, rx_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_option_of_discovery_must_be_the_address_it_is_taken_for,
                               begin),
        cmocka_unit_test_setup(who_asks_whether_an_address_is_free_has_none, begin),
        cmocka_unit_test_setup(an_impossible_path_mtu_is_refused, begin),
        cmocka_unit_test_setup(options_of_extension_headers_stay_inside, begin),
        cmocka_unit_test_setup(addresses_of_programs_are_not_for_the_wire, begin),
        cmocka_unit_test_setup(only_groups_that_somebody_has_joined_are_let_in, begin),
        cmocka_unit_test_setup(more_groups_than_there_is_room_for_are_sorted_out_by_the_stack,
                               begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
