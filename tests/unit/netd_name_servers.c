/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which name servers are asked: those that a lease tells of, as long as it is in force.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/dns.h>

#include "tests/sim/sim.h"

enum { LEASE_S = 1000, OTHER_SERVER = 0x0a000204 };

static int start(void **state)
{
    struct sim *sim = sim_start();
    sim->dhcp.lease_s = LEASE_S;
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    dns_setserver(0, NULL); /* lwIP's state, and the next test's */
    return 0;
}

static uint32_t name_server(u8_t number)
{
    return lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(dns_getserver(number))));
}

static void run_s(struct sim *sim, uint64_t seconds)
{
    sim_run(sim, seconds * SIM_S);
}

static void a_lease_that_nobody_renews_takes_its_name_servers_with_it(void **state)
{
    struct sim *sim = *state;
    run_s(sim, 1);
    sim->dhcp.is_silent = true;
    run_s(sim, LEASE_S - 10);
    assert_int_equal(name_server(0), sim->dhcp.dns);
    run_s(sim, 20);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(name_server(0), 0);
}

static void a_lease_that_is_refused_takes_its_name_servers_with_it(void **state)
{
    struct sim *sim = *state;
    run_s(sim, 1);
    assert_int_equal(name_server(0), sim->dhcp.dns);
    sim->dhcp.refuses = sim->dhcp.refuses_renewal = true;
    run_s(sim, LEASE_S / 2 + 5);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(name_server(0), 0);
}

static void a_lease_that_another_host_has_brings_no_name_servers(void **state)
{
    struct sim *sim = *state;
    bool is_there = true;
    sim->peer = sim_have_the_address;
    sim->peer_context = &is_there;
    run_s(sim, 2);
    assert_int_equal(sim->dhcp.declines, 1);
    assert_int_equal(name_server(0), 0);
}

static void an_impossible_lease_brings_no_name_servers(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.mask = 0xff00ff00;
    run_s(sim, 5);
    assert_true(sim->stack.stats.value[COUNTER_dhcp_bad_lease] >= 1);
    assert_int_equal(name_server(0), 0);
}

static void a_renewal_that_names_fewer_servers_leaves_no_others(void **state)
{
    struct sim *sim = *state;
    const ip_addr_t other = IPADDR4_INIT(lwip_htonl(OTHER_SERVER));
    run_s(sim, 1);
    dns_setserver(1, &other);
    assert_int_equal(name_server(1), OTHER_SERVER);
    run_s(sim, LEASE_S / 2 + 5);
    assert_int_equal(sim->dhcp.acks, 2);
    assert_int_equal(name_server(0), sim->dhcp.dns);
    assert_int_equal(name_server(1), 0);
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_lease_that_nobody_renews_takes_its_name_servers_with_it),
        SIM_TEST(a_lease_that_is_refused_takes_its_name_servers_with_it),
        SIM_TEST(a_lease_that_another_host_has_brings_no_name_servers),
        SIM_TEST(an_impossible_lease_brings_no_name_servers),
        SIM_TEST(a_renewal_that_names_fewer_servers_leaves_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
