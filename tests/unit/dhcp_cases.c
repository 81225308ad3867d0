/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real DHCP client against the DHCP stub, in virtual time: the first lease, renewal, rebinding,
 * expiry, refusals, and nobody there.
 */
#include "dhcp_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "tests/sim/sim.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    UDP = 17,
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
    return lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&sim->stack.link[0].interface.netif)));
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
    assert_true(announcements >= 1);
}

/* How many questions by ARP whether this address is free went out. */
static int count_probes(const struct sim *sim, uint32_t address)
{
    int probes = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        probes += bytes_get_be16(head + 12) == ETHERTYPE_ARP && bytes_get_be32(head + 28) == 0 &&
                  bytes_get_be32(head + 38) == address;
    }
    return probes;
}

static void a_lease_is_asked_for_three_times_before_it_is_used(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, SIM_S / 10);
    assert_int_equal(sim_count_lines(sim, "net: dhcp*"), 0);
    assert_int_equal(our_address(sim), 0);
    sim_run(sim, SIM_S);
    assert_int_equal(count_probes(sim, SIM_CLIENT), 3);
    assert_int_equal(sim_count_lines(sim, bound_line), 1);
}

static void a_lease_that_another_host_has_is_declined(void **state)
{
    struct sim *sim = *state;
    bool is_there = true;
    sim->peer = sim_have_the_address;
    sim->peer_context = &is_there;
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(sim->dhcp.declines, 1);
    assert_int_equal(sim->dhcp.last_server, SIM_GATEWAY);
    assert_int_equal(counted(sim, COUNTER_dhcp_declined), 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp*"), 0);
    sim->dhcp.address = SIM_CLIENT + 1;
    sim_run(sim, 15 * SIM_S);
    assert_int_equal(sim->dhcp.discovers, 2); /* ten seconds later */
    assert_int_equal(sim_count_lines(sim, "net: dhcp bound 10.0.2.16/24 gw=10.0.2.2"), 1);
}

/* Somebody says that the address is his. */
static void claim_address(struct sim *sim)
{
    bool is_there = true;
    uint8_t claim[42], question[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6,
                                       0,    1,    8,    0,    6,    4,    0, 1};
    bytes_put_be32(question + 38, SIM_CLIENT);
    assert_int_equal(sim_have_the_address(&is_there, question, sizeof(question), claim), 42);
    memset(claim, 0xff, 6);
    sim_receive(sim, claim, sizeof(claim));
    sim_run(sim, SIM_S);
}

static void a_claim_of_our_address_is_answered_once_and_then_believed(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 2 * SIM_S);
    uint32_t sent = sim->sent_count;
    claim_address(sim);
    assert_true(sim->sent_count > sent);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    claim_address(sim);
    assert_int_equal(our_address(sim), 0);
    assert_int_equal(sim->dhcp.declines, 1);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
}

static void the_server_is_told_our_name(void **state)
{
    struct sim *sim = *state;
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim->dhcp.names, 2);
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

static void the_mtu_of_a_lease_holds_while_it_is_in_force(void **state)
{
    struct sim *sim = *state;
    const struct netif *netif = &sim->stack.link[0].interface.netif;
    sim->dhcp.lease_s = 1000;
    sim->dhcp.mtu = 1400;
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(netif->mtu, 1400);
    sim->dhcp.mtu = 575; /* at the renewal, as those below */
    sim_run(sim, 500 * (uint64_t)SIM_S);
    assert_int_equal(netif->mtu, 1400);
    assert_int_equal(sim->stack.stats.value[COUNTER_dhcp_bad_mtu], 1);
    sim->dhcp.mtu = 9000; /* more than the device has */
    sim_run(sim, 500 * (uint64_t)SIM_S);
    assert_int_equal(netif->mtu, 1400);
    sim->dhcp.is_silent = true;
    sim_run(sim, 1100 * (uint64_t)SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost 10.0.2.15"), 1);
    assert_int_equal(netif->mtu, 1500);
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
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    sim_run(sim, 99 * SIM_S);
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
    assert_int_equal(count_probes(sim, SIM_CLIENT), 0);
    sim_run(sim, SIM_S / 10);
    assert_int_equal(our_address(sim), 0); /* it is asked for first */
    sim_run(sim, SIM_S);
    assert_int_equal(count_probes(sim, SIM_CLIENT), 3);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_true(sim->dhcp.discovers >= 3);
}

static void a_static_address_that_another_host_has_is_left_and_asked_for_again(void **state)
{
    struct sim *sim = *state;
    bool is_there = true;
    sim->dhcp.is_silent = true;
    sim->peer = sim_have_the_address;
    sim->peer_context = &is_there;
    sim_run(sim, 12 * SIM_S);
    assert_int_equal(our_address(sim), 0);
    assert_int_equal(sim_count_lines(sim, "net: conflict 10.0.2.15"), 1);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 1);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 2);
    assert_int_equal(sim_count_lines(sim, fallback_line), 0);
    is_there = false;
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 2);
}

static void a_claim_of_the_static_address_is_answered_once_and_then_believed(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 12 * SIM_S);
    claim_address(sim);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 0);
    claim_address(sim);
    assert_int_equal(our_address(sim), 0);
    assert_int_equal(sim_count_lines(sim, "net: conflict 10.0.2.15"), 1);
}

