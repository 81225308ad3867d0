/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-net driver whole, but for its system calls: features, facts, frames both ways,
 * wake-ups, restarts, and a device and a netd that break the protocol.
 */
#include "test.h"

#include <abi/error.h>

#include "net_bench.h"

enum {
    VERSIONS = 2,
    FRAME_BYTES_MAX = FRAMES_ETHERNET_BYTES + 1500,
    TX_FIRST = NET_BENCH_RX_FRAMES, /* index of the first frame for sending */
};

static uint64_t counter(_Atomic uint64_t *value)
{
    return atomic_load(value);
}

static struct frames_counters *counters_of(struct net_bench *bench)
{
    return &bench->area->info.counters;
}

/* --- features and facts -------------------------------------------------------------------- */

TEST(the_header_is_12_bytes_with_version_1_or_mergeable_buffers_and_10_otherwise)
{
    assert_int_equal(net_features_header_bytes(0), 10);
    assert_int_equal(net_features_header_bytes(VIRTIO_NET_F_MAC | VIRTIO_F_EVENT_IDX), 10);
    assert_int_equal(net_features_header_bytes(VIRTIO_F_VERSION_1), 12);
    assert_int_equal(net_features_header_bytes(VIRTIO_NET_F_MRG_RXBUF), 12);
}

TEST(profile_minimal_accepts_version_1_and_mac_only)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_MINIMAL);

    assert_true(bench->fake.accepted == (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC));
    assert_true(bench->area->info.features == bench->fake.accepted);
    net_bench_close(bench);
    bench = net_bench_open(1, NET_PROFILE_MINIMAL);
    assert_true(bench->fake.accepted == VIRTIO_NET_F_MAC);
    net_bench_close(bench);
}

TEST(profile_full_accepts_what_it_can_use)
{
    uint64_t both = VIRTIO_NET_F_MAC | VIRTIO_NET_F_MTU | VIRTIO_NET_F_STATUS | VIRTIO_F_EVENT_IDX |
                    VIRTIO_F_INDIRECT_DESC;
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    assert_true(bench->fake.accepted == (both | VIRTIO_F_VERSION_1));
    assert_true(bench->area->info.features == bench->fake.accepted);
    net_bench_close(bench);
    bench = net_bench_open(1, NET_PROFILE_FULL);
    assert_true(bench->fake.accepted == both);
    net_bench_close(bench);
}

TEST(netd_learns_mac_mtu_link_and_version)
{
    for (uint32_t version = 1; version <= VERSIONS; version++) {
        for (uint32_t profile = 0; profile <= NET_PROFILE_FULL; profile++) {
            struct net_bench *bench = net_bench_open(version, (enum net_profile)profile);
            struct frames_info *info = &bench->area->info;

            assert_true(info->mac == 0x010000000002); /* 02:00:00:00:00:01 */
            assert_int_equal(info->mtu, 1500);
            assert_int_equal(info->is_link_up, 1);
            assert_int_equal(info->version, version);
            assert_int_equal(info->state, FRAMES_UP);
            net_bench_close(bench);
        }
    }
}

static struct net_bench *open_with_config(uint32_t at, uint8_t low, uint8_t high)
{
    struct net_bench *bench = net_bench_make(2);

    bench->fake.config[at] = low;
    bench->fake.config[at + 1] = high;
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), OK);
    net_bench_start_netd(bench);
    net_bench_settle(bench);
    return bench;
}

TEST(an_mtu_that_frames_cannot_hold_or_ip_cannot_use_is_not_accepted)
{
    static const uint16_t mtus[] = {0, 67, 1501, 9000, 65535};

    for (uint32_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
        struct net_bench *bench = open_with_config(10, (uint8_t)mtus[i], (uint8_t)(mtus[i] >> 8));

        assert_true((bench->fake.accepted & VIRTIO_NET_F_MTU) == 0);
        assert_int_equal(bench->area->info.mtu, 1500);
        net_bench_close(bench);
    }
    struct net_bench *bench = open_with_config(10, 1400 & 0xff, 1400 >> 8);

    assert_int_equal(bench->area->info.mtu, 1400);
    net_bench_close(bench);
}

TEST(a_group_address_is_no_address_of_a_station)
{
    struct net_bench *bench = open_with_config(0, 0x03, 0);

    assert_true(bench->area->info.mac == 0);
    net_bench_close(bench);
}

