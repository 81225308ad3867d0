/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sockets through an arena: over loopback against each other, over the wire against a peer
 * that is made of single segments.
 */
#include <errno.h>

#include "test.h"

#include <lwip/tcp.h>

#include "tests/sim/arena.h"

enum {
    PORT = 7,
    WIRE_PORT = 40000,
    STREAM_BYTES = 100000,
};

static struct arena client;
static struct arena server;

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim_run(sim, 1 * SIM_S);
    arena_start(&client, sim, 0, &facts);
    arena_start(&server, sim, 1, &facts);
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    arena_free(&client);
    arena_free(&server);
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

struct pair {
    uint32_t here;
    uint32_t there;
};

/* A connection of the client to a listener of the server, over loopback. */
static struct pair connect_pair(struct sim *sim, uint32_t listener)
{
    int here = arena_make(&client, SOCKET_STREAM);
    assert_true(here >= 0);
    assert_int_equal(arena_connect(&client, (uint32_t)here, ARENA_LOOPBACK, PORT), 0);
    assert_int_equal(arena_state(&client, (uint32_t)here), SOCKET_CONNECTING);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, (uint32_t)here), SOCKET_CONNECTED);
    int there = arena_accept(&server, listener);
    assert_true(there >= 0);
    assert_int_equal(arena_state(&server, (uint32_t)there), SOCKET_CONNECTED);
    return (struct pair){(uint32_t)here, (uint32_t)there};
}

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

static void bytes_go_both_ways_through_loopback(void **state)
{
    struct sim *sim = *state;
    char text[16];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    assert_int_equal(arena_send(&client, pair.here, "hello", 5), 5);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&server, pair.there, text, sizeof(text)), 5);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(arena_send(&server, pair.there, "world!", 6), 6);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&client, pair.here, text, sizeof(text)), 6);
    assert_memory_equal(text, "world!", 6);
}

static void both_ends_know_their_names(void **state)
{
    struct sim *sim = *state;
    uint8_t loopback[SOCKET_ADDRESS_BYTES];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    struct socket_slot *here = arena_slot(&client, pair.here);
    struct socket_slot *there = arena_slot(&server, pair.there);
    arena_address(ARENA_LOOPBACK, loopback);
    assert_int_equal(here->peer.port, PORT);
    assert_int_equal(there->local.port, PORT);
    assert_true(here->local.port >= SOCKET_EPHEMERAL_FIRST);
    assert_int_equal(here->local.port, there->peer.port);
    assert_memory_equal(here->peer.address, loopback, sizeof(loopback));
    assert_memory_equal(there->peer.address, loopback, sizeof(loopback));
    assert_int_equal(atomic_load(&here->named) % 2, 0);
}

/* More than the rings hold, in pieces that do not divide them, so that both wrap. */
static void a_stream_longer_than_its_rings_arrives_whole_and_in_order(void **state)
{
    struct sim *sim = *state;
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    uint32_t sent = 0;
    uint32_t received = 0;
    for (int turns = 0; received < STREAM_BYTES; turns++) {
        uint8_t bytes[1777];
        uint32_t left = STREAM_BYTES - sent;
        uint32_t want = left < sizeof(bytes) ? left : (uint32_t)sizeof(bytes);
        for (uint32_t i = 0; i < want; i++) {
            bytes[i] = pattern(sent + i);
        }
        sent += arena_send(&client, pair.here, bytes, want);
        sim_run(sim, 1000);
        uint32_t got = arena_receive(&server, pair.there, bytes, sizeof(bytes) - 100);
        for (uint32_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], pattern(received + i));
        }
        received += got;
        assert_true(turns < 2000);
    }
    assert_int_equal(sent, STREAM_BYTES);
}

