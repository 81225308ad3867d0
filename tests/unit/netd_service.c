/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of clients, good and bad: every one is answered, at once, with zero words after an
 * error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/dns.h>

#include "servers/netd/service.h"
#include "tests/sim/sim.h"

enum {
    BADGE = 3,
    NOTIFICATION = 0x1005,
};

static int start(void **state)
{
    struct sim *sim = sim_start();
    sim_run(sim, 1 * SIM_S);
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    dns_setserver(0, NULL); /* lwIP's state, and the next test's */
    return 0;
}

static uint64_t reply[IPC_WORDS];

static int ask(struct sim *sim, struct service_request request)
{
    request.badge = request.badge == 0 ? BADGE : request.badge;
    request.counter_hz = SIM_S;
    bool is_kept = service_answer(&sim->stack, &request, reply);
    int error = (int)(int64_t)reply[0];
    assert_int_equal(is_kept, error == OK && request.words[0] == NETD_PING_START &&
                                  request.notification != HANDLE_NONE);
    for (int i = 1; error != OK && i < IPC_WORDS; i++) {
        assert_int_equal(reply[i], 0);
    }
    return error;
}

#define ASK(...) ask(sim, (struct service_request){.words = {__VA_ARGS__}})

static void the_interface_tells_its_address_its_facts_and_its_counts(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(NETD_INTERFACE_GET, 1), OK);
    struct netd_interface_facts facts = netd_word_facts(reply[3]);
    assert_int_equal(reply[1], 'e' | 'n' << 8 | '0' << 16);
    assert_int_equal(reply[2], SIM_CLIENT | (uint64_t)SIM_GATEWAY << 32);
    assert_int_equal(facts.prefix, 24);
    assert_int_equal(facts.mtu, 1500);
    assert_int_equal(facts.address_state, NETD_ADDRESS_BOUND);
    assert_int_equal(facts.flags, NETD_INTERFACE_UP | NETD_INTERFACE_LINK);
    assert_int_equal(reply[4], 0x010000000002);
    assert_int_equal(reply[5], 2); /* offer and ack */
    assert_int_equal(reply[6], sim->sent_count);
    assert_in_range(reply[7], DHCP_STUB_LEASE_S - 1, DHCP_STUB_LEASE_S);
}

static void an_interface_past_the_last_is_not_found(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(NETD_INTERFACE_GET, 2), E_NOT_FOUND);
    assert_int_equal(ASK(NETD_INTERFACE_GET, UINT64_MAX), E_NOT_FOUND);
}

static void the_lease_tells_its_server_and_its_times_while_it_is_in_force(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(NETD_LEASE_GET, 1), OK);
    assert_int_equal(reply[1], SIM_GATEWAY);
    assert_int_equal(reply[2], DHCP_STUB_LEASE_S);
    assert_int_equal(reply[3], DHCP_STUB_LEASE_S / 2);
    assert_int_equal(reply[4], DHCP_STUB_LEASE_S / 8 * 7);
    assert_int_equal(ASK(NETD_LEASE_GET, 0), E_NOT_FOUND); /* loopback */
    assert_int_equal(ASK(NETD_LEASE_GET, 9), E_NOT_FOUND);
    sim->dhcp.is_silent = true;
    sim_run(sim, (DHCP_STUB_LEASE_S + 1) * (uint64_t)SIM_S);
    assert_int_equal(ASK(NETD_LEASE_GET, 1), E_NOT_FOUND);
}

static void every_counter_has_a_value_and_a_name(void **state)
{
    struct sim *sim = *state;
    for (uint64_t i = 0; i < COUNTERS; i++) {
        char name[NETD_COUNTER_NAME_WORDS * 8 + 1] = {0};
        assert_int_equal(ASK(NETD_COUNTER_GET, i), OK);
        memcpy(name, reply + 2, sizeof(name) - 1);
        assert_string_equal(name, stats_name((enum counter)i));
        assert_int_equal(reply[1], sim->stack.stats.value[i]);
    }
    assert_int_equal(ASK(NETD_COUNTER_GET, COUNTERS), E_NOT_FOUND);
}

static void the_congestion_control_in_use_has_a_name(void **state)
{
    struct sim *sim = *state;
    char name[NETD_CONGESTION_NAME_WORDS * 8 + 1] = {0};
    assert_int_equal(ASK(NETD_CONGESTION_GET), OK);
    memcpy(name, reply + 1, sizeof(name) - 1);
    assert_string_equal(name, "reno");
    assert_int_equal(ASK(NETD_CONGESTION_GET, 1), E_INVALID);
}

static void the_sockets_of_all_programs_are_counted(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(NETD_SOCKETS_GET), OK);
    assert_int_equal(reply[1], 0);
    sim->stack.sockets.used = 5;
    sim->stack.sockets.socket[1].life = LIFE_OWNED;
    sim->stack.sockets.socket[4].life = LIFE_CLOSING;
    assert_int_equal(ASK(NETD_SOCKETS_GET), OK);
    assert_int_equal(reply[1], 2);
    sim->stack.sockets.used = 0;
    sim->stack.sockets.socket[1].life = sim->stack.sockets.socket[4].life = LIFE_FREE;
}

