/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sockets against a peer on the wire that loses, repeats, floods and lies.
 */
#include <errno.h>

#include <lwip/memp.h>
#include <lwip/stats.h>

#include "test.h"

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "tests/sim/arena.h"
#include "tests/sim/segment.h"

enum {
    PORT = 80,
    PEER = 1234,
    MSS = 536,    /* of a peer that offers none */
    FIRST = 1000, /* sequence number of the peer */
};

static struct arena client;
static uint32_t listener;
static uint32_t their_next; /* sequence number of ours that the peer expects */

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim_run(sim, 1 * SIM_S);
    arena_start(&client, sim, 0, &facts);
    listener = arena_listen(&client, PORT, 4);
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    arena_free(&client);
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

static struct segment last(const struct sim *sim)
{
    return segment_sent(sim, segment_count(sim) - 1);
}

static void send_syn(struct sim *sim, uint16_t from, uint32_t sequence, bool has_scale)
{
    segment_receive(sim, &(struct segment){.from = from,
                                           .to = PORT,
                                           .sequence = sequence,
                                           .flags = SEGMENT_SYN,
                                           .window = 8192,
                                           .has_scale = has_scale});
    sim_run(sim, 1000);
}

/* From the peer, behind the handshake: `at` counts its bytes. Nothing happens until sim_run. */
static void queue_data(struct sim *sim, uint32_t at, const void *bytes, uint32_t len, uint8_t flags)
{
    segment_receive(sim, &(struct segment){.from = PEER,
                                           .to = PORT,
                                           .sequence = FIRST + 1 + at,
                                           .acknowledged = their_next,
                                           .flags = flags | SEGMENT_ACK,
                                           .window = 8192,
                                           .len = len,
                                           .bytes = bytes});
}

static void send_data(struct sim *sim, uint32_t at, const void *bytes, uint32_t len, uint8_t flags)
{
    queue_data(sim, at, bytes, len, flags);
    sim_run(sim, 1000);
}

static uint32_t accept_peer(struct sim *sim)
{
    send_syn(sim, PEER, FIRST, false);
    struct segment answer = last(sim);
    assert_int_equal(answer.flags, SEGMENT_SYN | SEGMENT_ACK);
    assert_int_equal(answer.acknowledged, FIRST + 1);
    their_next = answer.sequence + 1;
    send_data(sim, 0, NULL, 0, 0);
    int slot = arena_accept(&client, listener);
    assert_true(slot >= 0);
    return (uint32_t)slot;
}

/* --- windows ------------------------------------------------------------------------------- */

static void the_window_is_the_room_in_the_ring(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[1400];
    char out[2800];
    uint32_t slot = accept_peer(sim);
    assert_int_equal(segment_sent(sim, segment_count(sim) - 1).window, 8192);
    send_data(sim, 0, bytes, 1400, 0);
    send_data(sim, 1400, bytes, 1400, 0);
    assert_int_equal(last(sim).acknowledged, FIRST + 1 + 2800);
    assert_int_equal(last(sim).window, 8192 - 2800);
    assert_int_equal(arena_receive(&client, slot, out, sizeof(out)), 2800);
    send_data(sim, 2800, bytes, 100, 0);
    send_data(sim, 2900, bytes, 100, 0);
    assert_int_equal(last(sim).window, 8192 - 200); /* what was taken meanwhile is room again */
}

static void what_is_beyond_the_window_is_cut_off(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[1400];
    uint32_t slot = accept_peer(sim);
    for (uint32_t i = 0; i < 8; i++) { /* 11200 bytes into 8192 */
        send_data(sim, i * 1400, bytes, 1400, 0);
    }
    assert_int_equal(arena_filled(&client, slot), 8192);
    assert_int_equal(last(sim).acknowledged, FIRST + 1 + 8192);
    assert_int_equal(last(sim).window, 0);
    assert_int_equal(counted(sim, COUNTER_stream_overrun), 0);
}

static void a_limit_of_the_receive_ring_is_the_window(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, listener, SOCKET_RX_LIMIT, 4000), 0);
    (void)accept_peer(sim);
    assert_int_equal(segment_sent(sim, segment_count(sim) - 1).window, 4000);
}

/* --- loss ---------------------------------------------------------------------------------- */

