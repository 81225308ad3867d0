/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pings of clients: what counts as an answer, and that nothing is kept for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "servers/netd/ping.h"

enum {
    GATEWAY = 0x0a000202,
    S = 1000 * 1000,
    NOTIFICATION = 0x1005,
};

static struct pings pings;
static struct stats stats;
static uint8_t message[PING_MESSAGE_MAX];

static int begin(void **state)
{
    (void)state;
    memset(&stats, 0, sizeof(stats));
    pings_init(&pings, 0x1234, &stats);
    return 0;
}

static struct ping *start(uint64_t badge, uint16_t payload_bytes)
{
    struct ping *ping = NULL;
    struct ping_request request = {
        .badge = badge,
        .destination = ping_host_ip4(GATEWAY),
        .payload_bytes = payload_bytes,
        .deadline_us = 2 * S,
        .nonce = 0x1122334455667788,
    };
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), OK);
    return ping;
}

/* An ICMP message over IPv4. */
static bool input(uint32_t source, uint8_t hop_limit, const uint8_t *bytes, size_t len,
                  uint64_t now_us)
{
    struct ping_message icmp = {ping_host_ip4(source), hop_limit, 0, bytes, len};
    return ping_input(&pings, &icmp, now_us);
}

static void sum(size_t len)
{
    bytes_put_be16(message + 2, 0);
    bytes_put_be16(message + 2, checksum_wire16((uint16_t)~checksum_partial(message, len)));
}

/* Turns the request in `message` into the reply a host would send. */
static void make_reply(size_t len)
{
    message[0] = 0;
    sum(len);
}

static int take(const struct ping *ping, struct ping *answer)
{
    return ping_take(&pings, ping->badge, ping->token, answer);
}

static void the_request_is_an_echo_with_our_identifier_and_a_good_sum(void **state)
{
    (void)state;
    struct ping *ping = start(1, 56);
    size_t len = ping_build(&pings, ping, message);
    assert_int_equal(len, 64);
    assert_int_equal(message[0], 8);
    assert_int_equal(bytes_get_be16(message + 4), 0x1234);
    assert_int_equal(bytes_get_be64(message + 8), 0x8877665544332211);
    assert_true(checksum_is_good(checksum_partial(message, len)));
}

static void a_reply_that_matches_gives_time_and_hop_limit(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 56);
    size_t len = ping_build(&pings, ping, message);
    assert_int_equal(take(ping, &answer), E_AGAIN);
    make_reply(len);
    assert_true(input(GATEWAY, 255, message, len, 1 * S + 250));
    assert_int_equal(take(ping, &answer), OK);
    assert_int_equal(answer.rtt_us, 250);
    assert_int_equal(answer.hop_limit, 255);
    assert_int_equal(answer.payload_bytes, 56);
}

static void an_answer_is_taken_once(void **state)
{
    (void)state;
    struct ping answer;
    struct ping ping = *start(1, 0);
    size_t len = ping_build(&pings, &ping, message);
    make_reply(len);
    assert_true(input(GATEWAY, 64, message, len, 1 * S));
    assert_int_equal(ping_take(&pings, 1, ping.token, &answer), OK);
    assert_int_equal(ping_take(&pings, 1, ping.token, &answer), E_NOT_FOUND);
}

static void a_reply_with_anything_wrong_is_no_answer(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 56);
    size_t len = ping_build(&pings, ping, message);
    make_reply(len);
    assert_true(input(GATEWAY + 1, 64, message, len, 1 * S)); /* another host */
    sum(len - 2);
    assert_true(input(GATEWAY, 64, message, len - 2, 1 * S)); /* shorter */
    const size_t places[] = {1, 4, 6, 8, 63}; /* code, identifier, sequence, payload */
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        message[places[i]] ^= 1;
        sum(len);
        assert_true(input(GATEWAY, 64, message, len, 1 * S));
        message[places[i]] ^= 1;
    }
    sum(len);
    message[2] ^= 1;
    assert_false(input(GATEWAY, 64, message, len, 1 * S)); /* wrong sum */
    assert_int_equal(take(ping, &answer), E_AGAIN);
    assert_true(stats.value[COUNTER_ping_unmatched] >= 7);
    assert_int_equal(stats.value[COUNTER_ping_answered], 0);
}

static void a_deadline_ends_a_ping_exactly_then(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 0);
    assert_int_equal(pings_next_us(&pings), 2 * S);
    pings_expire(&pings, 2 * S - 1);
    assert_int_equal(take(ping, &answer), E_AGAIN);
    pings_expire(&pings, 2 * S);
    assert_int_equal(take(ping, &answer), E_TIMEOUT);
    assert_int_equal(stats.value[COUNTER_ping_timeout], 1);
    assert_int_equal(pings_next_us(&pings), UINT64_MAX);
}

static void a_deadline_for_ever_is_shortened(void **state)
{
    (void)state;
    struct ping *ping;
    struct ping_request request = {.destination = ping_host_ip4(GATEWAY),
                                   .deadline_us = UINT64_MAX};
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), OK);
    assert_int_equal(pings_next_us(&pings), (1 + PING_LONGEST_S) * (uint64_t)S);
}

