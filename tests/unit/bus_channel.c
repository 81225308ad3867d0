/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channels of a session, and requests and answers on them.
 */
#include "bus_pair.h"

#include "servers/dsoftbusd/call.h"

static const struct bus_name echo = {.len = 4, .text = "echo"};
static const struct crypto_span text = {(const uint8_t *)"hello", 5};

/* A channel from the initiator, open on both sides. */
static void open_channel(struct channel **ours, struct channel **theirs)
{
    uint8_t news;
    assert_int_equal(session_open_channel(&pair.ends[0], &echo, pair.now_us, ours), OK);
    pair_move_all();
    *theirs = session_next_news(&pair.ends[1], &news);
    assert_non_null(*theirs);
    assert_int_equal(news, NEWS_ASKED);
    assert_true(bus_name_is_equal(&(*theirs)->service, &echo));
    channel_accept(&pair.ends[1], *theirs, pair.now_us);
    pair_move_all();
    assert_ptr_equal(session_next_news(&pair.ends[0], &news), *ours);
    assert_int_equal(news, NEWS_ACCEPTED);
}

static int send(struct channel *channel, size_t len)
{
    static const uint8_t zeros[RECORD_DATA_MAX + 1];
    return channel_send(&pair.ends[0], channel, (struct crypto_span){zeros, len}, pair.now_us);
}

TEST(a_channel_carries_bytes_both_ways_and_ends)
{
    struct channel *ours;
    struct channel *theirs;
    uint8_t news;
    open_channel(&ours, &theirs);
    assert_int_equal(send(ours, 100), OK);
    channel_end(&pair.ends[0], ours, pair.now_us);
    assert_int_equal(send(ours, 1), E_STATE);
    pair_move_all();
    assert_ptr_equal(session_next_news(&pair.ends[1], &news), theirs);
    assert_int_equal(news, NEWS_DATA | NEWS_ENDED);
    assert_int_equal(theirs->rx_len, 100);
    channel_consume(&pair.ends[1], theirs, 100, pair.now_us);
    assert_int_equal(channel_send(&pair.ends[1], theirs, text, pair.now_us), OK);
    channel_end(&pair.ends[1], theirs, pair.now_us);
    pair_move_all();
    assert_int_equal(theirs->state, CHANNEL_FREE);
    assert_int_equal(ours->state, CHANNEL_OPEN); /* until the answer is taken */
    assert_memory_equal(ours->rx, "hello", 5);
    channel_consume(&pair.ends[0], ours, 5, pair.now_us);
    assert_int_equal(ours->state, CHANNEL_FREE);
}

TEST(a_channel_may_be_refused)
{
    struct channel *ours;
    uint8_t news;
    assert_int_equal(session_open_channel(&pair.ends[0], &echo, pair.now_us, &ours), OK);
    assert_int_equal(send(ours, 1), E_STATE);
    pair_move_all();
    struct channel *theirs = session_next_news(&pair.ends[1], &news);
    channel_refuse(&pair.ends[1], theirs, REFUSAL_DENIED, pair.now_us);
    pair_move_all();
    assert_int_equal(theirs->state, CHANNEL_FREE);
    assert_ptr_equal(session_next_news(&pair.ends[0], &news), ours);
    assert_int_equal(news, NEWS_REFUSED);
    assert_int_equal(ours->refusal, REFUSAL_DENIED);
    assert_int_equal(ours->state, CHANNEL_FREE);
}

TEST(nobody_sends_more_than_the_other_takes)
{
    struct channel *ours;
    struct channel *theirs;
    open_channel(&ours, &theirs);
    assert_int_equal(send(ours, RECORD_DATA_MAX + 1), E_RANGE);
    assert_int_equal(send(ours, 0), E_RANGE);
    assert_int_equal(send(ours, RECORD_DATA_MAX - 1), OK);
    assert_int_equal(send(ours, 2), E_AGAIN);
    assert_int_equal(send(ours, 1), OK);
    assert_int_equal(send(ours, 1), E_AGAIN);
    pair_move_all();
    assert_int_equal(theirs->rx_len, RECORD_DATA_MAX);
    channel_consume(&pair.ends[1], theirs, 10, pair.now_us); /* too little to be said at once */
    pair_move_all();
    assert_int_equal(send(ours, 1), E_AGAIN);
    channel_consume(&pair.ends[1], theirs, RECORD_DATA_MAX, pair.now_us);
    pair_move_all();
    assert_int_equal(send(ours, RECORD_DATA_MAX), OK);
    pair_move_all();
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
}

