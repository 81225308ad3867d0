/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-net driver when something dies or lies: restarts of either side, a device and a netd
 * that break the protocol.
 */
#include "test.h"

#include <abi/error.h>

#include "net_bench.h"

enum { STATUS_FAILED = 128 }; /* [virtio 1.2 §2.1] */

/* --- restarts ------------------------------------------------------------------------------ */

/* Ten frames each way. */
static void check_works(struct net_bench *bench)
{
    uint64_t received = 0, transmitted = 0;

    net_bench_settle(bench);
    assert_int_equal(bench->driver.phase, NET_RUNNING);
    for (uint32_t i = 0; i < 10; i++) {
        net_bench_receive_number(bench, i);
        net_bench_send_number(bench, i, (uint16_t)(NET_BENCH_TX_FIRST + i));
    }
    net_bench_settle(bench);
    assert_int_equal(net_bench_take_all(bench, &received), 10);
    assert_int_equal(net_bench_transmit_all(bench, &transmitted), 10);
    net_bench_settle(bench);
}

TEST(the_device_is_reset_and_owns_nothing_until_netd_is_there)
{
    struct net_bench *bench = net_bench_make(2);

    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), OK);
    net_bench_settle(bench);
    assert_int_equal(bench->driver.phase, NET_CLOSED);
    assert_int_equal(bench->fake.resets, 1);
    assert_int_equal(bench->fake.status, 0);
    assert_int_equal(bench->area->info.epoch, 0);
    net_bench_start_netd(bench);
    check_works(bench);
    assert_int_equal(bench->area->info.epoch, 1);
    assert_int_equal(bench->starts, 1);
    net_bench_close(bench);
}

TEST(netd_may_be_there_first)
{
    struct net_bench *bench = net_bench_make(2);

    net_bench_start_netd(bench);
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), OK);
    check_works(bench);
    assert_int_equal(bench->area->info.epoch, 1);
    net_bench_close(bench);
}

TEST(a_driver_that_is_started_again_takes_over)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    for (uint32_t i = 0; i < 20; i++) { /* dies with frames of both kinds on their way */
        net_bench_receive_number(bench, i);
        net_bench_send_number(bench, i, (uint16_t)(NET_BENCH_TX_FIRST + i));
    }
    bench->fake.resets = 0;
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_MINIMAL), OK);
    assert_true(bench->fake.resets >= 1);
    check_works(bench);
    assert_int_equal(bench->area->info.epoch, 2);
    assert_true(atomic_load(&net_bench_counters(bench)->rx_frames) ==
                10); /* counted since the start */
    net_bench_close(bench);
}

TEST(a_netd_that_is_started_again_gets_a_fresh_epoch)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    net_bench_receive_number(bench, 0);
    net_bench_send_number(bench, 0, NET_BENCH_TX_FIRST);
    net_bench_settle(bench);
    bench->fake.resets = 0;
    net_bench_start_netd(bench);
    check_works(bench);
    assert_int_equal(bench->fake.resets, 1);
    assert_int_equal(bench->area->info.epoch, 2);
    assert_true(atomic_load(&net_bench_counters(bench)->resets) == 1);
    net_bench_close(bench);
}

/* --- failures of the device ---------------------------------------------------------------- */

static void check_given_up(struct net_bench *bench, bool was_up)
{
    bench->signals = 0;
    net_bench_settle(bench);
    assert_int_equal(bench->driver_error, 1);
    assert_int_equal(bench->was_up, was_up);
    assert_int_equal(bench->area->info.state, FRAMES_FAILED);
    assert_in_range(bench->signals, 1, 2); /* for the epoch, if it came so far, and for the end */
    assert_int_equal(bench->fake.status, STATUS_FAILED); /* alone: it was reset */
    net_bench_close(bench);
}

