/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-net driver whole, but for its system calls: features, facts, frames both ways,
 * wake-ups, restarts, and a device and a netd that break the protocol.
 */
#include "test.h"

#include <abi/error.h>

#include "net_bench.h"

enum { VERSIONS = 2 };

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
    assert_true(atomic_load(&net_bench_counters(bench)->resets) == 0);
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
            net_bench_receive_number(bench, k);
            net_bench_settle(bench);
            net_bench_take_all(bench, &number);
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
            net_bench_receive_number(bench, received++);
        }
        for (uint64_t n = test_random(&seed) % 32; n != 0 && sent - done < 200; n--) {
            net_bench_send_number(
                bench, sent,
                (uint16_t)(NET_BENCH_TX_FIRST + sent % (FRAMES_COUNT - NET_BENCH_TX_FIRST)));
            sent++;
        }
        net_bench_settle(bench);
        net_bench_transmit_all(bench, &transmitted);
        net_bench_settle(bench);
        net_bench_take_all(bench, &taken);
        done += net_bench_take_done(bench);
    }
    net_bench_settle(bench);
    assert_true(taken == received && transmitted == sent);
    assert_true(atomic_load(&net_bench_counters(bench)->rx_frames) == received);
    assert_true(sent - done <= FRAMES_TX_LAZY);
    assert_true(atomic_load(&net_bench_counters(bench)->resets) == 0);
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
        net_bench_receive_number(bench, i);
    }
    net_bench_settle(bench);
    assert_int_equal(bench->signals, 1);
    assert_int_equal(net_bench_take_all(bench, &number), 16);
    net_bench_receive_number(bench, 16);
    net_bench_settle(bench);
    assert_int_equal(bench->signals, 1); /* netd is awake: nobody asked for a signal */
    net_bench_close(bench);
}

TEST(the_driver_does_not_sleep_while_a_frame_came_in_meanwhile)
{
    struct net_bench *bench = net_bench_open(2, NET_PROFILE_FULL);
    struct net_effects effects;

    assert_int_equal(net_core_pass(&bench->driver.core, &effects), OK);
    net_bench_receive_number(bench, 0);
    assert_false(net_core_prepare_sleep(&bench->driver.core));
    assert_int_equal(net_core_pass(&bench->driver.core, &effects), OK);
    assert_true(effects.has_moved);
    assert_true(net_core_prepare_sleep(&bench->driver.core));
    net_bench_send_number(bench, 0, NET_BENCH_TX_FIRST);
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
        net_bench_receive_number(bench, i);
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

        net_bench_send_number(bench, 0, NET_BENCH_TX_FIRST);
        net_bench_settle(bench);
        net_bench_transmit_all(bench, &number); /* the very first may still interrupt */
        net_bench_settle(bench);
        bench->fake.interrupts = 0;
        for (uint32_t i = 1; i < FRAMES_TX_LAZY; i++) {
            net_bench_send_number(bench, i, (uint16_t)(NET_BENCH_TX_FIRST + i));
        }
        net_bench_settle(bench);
        net_bench_transmit_all(bench, &number);
        assert_int_equal(bench->fake.interrupts, 0);
        net_bench_settle(bench); /* any wake-up takes them back */
        assert_int_equal(net_bench_take_done(bench), FRAMES_TX_LAZY);

        for (uint32_t i = 0; i < 2 * FRAMES_TX_LAZY; i++) {
            net_bench_send_number(bench, number + i, (uint16_t)(NET_BENCH_TX_FIRST + i));
        }
        net_bench_settle(bench);
        net_bench_transmit_all(bench, &number);
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
    net_bench_send_number(bench, 0, NET_BENCH_TX_FIRST);
    net_bench_settle(bench);
    assert_int_equal(bench->fake.queue[NET_QUEUE_TX].notifications, 1);
    assert_true(atomic_load(&net_bench_counters(bench)->notifications) == 2);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
