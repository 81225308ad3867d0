/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a DHCPv6 server tells besides addresses, in virtual time: when it is asked, which of its
 * messages count, and that the name servers it tells of are asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/dns.h>

#include <base/bytes.h>

#include "tests/sim/sim.h"

enum {
    IP_AT = 14,
    UDP_AT = IP_AT + 40,
    MESSAGE_AT = UDP_AT + 8,
    UDP = 17,
    HOUR_S = 3600,
    DAY_S = 86400,
};

#define PREFIX 0xfd77000000000000u

static int start(void **state)
{
    struct sim *sim = sim_start();
    sim->router6.is_there = true;
    sim->router6.has_other = true;
    sim->router6.prefix = PREFIX;
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    dns_setserver(0, NULL); /* lwIP's state, and the next test's */
    dns_setserver(1, NULL);
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

static void run_s(struct sim *sim, uint64_t seconds)
{
    sim_run(sim, seconds * SIM_S);
}

static void advertise(struct sim *sim)
{
    uint8_t frame[ROUTER6_FRAME_MAX];
    sim_receive(sim, frame, router6_advertise(&sim->router6, frame));
    sim_run(sim, 1);
}

static bool is_server(u8_t number, const uint8_t *address)
{
    const ip_addr_t *server = dns_getserver(number);
    return IP_IS_V6(server) && memcmp(ip_2_ip6(server)->addr, address, 16) == 0;
}

/* --- when it is asked ---------------------------------------------------------------------- */

static void a_router_that_says_so_has_the_server_asked_and_its_name_servers_used(void **state)
{
    struct sim *sim = *state;
    memcpy(sim->dhcp6.name_server[1], (uint8_t[16]){0xfd, 0x77, [15] = 4}, 16);
    run_s(sim, 10);
    assert_int_equal(sim->dhcp6.requests, 1);
    assert_int_equal(sim->dhcp6.bad_requests, 0);
    assert_int_equal(sim->dhcp6.port, 546);
    assert_int_equal(sim->dhcp6.elapsed, 0);
    assert_int_equal(counted(sim, COUNTER_dhcp6_asked), 1);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 1);
    assert_int_equal(ip4_addr_get_u32(ip_2_ip4(dns_getserver(0))), lwip_htonl(sim->dhcp.dns));
    assert_true(is_server(1, sim->dhcp6.name_server[0]));
    assert_true(is_server(2, sim->dhcp6.name_server[1]));
    assert_true(ip_addr_isany(dns_getserver(3)));
}

static void without_the_flag_nobody_is_asked(void **state)
{
    struct sim *sim = *state;
    sim->router6.has_other = false;
    run_s(sim, 200);
    advertise(sim);
    assert_int_equal(sim->dhcp6.requests + sim->dhcp6.bad_requests, 0);
    assert_int_equal(counted(sim, COUNTER_dhcp6_asked), 0);
}

static void an_answer_holds_for_its_time_however_often_routers_advertise(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.refresh_s = HOUR_S;
    run_s(sim, 10);
    uint32_t first = sim->dhcp6.transaction;
    for (int i = 0; i < 350; i++) {
        advertise(sim);
        run_s(sim, 10);
    }
    assert_int_equal(sim->dhcp6.requests, 1);
    run_s(sim, 200);
    assert_int_equal(sim->dhcp6.requests, 2);
    assert_true(sim->dhcp6.transaction != first);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 2);
}

static void an_answer_holds_for_a_day_and_for_ten_minutes_at_least(void **state)
{
    struct sim *sim = *state;
    sim->router6.router_s = 0xffff; /* who is a router no more is not asked about */
    run_s(sim, 17 * HOUR_S);
    advertise(sim);
    run_s(sim, 6 * HOUR_S);
    assert_int_equal(sim->dhcp6.requests, 1);
    sim->dhcp6.refresh_s = 1;
    run_s(sim, 2 * HOUR_S); /* the second after a day, then one each ten minutes */
    assert_in_range(sim->dhcp6.requests, 5, 8);
}

