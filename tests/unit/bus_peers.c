/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is kept in the table of peers, and how often a source is listened to.
 */
#include <stdio.h>

#include "test.h"

#include "servers/dsoftbusd/peers.h"

enum {
    MS = 1000,
    S = 1000 * MS,
    HERE = 0x0a00020f,
    ELSEWHERE = 0x0a000210,
};

static struct peers peers;
static struct sources sources;
static struct peer evicted;
static struct peer *peer;
static uint64_t now_us;

static int begin(void **state)
{
    (void)state;
    now_us = 1000 * (uint64_t)S;
    memset(&sources, 0, sizeof(sources));
    peers_init(&peers, now_us);
    peer = NULL;
    return 0;
}

/* Node `number` with a key of its own. */
static struct announce node(unsigned number)
{
    char id[BUS_NAME_MAX];
    struct announce announce = {.port = 34567};
    (void)snprintf(id, sizeof(id), "node-%u", number);
    assert_true(bus_name_set(&announce.id, id, strlen(id)));
    memset(announce.key, (int)number, sizeof(announce.key));
    memcpy(announce.key, &number, sizeof(number));
    return announce;
}

static enum bus_counter hear_from(struct announce announce, uint32_t address, bool is_pinned)
{
    const struct heard heard = {&announce, address, is_pinned};
    return peers_hear(&peers, &heard, now_us, &peer, &evicted);
}

static enum bus_counter hear(unsigned number)
{
    return hear_from(node(number), HERE, false);
}

static struct peer *find(unsigned number)
{
    struct announce announce = node(number);
    return peers_find(&peers, &announce.id);
}

static int count_used(void)
{
    int used = 0;
    for (int i = 0; i < PEERS_MAX; i++) {
        used += peers.slot[i].is_used;
    }
    return used;
}

static void fill(void)
{
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        assert_int_equal(hear(i), BUS_announce_new);
        now_us += 100 * MS;
    }
}

/* Discovery de-duplication. */
TEST(a_node_that_announces_itself_again_and_again_is_one_peer)
{
    assert_int_equal(hear(1), BUS_announce_new);
    for (int i = 0; i < 100; i++) {
        now_us += ANNOUNCE_PERIOD_MS * MS;
        assert_int_equal(hear(1), BUS_announce_refreshed);
        assert_false(evicted.is_used);
    }
    assert_int_equal(count_used(), 1);
    assert_int_equal(find(1)->heard_us, now_us);
}

TEST(announces_of_one_moment_count_once)
{
    assert_int_equal(hear(1), BUS_announce_new);
    uint64_t first_us = now_us;
    now_us += PEER_DEBOUNCE_MS * MS - 1;
    struct announce other = node(1);
    other.port = 99;
    assert_int_equal(hear_from(other, HERE, false), BUS_announce_debounced);
    assert_int_equal(find(1)->heard_us, first_us);
    assert_int_equal(find(1)->announce.port, 34567);
    now_us += 1;
    assert_int_equal(hear_from(other, HERE, false), BUS_announce_changed);
    assert_int_equal(find(1)->announce.port, 99);
}

TEST(another_service_is_a_change)
{
    struct announce announce = node(1);
    assert_int_equal(hear_from(announce, HERE, false), BUS_announce_new);
    now_us += 1 * S;
    announce.service_count = 1;
    assert_true(bus_name_set(&announce.services[0], "echo", 4));
    assert_int_equal(hear_from(announce, HERE, false), BUS_announce_changed);
    now_us += 1 * S;
    assert_int_equal(hear_from(announce, HERE, false), BUS_announce_refreshed);
    now_us += 1 * S;
    assert_true(bus_name_set(&announce.services[0], "Echo", 4));
    assert_int_equal(hear_from(announce, HERE, false), BUS_announce_changed);
}

TEST(another_key_for_a_known_id_is_refused)
{
    struct announce forged = node(1);
    assert_int_equal(hear(1), BUS_announce_new);
    forged.key[31] ^= 1;
    now_us += 10 * (uint64_t)S;
    assert_int_equal(hear_from(forged, HERE, false), BUS_announce_key_changed);
    assert_int_equal(hear_from(forged, HERE, true), BUS_announce_key_changed);
    struct announce genuine = node(1);
    assert_memory_equal(find(1)->announce.key, genuine.key, sizeof(genuine.key));
    assert_int_equal(hear(1), BUS_announce_refreshed);
}

/* A replayed announce: the same bytes from somewhere else. */
TEST(an_announce_replayed_from_elsewhere_moves_nobody_who_is_heard)
{
    assert_int_equal(hear(1), BUS_announce_new);
    for (int i = 0; i < 10; i++) {
        now_us += ANNOUNCE_PERIOD_MS * MS / 2;
        assert_int_equal(hear_from(node(1), ELSEWHERE, false), BUS_announce_moved);
        now_us += ANNOUNCE_PERIOD_MS * MS / 2;
        assert_int_equal(hear(1), BUS_announce_refreshed);
    }
    assert_int_equal(find(1)->address, HERE);
}

