/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session by itself: handshake, frames, records, time, and each way to break them.
 */
#include <base/bytes.h>

#include "bus_pair.h"

enum {
    MS = 1000,
    S = 1000 * MS,
};

static const uint8_t nonce[PING_NONCE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const struct crypto_span text = {(const uint8_t *)"hello", 5};

/* --- handshake --- */

TEST(a_handshake_proves_both_keys_and_a_ping_comes_back)
{
    pair_move_all();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.ends[i].state, SESSION_PROVEN);
        assert_memory_equal(pair.ends[i].peer_key, pair.keys[1 - i], CRYPTO_KEY_BYTES);
        session_admit(&pair.ends[i], pair.now_us);
    }
    assert_int_equal(pair.stats[0].value[BUS_auth_ok], 0); /* it has not heard that it is let in */
    pair_move_all();
    for (int i = 0; i < 2; i++) {
        assert_true(pair.ends[i].is_confirmed);
        assert_int_equal(pair.stats[i].value[BUS_auth_ok], 1);
        assert_int_equal(session_ping(&pair.ends[i], nonce, text, pair.now_us), OK);
        assert_int_equal(session_ping(&pair.ends[i], nonce, text, pair.now_us), E_BUSY);
    }
    pair.now_us += 300;
    pair_move_all();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.ends[i].ping, PING_OK);
        assert_int_equal(pair.ends[i].ping_rtt_us, 300);
        assert_int_equal(pair.stats[i].value[BUS_ping_answered], 1);
        assert_int_equal(pair.stats[i].value[BUS_ping_received], 1);
    }
}

static void move_in_pieces(size_t piece)
{
    while (pair_move(0, piece) + pair_move(1, piece) > 0) {
    }
}

TEST(a_session_does_not_depend_on_how_the_stream_is_cut)
{
    for (size_t piece = 1; piece < 130; piece += 3) {
        (void)pair_begin(NULL);
        move_in_pieces(piece);
        session_admit(&pair.ends[0], pair.now_us);
        session_admit(&pair.ends[1], pair.now_us);
        assert_int_equal(session_ping(&pair.ends[0], nonce, text, pair.now_us), OK);
        move_in_pieces(piece);
        assert_int_equal(pair.ends[0].ping, PING_OK);
    }
}

TEST(nothing_is_read_before_the_key_is_admitted)
{
    (void)pair_move(0, SESSION_OUT_BYTES);
    (void)pair_move(1, SESSION_OUT_BYTES);
    session_admit(&pair.ends[0], pair.now_us);
    assert_int_equal(session_ping(&pair.ends[0], nonce, text, pair.now_us),
                     OK); /* right behind message 3 */
    size_t frame = pair.ends[0].out_len - 64;
    assert_int_equal(
        session_input(&pair.ends[1], pair.ends[0].out, pair.ends[0].out_len, pair.now_us), 64);
    assert_int_equal(pair.ends[1].state, SESSION_PROVEN);
    assert_int_equal(session_input(&pair.ends[1], pair.ends[0].out + 64, frame, pair.now_us), 0);
    assert_int_equal(pair.ends[1].out_len, 0);
    session_admit(&pair.ends[1], pair.now_us);
    assert_int_equal(session_input(&pair.ends[1], pair.ends[0].out + 64, frame, pair.now_us),
                     frame);
    assert_int_equal(pair.stats[1].value[BUS_ping_received], 1);
}

TEST(a_handshake_message_that_is_not_genuine_ends_the_session)
{
    for (int bad = 0; bad < 3; bad++) {
        (void)pair_begin(NULL);
        int from = bad % 2;
        for (int i = 0; i < bad; i++) {
            (void)pair_move(i % 2, SESSION_OUT_BYTES);
        }
        pair.ends[from].out[40] ^= 1;
        (void)pair_move(from, SESSION_OUT_BYTES);
        pair_assert_ended(1 - from, BUS_end_handshake);
        assert_int_equal(pair.ends[1 - from].out_len, 0);
        assert_int_equal(pair.stats[1 - from].value[BUS_auth_ok], 0);
    }
}

/* An unauthenticated call: records without a handshake. */
TEST(records_before_the_handshake_are_no_records)
{
    const uint8_t open[] = {0, 0, 0, 11, 0, 1, RECORD_OPEN, 0, 0, 4, 0, 'e', 'c', 'h', 'o'};
    for (int i = 0; i < 10; i++) {
        (void)session_input(&pair.ends[1], open, sizeof(open), pair.now_us);
    }
    pair_assert_ended(1, BUS_end_handshake);
    assert_int_equal(pair.stats[1].value[BUS_frame_received], 0);
}

