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

#include <lwip/etharp.h>
#include <lwip/prot/dhcp.h>
#include <lwip/raw.h>

#include <base/bytes.h>

#include "servers/netd/service.h"
#include "servers/netd/timers.h"
#include "tests/sim/sim.h"
#include "virtqueue_cases.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    UDP = 17,
    LOOPBACK = 0x7f000001,
};

static const char bound_line[] = "net: dhcp bound 10.0.2.15/24 gw=10.0.2.2";
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

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

static uint32_t our_address(const struct sim *sim)
{
    return lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&sim->stack.interface.netif)));
}

/* --- the first lease ----------------------------------------------------------------------- */

static void the_interface_says_what_the_driver_found(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1);
    assert_string_equal(sim->line[0], "net: virtio-net up mac=02:00:00:00:00:01 mtu=1500");
}

static void the_client_is_bound_after_discover_offer_request_ack(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim_count_lines(sim, bound_line), 1);
    assert_int_equal(sim->dhcp.discovers, 1);
    assert_int_equal(sim->dhcp.offers, 1);
    assert_int_equal(sim->dhcp.requests, 1);
    assert_int_equal(sim->dhcp.acks, 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(counted(sim, COUNTER_dhcp_bound), 1);
}

static void a_lease_without_a_router_says_none(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.router = DHCP_STUB_NO_OPTION;
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound 10.0.2.15/24 gw=none"), 1);
}

static void a_new_lease_announces_the_address_by_arp(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    int announcements = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        announcements += bytes_get_be16(head + 12) == ETHERTYPE_ARP &&
                         bytes_get_be32(head + 28) == SIM_CLIENT &&
                         bytes_get_be32(head + 38) == SIM_CLIENT;
    }
    assert_int_equal(announcements, 1);
}

static void the_stub_calls_itself_a_stub_in_every_line(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    assert_true(sim->dhcp.lines >= 2);
    for (uint32_t i = 0; i < sim->dhcp.lines; i++) {
        assert_int_equal(strncmp(sim->dhcp.line[i], "dhcp stub:", 10), 0);
    }
}

static void no_line_of_the_system_claims_to_be_the_stub(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    for (uint32_t i = 0; i < sim->lines; i++) {
        assert_null(strstr(sim->line[i], "stub"));
    }
}

/* --- renewal, rebinding, expiry ------------------------------------------------------------ */

static void without_t1_the_lease_is_renewed_at_its_half(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim_run(sim, 495 * (uint64_t)SIM_S);
    assert_int_equal(sim->dhcp.requests, 1);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->dhcp.requests, 2);
    assert_int_equal(sim->dhcp.unicast_requests, 1);
    assert_int_equal(sim->dhcp.last_ciaddr, SIM_CLIENT);
}

static void the_server_s_t1_is_obeyed(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim->dhcp.t1_s = 100;
    sim_run(sim, 95 * SIM_S);
    assert_int_equal(sim->dhcp.requests, 1);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->dhcp.requests, 2);
}

static void a_renewal_changes_nothing_and_says_nothing(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim_run(sim, 1 * SIM_S);
    uint32_t lines = sim->lines;
    uint64_t flushes = counted(sim, COUNTER_neighbour_flush);
    sim_run(sim, 10000 * (uint64_t)SIM_S);
    assert_true(sim->dhcp.acks >= 19);
    assert_int_equal(sim->dhcp.acks, counted(sim, COUNTER_dhcp_bound));
    assert_int_equal(sim->dhcp.discovers, 1);
    assert_int_equal(sim->lines, lines);
    assert_int_equal(counted(sim, COUNTER_neighbour_flush), flushes);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

static void without_t2_the_client_rebinds_by_broadcast_at_seven_eighths(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim->dhcp.ignores_unicast = true;
    sim_run(sim, 870 * (uint64_t)SIM_S);
    assert_int_equal(sim->dhcp.acks, 1);
    assert_true(sim->dhcp.unicast_requests >= 1);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->dhcp.acks, 2);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost*"), 0);
}

static void the_server_s_t2_is_obeyed(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim->dhcp.t2_s = 600;
    sim->dhcp.ignores_unicast = true;
    sim_run(sim, 595 * (uint64_t)SIM_S);
    assert_int_equal(sim->dhcp.acks, 1);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->dhcp.acks, 2);
}