TEST(a_change_of_the_link_reaches_netd_with_a_signal)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    for (uint32_t is_up = 0; is_up < 2; is_up++) {
        bench->signals = 0;
        fake_set_link(&bench->fake, is_up != 0);
        net_bench_settle(bench);
        assert_int_equal(bench->area->info.is_link_up, is_up);
        assert_int_equal(bench->signals, 1);
    }
    assert_true(counter(&counters_of(bench)->resets) == 0);
    net_bench_close(bench);
}

/* --- entries ------------------------------------------------------------------------------- */

TEST(no_entry_whatever_its_bits_leads_out_of_the_pool)
{
    uint64_t first = NET_AREA_PHYSICAL + offsetof(struct frames_area, frame);
    uint64_t end = NET_AREA_PHYSICAL + sizeof(struct frames_area);
    uint64_t seed = 3;
    uint32_t accepted = 0;

    for (uint32_t i = 0; i < 1000000; i++) {
        uint64_t entry = test_random(&seed);
        struct net_buffer buffer;

        if (i % 2 != 0) { /* near the limits */
            entry &= 0x0fff0fff03ff;
        }
        if (net_core_locate(NET_AREA_PHYSICAL, entry, 1, &buffer) == OK) {
            uint64_t frame = (buffer.address - first) / FRAMES_BYTES;

            accepted++;
            assert_true(buffer.bytes >= 1);
            assert_true(buffer.address >= first && buffer.address + buffer.bytes <= end);
            assert_true((buffer.address + buffer.bytes - 1 - first) / FRAMES_BYTES == frame);
        }
    }
    assert_true(accepted > 1000);
}

TEST(an_entry_at_each_limit_is_taken_and_one_beyond_is_not)
{
    struct net_buffer buffer;
    struct frames_span last = {FRAMES_COUNT - 1, FRAMES_BYTES - 20, 20};
    struct frames_span bad[] = {last, last, last, last};

    bad[0].index++;
    bad[1].offset++;
    bad[2].bytes++;
    bad[3].bytes = 19;
    assert_int_equal(net_core_locate(0, frames_entry(last), 20, &buffer), OK);
    assert_true(buffer.address + buffer.bytes == sizeof(struct frames_area));
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(net_core_locate(0, frames_entry(bad[i]), 20, &buffer), E_RANGE);
    }
    assert_int_equal(net_core_locate(0, frames_entry(last) | 1ull << 48, 20, &buffer), E_RANGE);
    assert_int_equal(net_core_locate(0, UINT64_MAX, 0, &buffer), E_RANGE);
}

/* --- frames -------------------------------------------------------------------------------- */

/* A frame that tells its number. */
static uint32_t make_frame(uint64_t number, uint8_t *frame)
{
    uint32_t bytes = FRAMES_ETHERNET_BYTES + (uint32_t)(number * 37 % 1501);

    for (uint32_t i = 0; i < bytes; i++) {
        frame[i] = (uint8_t)(number + i * 13);
    }
    return bytes;
}

static void check_frame(uint64_t number, const uint8_t *frame, uint32_t bytes)
{
    uint8_t expected[FRAME_BYTES_MAX];

    assert_int_equal(bytes, make_frame(number, expected));
    assert_memory_equal(frame, expected, bytes);
}

static void receive(struct net_bench *bench, uint64_t number)
{
    uint8_t frame[FRAME_BYTES_MAX];
    uint32_t bytes = make_frame(number, frame);

    assert_true(fake_receive(&bench->fake, frame, bytes));
}

static void send(struct net_bench *bench, uint64_t number, uint16_t index)
{
    uint8_t frame[FRAME_BYTES_MAX];
    uint32_t bytes = make_frame(number, frame);

    net_bench_send(bench, index, frame, (uint16_t)bytes);
}

static uint32_t transmit_all(struct net_bench *bench, uint64_t *number)
{
    uint8_t frame[FRAMES_BYTES];
    uint32_t bytes, count = 0;

    while (fake_transmit(&bench->fake, frame, &bytes)) {
        check_frame((*number)++, frame, bytes);
        count++;
    }
    return count;
}

static uint32_t take_all(struct net_bench *bench, uint64_t *number)
{
    struct frames_span span;
    uint32_t count = 0;

    while (net_bench_take(bench, &span)) {
        assert_int_equal(span.offset, FRAMES_OFFSET);
        check_frame((*number)++, (uint8_t *)bench->area + frames_area_offset(span), span.bytes);
        net_bench_give_back(bench, span.index);
        count++;
    }
    return count;
}

