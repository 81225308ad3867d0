/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 of the whole stack in virtual time: addresses, routers, neighbours, echo, idleness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/service.h"
#include "tests/sim/sim.h"

enum { ETHERTYPE_IP6 = 0x86dd, LOOPBACK = 0, EN0 = 1 };

#define PREFIX       0xfd77000000000000u
#define LINK_LOCAL   0xfe80000000000000u
#define IDENTIFIER   0x000000fffe000001u /* of 02:00:00:00:00:01 */
#define ROUTER       2u

static const char global_line[] = "net: ipv6 fd77::ff:fe00:1/64";

static int start(void **state)
{
    *state = sim_start();
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

static uint64_t reply[IPC_WORDS];

static int ask(struct sim *sim, const uint64_t words[IPC_WORDS])
{
    struct service_request request = {.badge = 7, .counter_hz = SIM_S};
    memcpy(request.words, words, sizeof(request.words));
    (void)!stack_input(&sim->stack, sim->now_us); /* as in main.c */
    assert_false(service_answer(&sim->stack, &request, reply));
    return (int)(int64_t)reply[0];
}

#define ASK(...) ask(sim, (uint64_t[IPC_WORDS]){__VA_ARGS__})

/* Words of an address. */
#define AT(high, low) __builtin_bswap64(high), __builtin_bswap64(low)

static int ping(struct sim *sim, uint64_t high, uint64_t low, uint64_t bytes)
{
    int error = ASK(NETD_PING6_START, AT(high, low), bytes, sim->now_us + 4 * SIM_S);
    if (error != OK) {
        return error;
    }
    uint64_t token = reply[1];
    sim_run(sim, 5 * SIM_S);
    return ASK(NETD_PING_TAKE, token);
}

/* --- addresses ----------------------------------------------------------------------------- */

static void the_link_local_address_is_used_after_it_was_asked_for(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 10);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0), OK);
    assert_int_equal(reply[3], 64 | NETD_ADDRESS6_TENTATIVE << 8);
    sim_run(sim, 3 * SIM_S);
    assert_int_equal(sim->router6.probes, 1);
    assert_true(sim->router6.reports >= 1);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0), OK);
    assert_int_equal(reply[1], __builtin_bswap64(LINK_LOCAL));
    assert_int_equal(reply[2], __builtin_bswap64(IDENTIFIER));
    assert_int_equal(reply[3], 64 | NETD_ADDRESS6_PREFERRED << 8);
    assert_int_equal(reply[5], UINT64_MAX);
    assert_int_equal(counted(sim, COUNTER_addr6_valid), 1);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0, reply[4]), E_NOT_FOUND);
}

static void an_address_that_another_host_has_is_not_used(void **state)
{
    struct sim *sim = *state;
    sim->router6.claims_every_address = true;
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: ipv6 duplicate fe80::ff:fe00:1"), 1);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0), OK);
    assert_int_equal(reply[3] >> 8, NETD_ADDRESS6_DUPLICATED);
    assert_int_equal(ping(sim, LINK_LOCAL, ROUTER, 8), E_UNREACHABLE);
}

static void routers_are_asked_for_three_times_and_no_more(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(sim->router6.router_solicitations, 3);
}

static void a_prefix_that_a_router_announces_gives_an_address(void **state)
{
    struct sim *sim = *state;
    sim->router6.is_there = true;
    sim->router6.prefix = PREFIX;
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->router6.router_solicitations, 1);
    assert_int_equal(sim_count_lines(sim, global_line), 1);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0, 1), OK);
    assert_int_equal(reply[1], __builtin_bswap64(PREFIX));
    assert_true(reply[5] > 86380 && reply[6] > 14380);
    assert_int_equal(ping(sim, PREFIX, ROUTER, 56), OK);
    assert_int_equal(reply[2], 255);
    assert_int_equal(reply[3], 56);
}

static void an_address_ends_with_its_lifetime(void **state)
{
    struct sim *sim = *state;
    sim->router6.is_there = true;
    sim->router6.prefix = PREFIX;
    sim->router6.valid_s = 60;
    sim->router6.preferred_s = 30;
    sim_run(sim, 25 * SIM_S);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0, 1), OK);
    assert_int_equal(reply[3] >> 8, NETD_ADDRESS6_PREFERRED);
    sim_run(sim, 15 * SIM_S);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0, 1), OK);
    assert_int_equal(reply[3] >> 8, NETD_ADDRESS6_DEPRECATED);
    sim_run(sim, 30 * SIM_S);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0, 1), E_NOT_FOUND);
    assert_int_equal(ping(sim, PREFIX + 1, ROUTER, 8), E_TIMEOUT); /* the router is still one */
}