static void renewal_is_retried_at_most_once_a_minute(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1200;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.is_silent = true;
    sim_run(sim, 1190 * (uint64_t)SIM_S);
    uint64_t last_us = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (bytes_get_be16(head + 12) == ETHERTYPE_IP4 && head[23] == UDP) {
            assert_true(last_us == 0 || sim->sent[i].at_us - last_us >= 60 * (uint64_t)SIM_S ||
                        sim->sent[i].at_us < 1 * SIM_S);
            last_us = sim->sent[i].at_us;
        }
    }
    assert_true(sim->dhcp.requests >= 4);
}

static void a_lease_nobody_renews_ends_with_its_time(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 100;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.is_silent = true;
    sim_run(sim, 95 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost*"), 0);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(our_address(sim), 0);
    assert_int_equal(counted(sim, COUNTER_dhcp_lost), 1);
}

static void after_expiry_a_server_that_is_back_leases_again(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 100;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.is_silent = true;
    sim_run(sim, 101 * SIM_S);
    sim->dhcp.is_silent = false;
    sim_run(sim, 20 * SIM_S);
    assert_int_equal(sim_count_lines(sim, bound_line), 2);
}

static void a_lease_for_ever_is_not_ended_by_the_times_of_the_one_before(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.lease_s = UINT32_MAX;
    sim_run(sim, 600 * (uint64_t)SIM_S);
    assert_int_equal(sim->dhcp.acks, 2);
    sim->dhcp.is_silent = true;
    sim_run(sim, 100000 * (uint64_t)SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost*"), 0);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void a_refused_renewal_loses_the_address_and_asks_anew(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.lease_s = 1000;
    sim_run(sim, 1 * SIM_S);
    sim->dhcp.refuses_renewal = true;
    sim->dhcp.address = SIM_CLIENT + 1;
    sim_run(sim, 505 * (uint64_t)SIM_S);
    assert_int_equal(sim->dhcp.naks, 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(sim->dhcp.discovers, 2);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound 10.0.2.16/24 gw=10.0.2.2"), 1);
}

static void a_server_that_refuses_for_ever_is_asked_every_ten_seconds_and_done_without(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.refuses = true;
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim->dhcp.naks, 2);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound*"), 0);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    sim_run(sim, 100 * SIM_S);
    assert_int_equal(sim->dhcp.naks, 12);
}

static void a_lease_with_a_mask_that_has_holes_is_refused(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.mask = 0xff00ff00;
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(counted(sim, COUNTER_dhcp_bad_lease), 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound*"), 0);
    assert_int_equal(our_address(sim), 0);
    sim->dhcp.mask = 0xffffff00;
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim_count_lines(sim, bound_line), 1);
}

static void leases_of_addresses_no_host_can_have_are_refused(void **state)
{
    struct sim *sim = *state;
    const uint32_t impossible[] = {0x7f000001, 0xe0000001, 0xffffffff, 0x0a000200, 0x0a0002ff};
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        sim->dhcp.address = impossible[i];
        sim_run(sim, (ADDR_RETRY_AFTER_S + 1) * SIM_S);
        assert_int_equal(sim_count_lines(sim, "net: dhcp bound*"), 0);
        assert_true(counted(sim, COUNTER_dhcp_bad_lease) >= i + 1);
    }
}

/* --- nobody answers ------------------------------------------------------------------------ */

static void without_an_answer_the_static_address_comes_after_ten_seconds(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 10 * SIM_S - 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp*"), 0);
    sim_run(sim, 1);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_true(sim->dhcp.discovers >= 3);
}

static void discovers_are_spaced_further_and_further_apart(void **state)
{
    struct sim *sim = *state;
    const uint64_t expected_s[] = {0, 2, 6, 14, 30, 62, 122};
    uint32_t seen = 0;
    sim->dhcp.is_silent = true;
    sim_run(sim, 125 * SIM_S);
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (bytes_get_be16(head + 12) == ETHERTYPE_IP4 && head[23] == UDP) {
            assert_true(seen < sizeof(expected_s) / sizeof(expected_s[0]));
            assert_int_equal(sim->sent[i].at_us / SIM_S, expected_s[seen]);
            seen++;
        }
    }
    assert_int_equal(seen, sim->dhcp.discovers);
    assert_int_equal(seen, sizeof(expected_s) / sizeof(expected_s[0]));
}

