/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which way a packet goes: the choice alone, then two interfaces of a whole stack. The second has
 * no driver; its link and address are put up by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/dns.h>
#include <lwip/ip.h>

#include "servers/netd/service.h"
#include "tests/sim/sim.h"

enum {
    LO = 1,
    FIRST = 2,
    SECOND = 3,
    FIRST_ADDRESS = 0x0a00020f, /* 10.0.2.15, gateway 10.0.2.2 */
    SECOND_ADDRESS = 0x0a00030f, /* 10.0.3.15, gateway 10.0.3.2 */
    FAR = 0x08080808,
    BADGE = 7,
};

static const struct route_link links[] = {
    {0x7f000001, 0, 8, LO, 0},
    {FIRST_ADDRESS, 0x0a000202, 24, FIRST, 100},
    {SECOND_ADDRESS, 0x0a000302, 24, SECOND, 200},
};

static struct route find(const struct routes *routes, uint32_t source, uint32_t destination)
{
    struct route found = {0};
    if (!routes_find(routes, links, 3, source, destination, &found)) {
        found.interface = 0;
    }
    return found;
}

static void the_longest_prefix_is_taken_then_the_lowest_metric(void **state)
{
    struct routes routes = {0};
    (void)state;
    assert_int_equal(find(&routes, 0, 0x0a000203).interface, FIRST);
    assert_int_equal(find(&routes, 0, 0x0a000303).interface, SECOND);
    assert_int_equal(find(&routes, 0, 0x0a000303).gateway, 0);
    assert_int_equal(find(&routes, 0, FAR).interface, FIRST);
    assert_int_equal(find(&routes, 0, FAR).gateway, 0x0a000202);
    const struct route far = {0x08000000, 0x0a000309, 8, SECOND, 300, false};
    const struct route same = {0x08000000, 0x0a000209, 8, FIRST, 301, false};
    assert_int_equal(routes_add(&routes, &far), OK);
    assert_int_equal(routes_add(&routes, &same), OK);
    assert_int_equal(find(&routes, 0, FAR).interface, SECOND);
    assert_int_equal(find(&routes, 0, FAR).gateway, 0x0a000309);
    assert_int_equal(routes_remove(&routes, &far), OK);
    assert_int_equal(find(&routes, 0, FAR).gateway, 0x0a000209);
    assert_int_equal(find(&routes, 0, 0x09000000).gateway, 0x0a000202);
}

static void a_packet_leaves_by_the_interface_of_its_source(void **state)
{
    struct routes routes = {0};
    (void)state;
    assert_int_equal(find(&routes, SECOND_ADDRESS, FAR).interface, SECOND);
    assert_int_equal(find(&routes, SECOND_ADDRESS, FAR).gateway, 0x0a000302);
    assert_int_equal(find(&routes, SECOND_ADDRESS, 0xe0000001).interface, SECOND);
    assert_int_equal(find(&routes, 0, 0xe0000001).interface, 0); /* lwIP's default */
    assert_int_equal(find(&routes, 0, UINT32_MAX).interface, 0);
}

static void what_is_for_ourselves_goes_to_the_interface_that_has_the_address(void **state)
{
    struct routes routes = {0};
    (void)state;
    assert_int_equal(find(&routes, FIRST_ADDRESS, SECOND_ADDRESS).interface, SECOND);
    assert_int_equal(find(&routes, SECOND_ADDRESS, FIRST_ADDRESS).interface, FIRST);
    assert_int_equal(find(&routes, FIRST_ADDRESS, 0x7f000002).interface, 0); /* lwIP knows lo */
}

static void a_route_of_an_interface_that_is_down_does_not_count(void **state)
{
    struct routes routes = {0};
    struct route found;
    const struct route far = {0x08000000, 0x0a000309, 8, SECOND, 1, false};
    (void)state;
    assert_int_equal(routes_add(&routes, &far), OK);
    assert_true(routes_find(&routes, links, 2, 0, FAR, &found));
    assert_int_equal(found.interface, FIRST);
    assert_false(routes_find(&routes, links, 1, 0, FAR, &found));
}