TEST(more_bytes_than_credit_end_the_session)
{
    struct channel *ours;
    struct channel *theirs;
    open_channel(&ours, &theirs);
    assert_int_equal(send(ours, RECORD_DATA_MAX), OK);
    pair_move_all();
    const uint8_t one_more[] = {0, 1, RECORD_DATA, 7};
    pair_inject(pair_forge(one_more, sizeof(one_more)));
    pair_assert_ended(1, BUS_end_flow);
}

TEST(each_side_opens_so_many_channels_and_no_more)
{
    struct channel *channel;
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < SESSION_CHANNELS_EACH; i++) {
            assert_int_equal(session_open_channel(&pair.ends[side], &echo, pair.now_us, &channel),
                             OK);
        }
        assert_int_equal(session_open_channel(&pair.ends[side], &echo, pair.now_us, &channel),
                         E_LIMIT);
    }
    pair_move_all();
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
    const uint8_t one_more[] = {0, 99, RECORD_OPEN, 0, 0, 0, 0, 'a'};
    pair_inject(pair_forge(one_more, sizeof(one_more)));
    pair_assert_ended(1, BUS_end_record);
}

TEST(a_channel_number_is_used_once)
{
    struct channel *ours;
    struct channel *theirs;
    open_channel(&ours, &theirs);
    const uint8_t again[] = {0, 1, RECORD_OPEN, 0, 0, 0, 0, 'a'};
    pair_inject(pair_forge(again, sizeof(again)));
    pair_assert_ended(1, BUS_end_record);
}

TEST(channels_do_not_mix)
{
    struct channel *ours[SESSION_CHANNELS_EACH];
    struct channel *theirs[SESSION_CHANNELS_EACH];
    for (int i = 0; i < SESSION_CHANNELS_EACH; i++) {
        open_channel(&ours[i], &theirs[i]);
    }
    for (int i = 0; i < SESSION_CHANNELS_EACH; i++) {
        uint8_t bytes[64];
        memset(bytes, 'a' + i, sizeof(bytes));
        const struct crypto_span some = {bytes, 10 + (size_t)i};
        assert_int_equal(channel_send(&pair.ends[0], ours[i], some, pair.now_us), OK);
    }
    pair_move_all();
    for (int i = 0; i < SESSION_CHANNELS_EACH; i++) {
        assert_int_equal(theirs[i]->rx_len, 10 + i);
        assert_int_equal(theirs[i]->rx[9], 'a' + i);
    }
}

TEST(what_has_no_room_is_owed_and_paid_later)
{
    struct channel *ours;
    struct channel *theirs;
    uint8_t news;
    assert_int_equal(session_open_channel(&pair.ends[0], &echo, pair.now_us, &ours), OK);
    pair_move_all();
    theirs = session_next_news(&pair.ends[1], &news);
    size_t room = sizeof(pair.ends[1].out);
    pair.ends[1].out_len = room; /* full; nothing can be said */
    channel_accept(&pair.ends[1], theirs, pair.now_us);
    channel_end(&pair.ends[1], theirs, pair.now_us);
    assert_true(theirs->owes_answer && theirs->owes_end);
    assert_int_equal(channel_send(&pair.ends[1], theirs, text, pair.now_us), E_STATE);
    session_sent(&pair.ends[1], room, pair.now_us);
    assert_false(theirs->owes_answer || theirs->owes_end);
    pair_move_all();
    assert_ptr_equal(session_next_news(&pair.ends[0], &news), ours);
    assert_int_equal(news, NEWS_ACCEPTED | NEWS_ENDED);
}

