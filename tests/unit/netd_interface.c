/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface against a driver that is honest, and against one that is not: every frame keeps
 * one owner, every drop raises one counter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "tests/sim/sim.h"

enum {
    UDP = 17,
    ICMP = 1,
    ETHERTYPE_IP4 = 0x0800,
};

static int start(void **state)
{
    struct sim *sim = sim_start();
    sim_run(sim, 1 * SIM_S);
    *state = sim;
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

/* Every frame is in exactly one place, and the counts agree. */
static void assert_frames_are_all_there(const struct sim *sim)
{
    const struct interface *interface = &sim->stack.link[0].interface;
    uint32_t owners[4] = {0};
    for (int i = 0; i < FRAMES_COUNT; i++) {
        owners[interface->owner[i]]++;
    }
    for (uint32_t i = 0; i < interface->free_count; i++) {
        assert_int_equal(interface->owner[interface->free[i]], FRAME_FREE);
    }
    assert_int_equal(owners[FRAME_FREE], interface->free_count);
    assert_int_equal(owners[FRAME_DRIVER_RX], interface->rx_count);
    assert_int_equal(owners[FRAME_STACK], interface->held_count);
}

static size_t make_echo(uint8_t *frame, size_t payload)
{
    uint8_t icmp[1480] = {8};
    bytes_put_be16(icmp + 2, checksum_wire16((uint16_t)~checksum_partial(icmp, 8 + payload)));
    return sim_make_ip4(frame, ICMP, SIM_GATEWAY, SIM_CLIENT, icmp, 8 + payload);
}

static void the_driver_gets_its_share_of_frames_and_netd_keeps_the_rest(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
    assert_int_equal(sim->stack.link[0].interface.held_count, 0);
    assert_frames_are_all_there(sim);
}

static void an_echo_request_is_answered_and_its_frame_returned(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    int before = sim_count_sent(sim, ETHERTYPE_IP4, ICMP);
    sim_receive(sim, frame, make_echo(frame, 1472));
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, ICMP), before + 1);
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
    assert_frames_are_all_there(sim);
}

static void a_frame_that_is_refused_is_counted_once_and_returned(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    size_t len = make_echo(frame, 8);
    frame[len - 1] ^= 1;
    uint64_t accepted = counted(sim, COUNTER_rx_whole);
    sim_receive(sim, frame, len);
    sim_run(sim, 1);
    assert_int_equal(counted(sim, COUNTER_icmp_checksum), 1);
    assert_int_equal(counted(sim, COUNTER_rx_whole), accepted);
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
}

static void at_most_one_batch_is_taken_before_other_work(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    size_t len = make_echo(frame, 8);
    for (int i = 0; i < INTERFACE_BATCH + 1; i++) {
        sim_receive(sim, frame, len);
    }
    uint64_t before = counted(sim, COUNTER_rx_whole);
    assert_true(stack_input(&sim->stack, sim->now_us));
    assert_int_equal(counted(sim, COUNTER_rx_whole), before + INTERFACE_BATCH);
    assert_false(stack_input(&sim->stack, sim->now_us));
    sim_run(sim, 1);
    assert_frames_are_all_there(sim);
}

static void nothing_is_published_before_the_flush(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    uint64_t entry, next_us;
    sim_run(sim, 1);
    sim_receive(sim, frame, make_echo(frame, 8));
    (void)!stack_input(&sim->stack, sim->now_us);
    assert_int_equal(ring_consumer_pop(&sim->tx_ready, &entry), E_AGAIN);
    (void)!stack_finish(&sim->stack, sim->now_us, &next_us);
}

/* Puts any entry in front of netd, as only a broken driver would. */
static void push_entry(struct sim *sim, uint64_t entry)
{
    assert_int_equal(ring_producer_push(&sim->rx_full, entry), OK);
    (void)!ring_producer_commit(&sim->rx_full);
    sim_run(sim, 1);
}

static void entries_outside_the_pool_or_misaligned_are_counted(void **state)
{
    struct sim *sim = *state;
    const struct frames_span bad[] = {
        {FRAMES_COUNT, FRAMES_OFFSET, 60}, {0, FRAMES_BYTES - 10, 60}, {0, 0, 60}, {0, 3, 60},
        {0, FRAMES_OFFSET, FRAMES_BYTES},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        push_entry(sim, frames_entry(bad[i]));
        assert_int_equal(counted(sim, COUNTER_rx_bad_entry), i + 1);
    }
    push_entry(sim, UINT64_MAX);
    assert_int_equal(counted(sim, COUNTER_rx_bad_entry), sizeof(bad) / sizeof(bad[0]) + 1);
    assert_frames_are_all_there(sim);
}