static void another_ethernet_address_makes_other_addresses(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 5 * SIM_S);
    sim_restart_driver(sim);
    atomic_store(&sim->area->info.mac, 0x020000000002);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, EN0), OK);
    assert_int_equal(reply[2], __builtin_bswap64(0x000000fffe000002u));
    assert_int_equal(reply[3] >> 8, NETD_ADDRESS6_PREFERRED);
    sim_restart_driver(sim); /* the first again */
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim->router6.probes, 3);
    sim_restart_driver(sim); /* the same again: nothing to ask */
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim->router6.probes, 3);
}

/* --- echo and neighbours ------------------------------------------------------------------- */

static void a_router_is_pinged_by_its_link_local_address(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(ping(sim, LINK_LOCAL, ROUTER, 1452), OK);
    assert_int_equal(reply[3], 1452);
    assert_int_equal(sim->router6.solicitations, 1);
    assert_int_equal(ASK(NETD_NEIGHBOUR6_GET, 0), OK);
    assert_int_equal(reply[1], __builtin_bswap64(LINK_LOCAL));
    assert_int_equal(reply[3], 0x0602000a5552);
    assert_int_equal(reply[5], EN0);
}

static void loopback_and_our_own_addresses_answer_and_never_reach_the_wire(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 20 * SIM_S);
    int sent = sim_count_sent(sim, ETHERTYPE_IP6, -1);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, LOOPBACK), OK);
    assert_int_equal(reply[3], 128 | NETD_ADDRESS6_PREFERRED << 8);
    assert_int_equal(ping(sim, 0, 1, 1452), OK);
    assert_int_equal(ping(sim, LINK_LOCAL, IDENTIFIER, 56), OK);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP6, -1), sent);
}

static void a_host_that_is_not_there_is_asked_for_and_given_up(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 20 * SIM_S);
    int sent = sim_count_sent(sim, ETHERTYPE_IP6, -1);
    assert_int_equal(ping(sim, LINK_LOCAL, 99, 8), E_TIMEOUT);
    sim_run(sim, 60 * SIM_S);
    int asked = sim_count_sent(sim, ETHERTYPE_IP6, -1) - sent;
    assert_true(asked >= 3 && asked <= 4);
}

static void impossible_pings_are_refused(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 3 * SIM_S);
    uint64_t until = sim->now_us + SIM_S;
    assert_int_equal(ASK(NETD_PING6_START, AT(0xff02000000000000u, 1), 8, until), E_INVALID);
    assert_int_equal(ASK(NETD_PING6_START, 0, 0, 8, until), E_INVALID);
    assert_int_equal(ASK(NETD_PING6_START, AT(0, 0xffff0a000202u), 8, until), E_INVALID);
    assert_int_equal(ASK(NETD_PING6_START, AT(LINK_LOCAL, 2), 1453, until), E_INVALID);
    assert_int_equal(ASK(NETD_PING6_START, AT(LINK_LOCAL, 2), 8, until, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_PING6_START, AT(LINK_LOCAL, 2), 8 | 9ull << 32, until), E_NOT_FOUND);
    assert_int_equal(ASK(NETD_PING6_START, AT(LINK_LOCAL, 2), 8, 0), E_TIMEOUT);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, 2), E_NOT_FOUND);
    assert_int_equal(ASK(NETD_ADDRESS6_GET, 0, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_NEIGHBOUR6_GET, 0, 1), E_INVALID);
}

static void make_ours(uint64_t upper, uint8_t address[16])
{
    bytes_put_be64(address, upper);
    bytes_put_be64(address + 8, IDENTIFIER);
}

static void an_echo_request_to_us_is_answered_but_not_to_a_group(void **state)
{
    struct sim *sim = *state;
    uint8_t message[64] = {128, 0, 0, 0, 1, 2, 3, 4};
    uint8_t frame[ROUTER6_FRAME_MAX], ours[16], theirs[16];
    const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
    make_ours(LINK_LOCAL, ours);
    bytes_put_be64(theirs, LINK_LOCAL);
    bytes_put_be64(theirs + 8, ROUTER);
    sim_run(sim, 5 * SIM_S);
    sim_receive(sim, frame, router6_frame(frame, theirs, ours, message, sizeof(message)));
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(sim->router6.echo_replies, 1);
    sim_receive(sim, frame, router6_frame(frame, theirs, all_nodes, message, sizeof(message)));
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(sim->router6.echo_replies, 1);
}