TEST(each_step_of_the_handshake_has_its_deadline)
{
    uint64_t due_us = pair.now_us + SESSION_STEP_MS * MS;
    assert_int_equal(session_next_us(&pair.ends[0]), due_us);
    pair.now_us = due_us - 1;
    session_tick(&pair.ends[1], pair.now_us);
    (void)pair_move(0, SESSION_OUT_BYTES);
    session_tick(&pair.ends[0], due_us); /* message 2 did not come */
    pair_assert_ended(0, BUS_end_handshake_late);
    session_tick(&pair.ends[1], due_us); /* has a new one */
    assert_int_equal(pair.ends[1].state, SESSION_HANDSHAKE);
    session_tick(&pair.ends[1], pair.now_us + SESSION_STEP_MS * MS);
    pair_assert_ended(1, BUS_end_handshake_late);
}

TEST(an_initiator_that_is_not_let_in_ends_in_time)
{
    pair_move_all();
    session_admit(&pair.ends[0], pair.now_us);
    assert_int_equal(pair.ends[0].state, SESSION_OPEN);
    assert_false(pair.ends[0].is_confirmed);
    session_tick(&pair.ends[0], pair.now_us + SESSION_STEP_MS * MS);
    pair_assert_ended(0, BUS_end_handshake_late);
    assert_int_equal(pair.stats[0].value[BUS_auth_ok], 0);
}

TEST(the_keys_of_a_refused_peer_are_erased)
{
    pair_move_all();
    session_end(&pair.ends[1], BUS_end_key_refused, pair.now_us);
    pair_assert_ended(1, BUS_end_key_refused);
    assert_int_equal(pair.ends[1].out_len, 0); /* not even a goodbye */
    assert_int_equal(session_ping(&pair.ends[1], nonce, text, pair.now_us), E_STATE);
}

/* --- frames --- */

TEST(a_frame_of_impossible_length_ends_the_session)
{
    const uint32_t lengths[] = {0, 1, 16, 65536, UINT32_MAX, SESSION_FRAME_MAX + 1, 65535};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t header[FRAME_HEADER_BYTES];
        (void)pair_begin_open(NULL);
        bytes_put_be32(header, lengths[i]);
        (void)session_input(&pair.ends[1], header, sizeof(header), pair.now_us);
        pair_assert_ended(1, BUS_end_length);
    }
}

TEST(the_shortest_and_the_longest_frame_are_read)
{
    uint8_t buffer[FRAME_LENGTH_MAX];
    struct frame_reader reader;
    const uint32_t lengths[] = {17, 18, 65535};
    frame_begin(&reader, buffer, sizeof(buffer));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t used;
        size_t whole = FRAME_HEADER_BYTES + lengths[i];
        memset(pair.forged, (int)i + 1, sizeof(pair.forged));
        bytes_put_be32(pair.forged, lengths[i]);
        assert_int_equal(frame_read(&reader, pair.forged, 3, &used), E_AGAIN);
        assert_int_equal(used, 3);
        assert_int_equal(frame_read(&reader, pair.forged + 3, whole - 4, &used), E_AGAIN);
        assert_int_equal(used, whole - 4);
        assert_int_equal(frame_read(&reader, pair.forged + whole - 1, 1, &used), OK);
        assert_int_equal(reader.length, lengths[i]);
        assert_memory_equal(buffer, pair.forged + FRAME_HEADER_BYTES, lengths[i]);
    }
}

TEST(a_frame_with_any_bit_wrong_ends_the_session)
{
    const uint8_t keepalive[] = {0, 0, RECORD_KEEPALIVE};
    for (size_t bit = 0; bit < 8 * (sizeof(keepalive) + CRYPTO_TAG_BYTES); bit++) {
        (void)pair_begin_open(NULL);
        size_t len = pair_forge(keepalive, sizeof(keepalive));
        pair.forged[FRAME_HEADER_BYTES + bit / 8] ^= (uint8_t)(1 << bit % 8);
        pair_inject(len);
        pair_assert_ended(1, BUS_end_forged);
    }
}

TEST(a_frame_sent_again_or_out_of_order_ends_the_session)
{
    const uint8_t keepalive[] = {0, 0, RECORD_KEEPALIVE};
    size_t len = pair_forge(keepalive, sizeof(keepalive));
    pair_inject(len);
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
    pair_inject(len); /* replayed */
    pair_assert_ended(1, BUS_end_forged);
    (void)pair_begin_open(NULL);
    (void)pair_forge(keepalive, sizeof(keepalive)); /* lost */
    pair_inject(pair_forge(keepalive, sizeof(keepalive)));
    pair_assert_ended(1, BUS_end_forged);
}