static void a_silent_server_is_asked_six_times_an_hour(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.is_silent = true;
    run_s(sim, 1000);
    uint32_t first = sim->dhcp6.transaction;
    assert_int_equal(sim->dhcp6.requests, 6);
    assert_in_range(sim->dhcp6.elapsed, 6150, 6350); /* hundredths since the first */
    assert_int_equal(counted(sim, COUNTER_dhcp6_unanswered), 1);
    uint64_t steps = sim->steps;
    run_s(sim, 700); /* of the lifetimes, one after half an hour */
    assert_true(sim->steps - steps <= 3);
    advertise(sim);
    run_s(sim, HOUR_S / 2);
    advertise(sim);
    run_s(sim, HOUR_S / 4);
    assert_int_equal(sim->dhcp6.requests, 12);
    assert_true(sim->dhcp6.transaction != first);
}

static void a_router_that_takes_the_flag_back_ends_the_question(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.is_silent = true;
    run_s(sim, 5);
    uint32_t asked = sim->dhcp6.requests;
    assert_true(asked >= 1);
    sim->router6.has_other = false;
    advertise(sim);
    run_s(sim, 300);
    assert_int_equal(sim->dhcp6.requests, asked);
    sim->router6.has_other = true;
    sim->dhcp6.is_silent = false;
    advertise(sim);
    run_s(sim, 5);
    assert_int_equal(sim->dhcp6.requests, asked + 1);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 1);
}

static void a_router_that_changes_its_mind_in_every_message_has_one_request_a_second(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.is_silent = true;
    run_s(sim, 10);
    uint32_t asked = sim->dhcp6.requests;
    for (int i = 0; i < 2000; i++) {
        sim->router6.has_other = i % 2 == 0;
        advertise(sim);
        sim_run(sim, SIM_S / 100);
    }
    assert_in_range(sim->dhcp6.requests - asked, 1, 20);
}

static void a_burst_of_advertisements_that_differ_asks_no_more(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[ROUTER6_FRAME_MAX];
    sim->dhcp6.is_silent = true;
    run_s(sim, 10);
    uint32_t asked = sim->dhcp6.requests;
    for (int i = 0; i < 16; i++) {
        sim->router6.has_other = i % 2 != 0;
        sim_receive(sim, frame, router6_advertise(&sim->router6, frame));
    }
    sim_run(sim, 1);
    assert_true(asked >= 1);
    assert_int_equal(sim->dhcp6.requests, asked);
}

static void a_link_that_comes_back_is_asked_again(void **state)
{
    struct sim *sim = *state;
    run_s(sim, 10);
    assert_true(is_server(1, sim->dhcp6.name_server[0]));
    sim_set_link(sim, false);
    run_s(sim, 10);
    assert_true(ip_addr_isany(dns_getserver(1))); /* another link may have others */
    sim_set_link(sim, true);
    run_s(sim, 10);
    assert_int_equal(sim->dhcp6.requests, 2);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 2);
}

static void without_a_pcb_nothing_is_asked_until_there_is_one(void **state)
{
    struct sim *sim = *state;
    static struct udp_pcb *pcbs[MEMP_NUM_UDP_PCB];
    int count = 0;
    run_s(sim, 1);
    while ((pcbs[count] = udp_new()) != NULL) {
        count++;
    }
    run_s(sim, 10);
    assert_int_equal(counted(sim, COUNTER_dhcp6_no_memory), 1);
    while (count != 0) {
        udp_remove(pcbs[--count]);
    }
    run_s(sim, 200);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 1);
}

/* --- messages ------------------------------------------------------------------------------ */

static void expect_refusal(struct sim *sim, enum counter counter)
{
    uint64_t before = counted(sim, counter);
    sim_set_link(sim, false); /* a new question */
    run_s(sim, 5);
    sim_set_link(sim, true);
    run_s(sim, 10);
    assert_true(counted(sim, counter) > before);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 0);
    assert_true(ip_addr_isany(dns_getserver(1)));
    dhcp6_stub_init(&sim->dhcp6);
}