/* The server has not stored its new indexes when the whole window is filled. */
static void a_connection_after_one_of_odd_length_begins_on_a_word(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[20000];
    uint32_t listener = arena_listen(&server, PORT, 4);
    struct pair last = connect_pair(sim, listener);
    assert_int_equal(arena_send(&client, last.here, "abc", 3), 3);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&server, last.there, bytes, sizeof(bytes)), 3);
    assert_int_equal(arena_close(&client, last.here), 0);
    assert_int_equal(arena_close(&server, last.there), 0);
    sim_run(sim, 1 * SIM_S);
    int here = arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, (uint32_t)here, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    for (uint32_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = pattern(i);
    }
    (void)arena_send(&client, (uint32_t)here, bytes, server.shape.rx_bytes);
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(atomic_load(&arena_slot(&server, last.there)->rx_head), 3);
    int there = arena_accept(&server, listener);
    assert_int_equal(there, last.there);
    assert_int_equal(atomic_load(&arena_slot(&server, last.there)->rx_head), 8);
    assert_int_equal(arena_filled(&server, last.there), server.shape.rx_bytes);
    memset(bytes, 0, sizeof(bytes));
    uint32_t got = arena_receive(&server, last.there, bytes, sizeof(bytes));
    for (uint32_t i = 0; i < got; i++) {
        assert_int_equal(bytes[i], pattern(i));
    }
    assert_int_equal(counted(sim, COUNTER_stream_overrun), 0);
    assert_int_equal(counted(sim, COUNTER_socket_corrupt), 0);
}

/* Every slot of both clients has counted far already. */
static void indexes_go_on_past_the_end_of_their_numbers(void **state)
{
    for (uint32_t slot = 0; slot < client.shape.slots; slot++) {
        for (int i = 0; i < 2; i++) {
            struct socket_slot *shared = arena_slot(i == 0 ? &client : &server, slot);
            atomic_store(&shared->rx_head, UINT32_MAX - 500);
            atomic_store(&shared->tx_tail, UINT32_MAX - 700);
        }
    }
    a_stream_longer_than_its_rings_arrives_whole_and_in_order(state);
}

static void a_full_window_stops_the_sender_and_opens_again(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[32768];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    uint32_t sent = 0;
    for (int i = 0; i < 20; i++) {
        sent += arena_send(&client, pair.here, bytes, sizeof(bytes));
        sim_run(sim, SIM_S);
    }
    assert_int_equal(arena_filled(&server, pair.there), 8192); /* the ring, to the last byte */
    assert_int_equal(sent, 2 * 8192);
    assert_int_equal(atomic_load(&arena_slot(&server, pair.there)->wants_room), 1);
    uint64_t before_us = sim->now_us;
    uint32_t received = 0;
    while (received < sent) {
        received += arena_receive(&server, pair.there, bytes, sizeof(bytes));
        sim_run(sim, 1000);
        assert_true(sim->now_us - before_us < SIM_S / 10); /* told at once, not by a timer */
    }
}

static void the_end_of_a_stream_is_seen_after_its_bytes(void **state)
{
    struct sim *sim = *state;
    char text[8];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    arena_send(&client, pair.here, "bye", 3);
    assert_int_equal(arena_close(&client, pair.here), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&server, pair.there), SOCKET_CONNECTED | SOCKET_EOF);
    assert_int_equal(arena_receive(&server, pair.there, text, sizeof(text)), 3);
    assert_int_equal(arena_close(&server, pair.there), 0);
    sim_run(sim, 1000);
    assert_int_equal(sim->stack.sockets.socket[pair.here].life, LIFE_FREE);
}

static void what_was_sent_before_a_close_arrives_whole_however_slow_the_peer(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[32768];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    uint32_t sent = 0;
    for (int i = 0; i < 20; i++) { /* until both rings are full */
        sent += arena_send(&client, pair.here, bytes, sizeof(bytes));
        sim_run(sim, SIM_S);
    }
    assert_int_equal(arena_close(&client, pair.here), 0);
    sim_run(sim, 1000);
    uint32_t received = 0;
    for (int i = 0; i < 60; i++) {
        received += arena_receive(&server, pair.there, bytes, 500);
        sim_run(sim, SIM_S);
    }
    assert_int_equal(received, sent);
    assert_true((arena_state(&server, pair.there) & SOCKET_EOF) != 0);
}