static void impossible_routes_are_refused(void **state)
{
    struct routes routes = {0};
    struct route route = {0x08000001, 0, 8, FIRST, 1, false};
    (void)state;
    assert_int_equal(routes_add(&routes, &route), E_INVALID); /* bits behind the prefix */
    route = (struct route){0x08000000, 0xe0000001, 8, FIRST, 1, false};
    assert_int_equal(routes_add(&routes, &route), E_INVALID); /* a group as gateway */
    route = (struct route){0x08000000, 0, 33, FIRST, 1, false};
    assert_int_equal(routes_add(&routes, &route), E_INVALID);
    route = (struct route){0x08000000, 0, 8, FIRST, ROUTES_METRIC_MAX + 1, false};
    assert_int_equal(routes_add(&routes, &route), E_INVALID);
    assert_int_equal(routes.count, 0);
    for (uint32_t i = 0; i < ROUTES_MAX; i++) {
        route = (struct route){i << 24, 0, 8, FIRST, 1, false};
        assert_int_equal(routes_add(&routes, &route), OK);
    }
    route = (struct route){0x30000000, 0, 8, FIRST, 1, false};
    assert_int_equal(routes_add(&routes, &route), E_LIMIT);
    assert_int_equal(routes_remove(&routes, &route), E_NOT_FOUND);
    route = (struct route){0x05000000, 0x0a000209, 8, FIRST, 2, false};
    assert_int_equal(routes_add(&routes, &route), OK); /* the same, changed */
    assert_int_equal(routes.count, ROUTES_MAX);
}

/* --- two interfaces -------------------------------------------------------------------------- */

static struct sim *sim;
static struct frames_area *second_area;
static uint64_t reply[IPC_WORDS];

static void ignore_conflict(struct netif *netif, acd_callback_enum_t state)
{
    (void)netif;
    (void)state;
}

/* The second interface has an address that nobody had to be asked for. */
static int start(void **state)
{
    (void)state;
    sim = sim_start();
    sim->dhcp.router = SIM_GATEWAY;
    second_area = aligned_alloc(PAGE_BYTES, sizeof(*second_area));
    memset(second_area, 0, sizeof(*second_area));
    assert_int_equal(stack_attach(&sim->stack, second_area), OK);
    sim_run(sim, 3 * SIM_S);
    struct netif *netif = &sim->stack.link[1].interface.netif;
    const ip4_addr_t address = {lwip_htonl(SECOND_ADDRESS)};
    const ip4_addr_t mask = {lwip_htonl(0xffffff00)};
    const ip4_addr_t gateway = {lwip_htonl(0x0a000302)};
    netif_set_addr(netif, &address, &mask, &gateway);
    netif_set_link_up(netif);
    sim->stack.link[1].addr.netif = netif;
    sim->stack.link[1].addr.mode = ADDR_NONE;
    assert_int_equal(acd_add(netif, &sim->stack.link[1].addr.acd, ignore_conflict), ERR_OK);
    routes_update();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    netif_set_link_down(&sim->stack.link[1].interface.netif);
    sim_stop(sim);
    free(second_area);
    return 0;
}

static int ask(uint64_t label, uint64_t one, uint64_t two, uint64_t three, uint64_t four)
{
    struct service_request request = {.badge = BADGE, .words = {label, one, two, three, four}};
    (void)service_answer(&sim->stack, &request, reply);
    return (int)(int64_t)reply[0];
}

static const struct netif *way(uint32_t source, uint32_t destination)
{
    ip_addr_t from = IPADDR4_INIT(lwip_htonl(source));
    ip_addr_t to = IPADDR4_INIT(lwip_htonl(destination));
    return ip_route(&from, &to);
}