static void bytes_out_of_order_wait_for_the_missing_ones(void **state)
{
    struct sim *sim = *state;
    char text[16];
    uint32_t slot = accept_peer(sim);
    send_data(sim, 3, "def", 3, 0);
    assert_int_equal(arena_filled(&client, slot), 0);
    assert_int_equal(last(sim).acknowledged, FIRST + 1);
    send_data(sim, 0, "abc", 3, 0);
    assert_int_equal(arena_receive(&client, slot, text, sizeof(text)), 6);
    assert_memory_equal(text, "abcdef", 6);
}

static void segments_of_a_burst_are_one_and_acknowledged_at_once(void **state)
{
    struct sim *sim = *state;
    char text[16];
    uint32_t slot = accept_peer(sim);
    int before = segment_count(sim);
    queue_data(sim, 0, "abc", 3, 0);
    queue_data(sim, 3, "def", 3, 0);
    queue_data(sim, 6, "ghi", 3, 0);
    sim_run(sim, 1000);
    assert_int_equal(sim->stack.link[0].interface.merge.joined, 2);
    assert_int_equal(segment_count(sim), before + 1);
    assert_int_equal(last(sim).acknowledged, FIRST + 1 + 9);
    assert_int_equal(arena_receive(&client, slot, text, sizeof(text)), 9);
    assert_memory_equal(text, "abcdefghi", 9);
}

static void a_gap_in_a_burst_is_seen(void **state)
{
    struct sim *sim = *state;
    char text[16];
    uint32_t slot = accept_peer(sim);
    queue_data(sim, 0, "abc", 3, 0);
    queue_data(sim, 6, "ghi", 3, 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_filled(&client, slot), 3);
    assert_int_equal(last(sim).acknowledged, FIRST + 1 + 3);
    send_data(sim, 3, "def", 3, 0);
    assert_int_equal(arena_receive(&client, slot, text, sizeof(text)), 9);
    assert_memory_equal(text, "abcdefghi", 9);
}

static void what_was_not_acknowledged_is_sent_again_from_the_ring(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = accept_peer(sim);
    arena_send(&client, slot, "abc", 3);
    sim_run(sim, 1000);
    int before = segment_count(sim);
    assert_int_equal(last(sim).len, 3);
    sim_run(sim, 5 * SIM_S);
    assert_true(segment_count(sim) > before);
    assert_int_equal(last(sim).sequence, their_next);
    assert_int_equal(last(sim).len, 3);
    assert_int_equal(atomic_load(&arena_slot(&client, slot)->tx_head),
                     atomic_load(&arena_slot(&client, slot)->tx_tail) - 3);
    their_next += 3;
    send_data(sim, 0, NULL, 0, 0);
    assert_int_equal(atomic_load(&arena_slot(&client, slot)->tx_head),
                     atomic_load(&arena_slot(&client, slot)->tx_tail));
}

/* So that netd copies and sums what follows in whole words. */
static void segments_end_with_a_word_of_the_ring_from_the_first_on(void **state)
{
    struct sim *sim = *state;
    static const uint8_t bytes[2000];
    uint32_t slot = accept_peer(sim);
    arena_send(&client, slot, "abc", 3);
    sim_run(sim, 1000);
    their_next += 3;
    send_data(sim, 0, NULL, 0, 0); /* acknowledges them: the ring is empty, but at 3 */
    int before = segment_count(sim);
    arena_send(&client, slot, bytes, sizeof(bytes));
    sim_run(sim, 1000);
    uint32_t at = their_next - 3; /* what the ring counts as 0 */
    assert_true(segment_count(sim) > before + 1);
    for (int i = before; i < segment_count(sim) - 1; i++) {
        struct segment sent = segment_sent(sim, i);
        assert_int_equal((sent.sequence + sent.len - at) % 8, 0);
    }
}

static void three_equal_acknowledgments_are_answered_at_once(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[4 * MSS];
    uint32_t slot = accept_peer(sim);
    arena_send(&client, slot, bytes, sizeof(bytes));
    sim_run(sim, 1000);
    int before = segment_count(sim);
    for (int i = 0; i < 3; i++) {
        send_data(sim, 0, NULL, 0, 0);
    }
    assert_true(segment_count(sim) > before);
    assert_int_equal(segment_sent(sim, before).sequence, their_next);
    assert_int_equal(segment_sent(sim, before).len, MSS);
}