TEST(a_device_that_is_not_there_or_does_not_reset_is_an_error_at_once)
{
    struct net_bench *bench = net_bench_make(2);

    bench->fake.device_id = VIRTIO_DEVICE_ENTROPY;
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), E_NOT_FOUND);
    assert_int_equal(bench->area->info.state, FRAMES_FAILED);
    bench->fake.device_id = VIRTIO_DEVICE_NET;
    bench->fake.status = 1;
    bench->fake.never_resets = true;
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), E_TIMEOUT);
    assert_int_equal(bench->area->info.state, FRAMES_FAILED);
    net_bench_close(bench);
}

TEST(a_device_that_refuses_features_or_queues_is_given_up_and_was_never_up)
{
    for (uint32_t i = 0; i < 4; i++) {
        struct net_bench *bench = net_bench_make(2);

        assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_MINIMAL), OK);
        net_bench_start_netd(bench);
        bench->fake.refuses_features = i == 0;
        bench->fake.refuses_queues = i == 1;
        bench->fake.queue_max = i == 2 ? 0 : i == 3 ? 1 : FAKE_QUEUE_MAX;
        check_given_up(bench, false);
    }
}

TEST(a_device_that_asks_for_a_reset_gets_it_and_works_again)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    bench->fake.needs_reset = true;
    bench->fake.interrupt_status = VIRTIO_INTERRUPT_CONFIG;
    check_works(bench);
    assert_true(atomic_load(&net_bench_counters(bench)->device_broken) == 1);
    assert_true(atomic_load(&net_bench_counters(bench)->resets) == 1);
    net_bench_close(bench);
}

static void lie(struct net_bench *bench, enum virtq_fault fault)
{
    struct fake_chain chain;

    assert_true(fake_fetch(&bench->fake, NET_QUEUE_RX, &chain));
    switch (fault) {
    case VIRTQ_FAULT_INDEX:
        fake_set_used_index(&bench->fake, NET_QUEUE_RX, 0x4000);
        break;
    case VIRTQ_FAULT_ID:
        fake_return(&bench->fake, NET_QUEUE_RX, 0x12345678, 0);
        break;
    case VIRTQ_FAULT_OWNER:
        fake_return(&bench->fake, NET_QUEUE_TX, 0, 0);
        break;
    case VIRTQ_FAULT_LENGTH:
        fake_return(&bench->fake, NET_QUEUE_RX, chain.head, 12 + FRAMES_BYTES - FRAMES_OFFSET + 1);
        break;
    case VIRTQ_FAULT_NONE:
    case VIRTQ_FAULT_KINDS:
        break;
    }
}

TEST(each_lie_of_the_used_ring_is_counted_by_name_and_mended_by_a_reset)
{
    for (uint32_t fault = VIRTQ_FAULT_INDEX; fault < VIRTQ_FAULT_KINDS; fault++) {
        struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
        struct frames_counters *counters = net_bench_counters(bench);
        _Atomic uint64_t *counted[VIRTQ_FAULT_KINDS] = {
            [VIRTQ_FAULT_INDEX] = &counters->queue_bad_index,
            [VIRTQ_FAULT_ID] = &counters->queue_bad_id,
            [VIRTQ_FAULT_OWNER] = &counters->queue_bad_owner,
            [VIRTQ_FAULT_LENGTH] = &counters->queue_bad_length,
        };

        if (fault == VIRTQ_FAULT_OWNER) { /* so that the index alone is no lie */
            net_bench_send_number(bench, 0, NET_BENCH_TX_FIRST);
            net_bench_settle(bench);
            struct fake_chain chain;

            assert_true(fake_fetch(&bench->fake, NET_QUEUE_TX, &chain));
            assert_int_equal(chain.head, 0);
            fake_return(&bench->fake, NET_QUEUE_TX, 1, 0);
        } else {
            lie(bench, (enum virtq_fault)fault);
        }
        check_works(bench);
        assert_true(atomic_load(counted[fault]) == 1);
        assert_true(atomic_load(&counters->resets) == 1);
        assert_int_equal(bench->area->info.epoch, 2);
        net_bench_close(bench);
    }
}

