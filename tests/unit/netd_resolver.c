/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver in virtual time, between a program on loopback and a name server on the wire; and
 * messages that a hostile server could send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/dns.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "tests/sim/sim.h"

enum {
    IP_AT = 14,
    UDP_AT = 34,
    DNS_AT = 42,
    UDP = 17,
    QUESTION_BYTES = 15, /* of "host.test" A */
    MEASURED = 1000,
};

/* "host.test", type A, class IN. */
static const uint8_t query[DNS_HEADER_BYTES + QUESTION_BYTES] = {
    0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
    4, 'h', 'o', 's', 't', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1,
};

struct bench {
    struct sim *sim;
    struct udp_pcb *program;
    uint8_t answer[DNS_MESSAGE_MAX];
    size_t answer_bytes;
    uint32_t answers;

    /* The name server. */
    bool is_silent;
    uint8_t code;
    uint8_t spoil; /* the byte of its message that is wrong; 0: none */
    uint32_t ttl_s;
    bool is_negative;
    uint32_t asked;
    uint16_t ids[MEASURED];
    uint16_t ports[MEASURED];
};

static size_t put_record(uint8_t *at, const struct bench *bench)
{
    const uint8_t address[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 77, 0, 1};
    const uint8_t authority[] = {0xc0, 17, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0,
                                 0,    0,  0, 1, 0, 0, 0, 2, 0, 0, 0, 3,  0, 0,
                                 0,    4,  0, 0, 0, 5};
    size_t bytes = bench->is_negative ? sizeof(authority) : sizeof(address);
    memcpy(at, bench->is_negative ? authority : address, bytes);
    bytes_put_be32(at + 6, bench->ttl_s);
    if (bench->is_negative) {
        bytes_put_be32(at + bytes - 4, bench->ttl_s / 2);
    }
    return bytes;
}

/* A name server at the gateway's address. */
static size_t serve(void *context, const uint8_t *frame, size_t len, uint8_t *reply)
{
    struct bench *bench = context;
    uint8_t udp[8 + DNS_MESSAGE_MAX];
    if (len < DNS_AT + sizeof(query) || bytes_get_be16(frame + 12) != 0x0800 ||
        frame[IP_AT + 9] != UDP || bytes_get_be16(frame + UDP_AT + 2) != RESOLVER_PORT) {
        return 0;
    }
    bench->ids[bench->asked % MEASURED] = bytes_get_be16(frame + DNS_AT);
    bench->ports[bench->asked % MEASURED] = bytes_get_be16(frame + UDP_AT);
    bench->asked++;
    if (bench->is_silent) {
        return 0;
    }
    size_t question = len - DNS_AT;
    memcpy(udp + 8, frame + DNS_AT, question);
    udp[8 + 2] = 0x81;
    udp[8 + 3] = 0x80 | bench->code;
    bytes_put_be16(udp + 8 + (bench->is_negative ? 8 : 6), 1);
    size_t bytes = question + put_record(udp + 8 + question, bench);
    if (bench->spoil != 0) {
        udp[8 + bench->spoil - 1] ^= 1;
    }
    bytes_put_be16(udp, RESOLVER_PORT);
    bytes_put_be16(udp + 2, bytes_get_be16(frame + UDP_AT));
    bytes_put_be16(udp + 4, (uint16_t)(8 + bytes));
    bytes_put_be16(udp + 6, 0);
    return sim_make_ip4(reply, UDP, SIM_GATEWAY, SIM_CLIENT, udp, 8 + bytes);
}

static void receive(void *context, struct udp_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from,
                    u16_t port)
{
    struct bench *bench = context;
    (void)pcb;
    assert_int_equal(lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(from))), 0x7f000001);
    assert_int_equal(port, RESOLVER_PORT);
    bench->answer_bytes = pbuf_copy_partial(pbuf, bench->answer, sizeof(bench->answer), 0);
    bench->answers++;
    pbuf_free(pbuf);
}

static int start(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->sim = sim_start();
    bench->sim->dhcp.dns = SIM_GATEWAY;
    bench->sim->peer = serve;
    bench->sim->peer_context = bench;
    bench->ttl_s = 60;
    bench->program = udp_new_ip_type(IPADDR_TYPE_V4);
    udp_recv(bench->program, receive, bench);
    sim_run(bench->sim, 2 * SIM_S);
    *state = bench;
    return 0;
}