static void an_icmp_error_about_our_request_ends_it(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 0);
    uint8_t request[PING_MESSAGE_MAX];
    (void)ping_build(&pings, ping, request);
    memset(message, 0, 36);
    message[0] = 3;
    message[8] = 0x45;
    message[8 + 9] = 1;
    bytes_put_be32(message + 8 + 16, GATEWAY);
    memcpy(message + 28, request, 8);
    sum(36);
    assert_false(input(1, 64, message, 35, 1 * S)); /* cut short */
    assert_true(input(1, 64, message, 36, 1 * S));
    assert_int_equal(take(ping, &answer), E_UNREACHABLE);
    assert_int_equal(stats.value[COUNTER_ping_unreachable], 1);
}

static void a_client_has_its_share_of_slots_and_no_more(void **state)
{
    (void)state;
    struct ping *ping;
    struct ping_request request = {
        .badge = 1, .destination = ping_host_ip4(GATEWAY), .deadline_us = 2 * S};
    for (int i = 0; i < PING_PER_CLIENT; i++) {
        (void)start(1, 0);
    }
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), E_LIMIT);
    assert_int_equal(stats.value[COUNTER_ping_refused], 1);
    (void)start(2, 0);
}

static void a_full_table_refuses_whoever_asks(void **state)
{
    (void)state;
    struct ping *ping;
    struct ping_request request = {
        .badge = 99, .destination = ping_host_ip4(GATEWAY), .deadline_us = 2 * S};
    for (uint64_t i = 0; i < PING_SLOTS; i++) {
        (void)start(i, 0);
    }
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), E_LIMIT);
}

static void a_token_is_worth_nothing_to_another_client(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 0);
    assert_int_equal(ping_take(&pings, 2, ping->token, &answer), E_NOT_FOUND);
    assert_int_equal(ping_take(&pings, 1, ping->token ^ 1, &answer), E_NOT_FOUND);
    assert_int_equal(ping_take(&pings, 1, ping->token + 0x100, &answer), E_NOT_FOUND);
    assert_int_equal(ping_take(&pings, 1, UINT32_MAX, &answer), E_NOT_FOUND);
}

static void impossible_requests_are_refused(void **state)
{
    (void)state;
    struct ping *ping;
    struct ping_request request = {.destination = ping_host_ip4(GATEWAY), .deadline_us = 2 * S};
    request.payload_bytes = NETD_PING_PAYLOAD_MAX + 1;
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), E_INVALID);
    request.payload_bytes = 0;
    const uint32_t impossible[] = {0, 0x00ffffff, 0xe0000001, 0xffffffff};
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        request.destination = ping_host_ip4(impossible[i]);
        assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), E_INVALID);
    }
    request.destination = ping_host_ip4(GATEWAY);
    request.deadline_us = 1 * S;
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), E_TIMEOUT);
}

static void a_client_is_signalled_once_and_the_slot_comes_back(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping;
    struct ping_request request = {
        .badge = 1,
        .destination = ping_host_ip4(GATEWAY),
        .deadline_us = 2 * S,
        .wakeup = {NOTIFICATION, 4},
    };
    assert_int_equal(ping_start(&pings, &request, 1 * S, &ping), OK);
    assert_int_equal(pings_next_wakeup(&pings).notification, HANDLE_NONE);
    pings_expire(&pings, 2 * S);
    assert_int_equal(take(ping, &answer), E_TIMEOUT); /* taken before it was signalled */
    struct wakeup wakeup = pings_next_wakeup(&pings);
    assert_int_equal(wakeup.notification, NOTIFICATION);
    assert_int_equal(wakeup.bits, 4);
    assert_int_equal(pings_next_wakeup(&pings).notification, HANDLE_NONE);
    assert_int_equal(ping->state, PING_FREE);
}

static void an_answer_nobody_takes_is_forgotten(void **state)
{
    (void)state;
    struct ping answer;
    struct ping *ping = start(1, 0);
    pings_expire(&pings, 2 * S);
    pings_expire(&pings, (2 + PING_KEEP_S) * (uint64_t)S - 1);
    assert_int_equal(ping->state, PING_ANSWERED);
    pings_expire(&pings, (2 + PING_KEEP_S) * (uint64_t)S);
    assert_int_equal(take(ping, &answer), E_NOT_FOUND);
    assert_int_equal(pings_next_us(&pings), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_request_is_an_echo_with_our_identifier_and_a_good_sum, begin),
        cmocka_unit_test_setup(a_reply_that_matches_gives_time_and_hop_limit, begin),
        cmocka_unit_test_setup(an_answer_is_taken_once, begin),
        cmocka_unit_test_setup(a_reply_with_anything_wrong_is_no_answer, begin),
        cmocka_unit_test_setup(a_deadline_ends_a_ping_exactly_then, begin),
        cmocka_unit_test_setup(a_deadline_for_ever_is_shortened, begin),
        cmocka_unit_test_setup(an_icmp_error_about_our_request_ends_it, begin),
        cmocka_unit_test_setup(a_client_has_its_share_of_slots_and_no_more, begin),
        cmocka_unit_test_setup(a_full_table_refuses_whoever_asks, begin),
        cmocka_unit_test_setup(a_token_is_worth_nothing_to_another_client, begin),
        cmocka_unit_test_setup(impossible_requests_are_refused, begin),
        cmocka_unit_test_setup(a_client_is_signalled_once_and_the_slot_comes_back, begin),
        cmocka_unit_test_setup(an_answer_nobody_takes_is_forgotten, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