TEST(at_least_128_receive_buffers_are_posted)
{
    for (uint32_t version = 1; version <= VERSIONS; version++) {
        struct net_bench *bench = net_bench_open(version, NET_PROFILE_MINIMAL);

        assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), 128);
        net_bench_close(bench);
        bench = net_bench_open(version, NET_PROFILE_FULL);
        assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), 256);
        net_bench_close(bench);
    }
}

TEST(a_small_queue_is_used_as_far_as_it_goes)
{
    static const uint32_t sizes[] = {1, 2, 3, 64};
    static const uint32_t posted[] = {1, 2, 2, 64};

    for (uint32_t i = 0; i < 4; i++) {
        struct net_bench *bench = net_bench_make(2);
        uint64_t number = 0;

        bench->fake.queue_max = sizes[i];
        assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_FULL), OK);
        net_bench_start_netd(bench);
        net_bench_settle(bench);
        assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), posted[i]);
        for (uint32_t k = 0; k < 10; k++) {
            receive(bench, k);
            net_bench_settle(bench);
            take_all(bench, &number);
            net_bench_settle(bench);
        }
        assert_true(number == 10);
        net_bench_close(bench);
    }
}

/* Frames both ways in bursts of random size until each direction has passed 65535. */
static void run_past_65535(uint32_t version, enum net_profile profile)
{
    struct net_bench *bench = net_bench_open(version, profile);
    uint64_t received = 0, taken = 0, sent = 0, transmitted = 0, done = 0, seed = 11;

    while (received < 66000 || sent < 66000) {
        for (uint64_t n = test_random(&seed) % 32; n != 0; n--) {
            receive(bench, received++);
        }
        for (uint64_t n = test_random(&seed) % 32; n != 0 && sent - done < 200; n--) {
            send(bench, sent, (uint16_t)(TX_FIRST + sent % (FRAMES_COUNT - TX_FIRST)));
            sent++;
        }
        net_bench_settle(bench);
        transmit_all(bench, &transmitted);
        net_bench_settle(bench);
        take_all(bench, &taken);
        done += net_bench_take_done(bench);
    }
    net_bench_settle(bench);
    assert_true(taken == received && transmitted == sent);
    assert_true(counter(&counters_of(bench)->rx_frames) == received);
    assert_true(sent - done <= FRAMES_TX_LAZY);
    assert_true(counter(&counters_of(bench)->resets) == 0);
    net_bench_close(bench);
}

TEST(frames_pass_both_ways_unchanged_and_in_order_past_65535)
{
    run_past_65535(1, NET_PROFILE_MINIMAL);
    run_past_65535(1, NET_PROFILE_FULL);
    run_past_65535(2, NET_PROFILE_MINIMAL);
    run_past_65535(2, NET_PROFILE_FULL);
}

/* --- wake-ups ------------------------------------------------------------------------------ */

TEST(a_batch_of_received_frames_costs_one_signal)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    uint64_t number = 0;

    assert_true(ring_consumer_prepare_sleep(&bench->rx_full));
    bench->signals = 0;
    for (uint32_t i = 0; i < 16; i++) {
        receive(bench, i);
    }
    net_bench_settle(bench);
    assert_int_equal(bench->signals, 1);
    assert_int_equal(take_all(bench, &number), 16);
    receive(bench, 16);
    net_bench_settle(bench);
    assert_int_equal(bench->signals, 1); /* netd is awake: nobody asked for a signal */
    net_bench_close(bench);
}

TEST(the_driver_does_not_sleep_while_a_frame_came_in_meanwhile)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct net_effects effects;

    assert_int_equal(net_core_pass(&bench->driver.core, &effects), OK);
    receive(bench, 0);
    assert_false(net_core_prepare_sleep(&bench->driver.core));
    assert_int_equal(net_core_pass(&bench->driver.core, &effects), OK);
    assert_true(effects.has_moved);
    assert_true(net_core_prepare_sleep(&bench->driver.core));
    send(bench, 0, TX_FIRST);
    assert_false(net_core_prepare_sleep(&bench->driver.core));
    net_bench_close(bench);
}