static int stop(void **state)
{
    struct bench *bench = *state;
    udp_remove(bench->program);
    sim_stop(bench->sim);
    dns_setserver(0, NULL); /* lwIP's state, and the next test's */
    free(bench);
    return 0;
}

static uint64_t counted(const struct bench *bench, enum counter counter)
{
    return bench->sim->stack.stats.value[counter];
}

static void ask(struct bench *bench, const uint8_t *message, size_t bytes)
{
    ip_addr_t loopback = IPADDR4_INIT(lwip_htonl(0x7f000001));
    struct pbuf *pbuf = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
    (void)!stack_input(&bench->sim->stack, bench->sim->now_us);
    assert_int_equal(pbuf_take(pbuf, message, (u16_t)bytes), ERR_OK);
    assert_int_equal(udp_sendto(bench->program, pbuf, &loopback, RESOLVER_PORT), ERR_OK);
    pbuf_free(pbuf);
}

static void ask_and_wait(struct bench *bench)
{
    ask(bench, query, sizeof(query));
    sim_run(bench->sim, 1 * SIM_S / 10);
}

static void a_question_goes_to_the_server_of_the_lease_and_its_answer_comes_back(void **state)
{
    struct bench *bench = *state;
    ask_and_wait(bench);
    assert_int_equal(bench->asked, 1);
    assert_int_equal(bench->answers, 1);
    assert_int_equal(bench->answer_bytes, sizeof(query) + 16);
    assert_int_equal(bytes_get_be16(bench->answer), 0x1234);
    assert_memory_equal(bench->answer + DNS_HEADER_BYTES, query + DNS_HEADER_BYTES,
                        QUESTION_BYTES);
    assert_int_equal(bytes_get_be32(bench->answer + sizeof(query) + 12), 0x0a4d0001);
}

static void an_answer_is_kept_for_its_time_and_grows_older(void **state)
{
    struct bench *bench = *state;
    uint8_t shouted[sizeof(query)];
    memcpy(shouted, query, sizeof(query));
    shouted[DNS_HEADER_BYTES + 1] = 'H';
    ask_and_wait(bench);
    sim_run(bench->sim, 20 * SIM_S);
    ask(bench, shouted, sizeof(shouted));
    sim_run(bench->sim, 1 * SIM_S / 10);
    assert_int_equal(bench->asked, 1);
    assert_int_equal(bench->answers, 2);
    assert_int_equal(counted(bench, COUNTER_dns_cached), 1);
    assert_int_equal(bench->answer[DNS_HEADER_BYTES + 1], 'H');
    assert_int_equal(bytes_get_be32(bench->answer + sizeof(query) + 6), 40);
    sim_run(bench->sim, 41 * SIM_S);
    ask_and_wait(bench);
    assert_int_equal(bench->asked, 2);
}

static void an_answer_of_no_time_is_not_kept(void **state)
{
    struct bench *bench = *state;
    bench->ttl_s = 0;
    ask_and_wait(bench);
    ask_and_wait(bench);
    assert_int_equal(bench->asked, 2);
    assert_int_equal(bench->answers, 2);
}

static void that_there_is_no_such_name_is_kept_as_its_authority_says(void **state)
{
    struct bench *bench = *state;
    bench->code = DNS_NO_NAME;
    bench->is_negative = true;
    ask_and_wait(bench);
    assert_int_equal(dns_code(bench->answer), DNS_NO_NAME);
    sim_run(bench->sim, 29 * SIM_S);
    ask_and_wait(bench);
    assert_int_equal(bench->asked, 1);
    sim_run(bench->sim, 2 * SIM_S);
    ask_and_wait(bench);
    assert_int_equal(bench->asked, 2);
}

static void a_silent_server_is_asked_three_times_and_then_the_program_is_told(void **state)
{
    struct bench *bench = *state;
    bench->is_silent = true;
    ask(bench, query, sizeof(query));
    sim_run(bench->sim, (uint64_t)RESOLVER_LONGEST_MS * 1000 - 1);
    assert_int_equal(bench->answers, 0);
    sim_run(bench->sim, 1);
    assert_int_equal(bench->asked, RESOLVER_TRIES);
    assert_int_equal(bench->answers, 1);
    assert_int_equal(dns_code(bench->answer), DNS_SERVER_FAILED);
    assert_int_equal(counted(bench, COUNTER_dns_timeout), RESOLVER_TRIES);
    assert_true(bench->ids[0] != bench->ids[1] && bench->ports[0] != bench->ports[1]);
}

