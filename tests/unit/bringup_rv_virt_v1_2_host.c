/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring-up of the network without a machine: the virtqueue against a device of plain memory, the
 * real DHCP client against the DHCP stub, loopback. Virtual time only; nothing here sleeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/raw.h>

#include <base/bytes.h>

#include "dhcp_cases.h"
#include "servers/netd/service.h"
#include "tests/sim/sim.h"
#include "virtqueue_cases.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    LOOPBACK = 0x7f000001,
};

static const char fallback_line[] =
    "net: dhcp unavailable, fallback static 10.0.2.15/24 gw=10.0.2.2";

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

static uint32_t our_address(const struct sim *sim)
{
    return lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&sim->stack.link[0].interface.netif)));
}

/* --- neighbours, link, idleness ------------------------------------------------------------ */

static uint64_t ask(struct sim *sim, const uint64_t words[IPC_WORDS], uint64_t reply[IPC_WORDS])
{
    struct service_request request = {.badge = 7, .counter_hz = SIM_S};
    memcpy(request.words, words, sizeof(request.words));
    (void)!stack_input(&sim->stack, sim->now_us); /* as in main.c */
    assert_false(service_answer(&sim->stack, &request, reply));
    return reply[0];
}

static void ping(struct sim *sim, uint32_t destination, uint64_t reply[IPC_WORDS])
{
    uint64_t until = sim->now_us + 2 * SIM_S;
    const uint64_t words[IPC_WORDS] = {NETD_PING_START, destination, 56, until};
    assert_int_equal(ask(sim, words, reply), OK);
    uint64_t token = reply[1];
    sim_run(sim, 3 * SIM_S);
    (void)ask(sim, (uint64_t[IPC_WORDS]){NETD_PING_TAKE, token}, reply);
}

static void the_gateway_is_asked_for_by_arp_and_answers_a_ping(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    int arps = sim_count_sent(sim, ETHERTYPE_ARP, -1);
    ping(sim, SIM_GATEWAY, reply);
    assert_int_equal(reply[0], OK);
    assert_int_equal(reply[2], 64);
    assert_int_equal(reply[3], 56);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_ARP, -1), arps + 1);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, 1), 1);
}

static void a_gateway_that_is_not_there_is_asked_for_again_and_given_up(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim->has_gateway = false;
    sim_run(sim, 1 * SIM_S);
    int arps = sim_count_sent(sim, ETHERTYPE_ARP, -1);
    ping(sim, SIM_GATEWAY, reply);
    assert_int_equal((int64_t)reply[0], E_TIMEOUT);
    sim_run(sim, 60 * SIM_S);
    int asked = sim_count_sent(sim, ETHERTYPE_ARP, -1) - arps;
    assert_true(asked >= 3 && asked <= 6);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, 1), 0);
}

static void a_question_after_a_long_sleep_is_not_aged_by_it(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, SIM_GATEWAY, reply);
    sim->now_us += 50 * SIM_S; /* no step: netd sleeps, and the question is what wakes it */
    int arps = sim_count_sent(sim, ETHERTYPE_ARP, -1);
    ping(sim, SIM_GATEWAY + 50, reply); /* three seconds: a question in each */
    assert_in_range(sim_count_sent(sim, ETHERTYPE_ARP, -1) - arps, 3, 4);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_ARP, -1) - arps, 5);
}

static int count_neighbours(struct sim *sim)
{
    uint64_t reply[IPC_WORDS] = {0};
    int count = 0;
    while (ask(sim, (uint64_t[IPC_WORDS]){NETD_NEIGHBOUR_GET, reply[4]}, reply) == OK) {
        count++;
    }
    return count;
}

static void a_new_lease_empties_the_neighbour_cache(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim->dhcp.lease_s = 1000;
    sim_run(sim, 480 * (uint64_t)SIM_S);
    ping(sim, SIM_GATEWAY, reply);
    assert_int_equal(count_neighbours(sim), 1);
    sim->dhcp.address = SIM_CLIENT + 1;
    sim_run(sim, 30 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound 10.0.2.16/24 gw=10.0.2.2"), 1);
    assert_int_equal(count_neighbours(sim), 0);
}

static void an_unused_neighbour_is_forgotten_after_its_time(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, SIM_GATEWAY, reply);
    sim_run(sim, 280 * SIM_S);
    assert_int_equal(count_neighbours(sim), 1);
    sim_run(sim, 100 * SIM_S);
    assert_int_equal(count_neighbours(sim), 0);
}

static void a_driver_that_starts_again_leaves_the_lease_alone(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    sim_restart_driver(sim);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: virtio-net up*"), 2);
    assert_int_equal(sim_count_lines(sim, "net: dhcp*"), 1);
    assert_int_equal(sim->dhcp.acks, 1);
    ping(sim, SIM_GATEWAY, reply);
    assert_int_equal(reply[0], OK);
}