TEST(a_frame_to_send_wakes_the_driver_and_a_freed_one_only_when_it_runs_out)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_ring *rx_free = &bench->area->rx_free, *tx_ready = &bench->area->tx_ready;

    assert_int_equal(tx_ready->shared.wake_consumer, 1);
    assert_int_equal(rx_free->shared.wake_consumer, 0);
    for (uint32_t i = 0; i < 200; i++) { /* netd gives none back: 56 of 256 are left */
        receive(bench, i);
    }
    net_bench_settle(bench);
    assert_int_equal(rx_free->shared.wake_consumer, 1);
    net_bench_close(bench);
}

TEST(sent_frames_interrupt_only_when_many_are_on_their_way)
{
    for (uint32_t profile = 0; profile <= NET_PROFILE_FULL; profile++) {
        struct net_bench *bench = net_bench_open(2, (enum net_profile)profile);
        uint64_t number = 0;

        send(bench, 0, TX_FIRST);
        net_bench_settle(bench);
        transmit_all(bench, &number); /* the very first may still interrupt */
        net_bench_settle(bench);
        bench->fake.interrupts = 0;
        for (uint32_t i = 1; i < FRAMES_TX_LAZY; i++) {
            send(bench, i, (uint16_t)(TX_FIRST + i));
        }
        net_bench_settle(bench);
        transmit_all(bench, &number);
        assert_int_equal(bench->fake.interrupts, 0);
        net_bench_settle(bench); /* any wake-up takes them back */
        assert_int_equal(net_bench_take_done(bench), FRAMES_TX_LAZY);

        for (uint32_t i = 0; i < 2 * FRAMES_TX_LAZY; i++) {
            send(bench, number + i, (uint16_t)(TX_FIRST + i));
        }
        net_bench_settle(bench);
        transmit_all(bench, &number);
        assert_true(bench->fake.interrupts >= 1);
        net_bench_settle(bench);
        assert_int_equal(net_bench_take_done(bench), 2 * FRAMES_TX_LAZY);
        net_bench_close(bench);
    }
}

TEST(the_device_is_notified_of_what_is_posted)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_MINIMAL);

    assert_int_equal(bench->fake.queue[NET_QUEUE_RX].notifications, 1);
    assert_int_equal(bench->fake.queue[NET_QUEUE_TX].notifications, 0);
    send(bench, 0, TX_FIRST);
    net_bench_settle(bench);
    assert_int_equal(bench->fake.queue[NET_QUEUE_TX].notifications, 1);
    assert_true(counter(&counters_of(bench)->notifications) == 2);
    net_bench_close(bench);
}

/* --- restarts ------------------------------------------------------------------------------ */

/* Ten frames each way. */
static void check_works(struct net_bench *bench)
{
    uint64_t received = 0, transmitted = 0;

    net_bench_settle(bench);
    assert_int_equal(bench->driver.phase, NET_RUNNING);
    for (uint32_t i = 0; i < 10; i++) {
        receive(bench, i);
        send(bench, i, (uint16_t)(TX_FIRST + i));
    }
    net_bench_settle(bench);
    assert_int_equal(take_all(bench, &received), 10);
    assert_int_equal(transmit_all(bench, &transmitted), 10);
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
        receive(bench, i);
        send(bench, i, (uint16_t)(TX_FIRST + i));
    }
    bench->fake.resets = 0;
    assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_MINIMAL), OK);
    assert_true(bench->fake.resets >= 1);
    check_works(bench);
    assert_int_equal(bench->area->info.epoch, 2);
    assert_true(counter(&counters_of(bench)->rx_frames) == 10); /* counted since the start */
    net_bench_close(bench);
}

TEST(a_netd_that_is_started_again_gets_a_fresh_epoch)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    receive(bench, 0);
    send(bench, 0, TX_FIRST);
    net_bench_settle(bench);
    bench->fake.resets = 0;
    net_bench_start_netd(bench);
    check_works(bench);
    assert_int_equal(bench->fake.resets, 1);
    assert_int_equal(bench->area->info.epoch, 2);
    assert_true(counter(&counters_of(bench)->resets) == 1);
    net_bench_close(bench);
}

/* --- failures of the device ---------------------------------------------------------------- */

