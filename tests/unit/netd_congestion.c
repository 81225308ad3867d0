/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What TCP tells a peer of its window and of gaps, and how much it sends before it is answered
 * [RFC 7323, 2018, 5681].
 */
#include "test.h"

#include "tests/sim/arena.h"
#include "tests/sim/segment.h"

enum {
    PORT = 80,
    PEER = 1234,
    MSS = 536,         /* of a peer that offers none */
    FIRST = 1000,      /* sequence number of the peer */
    BURST = 4,         /* segments before the first answer [RFC 3390] */
    RING = 128 * 1024, /* what the scale is for */
};

static struct arena client;
static uint32_t listener;
static uint32_t slot;
static uint32_t acknowledged; /* of ours, by the peer */

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    facts.shape.rx_bytes = RING;
    facts.shape.tx_bytes = RING;
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

static struct segment last(const struct sim *sim)
{
    return segment_sent(sim, segment_count(sim) - 1);
}

/* From the peer, `at` counting its bytes; it has acknowledged as much as `acknowledged` says. */
static void hear(struct sim *sim, uint32_t at, const void *bytes, uint32_t len)
{
    segment_receive(sim, &(struct segment){.from = PEER,
                                           .to = PORT,
                                           .sequence = FIRST + 1 + at,
                                           .acknowledged = acknowledged,
                                           .flags = SEGMENT_ACK,
                                           .window = UINT16_MAX,
                                           .len = len,
                                           .bytes = bytes});
    sim_run(sim, 1000);
}

/* The answer to the SYN of a peer that offers what `beginning` says; then it is connected. */
static struct segment connect_peer(struct sim *sim, struct segment beginning)
{
    beginning.from = PEER;
    beginning.to = PORT;
    beginning.sequence = FIRST;
    beginning.flags = SEGMENT_SYN;
    beginning.window = UINT16_MAX;
    segment_receive(sim, &beginning);
    sim_run(sim, 1000);
    struct segment answer = last(sim);
    acknowledged = answer.sequence + 1;
    hear(sim, 0, NULL, 0);
    slot = (uint32_t)arena_accept(&client, listener);
    return answer;
}

/* --- what is told -------------------------------------------------------------------------- */

static void a_large_window_is_told_in_units(void **state)
{
    struct sim *sim = *state;
    static const uint8_t bytes[1000];
    struct segment answer = connect_peer(sim, (struct segment){.has_scale = true});
    assert_true(answer.has_scale);
    assert_int_equal(answer.scale, 2);
    assert_int_equal(answer.window, UINT16_MAX); /* a SYN has no units */
    hear(sim, 0, bytes, sizeof(bytes));
    hear(sim, sizeof(bytes), bytes, sizeof(bytes)); /* each second one is acknowledged at once */
    assert_int_equal(last(sim).window, (RING - 2 * sizeof(bytes)) >> 2);
}

static void without_units_a_window_is_at_most_what_sixteen_bits_hold(void **state)
{
    struct sim *sim = *state;
    assert_false(connect_peer(sim, (struct segment){0}).has_scale);
    hear(sim, 0, "ab", 2);
    hear(sim, 2, "cd", 2);
    assert_int_equal(last(sim).window, UINT16_MAX - 4);
}

static void a_gap_is_reported_to_a_peer_that_takes_reports(void **state)
{
    struct sim *sim = *state;
    assert_true(connect_peer(sim, (struct segment){.takes_reports = true}).takes_reports);
    hear(sim, 3, "def", 3);
    assert_int_equal(last(sim).acknowledged, FIRST + 1);
    assert_int_equal(last(sim).reported[0], FIRST + 1 + 3);
    assert_int_equal(last(sim).reported[1], FIRST + 1 + 6);
    hear(sim, 0, "abc", 3);
    assert_int_equal(last(sim).acknowledged, FIRST + 1 + 6);
    assert_int_equal(last(sim).reported[1], 0);
}

static void a_gap_is_not_reported_to_a_peer_that_does_not_know_reports(void **state)
{
    struct sim *sim = *state;
    assert_false(connect_peer(sim, (struct segment){0}).takes_reports);
    hear(sim, 3, "def", 3);
    assert_int_equal(last(sim).acknowledged, FIRST + 1);
    assert_int_equal(last(sim).reported[1], 0);
}

/* --- how much is sent ---------------------------------------------------------------------- */

/* Segments that the peer has not acknowledged. */
static uint32_t count_under_way(const struct sim *sim)
{
    struct segment sent = last(sim);
    return (sent.sequence + sent.len - acknowledged + MSS - 1) / MSS;
}

static void acknowledge(struct sim *sim, uint32_t segments)
{
    acknowledged += segments * MSS;
    hear(sim, 0, NULL, 0);
}

static void send_much(struct sim *sim)
{
    static const uint8_t bytes[200 * MSS];
    connect_peer(sim, (struct segment){0});
    assert_int_equal(arena_send(&client, slot, bytes, sizeof(bytes)), sizeof(bytes));
    sim_run(sim, 1000);
}

/* The peer acknowledges so many segments one by one. */
static void answer_each(struct sim *sim, uint32_t answers)
{
    for (uint32_t i = 0; i < answers; i++) {
        acknowledge(sim, 1);
    }
}

static void who_begins_sends_little_and_twice_as_much_after_each_answer(void **state)
{
    struct sim *sim = *state;
    send_much(sim);
    assert_int_equal(count_under_way(sim), BURST);
    answer_each(sim, BURST);
    assert_int_equal(count_under_way(sim), 2 * BURST);
    answer_each(sim, 2 * BURST);
    assert_int_equal(count_under_way(sim), 4 * BURST);
}

static void a_loss_that_is_told_of_halves_what_is_under_way(void **state)
{
    struct sim *sim = *state;
    send_much(sim);
    answer_each(sim, 3 * BURST);
    uint32_t under_way = count_under_way(sim);
    int before = segment_count(sim);
    for (int i = 0; i < 3; i++) {
        hear(sim, 0, NULL, 0);
    }
    assert_int_equal(segment_sent(sim, before).sequence, acknowledged); /* the lost one, at once */
    acknowledge(sim, under_way);
    assert_int_equal(count_under_way(sim), under_way / 2 + 1);
    answer_each(sim, under_way / 2 + 1);
    assert_int_equal(count_under_way(sim), under_way / 2 + 2); /* one more for all of them */
}

static void a_time_out_begins_again_with_one(void **state)
{
    struct sim *sim = *state;
    send_much(sim);
    answer_each(sim, 3 * BURST);
    uint32_t lost = count_under_way(sim);
    int before = segment_count(sim);
    sim_run(sim, 2 * SIM_S);
    assert_int_equal(segment_count(sim), before + 1);
    assert_int_equal(last(sim).sequence, acknowledged);
    assert_int_equal(last(sim).len, MSS);
    acknowledge(sim, lost); /* all but that one had arrived */
    assert_int_equal(count_under_way(sim), 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(a_large_window_is_told_in_units),
        CASE(without_units_a_window_is_at_most_what_sixteen_bits_hold),
        CASE(a_gap_is_reported_to_a_peer_that_takes_reports),
        CASE(a_gap_is_not_reported_to_a_peer_that_does_not_know_reports),
        CASE(who_begins_sends_little_and_twice_as_much_after_each_answer),
        CASE(a_loss_that_is_told_of_halves_what_is_under_way),
        CASE(a_time_out_begins_again_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