TEST(a_record_that_breaks_the_format_ends_the_session)
{
    const struct {
        size_t len;
        uint8_t bytes[8];
    } bad[] = {
        {1, {0}},
        {2, {0, 0}},
        {3, {0, 0, 0}}, /* no such kind */
        {3, {0, 0, 6}},
        {3, {0, 1, 255}},
        {3, {0, 1, RECORD_KEEPALIVE}},             /* on a channel */
        {4, {0, 0, RECORD_KEEPALIVE, 0}},          /* with a body */
        {4, {0, 0, RECORD_PING, 0}},               /* without a nonce */
        {3, {0, 0, RECORD_END}},                   /* on no channel */
        {8, {0, 1, RECORD_OPEN, 0, 0, 0, 0, 7}},   /* a name that is none */
        {8, {0, 2, RECORD_OPEN, 0, 0, 0, 0, 'a'}}, /* a channel that is ours to open */
        {7, {0, 1, RECORD_OPEN, 0, 0, 0, 0}},      /* no name */
        {3, {0, 1, RECORD_DATA}},                  /* no data */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)pair_begin_open(NULL);
        pair_inject(pair_forge(bad[i].bytes, bad[i].len));
        pair_assert_ended(1, BUS_end_record);
    }
}

TEST(an_answer_to_another_ping_is_none)
{
    uint8_t pong[RECORD_HEADER_BYTES + PING_NONCE_BYTES + 5] = {0, 0, RECORD_PONG};
    memcpy(pong + RECORD_HEADER_BYTES, nonce, sizeof(nonce));
    memcpy(pong + RECORD_HEADER_BYTES + sizeof(nonce), "hello", 5);
    pair_inject(pair_forge(pong, sizeof(pong))); /* to none at all */
    assert_int_equal(pair.stats[1].value[BUS_ping_unmatched], 1);
    assert_int_equal(session_ping(&pair.ends[1], nonce, text, pair.now_us), OK);
    pair_inject(pair_forge(pong, sizeof(pong) - 1));
    pong[RECORD_HEADER_BYTES] ^= 1;
    pair_inject(pair_forge(pong, sizeof(pong)));
    assert_int_equal(pair.stats[1].value[BUS_ping_unmatched], 3);
    assert_int_equal(pair.ends[1].ping, PING_WAITS);
    pong[RECORD_HEADER_BYTES] ^= 1;
    pair_inject(pair_forge(pong, sizeof(pong)));
    assert_int_equal(pair.ends[1].ping, PING_OK);
}

TEST(a_ping_without_an_answer_is_lost_in_time)
{
    assert_int_equal(session_ping(&pair.ends[0], nonce, text, pair.now_us), OK);
    pair.now_us += SESSION_PING_MS * MS;
    assert_int_equal(session_next_us(&pair.ends[0]), pair.now_us);
    session_tick(&pair.ends[0], pair.now_us);
    assert_int_equal(pair.ends[0].ping, PING_LOST);
    uint8_t longer[PING_TEXT_MAX + 1] = {0};
    const struct crypto_span too_long = {longer, sizeof(longer)};
    assert_int_equal(session_ping(&pair.ends[0], nonce, too_long, pair.now_us), E_RANGE);
}

TEST(keys_are_renewed_on_both_sides_and_nobody_notices)
{
    pair.rekey_frames = 3;
    (void)pair_begin_open(NULL);
    pair.rekey_frames = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(session_ping(&pair.ends[i % 2], nonce, text, pair.now_us), OK);
        pair_move_all();
        assert_int_equal(pair.ends[i % 2].ping, PING_OK);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(pair.stats[i].value[BUS_rekey_sent] >= 6);
        assert_int_equal(pair.stats[i].value[BUS_rekey_sent],
                         pair.stats[1 - i].value[BUS_rekey_received]);
    }
}

TEST(at_the_last_nonce_the_session_ends)
{
    pair.ends[0].tx.nonce = UINT64_MAX;
    assert_int_equal(session_ping(&pair.ends[0], nonce, text, pair.now_us), E_STATE);
    pair_assert_ended(0, BUS_end_nonces);
    const uint8_t keepalive[] = {0, 0, RECORD_KEEPALIVE};
    (void)pair_begin_open(NULL);
    size_t len = pair_forge(keepalive, sizeof(keepalive));
    pair.ends[1].rx.nonce = UINT64_MAX;
    pair_inject(len);
    pair_assert_ended(1, BUS_end_nonces);
}

TEST(a_session_that_ends_says_goodbye)
{
    session_end(&pair.ends[0], BUS_end_by_us, pair.now_us);
    pair_assert_ended(0, BUS_end_by_us);
    (void)pair_move(0, SESSION_OUT_BYTES);
    pair_assert_ended(1, BUS_end_by_peer);
    session_end(&pair.ends[1], BUS_end_lost, pair.now_us); /* once ended, it stays so */
    pair_assert_ended(1, BUS_end_by_peer);
}