static void segments_shorter_than_a_word_are_no_trouble(void **state)
{
    struct sim *sim = *state;
    static const char text[] = "segments of a few bytes each";
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    for (uint16_t mss = 1; mss <= 9; mss++) {
        char got[64];
        sim->stack.sockets.client[0].first[pair.here].tcp->mss = mss;
        for (uint32_t len = 1; len < sizeof(text); len++) {
            assert_int_equal(arena_send(&client, pair.here, text, len), len);
            sim_run(sim, SIM_S);
            assert_int_equal(arena_receive(&server, pair.there, got, sizeof(got)), len);
            assert_memory_equal(got, text, len);
        }
    }
}

static void after_a_half_close_the_other_side_still_sends(void **state)
{
    struct sim *sim = *state;
    char text[8];
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    arena_send(&client, pair.here, "ask", 3);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SHUTDOWN, pair.here, SOCKET_SIDE_TX), 0);
    assert_true((arena_state(&client, pair.here) & SOCKET_SHUT) != 0);
    sim_run(sim, 60 * (uint64_t)SIM_S); /* no time ends it */
    assert_int_equal(arena_receive(&server, pair.there, text, sizeof(text)), 3);
    assert_true((arena_state(&server, pair.there) & SOCKET_EOF) != 0);
    arena_send(&server, pair.there, "answer", 6);
    assert_int_equal(arena_close(&server, pair.there), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&client, pair.here, text, sizeof(text)), 6);
    assert_true((arena_state(&client, pair.here) & SOCKET_EOF) != 0);
    assert_int_equal(arena_close(&client, pair.here), 0);
}

static void a_port_without_a_listener_refuses(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, slot, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, slot), SOCKET_FAILED | SOCKET_EOF);
    assert_int_equal(arena_error(&client, slot), ECONNREFUSED);
    assert_int_equal(counted(sim, COUNTER_stream_failed), 1);
}

static void nobody_is_at_port_0(void **state)
{
    (void)state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, slot, ARENA_LOOPBACK, 0), -EADDRNOTAVAIL);
    assert_int_equal(arena_connect(&client, slot, ARENA_LOOPBACK, PORT), 0); /* as it was */
}

static void a_peer_that_does_not_answer_is_a_time_out(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, slot, SIM_GATEWAY, PORT), 0);
    sim_run(sim, 200 * (uint64_t)SIM_S);
    assert_int_equal(arena_state(&client, slot), SOCKET_FAILED | SOCKET_EOF);
    assert_int_equal(arena_error(&client, slot), ETIMEDOUT);
}

static void a_close_with_unread_bytes_resets_the_peer(void **state)
{
    struct sim *sim = *state;
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    arena_send(&client, pair.here, "unread", 6);
    sim_run(sim, 1000);
    assert_int_equal(arena_close(&server, pair.there), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, pair.here), SOCKET_FAILED | SOCKET_EOF);
    assert_int_equal(arena_error(&client, pair.here), ECONNRESET);
}

static void a_close_with_reset_resets_the_peer(void **state)
{
    struct sim *sim = *state;
    struct pair pair = connect_pair(sim, arena_listen(&server, PORT, 4));
    assert_int_equal(ARENA_ASK(&server, SOCKET_CLOSE, pair.there, SOCKET_CLOSE_RESET), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, pair.here), ECONNRESET);
}