static void each_interface_has_a_name_and_its_own_counts(void **state)
{
    (void)state;
    assert_int_equal(ask(NETD_INTERFACE_GET, 1, 0, 0, 0), OK);
    assert_memory_equal(&reply[1], "en0\0\0\0\0", 8);
    assert_true(reply[5] != 0 && reply[6] != 0);
    assert_int_equal(ask(NETD_INTERFACE_GET, 2, 0, 0, 0), OK);
    assert_memory_equal(&reply[1], "en1\0\0\0\0", 8);
    assert_int_equal(reply[5], 0);
    assert_int_equal(reply[6], 0);
}

static void lwip_sends_where_the_routes_say(void **state)
{
    const struct netif *first = &sim->stack.link[0].interface.netif;
    const struct netif *second = &sim->stack.link[1].interface.netif;
    (void)state;
    assert_ptr_equal(way(0, 0x0a000303), second);
    assert_ptr_equal(way(0, FAR), first);
    assert_ptr_equal(way(SECOND_ADDRESS, FAR), second);
    assert_ptr_equal(way(0, SECOND_ADDRESS), second);
    assert_ptr_equal(way(0, 0x7f000001)->output, netif_get_by_index(LO)->output);
    sim->stack.sockets.client[BADGE - 1].facts.flags = MAY_CONFIGURE;
    assert_int_equal(ask(NETD_INTERFACE_SET, 2, 1, 0, 50 + 1), OK);
    assert_ptr_equal(way(0, FAR), second);
    assert_ptr_equal(netif_default, second);
    netif_set_link_down(&sim->stack.link[1].interface.netif);
    routes_update();
    assert_ptr_equal(way(0, FAR), first);
    assert_ptr_equal(netif_default, first);
}

static void routes_are_set_and_listed_by_request(void **state)
{
    const uint64_t net = 0x08000000 | (uint64_t)0x0a000309 << 32;
    const uint64_t facts = netd_route_word((struct netd_route_facts){8, 0, 5});
    int count = 0, set = 0;
    (void)state;
    sim->stack.sockets.client[BADGE - 1].facts.flags = 0;
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts, 1), E_DENIED);
    sim->stack.sockets.client[BADGE - 1].facts.flags = MAY_CONFIGURE;
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts, 2), E_INVALID);
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts | 1ull << 40, 1), E_INVALID);
    assert_int_equal(ask(NETD_ROUTE_SET, 0, net, facts, 1), E_NOT_FOUND); /* loopback */
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts, 0), E_NOT_FOUND);
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts, 1), OK);
    assert_ptr_equal(way(0, FAR), &sim->stack.link[1].interface.netif);
    for (; ask(NETD_ROUTE_GET, (uint64_t)count, 0, 0, 0) == OK; count++) {
        set += netd_word_route(reply[2]).is_set && reply[1] == net && reply[3] == 2;
    }
    assert_int_equal(count, 6); /* lo; two networks, two gateways; the one that was set */
    assert_int_equal(set, 1);
    assert_int_equal(ask(NETD_ROUTE_SET, 2, net, facts, 0), OK);
    assert_ptr_equal(way(0, FAR), &sim->stack.link[0].interface.netif);
}

static void the_name_servers_are_those_of_the_default_interface(void **state)
{
    (void)state;
    assert_int_equal(ip4_addr_get_u32(ip_2_ip4(dns_getserver(0))), lwip_htonl(sim->dhcp.dns));
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_is_taken_then_the_lowest_metric),
        cmocka_unit_test(a_packet_leaves_by_the_interface_of_its_source),
        cmocka_unit_test(what_is_for_ourselves_goes_to_the_interface_that_has_the_address),
        cmocka_unit_test(a_route_of_an_interface_that_is_down_does_not_count),
        cmocka_unit_test(impossible_routes_are_refused),
        SIM_TEST(each_interface_has_a_name_and_its_own_counts),
        SIM_TEST(lwip_sends_where_the_routes_say),
        SIM_TEST(routes_are_set_and_listed_by_request),
        SIM_TEST(the_name_servers_are_those_of_the_default_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