/* --- time and room --- */

TEST(an_idle_session_is_kept_alive)
{
    uint64_t end_us = pair.now_us + 3600 * (uint64_t)S;
    while (pair.now_us < end_us) {
        uint64_t first_us = session_next_us(&pair.ends[0]);
        uint64_t second_us = session_next_us(&pair.ends[1]);
        pair.now_us = first_us < second_us ? first_us : second_us;
        session_tick(&pair.ends[0], pair.now_us);
        session_tick(&pair.ends[1], pair.now_us);
        pair_move_all();
    }
    assert_int_equal(pair.ends[0].state, SESSION_OPEN);
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
    assert_in_range(pair.stats[0].value[BUS_frame_sent], 350, 370); /* one in ten seconds */
}

TEST(a_peer_that_is_silent_for_too_long_is_gone)
{
    uint64_t heard_us = pair.now_us;
    while (pair.ends[0].state == SESSION_OPEN) {
        pair.now_us = session_next_us(&pair.ends[0]);
        session_tick(&pair.ends[0], pair.now_us);
        pair.ends[0].out_len = 0; /* the stream takes all and brings nothing */
    }
    pair_assert_ended(0, BUS_end_silent);
    assert_int_equal(pair.now_us - heard_us, SESSION_SILENT_MS * (uint64_t)MS);
}

TEST(a_peer_that_never_reads_costs_one_buffer_and_ends)
{
    const uint8_t keepalive[] = {0, 0, RECORD_KEEPALIVE};
    uint8_t ping[RECORD_HEADER_BYTES + PING_NONCE_BYTES + PING_TEXT_MAX] = {0, 0, RECORD_PING};
    for (int i = 0; i < 100; i++) {
        pair_inject(pair_forge(ping, sizeof(ping)));
    }
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
    assert_true(pair.stats[1].value[BUS_ping_dropped] > 0);
    assert_int_equal(pair.stats[1].value[BUS_ping_dropped] + pair.stats[1].value[BUS_ping_received],
                     100);
    for (int i = 0; i < 40 && pair.ends[1].state == SESSION_OPEN; i++) {
        pair.now_us += 1 * S;
        pair_inject(pair_forge(keepalive, sizeof(keepalive))); /* it talks, and does not listen */
        session_tick(&pair.ends[1], pair.now_us);
    }
    pair_assert_ended(1, BUS_end_silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_handshake_proves_both_keys_and_a_ping_comes_back, pair_begin),
        cmocka_unit_test(a_session_does_not_depend_on_how_the_stream_is_cut),
        cmocka_unit_test_setup(nothing_is_read_before_the_key_is_admitted, pair_begin),
        cmocka_unit_test(a_handshake_message_that_is_not_genuine_ends_the_session),
        cmocka_unit_test_setup(records_before_the_handshake_are_no_records, pair_begin),
        cmocka_unit_test_setup(each_step_of_the_handshake_has_its_deadline, pair_begin),
        cmocka_unit_test_setup(an_initiator_that_is_not_let_in_ends_in_time, pair_begin),
        cmocka_unit_test_setup(the_keys_of_a_refused_peer_are_erased, pair_begin),
        cmocka_unit_test(a_frame_of_impossible_length_ends_the_session),
        cmocka_unit_test(the_shortest_and_the_longest_frame_are_read),
        cmocka_unit_test(a_frame_with_any_bit_wrong_ends_the_session),
        cmocka_unit_test_setup(a_frame_sent_again_or_out_of_order_ends_the_session,
                               pair_begin_open),
        cmocka_unit_test(a_record_that_breaks_the_format_ends_the_session),
        cmocka_unit_test_setup(an_answer_to_another_ping_is_none, pair_begin_open),
        cmocka_unit_test_setup(a_ping_without_an_answer_is_lost_in_time, pair_begin_open),
        cmocka_unit_test_setup(keys_are_renewed_on_both_sides_and_nobody_notices, pair_begin),
        cmocka_unit_test_setup(at_the_last_nonce_the_session_ends, pair_begin_open),
        cmocka_unit_test_setup(a_session_that_ends_says_goodbye, pair_begin_open),
        cmocka_unit_test_setup(an_idle_session_is_kept_alive, pair_begin_open),
        cmocka_unit_test_setup(a_peer_that_is_silent_for_too_long_is_gone, pair_begin_open),
        cmocka_unit_test_setup(a_peer_that_never_reads_costs_one_buffer_and_ends, pair_begin_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