static void a_link_that_comes_back_has_the_lease_confirmed_not_lost(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    sim_set_link(sim, false);
    sim_run(sim, 5 * SIM_S);
    sim_set_link(sim, true);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim->dhcp.acks, 2);
    assert_int_equal(sim->dhcp.discovers, 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp*"), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

static void a_server_gone_after_the_link_was_down_leads_to_a_new_search(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.is_silent = true;
    sim_set_link(sim, false);
    sim_run(sim, 5 * SIM_S);
    sim_set_link(sim, true);
    sim_run(sim, 30 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
}

static void an_idle_hour_with_a_lease_wakes_netd_hardly_ever(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, SIM_GATEWAY, reply);
    sim_run(sim, 600 * (uint64_t)SIM_S);
    uint64_t steps = sim->steps;
    sim_run(sim, 3600 * (uint64_t)SIM_S);
    assert_true(sim->steps - steps <= 4);
}

static void an_idle_minute_with_a_neighbour_wakes_netd_hardly_ever(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, SIM_GATEWAY, reply);
    sim_run(sim, 20 * SIM_S);
    uint64_t steps = sim->steps;
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(count_neighbours(sim), 1);
    assert_true(sim->steps - steps <= 3);
}

/* --- loopback ------------------------------------------------------------------------------ */

static void loopback_has_its_address_and_prefix(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    assert_int_equal(ask(sim, (uint64_t[IPC_WORDS]){NETD_INTERFACE_GET, 0}, reply), OK);
    struct netd_interface_facts facts = netd_word_facts(reply[3]);
    assert_int_equal(reply[1], 'l' | 'o' << 8);
    assert_int_equal(reply[2] & UINT32_MAX, LOOPBACK);
    assert_int_equal(facts.prefix, 8);
    assert_true((facts.flags & NETD_INTERFACE_LOOPBACK) != 0);
}

static void a_ping_of_loopback_is_answered_and_never_reaches_the_wire(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, LOOPBACK, reply);
    assert_int_equal(reply[0], OK);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, 1), 0);
}

static void a_ping_of_our_own_address_never_reaches_the_wire(void **state)
{
    struct sim *sim = *state;
    uint64_t reply[IPC_WORDS];
    sim_run(sim, 1 * SIM_S);
    ping(sim, SIM_CLIENT, reply);
    assert_int_equal(reply[0], OK);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, 1), 0);
}

struct raw_seen {
    int count;
    uint8_t bytes[16];
};

static u8_t see_raw(void *context, struct raw_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from)
{
    struct raw_seen *seen = context;
    (void)pcb;
    assert_int_equal(lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(from))), LOOPBACK);
    seen->count++;
    pbuf_copy_partial(pbuf, seen->bytes, sizeof(seen->bytes), 20);
    pbuf_free(pbuf);
    return 1;
}

static void raw_bytes_sent_to_loopback_come_back_unchanged(void **state)
{
    struct sim *sim = *state;
    enum { PROTOCOL_FOR_TESTS = 253 }; /* [RFC 3692] */
    const uint8_t bytes[16] = "fifteen letters";
    struct raw_seen seen = {0};
    ip_addr_t destination = IPADDR4_INIT(lwip_htonl(LOOPBACK));
    struct raw_pcb *pcb = raw_new(PROTOCOL_FOR_TESTS);
    struct pbuf *pbuf = pbuf_alloc(PBUF_IP, sizeof(bytes), PBUF_RAM);
    raw_recv(pcb, see_raw, &seen);
    assert_int_equal(pbuf_take(pbuf, bytes, sizeof(bytes)), ERR_OK);
    assert_int_equal(raw_sendto(pcb, pbuf, &destination), ERR_OK);
    pbuf_free(pbuf);
    assert_int_equal(seen.count, 0); /* sending never receives in the middle */
    sim_run(sim, 1);
    assert_int_equal(seen.count, 1);
    assert_memory_equal(seen.bytes, bytes, sizeof(bytes));
    raw_remove(pcb);
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(the_gateway_is_asked_for_by_arp_and_answers_a_ping),
        SIM_TEST(a_gateway_that_is_not_there_is_asked_for_again_and_given_up),
        SIM_TEST(a_question_after_a_long_sleep_is_not_aged_by_it),
        SIM_TEST(a_new_lease_empties_the_neighbour_cache),
        SIM_TEST(an_unused_neighbour_is_forgotten_after_its_time),
        SIM_TEST(a_driver_that_starts_again_leaves_the_lease_alone),
        SIM_TEST(a_link_that_comes_back_has_the_lease_confirmed_not_lost),
        SIM_TEST(a_server_gone_after_the_link_was_down_leads_to_a_new_search),
        SIM_TEST(an_idle_hour_with_a_lease_wakes_netd_hardly_ever),
        SIM_TEST(an_idle_minute_with_a_neighbour_wakes_netd_hardly_ever),
        SIM_TEST(loopback_has_its_address_and_prefix),
        SIM_TEST(a_ping_of_loopback_is_answered_and_never_reaches_the_wire),
        SIM_TEST(a_ping_of_our_own_address_never_reaches_the_wire),
        SIM_TEST(raw_bytes_sent_to_loopback_come_back_unchanged),
    };
    int failed = virtqueue_cases_run() + dhcp_cases_run();
    return failed + cmocka_run_group_tests_name("neighbours and loopback", tests, NULL, NULL);
}