static void a_server_that_fails_is_asked_again(void **state)
{
    struct bench *bench = *state;
    bench->code = DNS_SERVER_FAILED;
    ask_and_wait(bench);
    assert_int_equal(bench->asked, RESOLVER_TRIES);
    assert_int_equal(bench->answers, 1);
    assert_int_equal(dns_code(bench->answer), DNS_SERVER_FAILED);
}

static void without_a_server_the_program_is_told_at_once(void **state)
{
    struct bench *bench = *state;
    dns_setserver(0, NULL);
    ask_and_wait(bench);
    assert_int_equal(bench->answers, 1);
    assert_int_equal(dns_code(bench->answer), DNS_SERVER_FAILED);
    assert_int_equal(counted(bench, COUNTER_dns_failed), 1);
}

static void an_answer_with_another_number_question_or_direction_is_none(void **state)
{
    struct bench *bench = *state;
    const uint8_t places[] = {1, 2, 6, 14, 24, 27}; /* from 1; id, count, name, type, class */
    for (size_t i = 0; i < sizeof(places); i++) {
        bench->spoil = places[i];
        ask_and_wait(bench);
        assert_int_equal(bench->answers, 0);
        assert_int_equal(counted(bench, COUNTER_dns_unmatched), i + 1);
    }
    bench->spoil = 0;
    sim_run(bench->sim, 5 * SIM_S);
    assert_int_equal(bench->answers, sizeof(places)); /* the next tries were good */
}

static void what_is_no_question_is_counted_and_not_answered(void **state)
{
    struct bench *bench = *state;
    uint8_t bad[sizeof(query)];
    const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{2, 0x81}, {2, 0x10}, {5, 0}, {5, 2}, {7, 1}, {9, 1}, {12, 64}, {12, 0xc0},
                   {22, 9}};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        memcpy(bad, query, sizeof(query));
        bad[changes[i].at] = changes[i].value;
        ask(bench, bad, sizeof(bad));
        sim_run(bench->sim, 1);
        assert_int_equal(counted(bench, COUNTER_dns_bad_query), i + 1);
    }
    ask(bench, query, sizeof(query) - 1);
    ask(bench, query, 3);
    sim_run(bench->sim, 1);
    assert_int_equal(bench->answers, 0);
    assert_int_equal(bench->asked, 0);
}

static void more_questions_than_there_is_room_for_fail_at_once(void **state)
{
    struct bench *bench = *state;
    bench->is_silent = true;
    for (int i = 0; i < RESOLVER_QUERIES + 2; i++) {
        ask(bench, query, sizeof(query));
        sim_run(bench->sim, 1);
    }
    assert_int_equal(counted(bench, COUNTER_dns_full), 2);
    assert_int_equal(bench->answers, 2);
    sim_run(bench->sim, 5 * SIM_S);
    assert_int_equal(bench->answers, RESOLVER_QUERIES + 2);
}

static void the_longest_unused_answer_makes_room(void **state)
{
    struct bench *bench = *state;
    uint8_t other[sizeof(query)];
    memcpy(other, query, sizeof(query));
    for (int i = 0; i < RESOLVER_CACHED + 1; i++) {
        other[DNS_HEADER_BYTES + 2] = (uint8_t)('A' + i + (i > 25 ? 32 : 0) % 58);
        other[DNS_HEADER_BYTES + 3] = (uint8_t)('0' + i % 10);
        ask(bench, other, sizeof(other));
        sim_run(bench->sim, 1000);
    }
    assert_int_equal(bench->asked, RESOLVER_CACHED + 1);
    ask(bench, other, sizeof(other)); /* the last is there */
    sim_run(bench->sim, 1000);
    assert_int_equal(bench->asked, RESOLVER_CACHED + 1);
    other[DNS_HEADER_BYTES + 2] = 'A'; /* the first is not */
    other[DNS_HEADER_BYTES + 3] = '0';
    ask(bench, other, sizeof(other));
    sim_run(bench->sim, 1000);
    assert_int_equal(bench->asked, RESOLVER_CACHED + 2);
}