static void check_given_up(struct net_bench *bench)
{
    bench->signals = 0;
    net_bench_settle(bench);
    assert_int_equal(bench->driver_error, 1);
    assert_int_equal(bench->area->info.state, FRAMES_FAILED);
    assert_in_range(bench->signals, 1, 2); /* for the epoch, if it came so far, and for the end */
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

TEST(a_device_that_refuses_features_or_queues_is_given_up)
{
    for (uint32_t i = 0; i < 4; i++) {
        struct net_bench *bench = net_bench_make(2);

        assert_int_equal(net_bench_start_driver(bench, NET_PROFILE_MINIMAL), OK);
        net_bench_start_netd(bench);
        bench->fake.refuses_features = i == 0;
        bench->fake.refuses_queues = i == 1;
        bench->fake.queue_max = i == 2 ? 0 : i == 3 ? 1 : FAKE_QUEUE_MAX;
        check_given_up(bench);
    }
}

TEST(a_device_that_asks_for_a_reset_gets_it_and_works_again)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);

    bench->fake.needs_reset = true;
    bench->fake.interrupt_status = VIRTIO_INTERRUPT_CONFIG;
    check_works(bench);
    assert_true(counter(&counters_of(bench)->device_broken) == 1);
    assert_true(counter(&counters_of(bench)->resets) == 1);
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
        struct frames_counters *counters = counters_of(bench);
        _Atomic uint64_t *counted[VIRTQ_FAULT_KINDS] = {
            [VIRTQ_FAULT_INDEX] = &counters->queue_bad_index,
            [VIRTQ_FAULT_ID] = &counters->queue_bad_id,
            [VIRTQ_FAULT_OWNER] = &counters->queue_bad_owner,
            [VIRTQ_FAULT_LENGTH] = &counters->queue_bad_length,
        };

        if (fault == VIRTQ_FAULT_OWNER) { /* so that the index alone is no lie */
            send(bench, 0, TX_FIRST);
            net_bench_settle(bench);
            struct fake_chain chain;

            assert_true(fake_fetch(&bench->fake, NET_QUEUE_TX, &chain));
            assert_int_equal(chain.head, 0);
            fake_return(&bench->fake, NET_QUEUE_TX, 1, 0);
        } else {
            lie(bench, (enum virtq_fault)fault);
        }
        check_works(bench);
        assert_true(counter(counted[fault]) == 1);
        assert_true(counter(&counters->resets) == 1);
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
    check_given_up(bench);
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
    assert_true(counter(&counters_of(bench)->rx_short) == 2);
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
    struct frames_span runt = {TX_FIRST, 0, FRAMES_TX_BYTES_MIN - 1};
    struct frames_span jumbo = {TX_FIRST, 0, FRAME_BYTES_MAX + 1};
    struct frames_span narrow = {0, 0, FRAMES_RX_BYTES_MIN - 1};

    push_raw(&bench->tx_ready, frames_entry(far));
    push_raw(&bench->tx_ready, frames_entry(runt));
    push_raw(&bench->tx_ready, frames_entry(jumbo));
    push_raw(&bench->tx_ready, UINT64_MAX);
    for (uint32_t i = 0; i < 200; i++) { /* make room in the queue */
        receive(bench, i);
    }
    push_raw(&bench->rx_free, frames_entry(narrow));
    push_raw(&bench->rx_free, UINT64_MAX);
    net_bench_settle(bench);
    assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_TX), 0);
    assert_int_equal(fake_pending(&bench->fake, NET_QUEUE_RX), 56);
    assert_true(counter(&counters_of(bench)->tx_bad_entry) == 4);
    assert_true(counter(&counters_of(bench)->rx_bad_entry) == 2);
    assert_true(counter(&counters_of(bench)->resets) == 0);
    net_bench_close(bench);
}

TEST(frames_for_a_ring_that_netd_lets_overflow_are_counted)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_span same = {0, FRAMES_OFFSET, FRAMES_RX_BYTES_MIN};

    for (uint32_t i = 0; i < FRAMES_COUNT + 5; i++) { /* one frame given again and again */
        receive(bench, 0);
        push_raw(&bench->rx_free, frames_entry(same));
        net_bench_settle(bench);
    }
    assert_true(counter(&counters_of(bench)->rx_no_room) == 5);
    same.index = TX_FIRST;
    for (uint32_t i = 0; i < FRAMES_COUNT + 7; i++) {
        uint8_t frame[FRAMES_BYTES];
        uint32_t bytes;

        push_raw(&bench->tx_ready, frames_entry(same));
        net_bench_settle(bench);
        assert_true(fake_transmit(&bench->fake, frame, &bytes));
    }
    net_bench_settle(bench);
    assert_true(counter(&counters_of(bench)->tx_no_room) == 7);
    net_bench_close(bench);
}