static void words_that_mean_nothing_must_be_zero(void **state)
{
    struct sim *sim = *state;
    uint64_t bad = sim->stack.stats.value[COUNTER_request_bad];
    assert_int_equal(ASK(NETD_INTERFACE_GET, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_NEIGHBOUR_GET, 0, 0, 0, 0, 0, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_COUNTER_GET, 0, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_PING_START, SIM_GATEWAY, 0, UINT64_MAX, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_SOCKETS_GET, 1), E_INVALID);
    assert_int_equal(ASK(NETD_PING_TAKE, 0, 1), E_INVALID);
    assert_int_equal(ASK(NETD_LEASE_GET, 1, 1), E_INVALID);
    assert_int_equal(sim->stack.stats.value[COUNTER_request_bad], bad + 7);
}

static void unknown_labels_are_refused_and_counted(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(0), E_BAD_CALL);
    assert_int_equal(ASK(NETD_CONGESTION_GET + 1), E_BAD_CALL);
    assert_int_equal(ASK(UINT64_MAX), E_BAD_CALL);
    assert_int_equal(sim->stack.stats.value[COUNTER_request_bad], 3);
}

static void ping_words_beyond_their_range_are_refused(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ASK(NETD_PING_START, 1ull << 32 | SIM_GATEWAY, 0, UINT64_MAX), E_INVALID);
    assert_int_equal(ASK(NETD_PING_START, SIM_GATEWAY, 65536, UINT64_MAX), E_INVALID);
    assert_int_equal(ASK(NETD_PING_START, SIM_GATEWAY, NETD_PING_PAYLOAD_MAX + 1, UINT64_MAX),
                     E_INVALID);
    assert_int_equal(ASK(NETD_PING_START, SIM_GATEWAY, 0, 0), E_TIMEOUT);
    assert_int_equal(ASK(NETD_PING_START, SIM_GATEWAY, 0, UINT64_MAX, 1),
                     E_INVALID); /* bits without a notification */
    assert_int_equal(ASK(NETD_PING_TAKE, 1ull << 40), E_NOT_FOUND);
}

static void a_ping_signals_its_client_and_is_taken_by_it_alone(void **state)
{
    struct sim *sim = *state;
    struct service_request request = {
        .words = {NETD_PING_START, SIM_GATEWAY, 1472, 5 * SIM_S, 8},
        .notification = NOTIFICATION,
    };
    assert_int_equal(ask(sim, request), OK);
    uint64_t token = reply[1];
    assert_int_equal(ASK(NETD_PING_TAKE, token), E_AGAIN);
    sim_run(sim, 1);
    struct wakeup wakeup = pings_next_wakeup(&sim->stack.pings);
    assert_int_equal(wakeup.notification, NOTIFICATION);
    assert_int_equal(wakeup.bits, 8);
    struct service_request foreign = {.badge = BADGE + 1, .words = {NETD_PING_TAKE, token}};
    assert_int_equal(ask(sim, foreign), E_NOT_FOUND);
    assert_int_equal(ASK(NETD_PING_TAKE, token), OK);
    assert_int_equal(reply[3], 1472);
}

static void a_ping_with_no_way_there_ends_as_unreachable(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.router = DHCP_STUB_NO_OPTION;
    sim_run(sim, 50000 * (uint64_t)SIM_S); /* the renewal takes the router away */
    assert_int_equal(ASK(NETD_PING_START, 0x08080808, 0, UINT64_MAX), OK);
    assert_int_equal(ASK(NETD_PING_TAKE, reply[1]), E_UNREACHABLE);
}

static void allow(struct sim *sim)
{
    sim->stack.sockets.client[BADGE - 1].facts.flags = MAY_CONFIGURE;
}

static uint32_t our_address(const struct sim *sim)
{
    return lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&sim->stack.link[0].interface.netif)));
}

static void who_may_not_configure_changes_nothing(void **state)
{
    struct sim *sim = *state;
    sim->stack.sockets.client[BADGE - 1].facts.flags = (uint32_t)~MAY_CONFIGURE;
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RELEASE), E_DENIED);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a000201, 24), E_DENIED);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 0), E_DENIED);
    struct service_request nobody = {.badge = UINT64_MAX, .words = {NETD_INTERFACE_SET, 1}};
    assert_int_equal(ask(sim, nobody), E_DENIED);
    assert_int_equal(sim->stack.stats.value[COUNTER_request_denied], 4);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(sim->dhcp.releases, 0);
}