static void a_peer_that_never_answers_again_is_a_time_out(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = accept_peer(sim);
    arena_send(&client, slot, "abc", 3);
    sim_run(sim, 3600 * (uint64_t)SIM_S);
    assert_int_equal(arena_error(&client, slot), ETIMEDOUT);
    assert_true((arena_state(&client, slot) & SOCKET_FAILED) != 0);
}

static void keepalive_finds_a_dead_peer(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = accept_peer(sim);
    sim_run(sim, 3 * 3600 * (uint64_t)SIM_S);
    assert_int_equal(arena_state(&client, slot), SOCKET_CONNECTED); /* nobody asked */
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_KEEPIDLE, 10), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_KEEPINTVL, 2), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_KEEPCNT, 3), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_KEEPALIVE, 1), 0);
    int before = segment_count(sim);
    sim_run(sim, 120 * (uint64_t)SIM_S);
    assert_true(segment_count(sim) >= before + 3);
    assert_int_equal(arena_error(&client, slot), ETIMEDOUT);
}

static void an_idle_connection_wakes_nobody(void **state)
{
    struct sim *sim = *state;
    char text[4];
    uint32_t slot = accept_peer(sim);
    sim_run(sim, 600 * (uint64_t)SIM_S); /* neighbours are forgotten */
    uint64_t before = sim->steps;
    sim_run(sim, 600 * (uint64_t)SIM_S);
    assert_true(sim->steps < before + 10);
    send_data(sim, 0, "x", 1, 0);
    assert_int_equal(arena_receive(&client, slot, text, sizeof(text)), 1);
}

/* --- beginnings and ends ------------------------------------------------------------------- */

static void a_flood_of_beginnings_keeps_nobody_out(void **state)
{
    struct sim *sim = *state;
    for (uint16_t i = 0; i < 100; i++) {
        send_syn(sim, (uint16_t)(2000 + i), 5, false);
        sim_run(sim, SIM_S / 10);
    }
    assert_int_equal(sim->stack.sockets.client[0].first[listener].half_open, 4);
    sim_run(sim, 3 * SIM_S);
    (void)accept_peer(sim);
}

static void half_open_connections_end_by_themselves(void **state)
{
    struct sim *sim = *state;
    for (uint16_t i = 0; i < 4; i++) {
        send_syn(sim, (uint16_t)(2000 + i), 5, false);
    }
    assert_int_equal(sim->stack.sockets.client[0].first[listener].half_open, 4);
    sim_run(sim, 120 * (uint64_t)SIM_S);
    assert_int_equal(sim->stack.sockets.client[0].first[listener].half_open, 0);
}

static void a_beginning_that_changes_its_options_stops_nothing(void **state)
{
    struct sim *sim = *state;
    send_syn(sim, PEER, FIRST, false);
    send_syn(sim, PEER, FIRST, true); /* lwIP would assert */
    send_syn(sim, PEER + 1, FIRST, true);
    send_syn(sim, PEER + 1, FIRST, false);
    send_syn(sim, PEER + 1, FIRST, true);
    assert_int_equal(last(sim).flags, SEGMENT_SYN | SEGMENT_ACK);
}

/* Ends a connection from our side; the PCB waits. */
static void end_from_here(struct sim *sim)
{
    uint32_t slot = accept_peer(sim);
    assert_int_equal(arena_close(&client, slot), 0);
    sim_run(sim, 1000);
    assert_true((last(sim).flags & SEGMENT_FIN) != 0);
    their_next++;
    send_data(sim, 0, NULL, 0, SEGMENT_FIN);
    assert_int_equal(last(sim).acknowledged, FIRST + 2);
}

static void ports_of_a_waiting_connection_are_used_again_by_newer_numbers(void **state)
{
    struct sim *sim = *state;
    end_from_here(sim);
    int before = segment_count(sim);
    send_syn(sim, PEER, FIRST - 500, false); /* an old one: lwIP tells what it expects */
    assert_int_not_equal(last(sim).flags, SEGMENT_SYN | SEGMENT_ACK);
    send_syn(sim, PEER, FIRST + 500, false);
    assert_true(segment_count(sim) > before);
    assert_int_equal(last(sim).flags, SEGMENT_SYN | SEGMENT_ACK);
    assert_int_equal(last(sim).acknowledged, FIRST + 501);
}