TEST(a_device_that_lies_again_and_again_is_given_up)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    for (uint32_t i = 0; i < NET_DRIVER_RESETS_IN_VAIN_MAX; i++) {
        lie(bench, VIRTQ_FAULT_INDEX);
        net_bench_settle(bench);
        assert_int_equal(bench->driver_error, 0);
    }
    lie(bench, VIRTQ_FAULT_INDEX);
    check_given_up(bench, true);
}

TEST(a_received_frame_without_an_ethernet_header_is_counted_and_its_buffer_posted_again)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    uint16_t pending = fake_pending(&bench->fake, NET_QUEUE_RX);
    uint8_t frame[FRAMES_ETHERNET_BYTES] = {0};
    struct frames_span span;

    assert_true(fake_receive(&bench->fake, frame, 0));
    assert_true(fake_receive(&bench->fake, frame, FRAMES_ETHERNET_BYTES - 1));
    net_bench_settle(bench);
    assert_true(atomic_load(&net_bench_counters(bench)->rx_short) == 2);
    assert_false(net_bench_take(bench, &span));
    assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), pending);
    check_works(bench);
    net_bench_close(bench);
}

/* --- a hostile netd ------------------------------------------------------------------------ */

static void push_raw(struct ring_producer *ring, uint64_t entry)
{
    assert_int_equal(ring_producer_push(ring, entry), OK);
    bool is_asleep = ring_producer_commit(ring);

    (void)is_asleep;
}

TEST(bad_entries_are_counted_and_never_posted)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_span far = {FRAMES_COUNT, 0, 1514};
    struct frames_span runt = {NET_BENCH_TX_FIRST, 0, FRAMES_TX_BYTES_MIN - 1};
    struct frames_span jumbo = {NET_BENCH_TX_FIRST, 0, NET_BENCH_FRAME_MAX + 1};
    struct frames_span narrow = {0, 0, FRAMES_RX_BYTES_MIN - 1};

    push_raw(&bench->tx_ready, frames_entry(far));
    push_raw(&bench->tx_ready, frames_entry(runt));
    push_raw(&bench->tx_ready, frames_entry(jumbo));
    push_raw(&bench->tx_ready, UINT64_MAX);
    for (uint32_t i = 0; i < 200; i++) { /* make room in the queue */
        net_bench_receive_number(bench, i);
    }
    push_raw(&bench->rx_free, frames_entry(narrow));
    push_raw(&bench->rx_free, UINT64_MAX);
    net_bench_settle(bench);
    assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_TX), 0);
    assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), 56);
    assert_true(atomic_load(&net_bench_counters(bench)->tx_bad_entry) == 4);
    assert_true(atomic_load(&net_bench_counters(bench)->rx_bad_entry) == 2);
    assert_true(atomic_load(&net_bench_counters(bench)->resets) == 0);
    net_bench_close(bench);
}

TEST(frames_for_a_ring_that_netd_lets_overflow_are_counted)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_span same = {0, FRAMES_OFFSET, FRAMES_RX_BYTES_MIN};

    for (uint32_t i = 0; i < FRAMES_COUNT + 5; i++) { /* one frame given again and again */
        net_bench_receive_number(bench, 0);
        push_raw(&bench->rx_free, frames_entry(same));
        net_bench_settle(bench);
    }
    assert_true(atomic_load(&net_bench_counters(bench)->rx_no_room) == 5);
    same.index = NET_BENCH_TX_FIRST;
    for (uint32_t i = 0; i < FRAMES_COUNT + 7; i++) {
        uint8_t frame[FRAMES_BYTES];
        uint32_t bytes;

        push_raw(&bench->tx_ready, frames_entry(same));
        net_bench_settle(bench);
        assert_true(fake_transmit(&bench->fake, frame, &bytes));
    }
    net_bench_settle(bench);
    assert_true(atomic_load(&net_bench_counters(bench)->tx_no_room) == 7);
    net_bench_close(bench);
}