/* Somebody who replays from elsewhere, and first, must not keep the genuine one out. */
TEST(an_address_where_a_connection_failed_is_not_held)
{
    assert_int_equal(hear_from(node(1), ELSEWHERE, true), BUS_announce_new);
    find(1)->failures = 1;
    now_us += 1 * S;
    assert_int_equal(hear_from(node(1), HERE, true), BUS_announce_changed);
    assert_int_equal(find(1)->address, HERE);
}

TEST(a_peer_in_a_session_is_not_moved)
{
    assert_int_equal(hear(1), BUS_announce_new);
    find(1)->sessions = 1;
    find(1)->failures = 1;
    now_us += PEER_HOLD_MS * MS;
    assert_int_equal(hear_from(node(1), ELSEWHERE, false), BUS_announce_moved);
    find(1)->sessions = 0;
    assert_int_equal(hear_from(node(1), ELSEWHERE, false), BUS_announce_changed);
}

TEST(a_node_that_fell_silent_may_come_back_elsewhere)
{
    assert_int_equal(hear(1), BUS_announce_new);
    now_us += PEER_HOLD_MS * MS;
    assert_int_equal(hear_from(node(1), ELSEWHERE, false), BUS_announce_changed);
    assert_int_equal(find(1)->address, ELSEWHERE);
}

TEST(the_least_recently_heard_peer_gives_way)
{
    fill();
    now_us += 1 * S;
    assert_int_equal(hear(0), BUS_announce_refreshed);
    assert_int_equal(hear(100), BUS_announce_new);
    assert_true(evicted.is_used);
    struct announce oldest = node(1);
    assert_true(bus_name_is_equal(&evicted.announce.id, &oldest.id));
    assert_null(find(1));
    assert_non_null(find(0));
    assert_int_equal(count_used(), PEERS_MAX);
}

TEST(a_peer_in_a_session_is_never_evicted)
{
    fill();
    find(0)->sessions = 1;
    for (unsigned i = 100; i < 200; i++) {
        now_us += 1 * S;
        assert_int_equal(hear(i), BUS_announce_new);
        assert_non_null(find(0));
    }
    for (int i = 0; i < PEERS_MAX; i++) {
        peers.slot[i].sessions = 1;
    }
    assert_int_equal(hear(300), BUS_announce_full);
    assert_int_equal(hear_from(node(301), HERE, true), BUS_announce_full);
    assert_false(evicted.is_used);
}

TEST(a_pinned_peer_gives_way_to_pinned_ones_only)
{
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        assert_int_equal(hear_from(node(i), HERE, true), BUS_announce_new);
        now_us += 1 * S;
    }
    assert_int_equal(hear(100), BUS_announce_full);
    assert_int_equal(hear_from(node(101), HERE, true), BUS_announce_new);
    assert_null(find(0)); /* the oldest */
}

TEST(one_without_a_pin_gives_way_before_an_older_one_with)
{
    assert_int_equal(hear_from(node(50), HERE, true), BUS_announce_new);
    now_us += 1 * S;
    for (unsigned i = 0; i < PEERS_MAX - 1; i++) {
        assert_int_equal(hear(i), BUS_announce_new);
        now_us += 100 * MS;
    }
    assert_int_equal(hear_from(node(101), HERE, true), BUS_announce_new);
    assert_non_null(find(50));
    assert_null(find(0));
}

TEST(a_silent_peer_expires_exactly_then_unless_it_is_in_a_session)
{
    struct peer gone;
    assert_int_equal(peers_next_us(&peers), UINT64_MAX);
    assert_int_equal(hear(1), BUS_announce_new);
    now_us += 1 * S;
    assert_int_equal(hear(2), BUS_announce_new);
    uint64_t end_us = now_us - 1 * S + PEER_TTL_MS * (uint64_t)MS;
    assert_int_equal(peers_next_us(&peers), end_us);
    assert_false(peers_expire(&peers, end_us - 1, &gone));
    find(1)->sessions = 1;
    assert_false(peers_expire(&peers, end_us, &gone));
    find(1)->sessions = 0;
    assert_true(peers_expire(&peers, end_us, &gone));
    struct announce first = node(1);
    assert_true(bus_name_is_equal(&gone.announce.id, &first.id));
    assert_false(peers_expire(&peers, end_us, &gone));
    assert_int_equal(count_used(), 1);
}

TEST(a_peer_we_are_told_of_stays_where_it_is)
{
    struct announce told = node(1);
    struct announce moved = node(1);
    assert_int_equal(peers_fix(&peers, &told, HERE, now_us), OK);
    assert_int_equal(peers_fix(&peers, &told, HERE, now_us), E_EXISTS);
    find(1)->failures = 3;
    moved.port++;
    now_us += 3600 * (uint64_t)S;
    assert_int_equal(hear_from(told, ELSEWHERE, true), BUS_announce_moved);
    assert_int_equal(hear_from(moved, HERE, true), BUS_announce_moved);
    assert_int_equal(find(1)->address, HERE);
    assert_int_equal(find(1)->announce.port, told.port);
    told.service_count = 1;
    told.services[0] = (struct bus_name){4, "echo"};
    assert_int_equal(hear_from(told, HERE, true), BUS_announce_changed);
    assert_int_equal(find(1)->announce.service_count, 1);
    now_us += 3600 * (uint64_t)S;
    assert_false(peers_expire(&peers, now_us, &evicted));
    assert_int_equal(peers_next_us(&peers), UINT64_MAX);
}