static void a_port_is_bound_again_while_its_last_connection_waits(void **state)
{
    struct sim *sim = *state;
    end_from_here(sim);
    assert_int_equal(arena_close(&client, listener), 0);
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_bind(&client, slot, 0, PORT), -EADDRINUSE);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_REUSE, 1), 0);
    assert_int_equal(arena_bind(&client, slot, 0, PORT), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_LISTEN, slot, 4), 0);
    sim_run(sim, 90 * (uint64_t)SIM_S);
    uint32_t other = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, other, SOCKET_REUSE, 1), 0);
    assert_int_equal(arena_bind(&client, other, 0, PORT), -EADDRINUSE); /* somebody listens */
}

static void first_sequence_numbers_and_ports_show_no_pattern(void **state)
{
    struct sim *sim = *state;
    uint32_t sequence[64];
    uint16_t port[64];
    for (int i = 0; i < 64; i++) {
        uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
        assert_int_equal(arena_connect(&client, slot, SIM_GATEWAY, 9), 0);
        sim_run(sim, 1000);
        sequence[i] = last(sim).sequence;
        port[i] = last(sim).from;
        assert_int_equal(arena_close(&client, slot), 0);
    }
    int steps[2] = {0};
    for (int i = 2; i < 64; i++) {
        steps[0] += sequence[i] - sequence[i - 1] == sequence[i - 1] - sequence[i - 2];
        steps[1] += port[i] == (uint16_t)(port[i - 1] + 1);
    }
    assert_true(steps[0] <= 1 && steps[1] <= 1);
}

/* --- errors of the network ----------------------------------------------------------------- */

/* An ICMP error of the gateway about the last segment that was sent, or datagram. */
static void receive_error(struct sim *sim, uint8_t type, uint8_t code)
{
    uint8_t frame[1514];
    uint8_t icmp[8 + 28] = {type, code};
    memcpy(icmp + 8, sim->sent[sim->sent_count - 1].head + 14, 28);
    bytes_put_be16(icmp + 2, checksum_wire16((uint16_t)~checksum_partial(icmp, sizeof(icmp))));
    sim_receive(sim, frame, sim_make_ip4(frame, 1, SIM_GATEWAY, SIM_CLIENT, icmp, sizeof(icmp)));
    sim_run(sim, 1000);
}

static void an_unreachable_peer_ends_a_connection_that_begins(void **state)
{
    struct sim *sim = *state;
    static const struct {
        uint8_t type;
        uint8_t code;
        int error;
    } cases[] = {{3, 0, ENETUNREACH},   {3, 1, EHOSTUNREACH},  {3, 3, ECONNREFUSED},
                 {3, 13, EHOSTUNREACH}, {11, 0, EHOSTUNREACH}, {3, 4, 0}};
    for (int i = 0; i < 6; i++) {
        uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
        assert_int_equal(arena_connect(&client, slot, SIM_GATEWAY, 9), 0);
        sim_run(sim, 1000);
        receive_error(sim, cases[i].type, cases[i].code);
        assert_int_equal(arena_error(&client, slot), cases[i].error);
        assert_int_equal(arena_state(&client, slot),
                         cases[i].error == 0 ? SOCKET_CONNECTING : SOCKET_FAILED | SOCKET_EOF);
        if (cases[i].error != 0) { /* and it may be tried again */
            assert_int_equal(arena_connect(&client, slot, SIM_GATEWAY, 9), 0);
            assert_int_equal(arena_state(&client, slot), SOCKET_CONNECTING);
        }
        assert_int_equal(arena_close(&client, slot), 0);
    }
}

static void an_error_about_an_established_connection_is_not_believed(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = accept_peer(sim);
    arena_send(&client, slot, "x", 1);
    sim_run(sim, 1000);
    receive_error(sim, 3, 3);
    assert_int_equal(arena_state(&client, slot), SOCKET_CONNECTED);
}