static void a_link_that_was_down_is_no_conflict_and_the_static_address_stays(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 12 * SIM_S);
    sim_set_link(sim, false);
    sim_run(sim, 20 * SIM_S);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    sim->sent_count = 0;
    sim_set_link(sim, true);
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(count_probes(sim, SIM_CLIENT), 3);
    assert_int_equal(our_address(sim), SIM_CLIENT);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 0);
    assert_int_equal(sim_count_lines(sim, fallback_line), 1);
}

static void a_link_that_went_down_after_a_conflict_is_no_other_conflict(void **state)
{
    struct sim *sim = *state;
    sim->dhcp.is_silent = true;
    sim_run(sim, 10 * SIM_S + SIM_S / 100); /* it is asked for */
    claim_address(sim);
    sim_run(sim, 9 * SIM_S + SIM_S / 10); /* and again */
    sim_set_link(sim, false);
    sim_run(sim, 5 * SIM_S);
    sim_set_link(sim, true);
    sim_run(sim, 22 * SIM_S); /* it was announced: lwIP counts anew */
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 1);
    claim_address(sim);
    claim_address(sim);
    assert_int_equal(counted(sim, COUNTER_addr_conflict), 2);
}

static void discovers_are_spaced_further_and_further_apart(void **state)
{
    struct sim *sim = *state;
    /* Each time twice as long, a second more or less, rounded up to half a second. */
    const uint64_t expected_s[] = {0, 2, 4, 8, 16, 32, 60};
    uint64_t last_us = 0;
    uint32_t seen = 0;
    bool is_random = false;
    sim->dhcp.is_silent = true;
    sim_run(sim, 125 * SIM_S);
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (bytes_get_be16(head + 12) == ETHERTYPE_IP4 && head[23] == UDP) {
            assert_true(seen < sizeof(expected_s) / sizeof(expected_s[0]));
            uint64_t after_us = sim->sent[i].at_us - last_us;
            if (seen != 0) {
                assert_in_range(after_us, (expected_s[seen] - 1) * SIM_S,
                                (expected_s[seen] + 2) * SIM_S);
                is_random |= after_us != expected_s[seen] * SIM_S;
            }
            last_us = sim->sent[i].at_us;
            seen++;
        }
    }
    assert_int_equal(seen, sim->dhcp.discovers);
    assert_true(seen >= 6 && is_random);
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

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int dhcp_cases_run(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(the_interface_says_what_the_driver_found),
        SIM_TEST(the_client_is_bound_after_discover_offer_request_ack),
        SIM_TEST(a_lease_without_a_router_says_none),
        SIM_TEST(a_new_lease_announces_the_address_by_arp),
        SIM_TEST(a_lease_is_asked_for_three_times_before_it_is_used),
        SIM_TEST(a_lease_that_another_host_has_is_declined),
        SIM_TEST(a_claim_of_our_address_is_answered_once_and_then_believed),
        SIM_TEST(the_server_is_told_our_name),
        SIM_TEST(the_stub_calls_itself_a_stub_in_every_line),
        SIM_TEST(no_line_of_the_system_claims_to_be_the_stub),
        SIM_TEST(without_t1_the_lease_is_renewed_at_its_half),
        SIM_TEST(the_server_s_t1_is_obeyed),
        SIM_TEST(a_renewal_changes_nothing_and_says_nothing),
        SIM_TEST(without_t2_the_client_rebinds_by_broadcast_at_seven_eighths),
        SIM_TEST(the_server_s_t2_is_obeyed),
        SIM_TEST(the_mtu_of_a_lease_holds_while_it_is_in_force),
        SIM_TEST(renewal_is_retried_at_most_once_a_minute),
        SIM_TEST(a_lease_nobody_renews_ends_with_its_time),
        SIM_TEST(after_expiry_a_server_that_is_back_leases_again),
        SIM_TEST(a_lease_for_ever_is_not_ended_by_the_times_of_the_one_before),
        SIM_TEST(a_refused_renewal_loses_the_address_and_asks_anew),
        SIM_TEST(a_server_that_refuses_for_ever_is_asked_every_ten_seconds_and_done_without),
        SIM_TEST(a_lease_with_a_mask_that_has_holes_is_refused),
        SIM_TEST(leases_of_addresses_no_host_can_have_are_refused),
        SIM_TEST(without_an_answer_the_static_address_comes_after_ten_seconds),
        SIM_TEST(a_static_address_that_another_host_has_is_left_and_asked_for_again),
        SIM_TEST(a_claim_of_the_static_address_is_answered_once_and_then_believed),
        SIM_TEST(a_link_that_was_down_is_no_conflict_and_the_static_address_stays),
        SIM_TEST(a_link_that_went_down_after_a_conflict_is_no_other_conflict),
        SIM_TEST(discovers_are_spaced_further_and_further_apart),
        SIM_TEST(discovers_come_from_no_address_even_with_the_static_one_in_force),
        SIM_TEST(a_later_lease_replaces_the_static_address),
        SIM_TEST(a_refusal_while_the_static_address_is_in_force_leaves_it_there),
    };
    return cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
}