static void a_frame_the_driver_does_not_have_is_not_taken_from_it(void **state)
{
    struct sim *sim = *state;
    struct interface *interface = &sim->stack.link[0].interface;
    uint16_t ours = interface->free[0];
    push_entry(sim, frames_entry((struct frames_span){ours, FRAMES_OFFSET, 60}));
    assert_int_equal(counted(sim, COUNTER_rx_not_lent), 1);
    assert_int_equal(interface->owner[ours], FRAME_FREE);
    assert_frames_are_all_there(sim);
}

static void the_same_frame_received_twice_counts_once(void **state)
{
    struct sim *sim = *state;
    uint64_t entry = 0;
    struct frames_span span = {0};
    assert_int_equal(ring_consumer_pop(&sim->rx_free, &entry), OK);
    assert_int_equal(frames_locate(entry, 0, &span), OK);
    span.bytes = 60;
    memset((uint8_t *)sim->area + frames_area_offset(span), 0, 60);
    assert_int_equal(ring_producer_push(&sim->rx_full, frames_entry(span)), OK);
    push_entry(sim, frames_entry(span));
    /* The first returned it to the driver, so the second is a frame the driver has again. */
    assert_int_equal(counted(sim, COUNTER_eth_not_ours), 2);
    assert_frames_are_all_there(sim);
}

static void a_sent_frame_that_was_never_sent_is_counted(void **state)
{
    struct sim *sim = *state;
    struct frames_span span = {sim->stack.link[0].interface.free[0], FRAMES_OFFSET, 60};
    assert_int_equal(ring_producer_push(&sim->tx_done, frames_entry(span)), OK);
    (void)!ring_producer_commit(&sim->tx_done);
    sim_run(sim, 1);
    assert_int_equal(counted(sim, COUNTER_tx_bad_done), 1);
    assert_frames_are_all_there(sim);
}

static void a_broken_ring_index_leads_to_a_new_epoch_and_everything_works_again(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    uint32_t epoch = sim->epoch;
    atomic_store(&sim->area->rx_full.shared.tail, 100000);
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(counted(sim, COUNTER_rx_ring_corrupt), 1);
    assert_int_equal(sim->epoch, epoch + 1);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, ICMP);
    sim_receive(sim, frame, make_echo(frame, 8));
    sim_run(sim, 1);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, ICMP), before + 1);
    assert_frames_are_all_there(sim);
}

static void a_driver_killed_with_frames_in_hand_leaves_none_behind(void **state)
{
    struct sim *sim = *state;
    uint64_t entry;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ring_consumer_pop(&sim->rx_free, &entry), OK);
    }
    (void)!ring_consumer_commit(&sim->rx_free);
    sim_restart_driver(sim);
    sim_run(sim, 1);
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
    assert_frames_are_all_there(sim);
}

static void a_device_that_was_given_up_is_said_once_and_comes_back(void **state)
{
    struct sim *sim = *state;
    sim_fail_driver(sim);
    sim_run(sim, 1 * SIM_S);
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: virtio-net failed"), 1);
    assert_false(sim->stack.link[0].interface.is_open);
    sim_restart_driver(sim);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: virtio-net up*"), 2);
    assert_int_equal(sim_count_lines(sim, "net: dhcp lost*"), 0);
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
    assert_frames_are_all_there(sim);
}

static void a_device_that_fails_before_it_runs_is_never_said_to_be_up(void **state)
{
    struct sim *sim = *state;
    sim_restart_driver(sim);
    (void)!stack_input(&sim->stack, sim->now_us); /* the rings stand, the device does not run */
    (void)!stack_input(&sim->stack, sim->now_us);
    assert_true(sim->stack.link[0].interface.is_open);
    sim_fail_driver(sim);
    (void)!stack_input(&sim->stack, sim->now_us);
    assert_int_equal(sim_count_lines(sim, "net: virtio-net up*"), 1); /* of the start */
    assert_int_equal(sim_count_lines(sim, "net: virtio-net failed"), 1);
    sim_restart_driver(sim);
    sim_run(sim, 5 * SIM_S);
    assert_int_equal(sim_count_lines(sim, "net: virtio-net up*"), 2);
}

/* Half of a datagram: netd holds its frame until the rest comes or time is up. */
static void send_fragment(struct sim *sim, uint16_t id)
{
    uint8_t frame[128];
    const uint8_t payload[16] = {0};
    size_t len = sim_make_ip4(frame, UDP, SIM_GATEWAY, SIM_CLIENT, payload, sizeof(payload));
    bytes_put_be16(frame + 14 + 4, id);
    bytes_put_be16(frame + 14 + 6, 0x2000 | 1); /* not the first, and more follow */
    bytes_put_be16(frame + 14 + 10, 0);
    bytes_put_be16(frame + 14 + 10, checksum_wire16((uint16_t)~checksum_partial(frame + 14, 20)));
    sim_receive(sim, frame, len);
}