static void impossible_settings_are_refused(void **state)
{
    struct sim *sim = *state;
    allow(sim);
    assert_int_equal(ASK(NETD_LEASE_SET, 0, NETD_LEASE_RENEW), E_NOT_FOUND); /* loopback */
    assert_int_equal(ASK(NETD_LEASE_SET, 9, NETD_LEASE_RENEW), E_NOT_FOUND);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, 3), E_INVALID);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RENEW, 1), E_INVALID);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a000205, 33), E_INVALID);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a000205, 0), E_INVALID);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a0002ff, 24), E_INVALID);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x7f000001, 8), E_INVALID);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 2), E_INVALID);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 1, 1279), E_INVALID);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 1, 1501), E_INVALID);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

static void a_lease_is_renewed_and_given_back_by_request(void **state)
{
    struct sim *sim = *state;
    allow(sim);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RENEW), OK);
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim->dhcp.unicast_requests, 1);
    assert_int_equal(sim->dhcp.acks, 2);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RELEASE), OK);
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(sim->dhcp.releases, 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(our_address(sim), 0);
    assert_true(ip_addr_isany(dns_getserver(0)));
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RELEASE), E_STATE);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RENEW), OK);
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(sim->dhcp.discovers, 2);
}

static void an_address_set_by_hand_holds_until_a_lease_is_asked_for(void **state)
{
    struct sim *sim = *state;
    allow(sim);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a000232 | (uint64_t)SIM_GATEWAY << 32, 16), OK);
    sim_run(sim, 100 * SIM_S);
    assert_int_equal(sim->dhcp.releases, 1);
    assert_int_equal(sim->dhcp.discovers, 1);
    assert_int_equal(ASK(NETD_INTERFACE_GET, 1), OK);
    assert_int_equal(reply[2], 0x0a000232 | (uint64_t)SIM_GATEWAY << 32);
    assert_int_equal(netd_word_facts(reply[3]).prefix, 16);
    assert_int_equal(netd_word_facts(reply[3]).address_state, NETD_ADDRESS_STATIC);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RENEW), OK);
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

static void an_interface_goes_down_and_comes_up_by_request(void **state)
{
    struct sim *sim = *state;
    allow(sim);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 0), OK);
    sim_run(sim, 20 * SIM_S);
    uint32_t sent = sim->sent_count;
    sim_run(sim, 200 * SIM_S);
    assert_int_equal(sim->sent_count, sent);
    assert_int_equal(ASK(NETD_LEASE_SET, 1, NETD_LEASE_RENEW), E_STATE);
    assert_int_equal(ASK(NETD_ADDRESS_SET, 1, 0x0a000232, 24), E_STATE);
    assert_int_equal(ASK(NETD_INTERFACE_SET, 1, 1, 1400), OK);
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(ASK(NETD_INTERFACE_GET, 1), OK);
    assert_int_equal(netd_word_facts(reply[3]).mtu, 1400);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

static void ticks_become_microseconds_and_back(void **state)
{
    (void)state;
    const uint64_t rates[] = {1, 1000000, 10000000, 62500000, 1000000000};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        assert_int_equal(service_ticks_to_us(DEADLINE_FOREVER, rates[i]), UINT64_MAX);
        assert_int_equal(service_us_to_ticks(UINT64_MAX, rates[i]), DEADLINE_FOREVER);
        assert_int_equal(service_ticks_to_us(rates[i] * 7, rates[i]), 7000000);
        assert_int_equal(service_us_to_ticks(7000000, rates[i]), rates[i] * 7);
        assert_true(service_ticks_to_us(DEADLINE_FOREVER - 1, rates[i]) > 1ull << 50);
    }
    assert_int_equal(service_us_to_ticks(1, 62500000), 63); /* never early */
    assert_int_equal(service_us_to_ticks(UINT64_MAX - 1, 62500000), DEADLINE_FOREVER);
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(the_interface_tells_its_address_its_facts_and_its_counts),
        SIM_TEST(an_interface_past_the_last_is_not_found),
        SIM_TEST(the_lease_tells_its_server_and_its_times_while_it_is_in_force),
        SIM_TEST(every_counter_has_a_value_and_a_name),
        SIM_TEST(the_congestion_control_in_use_has_a_name),
        SIM_TEST(the_sockets_of_all_programs_are_counted),
        SIM_TEST(words_that_mean_nothing_must_be_zero),
        SIM_TEST(unknown_labels_are_refused_and_counted),
        SIM_TEST(ping_words_beyond_their_range_are_refused),
        SIM_TEST(a_ping_signals_its_client_and_is_taken_by_it_alone),
        SIM_TEST(a_ping_with_no_way_there_ends_as_unreachable),
        SIM_TEST(who_may_not_configure_changes_nothing),
        SIM_TEST(impossible_settings_are_refused),
        SIM_TEST(a_lease_is_renewed_and_given_back_by_request),
        SIM_TEST(an_address_set_by_hand_holds_until_a_lease_is_asked_for),
        SIM_TEST(an_interface_goes_down_and_comes_up_by_request),
        cmocka_unit_test(ticks_become_microseconds_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