/* Of independent values of 16 bits, one in 65,536 follows its forerunner by one. */
static int count_steps(const uint16_t *values)
{
    int steps = 0;
    for (int i = 1; i < MEASURED; i++) {
        int difference = values[i] - values[i - 1];
        steps += difference >= -2 && difference <= 2;
    }
    return steps;
}

static void numbers_and_ports_of_a_thousand_questions_show_no_pattern(void **state)
{
    struct bench *bench = *state;
    bench->ttl_s = 0;
    uint32_t high_bits[2][16] = {{0}};
    while (bench->asked < MEASURED) {
        ask(bench, query, sizeof(query));
        sim_run(bench->sim, 1000);
    }
    assert_true(count_steps(bench->ids) <= 5 && count_steps(bench->ports) <= 5);
    for (int i = 0; i < MEASURED; i++) {
        high_bits[0][bench->ids[i] >> 12]++;
        high_bits[1][bench->ports[i] >> 12]++;
    }
    for (int i = 0; i < 16; i++) {
        assert_in_range(high_bits[0][i], 20, 120);
        assert_in_range(high_bits[1][i], i < 4 ? 0 : 30, i < 4 ? 0 : 150);
    }
}

/* --- messages alone ------------------------------------------------------------------------ */

static void a_broken_answer_is_kept_for_no_time_and_never_read_past_its_end(void **state)
{
    (void)state;
    struct bench bench = {.ttl_s = 60};
    uint8_t whole[sizeof(query) + 34];
    for (int negative = 0; negative < 2; negative++) {
        bench.is_negative = negative;
        memcpy(whole, query, sizeof(query));
        bytes_put_be16(whole + (negative ? 8 : 6), 1);
        size_t bytes = sizeof(query) + put_record(whole + sizeof(query), &bench);
        assert_int_equal(dns_keep_s(whole, bytes), negative ? 30 : 60);
        for (size_t len = DNS_HEADER_BYTES; len < bytes; len++) {
            uint8_t *copy = malloc(len);
            memcpy(copy, whole, len);
            assert_int_equal(dns_keep_s(copy, len), 0);
            dns_age(copy, len, 7);
            free(copy);
        }
    }
    bytes_put_be32(whole + sizeof(query) + 6, 0x80000001);
    assert_int_equal(dns_keep_s(whole, sizeof(whole)), 0);
    whole[2] |= 2; /* cut */
    bytes_put_be32(whole + sizeof(query) + 6, 60);
    assert_int_equal(dns_keep_s(whole, sizeof(whole)), 0);
}

static void any_bytes_are_no_harm(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = DNS_HEADER_BYTES + random % 40;
        uint8_t *message = malloc(len);
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            message[i] = (uint8_t)(random >> 24 & (round % 2 == 0 ? 0xff : 0xc3));
        }
        size_t question = dns_query_question(message, len);
        assert_true(question <= len - DNS_HEADER_BYTES);
        (void)dns_keep_s(message, len);
        dns_age(message, len, 1);
        free(message);
    }
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_question_goes_to_the_server_of_the_lease_and_its_answer_comes_back),
        BENCH_TEST(an_answer_is_kept_for_its_time_and_grows_older),
        BENCH_TEST(an_answer_of_no_time_is_not_kept),
        BENCH_TEST(that_there_is_no_such_name_is_kept_as_its_authority_says),
        BENCH_TEST(a_silent_server_is_asked_three_times_and_then_the_program_is_told),
        BENCH_TEST(a_server_that_fails_is_asked_again),
        BENCH_TEST(without_a_server_the_program_is_told_at_once),
        BENCH_TEST(an_answer_with_another_number_question_or_direction_is_none),
        BENCH_TEST(what_is_no_question_is_counted_and_not_answered),
        BENCH_TEST(more_questions_than_there_is_room_for_fail_at_once),
        BENCH_TEST(the_longest_unused_answer_makes_room),
        BENCH_TEST(numbers_and_ports_of_a_thousand_questions_show_no_pattern),
        cmocka_unit_test(a_broken_answer_is_kept_for_no_time_and_never_read_past_its_end),
        cmocka_unit_test(any_bytes_are_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