static void what_is_no_answer_to_the_question_is_counted_and_not_used(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.spoils = 1;
    expect_refusal(sim, COUNTER_dhcp6_unmatched);
    sim->dhcp6.spoils = 0x800000;
    expect_refusal(sim, COUNTER_dhcp6_unmatched);
    sim->dhcp6.type = 2; /* Advertise */
    expect_refusal(sim, COUNTER_dhcp6_unmatched);
    sim->dhcp6.names_client = true;
    expect_refusal(sim, COUNTER_dhcp6_unmatched);
    sim->dhcp6.is_far = true; /* to the global address: perhaps from beyond the link */
    memcpy(sim->dhcp6.far, (uint8_t[16]){0xfd, 0x77, [11] = 0xff, 0xfe, 0, 0, 1}, 16);
    expect_refusal(sim, COUNTER_dhcp6_unmatched);
    sim->dhcp6.status = 1;
    expect_refusal(sim, COUNTER_dhcp6_refused);
}

static void what_lwip_would_misread_is_counted_and_not_used(void **state)
{
    struct sim *sim = *state;
    const struct {
        uint16_t kind, bytes;
        uint8_t fill;
    } options[] = {
        {2, 2, 0},       /* a server without a name */
        {13, 1, 0},      /* half a status */
        {23, 0, 0},      /* name servers: none */
        {23, 8, 0xfd},   /* half a one */
        {23, 33, 0xfd},  /* two, and a byte */
        {23, 16, 0},     /* nobody */
        {23, 16, 0xff},  /* a group */
        {32, 3, 0xff},   /* three bytes of a time */
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        sim->dhcp6.kind = options[i].kind;
        sim->dhcp6.bytes = options[i].bytes;
        sim->dhcp6.fill = options[i].fill;
        expect_refusal(sim, COUNTER_dhcp6_malformed);
    }
    sim->dhcp6.has_no_server = true;
    expect_refusal(sim, COUNTER_dhcp6_malformed);
    for (uint16_t cut = 1; cut <= 19; cut++) { /* inside the list, or inside its length */
        sim->dhcp6.cut = cut;
        expect_refusal(sim, COUNTER_dhcp6_malformed);
    }
    memcpy(sim->dhcp6.name_server[0], (uint8_t[16]){[15] = 1}, 16); /* loopback */
    expect_refusal(sim, COUNTER_dhcp6_malformed);
    memcpy(sim->dhcp6.name_server[0], (uint8_t[16]){[10] = 0xff, 0xff, 10, 0, 2, 3}, 16);
    expect_refusal(sim, COUNTER_dhcp6_malformed);
}

static void an_answer_without_name_servers_is_one_and_takes_the_old_ones_away(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.refresh_s = 600;
    run_s(sim, 10);
    assert_true(is_server(1, sim->dhcp6.name_server[0]));
    memset(sim->dhcp6.name_server[0], 0, 16);
    run_s(sim, 700);
    assert_int_equal(sim->dhcp6.requests, 2);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 2);
    assert_true(ip_addr_isany(dns_getserver(1)));
}

/* Answers twice; the second time with another name server. */
static size_t answer_twice(void *context, const uint8_t *frame, size_t len, uint8_t *reply)
{
    struct sim *sim = context;
    uint8_t other[DHCP6_STUB_FRAME_MAX];
    size_t bytes = dhcp6_stub_answer(&sim->dhcp6, frame, len, reply);
    if (bytes == 0) {
        return 0;
    }
    sim_receive(sim, reply, bytes);
    sim->dhcp6.name_server[0][15] = 99;
    bytes = dhcp6_stub_answer(&sim->dhcp6, frame, len, other);
    sim->dhcp6.name_server[0][15] = 3;
    memcpy(reply, other, bytes);
    return bytes;
}

static void a_second_answer_does_not_count(void **state)
{
    struct sim *sim = *state;
    sim->peer = answer_twice;
    sim->peer_context = sim;
    run_s(sim, 10);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 1);
    assert_int_equal(counted(sim, COUNTER_dhcp6_unmatched), 1);
    assert_true(is_server(1, sim->dhcp6.name_server[0]));
}