TEST(a_ring_that_netd_breaks_costs_an_epoch_and_nothing_else)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_counters *counters = net_bench_counters(bench);
    struct frames_span same = {0, FRAMES_OFFSET, FRAMES_RX_BYTES_MIN};

    bench->area->tx_ready.shared.tail += FRAMES_COUNT + 1;
    check_works(bench);
    assert_true(atomic_load(&counters->ring_corrupt) == 1);
    /* the driver looks at its neighbour's head when the ring seems full */
    for (uint32_t i = 0; i <= FRAMES_COUNT && atomic_load(&counters->ring_corrupt) == 1; i++) {
        bench->area->rx_full.shared.head = 2 * FRAMES_COUNT;
        net_bench_receive_number(bench, 0);
        push_raw(&bench->rx_free, frames_entry(same));
        net_bench_settle(bench);
    }
    check_works(bench);
    assert_true(atomic_load(&counters->ring_corrupt) == 2);
    assert_true(atomic_load(&counters->resets) == 2);
    net_bench_close(bench);
}

TEST(a_netd_that_makes_impossible_rings_is_waited_for_until_it_asks_again)
{
    struct net_bench *bench = net_bench_make(2);
    struct net_step step;

    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), OK);
    net_bench_start_netd(bench);
    bench->area->rx_free.shared.tail = FRAMES_COUNT + 1;
    for (uint32_t i = 0; i < NET_DRIVER_RESETS_IN_VAIN_MAX; i++) {
        bench->area->info.ready = i + 1;
        assert_int_equal(net_driver_step(&bench->driver, &step), OK);
    }
    bench->area->info.ready = NET_DRIVER_RESETS_IN_VAIN_MAX + 1;
    assert_int_equal(net_driver_step(&bench->driver, &step), OK);
    assert_true(step.signal_netd && !step.has_started);
    assert_int_equal(bench->area->info.state, FRAMES_STARTING);
    assert_int_equal(bench->fake.status, 0);
    bench->fake.resets = 0;
    assert_int_equal(net_driver_step(&bench->driver, &step), OK);
    assert_true(step.may_sleep && !step.signal_netd);
    assert_int_equal(bench->fake.resets, 0);
    assert_true(atomic_load(&net_bench_counters(bench)->ring_corrupt) ==
                NET_DRIVER_RESETS_IN_VAIN_MAX + 1);
    net_bench_start_netd(bench); /* an honest one */
    check_works(bench);
    lie(bench, VIRTQ_FAULT_INDEX); /* and the device has all its resets left */
    check_works(bench);
    net_bench_close(bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_is_reset_and_owns_nothing_until_netd_is_there),
        cmocka_unit_test(netd_may_be_there_first),
        cmocka_unit_test(a_driver_that_is_started_again_takes_over),
        cmocka_unit_test(a_netd_that_is_started_again_gets_a_fresh_epoch),
        cmocka_unit_test(a_device_that_is_not_there_or_does_not_reset_is_an_error_at_once),
        cmocka_unit_test(a_device_that_refuses_features_or_queues_is_given_up_and_was_never_up),
        cmocka_unit_test(a_device_that_asks_for_a_reset_gets_it_and_works_again),
        cmocka_unit_test(each_lie_of_the_used_ring_is_counted_by_name_and_mended_by_a_reset),
        cmocka_unit_test(a_device_that_lies_again_and_again_is_given_up),
        cmocka_unit_test(
            a_received_frame_without_an_ethernet_header_is_counted_and_its_buffer_posted_again),
        cmocka_unit_test(bad_entries_are_counted_and_never_posted),
        cmocka_unit_test(frames_for_a_ring_that_netd_lets_overflow_are_counted),
        cmocka_unit_test(a_ring_that_netd_breaks_costs_an_epoch_and_nothing_else),
        cmocka_unit_test(a_netd_that_makes_impossible_rings_is_waited_for_until_it_asks_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