TEST(a_dropped_channel_throws_away_what_comes)
{
    struct channel *ours;
    struct channel *theirs;
    uint8_t news;
    open_channel(&ours, &theirs);
    channel_drop(&pair.ends[1], theirs, pair.now_us);
    assert_int_equal(send(ours, 1000), OK);
    channel_end(&pair.ends[0], ours, pair.now_us);
    pair_move_all();
    assert_null(session_next_news(&pair.ends[1], &news));
    assert_int_equal(theirs->state, CHANNEL_FREE);
    assert_int_equal(ours->state, CHANNEL_FREE);
    assert_int_equal(pair.ends[1].state, SESSION_OPEN);
    const uint8_t stale[] = {0, 1, RECORD_END};
    pair_inject(pair_forge(stale, sizeof(stale)));
    assert_int_equal(pair.stats[1].value[BUS_channel_stale], 1);
}

TEST(a_call_dropped_before_its_answer_ends_when_the_answer_comes)
{
    struct channel *ours;
    uint8_t news;
    assert_int_equal(session_open_channel(&pair.ends[0], &echo, pair.now_us, &ours), OK);
    channel_drop(&pair.ends[0], ours, pair.now_us);
    pair_move_all();
    struct channel *theirs = session_next_news(&pair.ends[1], &news);
    channel_accept(&pair.ends[1], theirs, pair.now_us);
    pair_move_all();
    assert_true(theirs->has_peer_ended);
    channel_end(&pair.ends[1], theirs, pair.now_us);
    pair_move_all();
    assert_int_equal(ours->state, CHANNEL_FREE);
    assert_null(session_next_news(&pair.ends[0], &news));
}

/* --- requests and answers --- */

TEST(a_request_and_an_answer_are_read_as_written)
{
    uint8_t bytes[ANSWER_MAX];
    uint8_t body[CALL_BYTES_MAX];
    struct call_request request = {0x01020304, {body, sizeof(body)}};
    struct call_answer answer = {0x01020304, CALL_TOO_LONG, {body, 3}};
    size_t used;
    memset(body, 'b', sizeof(body));
    size_t len = call_write_request(&request, bytes);
    assert_int_equal(len, REQUEST_MAX);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(call_read_request(bytes, cut, CALL_BYTES_MAX, &request, &used), E_AGAIN);
    }
    assert_int_equal(call_read_request(bytes, len, CALL_BYTES_MAX, &request, &used), OK);
    assert_int_equal(used, len);
    assert_int_equal(request.number, 0x01020304);
    assert_int_equal(request.bytes.len, CALL_BYTES_MAX);
    assert_int_equal(call_read_request(bytes, 6, CALL_BYTES_MAX - 1, &request, &used), E_RANGE);
    assert_int_equal(call_write_answer(&answer, bytes), 10);
    for (size_t cut = 0; cut < 10; cut++) {
        assert_int_equal(call_read_answer(bytes, cut, &answer, &used), E_AGAIN);
    }
    assert_int_equal(call_read_answer(bytes, 10, &answer, &used), OK);
    assert_int_equal(answer.status, CALL_TOO_LONG);
    bytes[4] = CALL_NO_SERVICE; /* is never on the wire */
    assert_int_equal(call_read_answer(bytes, 10, &answer, &used), E_CORRUPT);
    bytes[4] = 0;
    bytes[5] = 0xff;
    assert_int_equal(call_read_answer(bytes, 10, &answer, &used), E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_channel_carries_bytes_both_ways_and_ends, pair_begin_open),
        cmocka_unit_test_setup(a_channel_may_be_refused, pair_begin_open),
        cmocka_unit_test_setup(nobody_sends_more_than_the_other_takes, pair_begin_open),
        cmocka_unit_test_setup(more_bytes_than_credit_end_the_session, pair_begin_open),
        cmocka_unit_test_setup(each_side_opens_so_many_channels_and_no_more, pair_begin_open),
        cmocka_unit_test_setup(a_channel_number_is_used_once, pair_begin_open),
        cmocka_unit_test_setup(channels_do_not_mix, pair_begin_open),
        cmocka_unit_test_setup(what_has_no_room_is_owed_and_paid_later, pair_begin_open),
        cmocka_unit_test_setup(a_dropped_channel_throws_away_what_comes, pair_begin_open),
        cmocka_unit_test_setup(a_call_dropped_before_its_answer_ends_when_the_answer_comes,
                               pair_begin_open),
        cmocka_unit_test(a_request_and_an_answer_are_read_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