static void fragments_that_never_complete_hold_few_frames_and_give_them_back(void **state)
{
    struct sim *sim = *state;
    for (uint16_t id = 1; id <= 200; id++) {
        send_fragment(sim, id);
        sim_run(sim, 1);
        assert_true(sim->stack.link[0].interface.held_count <= IP_REASS_MAX_PBUFS);
        assert_frames_are_all_there(sim);
    }
    assert_int_equal(counted(sim, COUNTER_rx_fragment), 200);
    assert_true(sim->stack.link[0].interface.held_count > 0);
    sim_run(sim, 60 * SIM_S);
    assert_int_equal(sim->stack.link[0].interface.held_count, 0);
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
}

static void beyond_a_quarter_of_the_pool_a_frame_is_returned_at_once(void **state)
{
    struct sim *sim = *state;
    uint8_t frame[1514];
    sim->stack.link[0].interface.held_count = INTERFACE_HELD_MAX;
    sim_receive(sim, frame, make_echo(frame, 8));
    sim_run(sim, 1);
    assert_int_equal(counted(sim, COUNTER_rx_pool_share), 1);
    sim->stack.link[0].interface.held_count = 0;
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
}

static void a_reassembled_datagram_with_a_wrong_sum_is_not_answered(void **state)
{
    struct sim *sim = *state;
    uint8_t icmp[24] = {8, 0, 0x12, 0x34}; /* echo request with a wrong sum */
    uint8_t frame[128];
    for (int part = 0; part < 2; part++) {
        size_t len = sim_make_ip4(frame, ICMP, SIM_GATEWAY, SIM_CLIENT, icmp + 16 * part,
                                  part == 0 ? 16 : 8);
        bytes_put_be16(frame + 14 + 4, 77);
        bytes_put_be16(frame + 14 + 6, part == 0 ? 0x2000 : 2);
        bytes_put_be16(frame + 14 + 10, 0);
        bytes_put_be16(frame + 14 + 10,
                       checksum_wire16((uint16_t)~checksum_partial(frame + 14, 20)));
        sim_receive(sim, frame, len);
        sim_run(sim, 1);
    }
    assert_int_equal(counted(sim, COUNTER_rx_fragment), 2);
    assert_int_equal(sim->stack.link[0].interface.held_count, 0);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, ICMP), 0);
}

static void a_ping_without_frames_to_send_with_is_counted(void **state)
{
    struct sim *sim = *state;
    struct interface *interface = &sim->stack.link[0].interface;
    uint8_t frame[1514];
    sim_run(sim, 20 * SIM_S); /* solicitations are over */
    sim_run(sim, 1);          /* and their frames back */
    uint32_t free_count = interface->free_count;
    interface->free_count = 0;
    uint64_t before = counted(sim, COUNTER_tx_no_frame);
    sim_receive(sim, frame, make_echo(frame, 8));
    (void)!stack_input(&sim->stack, sim->now_us);
    assert_true(counted(sim, COUNTER_tx_no_frame) > before);
    interface->free_count = free_count;
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(the_driver_gets_its_share_of_frames_and_netd_keeps_the_rest),
        SIM_TEST(an_echo_request_is_answered_and_its_frame_returned),
        SIM_TEST(a_frame_that_is_refused_is_counted_once_and_returned),
        SIM_TEST(at_most_one_batch_is_taken_before_other_work),
        SIM_TEST(nothing_is_published_before_the_flush),
        SIM_TEST(entries_outside_the_pool_or_misaligned_are_counted),
        SIM_TEST(a_frame_the_driver_does_not_have_is_not_taken_from_it),
        SIM_TEST(the_same_frame_received_twice_counts_once),
        SIM_TEST(a_sent_frame_that_was_never_sent_is_counted),
        SIM_TEST(a_broken_ring_index_leads_to_a_new_epoch_and_everything_works_again),
        SIM_TEST(a_driver_killed_with_frames_in_hand_leaves_none_behind),
        SIM_TEST(a_device_that_was_given_up_is_said_once_and_comes_back),
        SIM_TEST(a_device_that_fails_before_it_runs_is_never_said_to_be_up),
        SIM_TEST(fragments_that_never_complete_hold_few_frames_and_give_them_back),
        SIM_TEST(beyond_a_quarter_of_the_pool_a_frame_is_returned_at_once),
        SIM_TEST(a_reassembled_datagram_with_a_wrong_sum_is_not_answered),
        SIM_TEST(a_ping_without_frames_to_send_with_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