static void a_full_backlog_leaves_a_peer_waiting_until_there_is_room(void **state)
{
    struct sim *sim = *state;
    uint32_t listener = arena_listen(&server, PORT, 2);
    uint32_t slot[3];
    for (int i = 0; i < 3; i++) {
        slot[i] = (uint32_t)arena_make(&client, SOCKET_STREAM);
        assert_int_equal(arena_connect(&client, slot[i], ARENA_LOOPBACK, PORT), 0);
        sim_run(sim, 1000);
    }
    assert_int_equal(arena_state(&client, slot[1]), SOCKET_CONNECTED);
    assert_int_equal(arena_state(&client, slot[2]), SOCKET_CONNECTING);
    assert_true(counted(sim, COUNTER_stream_backlog) >= 1);
    assert_true(atomic_load(&arena_slot(&server, listener)->drops) >= 1);
    assert_true(arena_accept(&server, listener) >= 0);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(arena_state(&client, slot[2]), SOCKET_CONNECTED);
}

static void a_listener_that_closes_resets_what_waits_and_keeps_what_was_taken(void **state)
{
    struct sim *sim = *state;
    uint32_t listener = arena_listen(&server, PORT, 4);
    struct pair taken = connect_pair(sim, listener);
    uint32_t waiting = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, waiting, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_close(&server, listener), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, waiting), ECONNRESET);
    assert_int_equal(arena_state(&client, taken.here), SOCKET_CONNECTED);
    arena_send(&client, taken.here, "x", 1);
    sim_run(sim, 1000);
    assert_int_equal(arena_filled(&server, taken.there), 1);
}

static void a_slot_goes_on_counting_where_its_last_socket_ended(void **state)
{
    struct sim *sim = *state;
    uint32_t listener = arena_listen(&server, PORT, 4);
    for (int round = 0; round < 5; round++) {
        char text[4];
        struct pair pair = connect_pair(sim, listener);
        arena_send(&client, pair.here, "abc", 3);
        sim_run(sim, 1000);
        assert_int_equal(arena_receive(&server, pair.there, text, sizeof(text)), 3);
        assert_memory_equal(text, "abc", 3);
        assert_int_equal(arena_close(&client, pair.here), 0);
        assert_int_equal(arena_close(&server, pair.there), 0);
        sim_run(sim, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_go_both_ways_through_loopback, start, stop),
        cmocka_unit_test_setup_teardown(both_ends_know_their_names, start, stop),
        cmocka_unit_test_setup_teardown(a_stream_longer_than_its_rings_arrives_whole_and_in_order,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_connection_after_one_of_odd_length_begins_on_a_word,
                                        start, stop),
        cmocka_unit_test_setup_teardown(indexes_go_on_past_the_end_of_their_numbers, start, stop),
        cmocka_unit_test_setup_teardown(a_full_window_stops_the_sender_and_opens_again, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_end_of_a_stream_is_seen_after_its_bytes, start, stop),
        cmocka_unit_test_setup_teardown(
            what_was_sent_before_a_close_arrives_whole_however_slow_the_peer, start, stop),
        cmocka_unit_test_setup_teardown(segments_shorter_than_a_word_are_no_trouble, start, stop),
        cmocka_unit_test_setup_teardown(after_a_half_close_the_other_side_still_sends, start, stop),
        cmocka_unit_test_setup_teardown(a_port_without_a_listener_refuses, start, stop),
        cmocka_unit_test_setup_teardown(nobody_is_at_port_0, start, stop),
        cmocka_unit_test_setup_teardown(a_peer_that_does_not_answer_is_a_time_out, start, stop),
        cmocka_unit_test_setup_teardown(a_close_with_unread_bytes_resets_the_peer, start, stop),
        cmocka_unit_test_setup_teardown(a_close_with_reset_resets_the_peer, start, stop),
        cmocka_unit_test_setup_teardown(a_full_backlog_leaves_a_peer_waiting_until_there_is_room,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            a_listener_that_closes_resets_what_waits_and_keeps_what_was_taken, start, stop),
        cmocka_unit_test_setup_teardown(a_slot_goes_on_counting_where_its_last_socket_ended, start,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