static void only_our_own_groups_are_let_in(void **state)
{
    struct sim *sim = *state;
    uint8_t message[32] = {135}, frame[ROUTER6_FRAME_MAX], theirs[16];
    uint8_t group[16] = {0xff, 2, [11] = 1, [12] = 0xff, [15] = 1};
    bytes_put_be64(theirs, LINK_LOCAL);
    bytes_put_be64(theirs + 8, ROUTER);
    sim_run(sim, 5 * SIM_S);
    make_ours(LINK_LOCAL, message + 8);
    message[24] = 1;
    message[25] = 1;
    uint64_t refused = counted(sim, COUNTER_eth_group);
    sim_receive(sim, frame, router6_frame(frame, theirs, group, message, sizeof(message)));
    sim_run(sim, 1);
    assert_int_equal(counted(sim, COUNTER_eth_group), refused);
    group[15] = 7;
    sim_receive(sim, frame, router6_frame(frame, theirs, group, message, sizeof(message)));
    sim_run(sim, 1);
    assert_int_equal(counted(sim, COUNTER_eth_group), refused + 1);
}

/* --- routers and idleness ------------------------------------------------------------------ */

static void a_router_that_does_not_answer_is_given_up(void **state)
{
    struct sim *sim = *state;
    sim->router6.is_there = true;
    sim->router6.is_deaf = true;
    sim->router6.prefix = PREFIX;
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(ping(sim, PREFIX + 1, 9, 8), E_TIMEOUT); /* by way of the router */
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(counted(sim, COUNTER_addr6_router_lost), 1);
    assert_true(sim->router6.solicitations <= ADDR6_ROUTER_PROBES_MAX + 4);
    uint32_t asked = sim->router6.solicitations;
    sim_run(sim, 600 * (uint64_t)SIM_S);
    assert_int_equal(sim->router6.solicitations, asked);
}

static void an_idle_hour_with_a_router_wakes_netd_hardly_ever(void **state)
{
    struct sim *sim = *state;
    sim->router6.is_there = true;
    sim->router6.prefix = PREFIX;
    sim->router6.router_s = 65535;
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(ping(sim, PREFIX, ROUTER, 8), OK);
    sim_run(sim, 600 * (uint64_t)SIM_S);
    uint64_t steps = sim->steps;
    sim_run(sim, 3600 * (uint64_t)SIM_S);
    assert_true(sim->steps - steps <= 6);
}

static void a_link_that_comes_back_is_asked_for_routers_again(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 60 * SIM_S);
    sim_set_link(sim, false);
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(sim->router6.router_solicitations, 3);
    sim_set_link(sim, true);
    sim->router6.is_there = true;
    sim->router6.prefix = PREFIX;
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->router6.router_solicitations, 4);
    assert_int_equal(sim_count_lines(sim, global_line), 1);
}

static void unicast_goes_to_no_group_address_of_the_link(void **state)
{
    struct sim *sim = *state;
    sim->router6.is_there = true;
    sim->router6.prefix = PREFIX;
    sim_run(sim, 20 * SIM_S);
    assert_int_equal(ping(sim, PREFIX, ROUTER, 8), OK);
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (bytes_get_be16(head + 12) == ETHERTYPE_IP6) {
            assert_int_equal((head[0] & 1) != 0, head[14 + 24] == 0xff);
        }
    }
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(the_link_local_address_is_used_after_it_was_asked_for),
        SIM_TEST(an_address_that_another_host_has_is_not_used),
        SIM_TEST(routers_are_asked_for_three_times_and_no_more),
        SIM_TEST(a_prefix_that_a_router_announces_gives_an_address),
        SIM_TEST(an_address_ends_with_its_lifetime),
        SIM_TEST(another_ethernet_address_makes_other_addresses),
        SIM_TEST(a_router_is_pinged_by_its_link_local_address),
        SIM_TEST(loopback_and_our_own_addresses_answer_and_never_reach_the_wire),
        SIM_TEST(a_host_that_is_not_there_is_asked_for_and_given_up),
        SIM_TEST(impossible_pings_are_refused),
        SIM_TEST(an_echo_request_to_us_is_answered_but_not_to_a_group),
        SIM_TEST(only_our_own_groups_are_let_in),
        SIM_TEST(a_router_that_does_not_answer_is_given_up),
        SIM_TEST(an_idle_hour_with_a_router_wakes_netd_hardly_ever),
        SIM_TEST(a_link_that_comes_back_is_asked_for_routers_again),
        SIM_TEST(unicast_goes_to_no_group_address_of_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