static void discovers_come_from_no_address_even_with_the_static_one_in_force(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 125 * SIM_S);
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (bytes_get_be16(head + 12) == ETHERTYPE_IP4 && head[23] == UDP) {
            assert_int_equal(bytes_get_be32(head + 26), 0);
        }
    }
}

static void a_later_lease_replaces_the_static_address(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 12 * SIM_S);
    sim->dhcp.is_silent = false;
    sim->dhcp.address = SIM_CLIENT + 5;
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound 10.0.2.20/24 gw=10.0.2.2"), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT + 5);
}

static void a_refusal_while_the_static_address_is_in_force_leaves_it_there(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 12 * SIM_S);
    sim->dhcp.is_silent = false;
    sim->dhcp.refuses = true;
    sim_run(sim, 60 * SIM_S);
    assert_true(sim->dhcp.naks >= 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
}

/* --- neighbours, link, idleness ------------------------------------------------------------ */

static uint64_t ask(struct sim *sim, const uint64_t words[IPC_WORDS], uint64_t reply[IPC_WORDS])
{
    struct service_request request = {.badge = 7, .counter_hz = SIM_S};
    memcpy(request.words, words, sizeof(request.words));
    assert_false(service_answer(&sim->stack, &request, reply));
    return reply[0];
}

static void ping(struct sim *sim, uint32_t destination, uint64_t reply[IPC_WORDS])
{
    uint64_t until = sim->now_us + 2 * SIM_S;
    assert_int_equal(ask(sim, (uint64_t[IPC_WORDS]){NETD_PING_START, destination, 56, until}, reply),
                     OK);
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
    assert_int_equal(lwip_ntohl(ip4_addr_get_u32(from)), LOOPBACK);
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
        SIM_TEST(the_interface_says_what_the_driver_found),
        SIM_TEST(the_client_is_bound_after_discover_offer_request_ack),
        SIM_TEST(a_lease_without_a_router_says_none),
        SIM_TEST(a_new_lease_announces_the_address_by_arp),
        SIM_TEST(the_stub_calls_itself_a_stub_in_every_line),
        SIM_TEST(no_line_of_the_system_claims_to_be_the_stub),
        SIM_TEST(without_t1_the_lease_is_renewed_at_its_half),
        SIM_TEST(the_server_s_t1_is_obeyed),
        SIM_TEST(a_renewal_changes_nothing_and_says_nothing),
        SIM_TEST(without_t2_the_client_rebinds_by_broadcast_at_seven_eighths),
        SIM_TEST(the_server_s_t2_is_obeyed),
        SIM_TEST(renewal_is_retried_at_most_once_a_minute),
        SIM_TEST(a_lease_nobody_renews_ends_with_its_time),
        SIM_TEST(after_expiry_a_server_that_is_back_leases_again),
        SIM_TEST(a_lease_for_ever_is_not_ended_by_the_times_of_the_one_before),
        SIM_TEST(a_refused_renewal_loses_the_address_and_asks_anew),
        SIM_TEST(a_server_that_refuses_for_ever_is_asked_every_ten_seconds_and_done_without),
        SIM_TEST(a_lease_with_a_mask_that_has_holes_is_refused),
        SIM_TEST(leases_of_addresses_no_host_can_have_are_refused),
        SIM_TEST(without_an_answer_the_static_address_comes_after_ten_seconds),
        SIM_TEST(discovers_are_spaced_further_and_further_apart),
        SIM_TEST(discovers_come_from_no_address_even_with_the_static_one_in_force),
        SIM_TEST(a_later_lease_replaces_the_static_address),
        SIM_TEST(a_refusal_while_the_static_address_is_in_force_leaves_it_there),
        SIM_TEST(the_gateway_is_asked_for_by_arp_and_answers_a_ping),
        SIM_TEST(a_gateway_that_is_not_there_is_asked_for_again_and_given_up),
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
    int virtqueue = virtqueue_cases_run();
    return cmocka_run_group_tests_name("dhcp_and_loopback", tests, NULL, NULL) + virtqueue;
}