/* Sends the answer in two fragments, of which the first alone would be one. */
static size_t answer_in_fragments(void *context, const uint8_t *frame, size_t len, uint8_t *reply)
{
    enum { FIRST = 8 + 4 + 14 + 6 }; /* UDP, message, who the server is, the option below */
    struct sim *sim = context;
    uint8_t whole[DHCP6_STUB_FRAME_MAX];
    size_t bytes = dhcp6_stub_answer(&sim->dhcp6, frame, len, whole);
    if (bytes == 0) {
        return 0;
    }
    uint8_t header[8] = {UDP, 0, 0, 1, 0, 0, 0, 7}; /* more of it comes */
    size_t rest = bytes - UDP_AT - FIRST;
    memcpy(reply, whole, UDP_AT);
    reply[IP_AT + 6] = 44;
    bytes_put_be16(reply + IP_AT + 4, 8 + FIRST);
    memcpy(reply + UDP_AT, header, 8);
    memcpy(reply + UDP_AT + 8, whole + UDP_AT, FIRST);
    sim_receive(sim, reply, UDP_AT + 8 + FIRST);
    bytes_put_be16(reply + IP_AT + 4, (uint16_t)(8 + rest));
    bytes_put_be16(reply + UDP_AT + 2, FIRST);
    memcpy(reply + UDP_AT + 8, whole + UDP_AT + FIRST, rest);
    return UDP_AT + 8 + rest;
}

static void an_answer_in_fragments_does_not_count(void **state)
{
    struct sim *sim = *state;
    sim->dhcp6.kind = 99;
    sim->dhcp6.bytes = 2;
    sim->peer = answer_in_fragments;
    sim->peer_context = sim;
    run_s(sim, 100);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 0);
    assert_int_equal(counted(sim, COUNTER_dhcp6_malformed), sim->dhcp6.requests);
}

static uint8_t kept[DHCP6_STUB_FRAME_MAX];
static size_t kept_bytes;

/* The server stays silent, but its answer is known. */
static size_t keep_answer(void *context, const uint8_t *frame, size_t len, uint8_t *reply)
{
    struct sim *sim = context;
    (void)reply;
    sim->dhcp6.is_silent = false;
    size_t bytes = dhcp6_stub_answer(&sim->dhcp6, frame, len, kept);
    sim->dhcp6.is_silent = true;
    kept_bytes = bytes != 0 ? bytes : kept_bytes;
    return 0;
}

static void a_program_of_this_machine_is_no_dhcpv6_server(void **state)
{
    struct sim *sim = *state;
    sim->peer = keep_answer;
    sim->peer_context = sim;
    run_s(sim, 10);
    assert_true(kept_bytes > UDP_AT + 8);
    struct udp_pcb *program = udp_new_ip_type(IPADDR_TYPE_V6);
    assert_int_equal(udp_bind(program, IP6_ADDR_ANY, 547), ERR_OK);
    u16_t bytes = (u16_t)(kept_bytes - UDP_AT - 8);
    struct pbuf *pbuf = pbuf_alloc(PBUF_TRANSPORT, bytes, PBUF_RAM);
    assert_int_equal(pbuf_take(pbuf, kept + UDP_AT + 8, bytes), ERR_OK);
    const struct netif *netif = &sim->stack.link[0].interface.netif;
    assert_int_equal(udp_sendto(program, pbuf, netif_ip_addr6(netif, 0), 546), ERR_OK);
    pbuf_free(pbuf);
    udp_remove(program);
    run_s(sim, 10);
    assert_int_equal(counted(sim, COUNTER_dhcp6_unmatched), 1);
    assert_int_equal(counted(sim, COUNTER_dhcp6_answered), 0);
}

static void what_nobody_waits_for_finds_no_port_open(void **state)
{
    struct sim *sim = *state;
    sim->router6.has_other = false;
    run_s(sim, 10);
    for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
        assert_true(pcb->local_port != 546);
    }
}

/* --- names --------------------------------------------------------------------------------- */

static const uint8_t query[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'h', 0, 0, 1, 0, 1};