static void a_datagram_nobody_wants_is_told_to_a_connected_socket(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    uint32_t other = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_int_equal(arena_connect(&client, slot, SIM_GATEWAY, 9), 0);
    assert_true(arena_send_to(&client, other, SIM_GATEWAY, 9, "x", 1));
    sim_run(sim, 1000);
    receive_error(sim, 3, 3);
    assert_int_equal(arena_error(&client, other), 0);
    assert_true(arena_send_to(&client, slot, 0, 0, "x", 1));
    sim_run(sim, 1000);
    receive_error(sim, 3, 3);
    assert_int_equal(arena_error(&client, slot), ECONNREFUSED);
    uint32_t here = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_int_equal(arena_connect(&client, here, ARENA_LOOPBACK, 9), 0);
    assert_true(arena_send_to(&client, here, 0, 0, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, here), ECONNREFUSED);
}

/* --- memory -------------------------------------------------------------------------------- */

static void a_stream_without_memory_goes_on_when_there_is_some(void **state)
{
    struct sim *sim = *state;
    static void *taken[MEMP_NUM_TCP_SEG];
    uint32_t count = 0;
    uint32_t slot = accept_peer(sim);
    while (count < MEMP_NUM_TCP_SEG && (taken[count] = memp_malloc(MEMP_TCP_SEG)) != NULL) {
        count++;
    }
    int before = segment_count(sim);
    arena_send(&client, slot, "abc", 3);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(segment_count(sim), before);
    assert_true(counted(sim, COUNTER_stream_starved) >= 1);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SHUTDOWN, slot, SOCKET_SIDE_TX), 0);
    sim_run(sim, 10 * SIM_S);
    while (count > 0) {
        memp_free(MEMP_TCP_SEG, taken[--count]);
    }
    sim_run(sim, SIM_S);
    assert_int_equal(segment_sent(sim, before).len, 3);
    assert_true((last(sim).flags & SEGMENT_FIN) != 0 ||
                (segment_sent(sim, before).flags & SEGMENT_FIN) != 0);
}

/* Every connection of ours may have one segment when others have taken all they may. */
static void half_of_the_segments_is_kept_for_who_has_none(void **state)
{
    struct sim *sim = *state;
    static void *taken[MEMP_NUM_TCP_SEG];
    static uint8_t bytes[8 * MSS];
    uint32_t count = 0;
    uint32_t slot = accept_peer(sim);
    for (; count < MEMP_NUM_TCP_SEG / 2; count++) {
        taken[count] = memp_malloc(MEMP_TCP_SEG);
        assert_non_null(taken[count]);
    }
    int before = segment_count(sim);
    arena_send(&client, slot, bytes, sizeof(bytes));
    sim_run(sim, 1000);
    assert_int_equal(segment_count(sim), before + 1);
    while (count > 0) {
        memp_free(MEMP_TCP_SEG, taken[--count]);
    }
    their_next += MSS;
    send_data(sim, 0, NULL, 0, 0);
    assert_true(segment_count(sim) > before + 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(the_window_is_the_room_in_the_ring),
        CASE(what_is_beyond_the_window_is_cut_off),
        CASE(a_limit_of_the_receive_ring_is_the_window),
        CASE(bytes_out_of_order_wait_for_the_missing_ones),
        CASE(segments_of_a_burst_are_one_and_acknowledged_at_once),
        CASE(a_gap_in_a_burst_is_seen),
        CASE(what_was_not_acknowledged_is_sent_again_from_the_ring),
        CASE(segments_end_with_a_word_of_the_ring_from_the_first_on),
        CASE(three_equal_acknowledgments_are_answered_at_once),
        CASE(a_peer_that_never_answers_again_is_a_time_out),
        CASE(keepalive_finds_a_dead_peer),
        CASE(an_idle_connection_wakes_nobody),
        CASE(a_flood_of_beginnings_keeps_nobody_out),
        CASE(half_open_connections_end_by_themselves),
        CASE(a_beginning_that_changes_its_options_stops_nothing),
        CASE(ports_of_a_waiting_connection_are_used_again_by_newer_numbers),
        CASE(a_port_is_bound_again_while_its_last_connection_waits),
        CASE(first_sequence_numbers_and_ports_show_no_pattern),
        CASE(an_unreachable_peer_ends_a_connection_that_begins),
        CASE(an_error_about_an_established_connection_is_not_believed),
        CASE(a_datagram_nobody_wants_is_told_to_a_connected_socket),
        CASE(a_stream_without_memory_goes_on_when_there_is_some),
        CASE(half_of_the_segments_is_kept_for_who_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