TEST(a_peer_we_are_told_of_gives_way_to_nobody)
{
    struct announce told = node(0);
    assert_int_equal(peers_fix(&peers, &told, HERE, now_us), OK);
    for (unsigned i = 1; i < 3 * PEERS_MAX; i++) {
        now_us += S;
        assert_int_equal(hear_from(node(i), HERE, true), BUS_announce_new);
    }
    assert_non_null(find(0));
    told = node(99);
    assert_int_equal(peers_fix(&peers, &told, HERE, now_us), E_LIMIT);
}

TEST(a_key_finds_its_peer)
{
    assert_int_equal(hear(1), BUS_announce_new);
    struct announce first = node(1);
    struct announce second = node(2);
    assert_ptr_equal(peers_find_key(&peers, first.key), find(1));
    assert_null(peers_find_key(&peers, second.key));
}

TEST(new_peers_without_a_pin_come_at_a_bounded_rate)
{
    int taken = 0;
    for (unsigned i = 0; i < 1000; i++) {
        enum bus_counter verdict = hear(i);
        assert_true(verdict == BUS_announce_new || verdict == BUS_announce_new_rate);
        taken += verdict == BUS_announce_new;
        now_us += 1 * MS;
    }
    assert_in_range(taken, PEERS_NEW_BURST, PEERS_NEW_BURST + PEERS_NEW_RATE);
    assert_int_equal(hear_from(node(5000), HERE, true), BUS_announce_new);
}

TEST(a_source_is_heard_at_its_rate_and_no_faster)
{
    int taken = 0;
    for (int i = 0; i < 1000; i++) { /* ten seconds */
        taken += sources_take(&sources, HERE, now_us);
        now_us += 10 * MS;
    }
    assert_in_range(taken, SOURCE_BURST + 10 * SOURCE_RATE - 1, SOURCE_BURST + 10 * SOURCE_RATE);
    assert_true(sources_take(&sources, ELSEWHERE, now_us)); /* another is not touched */
    now_us += 3600 * (uint64_t)S;
    for (int i = 0; i < SOURCE_BURST; i++) {
        assert_true(sources_take(&sources, HERE, now_us));
    }
    assert_false(sources_take(&sources, HERE, now_us));
}

TEST(the_table_of_sources_forgets_who_was_heard_longest_ago)
{
    for (int i = 0; i <= SOURCE_BURST; i++) {
        (void)!sources_take(&sources, HERE, now_us);
    }
    assert_false(sources_take(&sources, HERE, now_us));
    for (uint32_t i = 1; i < SOURCES_MAX; i++) {
        now_us += 1;
        assert_true(sources_take(&sources, HERE + i, now_us));
    }
    assert_false(sources_take(&sources, HERE, now_us)); /* still there, and now the newest */
    assert_true(sources_take(&sources, HERE + 1000, now_us + 1));
    assert_false(sources_take(&sources, HERE, now_us + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_node_that_announces_itself_again_and_again_is_one_peer, begin),
        cmocka_unit_test_setup(announces_of_one_moment_count_once, begin),
        cmocka_unit_test_setup(another_service_is_a_change, begin),
        cmocka_unit_test_setup(another_key_for_a_known_id_is_refused, begin),
        cmocka_unit_test_setup(an_announce_replayed_from_elsewhere_moves_nobody_who_is_heard,
                               begin),
        cmocka_unit_test_setup(an_address_where_a_connection_failed_is_not_held, begin),
        cmocka_unit_test_setup(a_peer_in_a_session_is_not_moved, begin),
        cmocka_unit_test_setup(a_node_that_fell_silent_may_come_back_elsewhere, begin),
        cmocka_unit_test_setup(the_least_recently_heard_peer_gives_way, begin),
        cmocka_unit_test_setup(a_peer_in_a_session_is_never_evicted, begin),
        cmocka_unit_test_setup(a_pinned_peer_gives_way_to_pinned_ones_only, begin),
        cmocka_unit_test_setup(one_without_a_pin_gives_way_before_an_older_one_with, begin),
        cmocka_unit_test_setup(a_silent_peer_expires_exactly_then_unless_it_is_in_a_session, begin),
        cmocka_unit_test_setup(a_peer_we_are_told_of_stays_where_it_is, begin),
        cmocka_unit_test_setup(a_peer_we_are_told_of_gives_way_to_nobody, begin),
        cmocka_unit_test_setup(a_key_finds_its_peer, begin),
        cmocka_unit_test_setup(new_peers_without_a_pin_come_at_a_bounded_rate, begin),
        cmocka_unit_test_setup(a_source_is_heard_at_its_rate_and_no_faster, begin),
        cmocka_unit_test_setup(the_table_of_sources_forgets_who_was_heard_longest_ago, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