static void ask(struct sim *sim, struct udp_pcb *program)
{
    ip_addr_t loopback = IPADDR4_INIT(lwip_htonl(0x7f000001));
    struct pbuf *pbuf = pbuf_alloc(PBUF_TRANSPORT, sizeof(query), PBUF_RAM);
    (void)!stack_input(&sim->stack, sim->now_us);
    assert_int_equal(pbuf_take(pbuf, query, sizeof(query)), ERR_OK);
    assert_int_equal(udp_sendto(program, pbuf, &loopback, RESOLVER_PORT), ERR_OK);
    pbuf_free(pbuf);
}

/* Questions that left, to the server of the lease and to the other. */
static void count_questions(const struct sim *sim, int *four, int *six)
{
    *four = *six = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        *four += bytes_get_be16(head + 12) == 0x0800 && head[IP_AT + 9] == UDP &&
                 bytes_get_be16(head + IP_AT + 22) == RESOLVER_PORT;
        *six += bytes_get_be16(head + 12) == 0x86dd && head[IP_AT + 6] == UDP &&
                bytes_get_be64(head + IP_AT + 24) == PREFIX &&
                bytes_get_be16(head + UDP_AT + 2) == RESOLVER_PORT;
    }
}

static void the_server_of_the_lease_is_asked_first_and_then_that_of_dhcpv6(void **state)
{
    struct sim *sim = *state;
    int four, six;
    struct udp_pcb *program = udp_new_ip_type(IPADDR_TYPE_V4);
    sim->dhcp.dns = SIM_GATEWAY;
    sim->dhcp6.name_server[0][15] = 2; /* the router, which says where it is */
    run_s(sim, 10);
    ask(sim, program);
    sim_run(sim, SIM_S / 2);
    count_questions(sim, &four, &six);
    assert_int_equal(four, 1);
    assert_int_equal(six, 0);
    run_s(sim, 10);
    count_questions(sim, &four, &six);
    assert_int_equal(four, 2);
    assert_int_equal(six, 1);
    udp_remove(program);
}

static void without_one_in_the_lease_that_of_dhcpv6_is_asked(void **state)
{
    struct sim *sim = *state;
    int four, six;
    struct udp_pcb *program = udp_new_ip_type(IPADDR_TYPE_V4);
    sim->dhcp.dns = 0;
    sim->dhcp6.name_server[0][15] = 2;
    run_s(sim, 10);
    ask(sim, program);
    run_s(sim, 10);
    count_questions(sim, &four, &six);
    assert_int_equal(four, 0);
    assert_int_equal(six, 3);
    udp_remove(program);
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_router_that_says_so_has_the_server_asked_and_its_name_servers_used),
        SIM_TEST(without_the_flag_nobody_is_asked),
        SIM_TEST(an_answer_holds_for_its_time_however_often_routers_advertise),
        SIM_TEST(an_answer_holds_for_a_day_and_for_ten_minutes_at_least),
        SIM_TEST(a_silent_server_is_asked_six_times_an_hour),
        SIM_TEST(a_router_that_takes_the_flag_back_ends_the_question),
        SIM_TEST(a_router_that_changes_its_mind_in_every_message_has_one_request_a_second),
        SIM_TEST(a_burst_of_advertisements_that_differ_asks_no_more),
        SIM_TEST(a_link_that_comes_back_is_asked_again),
        SIM_TEST(without_a_pcb_nothing_is_asked_until_there_is_one),
        SIM_TEST(what_is_no_answer_to_the_question_is_counted_and_not_used),
        SIM_TEST(what_lwip_would_misread_is_counted_and_not_used),
        SIM_TEST(an_answer_without_name_servers_is_one_and_takes_the_old_ones_away),
        SIM_TEST(a_second_answer_does_not_count),
        SIM_TEST(an_answer_in_fragments_does_not_count),
        SIM_TEST(a_program_of_this_machine_is_no_dhcpv6_server),
        SIM_TEST(what_nobody_waits_for_finds_no_port_open),
        SIM_TEST(the_server_of_the_lease_is_asked_first_and_then_that_of_dhcpv6),
        SIM_TEST(without_one_in_the_lease_that_of_dhcpv6_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