TEST(a_ring_that_netd_breaks_costs_an_epoch_and_nothing_else)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct frames_counters *counters = counters_of(bench);
    struct frames_span same = {0, FRAMES_OFFSET, FRAMES_RX_BYTES_MIN};

    bench->area->tx_ready.shared.tail += FRAMES_COUNT + 1;
    check_works(bench);
    assert_true(counter(&counters->ring_corrupt) == 1);
    /* the driver looks at its neighbour's head when the ring seems full */
    for (uint32_t i = 0; i <= FRAMES_COUNT && counter(&counters->ring_corrupt) == 1; i++) {
        bench->area->rx_full.shared.head = 2 * FRAMES_COUNT;
        receive(bench, 0);
        push_raw(&bench->rx_free, frames_entry(same));
        net_bench_settle(bench);
    }
    check_works(bench);
    assert_true(counter(&counters->ring_corrupt) == 2);
    assert_true(counter(&counters->resets) == 2);
    net_bench_close(bench);
}

TEST(a_netd_that_makes_impossible_rings_is_given_up)
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
    assert_int_equal(net_driver_step(&bench->driver, &step), E_LIMIT);
    assert_true(counter(&counters_of(bench)->ring_corrupt) == NET_DRIVER_RESETS_IN_VAIN_MAX + 1);
    net_bench_close(bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_header_is_12_bytes_with_version_1_or_mergeable_buffers_and_10_otherwise),
        cmocka_unit_test(profile_minimal_accepts_version_1_and_mac_only),
        cmocka_unit_test(profile_full_accepts_what_it_can_use),
        cmocka_unit_test(netd_learns_mac_mtu_link_and_version),
        cmocka_unit_test(an_mtu_that_frames_cannot_hold_or_ip_cannot_use_is_not_accepted),
        cmocka_unit_test(a_group_address_is_no_address_of_a_station),
        cmocka_unit_test(a_change_of_the_link_reaches_netd_with_a_signal),
        cmocka_unit_test(no_entry_whatever_its_bits_leads_out_of_the_pool),
        cmocka_unit_test(an_entry_at_each_limit_is_taken_and_one_beyond_is_not),
        cmocka_unit_test(at_least_128_receive_buffers_are_posted),
        cmocka_unit_test(a_small_queue_is_used_as_far_as_it_goes),
        cmocka_unit_test(frames_pass_both_ways_unchanged_and_in_order_past_65535),
        cmocka_unit_test(a_batch_of_received_frames_costs_one_signal),
        cmocka_unit_test(the_driver_does_not_sleep_while_a_frame_came_in_meanwhile),
        cmocka_unit_test(a_frame_to_send_wakes_the_driver_and_a_freed_one_only_when_it_runs_out),
        cmocka_unit_test(sent_frames_interrupt_only_when_many_are_on_their_way),
        cmocka_unit_test(the_device_is_notified_of_what_is_posted),
        cmocka_unit_test(the_device_is_reset_and_owns_nothing_until_netd_is_there),
        cmocka_unit_test(netd_may_be_there_first),
        cmocka_unit_test(a_driver_that_is_started_again_takes_over),
        cmocka_unit_test(a_netd_that_is_started_again_gets_a_fresh_epoch),
        cmocka_unit_test(a_device_that_is_not_there_or_does_not_reset_is_an_error_at_once),
        cmocka_unit_test(a_device_that_refuses_features_or_queues_is_given_up),
        cmocka_unit_test(a_device_that_asks_for_a_reset_gets_it_and_works_again),
        cmocka_unit_test(each_lie_of_the_used_ring_is_counted_by_name_and_mended_by_a_reset),
        cmocka_unit_test(a_device_that_lies_again_and_again_is_given_up),
        cmocka_unit_test(
            a_received_frame_without_an_ethernet_header_is_counted_and_its_buffer_posted_again),
        cmocka_unit_test(bad_entries_are_counted_and_never_posted),
        cmocka_unit_test(frames_for_a_ring_that_netd_lets_overflow_are_counted),
        cmocka_unit_test(a_ring_that_netd_breaks_costs_an_epoch_and_nothing_else),
        cmocka_unit_test(a_netd_that_makes_impossible_rings_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
