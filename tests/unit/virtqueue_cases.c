/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtqueue against a fake MMIO device: layout, wrap, kick and acknowledge, suppression of
 * notifications, and every lie a used ring can tell.
 */
#include "virtqueue_cases.h"

#include "test.h"

#include <stdlib.h>

#include <abi/error.h>
#include <linux/virtio_ring.h>

#include "virtqueue_bench.h"

/* --- layout and setup ---------------------------------------------------------------------- */

TEST(the_size_is_the_largest_power_of_two_that_both_allow)
{
    assert_int_equal(virtqueue_size(0), 0);
    assert_int_equal(virtqueue_size(1), 1);
    assert_int_equal(virtqueue_size(3), 2);
    assert_int_equal(virtqueue_size(255), 128);
    assert_int_equal(virtqueue_size(256), 256);
    assert_int_equal(virtqueue_size(1024), 256);
    assert_int_equal(virtqueue_size(UINT32_MAX), 256);
}

TEST(the_layout_is_that_of_the_specification_for_every_size)
{
    void *memory = aligned_alloc(VIRTQ_ALIGN, VIRTQ_MEMORY_BYTES);
    struct virtqueue queue;
    struct vring ring;

    for (uint16_t size = 2; size <= VIRTQ_SIZE_MAX; size = (uint16_t)(size * 2)) {
        struct virtq_setup setup = {.memory = memory, .physical = QUEUE_PHYSICAL, .size = size};

        vring_init(&ring, size, memory, VIRTQ_ALIGN);
        assert_int_equal(virtqueue_init(&queue, &setup), OK);
        assert_true(queue.descriptors_physical == QUEUE_PHYSICAL);
        assert_true(queue.available_physical - QUEUE_PHYSICAL ==
                    (uintptr_t)ring.avail - (uintptr_t)memory);
        assert_true(queue.used_physical - QUEUE_PHYSICAL ==
                    (uintptr_t)ring.used - (uintptr_t)memory);
        assert_ptr_equal(queue.used_event, &vring_used_event(&ring));
        assert_ptr_equal(queue.avail_event, &vring_avail_event(&ring));
    }
    free(memory);
}

TEST(a_setup_that_cannot_be_is_refused)
{
    void *memory = aligned_alloc(VIRTQ_ALIGN, VIRTQ_MEMORY_BYTES);
    const struct virtq_setup good = {.memory = memory, .size = 2, .header_bytes = HEADER_BYTES};
    struct virtqueue queue;
    struct virtq_setup bad[6];

    for (uint32_t i = 0; i < 6; i++) {
        bad[i] = good;
    }
    bad[0].size = 0;
    bad[1].size = 3;
    bad[2].size = 2 * VIRTQ_SIZE_MAX;
    bad[3].size = 1; /* no room for a chain of two */
    bad[4].physical = 0x1008;
    bad[5].header_bytes = VIRTQ_HEADER_BYTES_MAX + 1;
    assert_int_equal(virtqueue_init(&queue, &good), OK);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(virtqueue_init(&queue, &bad[i]), E_INVALID);
    }
    free(memory);
}

TEST(a_slot_is_one_descriptor_or_two_without_indirect_tables)
{
    for (uint32_t i = 0; i < BENCH_VARIANTS; i++) {
        struct bench *bench = bench_open(&bench_variants[i]);
        bool is_chained = bench_variants[i].header_bytes != 0 && !bench_variants[i].has_indirect;

        assert_int_equal(bench->queue.slots, bench_variants[i].size >> is_chained);
        bench_close(bench);
    }
}

TEST(a_full_queue_takes_no_more_and_a_buffer_of_no_length_never_goes_in)
{
    for (uint32_t i = 0; i < BENCH_VARIANTS; i++) {
        struct bench *bench = bench_open(&bench_variants[i]);

        assert_int_equal(virtqueue_post(&bench->queue, BUFFER_PHYSICAL, 0, 0), E_INVALID);
        assert_int_equal(virtqueue_post(&bench->queue, BUFFER_PHYSICAL, 0x80000001, 0), E_INVALID);
        bench_post_all(bench, bench->queue.slots);
        assert_int_equal(virtqueue_posted(&bench->queue), bench->queue.slots);
        assert_int_equal(virtqueue_post(&bench->queue, BUFFER_PHYSICAL, 1, 0), E_AGAIN);
        bench_close(bench);
    }
}

TEST(a_buffer_is_invisible_until_it_is_published)
{
    struct bench *bench = bench_open(&bench_variants[0]);
    struct fake_chain chain;

    bench_post(bench, 3);
    assert_false(fake_fetch(&bench->fake, QUEUE, &chain));
    assert_true(virtqueue_publish(&bench->queue));
    assert_true(fake_fetch(&bench->fake, QUEUE, &chain));
    bench_check_chain(bench, &chain, 3);
    assert_false(virtqueue_publish(&bench->queue)); /* nothing new, nothing to notify */
    bench_close(bench);
}

/* --- wrap ---------------------------------------------------------------------------------- */

/* The device takes some of what is pending and returns it in another order. */
static void serve(struct bench *bench, uint64_t *expected, uint64_t *seed)
{
    struct fake_chain chain[VIRTQ_SIZE_MAX];
    uint32_t count = 0;

    while (count < VIRTQ_SIZE_MAX && test_random(seed) % 8 != 0 &&
           fake_fetch(&bench->fake, QUEUE, &chain[count])) {
        bench_check_chain(bench, &chain[count], (*expected)++);
        count++;
    }
    while (count != 0) {
        uint32_t pick = (uint32_t)(test_random(seed) % count);

        fake_return(&bench->fake, QUEUE, chain[pick].head, bench_all_bytes(bench));
        chain[pick] = chain[--count];
    }
}

static void run_past_65535(struct bench *bench)
{
    enum { ROUNDS = 70000 };
    uint64_t seed = 1, posted = 0, expected = 0, taken = 0;
    uint64_t sum_posted = 0, sum_taken = 0;
    struct virtq_used used;

    while (taken < ROUNDS) {
        while (test_random(&seed) % 8 != 0 &&
               virtqueue_posted(&bench->queue) < bench->queue.slots) {
            sum_posted += posted;
            bench_post(bench, posted++);
        }
        bench_publish(bench);
        serve(bench, &expected, &seed);
        while (virtqueue_take(&bench->queue, &used) == OK) {
            assert_int_equal(used.bytes, bench->variant->is_device_writable ? BUFFER_BYTES : 0);
            sum_taken += used.cookie;
            taken++;
        }
        assert_int_equal(bench->queue.fault, VIRTQ_FAULT_NONE);
        assert_true(posted - taken == virtqueue_posted(&bench->queue));
        if (posted == taken) {
            assert_true(sum_posted == sum_taken); /* each came back once */
        }
    }
    assert_true(expected > UINT16_MAX);
}

TEST(buffers_come_back_once_past_the_size_and_past_65535)
{
    for (uint32_t i = 0; i < BENCH_VARIANTS; i++) {
        struct bench *bench = bench_open(&bench_variants[i]);

        run_past_65535(bench);
        bench_close(bench);
    }
}

/* --- notifications ------------------------------------------------------------------------- */

TEST(a_kick_reaches_the_device_and_an_acknowledge_clears_the_interrupt)
{
    for (uint32_t i = 0; i < BENCH_VARIANTS; i++) {
        struct bench *bench = bench_open(&bench_variants[i]);
        struct fake_chain chain;
        struct virtq_used used;

        bench_post(bench, 0);
        assert_true(virtqueue_publish(&bench->queue)); /* avail_event is 0: the first one counts */
        transport_notify(&bench->transport, QUEUE);
        assert_int_equal(bench->fake.queue[QUEUE].notifications, 1);
        assert_false(virtqueue_arm(&bench->queue, 1));
        assert_true(fake_fetch(&bench->fake, QUEUE, &chain));
        fake_return(&bench->fake, QUEUE, chain.head, 0);
        assert_int_equal(bench->fake.interrupts, 1);
        assert_int_equal(transport_interrupt_take(&bench->transport), VIRTIO_INTERRUPT_QUEUE);
        assert_int_equal(bench->fake.interrupt_status, 0);
        assert_int_equal(transport_interrupt_take(&bench->transport), 0);
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        bench_close(bench);
    }
}

/* Moves `count` buffers through a queue so that its indexes stand somewhere else. */
static void turn(struct bench *bench, uint32_t count)
{
    struct fake_chain chain;
    struct virtq_used used;

    for (uint32_t i = 0; i < count; i++) {
        bench_post(bench, i);
        bench_publish(bench);
        assert_true(fake_fetch(&bench->fake, QUEUE, &chain));
        fake_return(&bench->fake, QUEUE, chain.head, 0);
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
    }
}

TEST(the_device_is_notified_exactly_when_its_event_index_is_passed)
{
    struct bench *bench = bench_open(&bench_variants[2]);
    uint64_t seed = 7;

    for (uint32_t round = 0; round < 4000; round++) {
        uint16_t before = bench->queue.available_published;
        uint16_t count = (uint16_t)(1 + test_random(&seed) % 8);
        uint16_t event = (uint16_t)(before + test_random(&seed) % 16 - 4);
        struct virtq_used used;
        struct fake_chain chain;

        fake_want_notification(&bench->fake, QUEUE, event);
        for (uint16_t i = 0; i < count; i++) {
            bench_post(bench, i);
        }
        assert_true(virtqueue_publish(&bench->queue) ==
                    (vring_need_event(event, (uint16_t)(before + count), before) != 0));
        while (fake_fetch(&bench->fake, QUEUE, &chain)) {
            fake_return(&bench->fake, QUEUE, chain.head, 0);
            assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        }
        turn(bench, 30); /* so that 65535 is passed on the way */
    }
    bench_close(bench);
}

TEST(without_event_index_the_device_says_when_it_needs_no_notification)
{
    struct bench *bench = bench_open(&bench_variants[0]);

    bench_post(bench, 0);
    assert_true(virtqueue_publish(&bench->queue));
    bench->queue.used[0] = VRING_USED_F_NO_NOTIFY;
    bench_post(bench, 1);
    assert_false(virtqueue_publish(&bench->queue));
    bench_close(bench);
}

/* Returns `count` buffers of those that are pending. */
static void return_some(struct bench *bench, uint16_t count)
{
    struct fake_chain chain;

    for (uint16_t i = 0; i < count; i++) {
        assert_true(fake_fetch(&bench->fake, QUEUE, &chain));
        fake_return(&bench->fake, QUEUE, chain.head, 0);
    }
}

TEST(an_armed_interrupt_comes_with_the_buffer_it_was_armed_for)
{
    struct bench *bench = bench_open(&bench_variants[1]);

    for (uint32_t round = 0; round < 600; round++) {
        struct virtq_used used;

        bench_post_all(bench, 100);
        assert_false(virtqueue_arm(&bench->queue, 60));
        bench->fake.interrupts = 0;
        return_some(bench, 59);
        assert_int_equal(bench->fake.interrupts, 0);
        return_some(bench, 1);
        assert_int_equal(bench->fake.interrupts, 1);
        return_some(bench, 40);
        assert_int_equal(bench->fake.interrupts, 1);
        while (virtqueue_take(&bench->queue, &used) == OK) {
        }
        turn(bench, 13);
    }
    bench_close(bench);
}

TEST(arming_tells_when_the_buffers_are_there_already)
{
    for (uint32_t i = 0; i < 2; i++) { /* without and with event index */
        struct bench *bench = bench_open(&bench_variants[i]);

        bench_post_all(bench, 4);
        return_some(bench, 2);
        assert_true(virtqueue_arm(&bench->queue, 1));
        assert_true(virtqueue_arm(&bench->queue, 2));
        assert_false(virtqueue_arm(&bench->queue, 3));
        bench_close(bench);
    }
}

TEST(a_disarmed_queue_raises_no_interrupt)
{
    struct bench *bench = bench_open(&bench_variants[0]);

    bench_post_all(bench, 4);
    virtqueue_disarm(&bench->queue);
    return_some(bench, 2);
    assert_int_equal(bench->fake.interrupts, 0);
    assert_false(virtqueue_arm(&bench->queue, 3));
    return_some(bench, 1);
    assert_int_equal(bench->fake.interrupts, 1);
    bench_close(bench);
}

/* --- hostile used ring --------------------------------------------------------------------- */

/* Every call refuses from now on, until the device is reset and the queue laid out anew. */
static void check_broken(struct bench *bench, enum virtq_fault fault)
{
    struct virtq_used used;

    assert_int_equal(virtqueue_take(&bench->queue, &used), E_CORRUPT);
    assert_int_equal(bench->queue.fault, fault);
    assert_int_equal(virtqueue_take(&bench->queue, &used), E_CORRUPT);
    assert_int_equal(virtqueue_post(&bench->queue, BUFFER_PHYSICAL, 1, 0), E_CORRUPT);
    assert_string_not_equal(virtqueue_fault_name(fault), "unknown");
    bench_start(bench);
    turn(bench, 3);
    bench_close(bench);
}

/* A queue of each kind with two buffers at the device, heads given. */
static struct bench *open_with_two(const struct variant *variant, uint16_t heads[2])
{
    struct bench *bench = bench_open(variant);

    bench_post_all(bench, 2);
    for (uint32_t i = 0; i < 2; i++) {
        struct fake_chain chain;

        assert_true(fake_fetch(&bench->fake, QUEUE, &chain));
        heads[i] = chain.head;
    }
    return bench;
}

enum { HOSTILE_VARIANTS = 6 }; /* the first ones: with at least two slots and a header */

TEST(a_used_id_outside_the_queue_breaks_it)
{
    static const uint32_t ids[] = {256, 257, 0xffff, 0x10000, 0x80000000, UINT32_MAX};
    uint16_t heads[2];

    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        for (uint32_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
            struct bench *bench = open_with_two(&bench_variants[i], heads);

            fake_return(&bench->fake, QUEUE, ids[k], 0);
            check_broken(bench, VIRTQ_FAULT_ID);
        }
    }
}

TEST(a_used_id_in_the_middle_of_a_chain_breaks_the_queue)
{
    uint16_t heads[2];
    struct bench *bench = open_with_two(&bench_variants[1], heads);

    fake_return(&bench->fake, QUEUE, heads[0] + 1u, 0);
    check_broken(bench, VIRTQ_FAULT_ID);
}

TEST(a_used_buffer_that_the_device_does_not_own_breaks_the_queue)
{
    uint16_t heads[2];

    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        struct bench *bench = open_with_two(&bench_variants[i], heads);

        fake_return(&bench->fake, QUEUE, 2u << bench->queue.head_shift, 0);
        check_broken(bench, VIRTQ_FAULT_OWNER);
    }
}

TEST(a_buffer_that_is_used_twice_breaks_the_queue)
{
    uint16_t heads[2];

    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        struct bench *bench = open_with_two(&bench_variants[i], heads);
        struct virtq_used used;

        fake_return(&bench->fake, QUEUE, heads[0], 0);
        fake_return(&bench->fake, QUEUE, heads[0], 0);
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        check_broken(bench, VIRTQ_FAULT_OWNER);
    }
}

TEST(a_length_up_to_what_was_posted_is_believed_and_one_more_breaks_the_queue)
{
    uint16_t heads[2];

    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        struct bench *bench = open_with_two(&bench_variants[i], heads);
        struct virtq_used used;

        fake_return(&bench->fake, QUEUE, heads[0], bench_all_bytes(bench));
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        assert_int_equal(used.bytes, bench_variants[i].is_device_writable ? BUFFER_BYTES : 0);
        fake_return(&bench->fake, QUEUE, heads[1], bench_all_bytes(bench) + 1);
        check_broken(bench, VIRTQ_FAULT_LENGTH);
    }
}

TEST(a_length_inside_the_header_is_an_empty_buffer)
{
    uint16_t heads[2];
    struct bench *bench = open_with_two(&bench_variants[0], heads);
    struct virtq_used used;

    for (uint32_t i = 0; i < 2; i++) {
        fake_return(&bench->fake, QUEUE, heads[i], HEADER_BYTES * i);
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        assert_int_equal(used.bytes, 0);
    }
    bench_close(bench);
}

TEST(a_used_index_that_jumps_or_goes_back_breaks_the_queue)
{
    static const uint16_t jumps[] = {3, 4, 256, 257, 0x8000, 0xffff};
    uint16_t heads[2];

    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        for (uint32_t k = 0; k < sizeof(jumps) / sizeof(jumps[0]); k++) {
            struct bench *bench = open_with_two(&bench_variants[i], heads);

            fake_set_used_index(&bench->fake, QUEUE, jumps[k]);
            check_broken(bench, VIRTQ_FAULT_INDEX);
        }
    }
}

TEST(a_used_index_without_any_buffer_at_the_device_breaks_the_queue)
{
    struct bench *bench = bench_open(&bench_variants[0]);

    fake_set_used_index(&bench->fake, QUEUE, 1);
    check_broken(bench, VIRTQ_FAULT_INDEX);
}

TEST(what_the_device_scribbles_over_the_descriptors_changes_nothing)
{
    for (uint32_t i = 0; i < HOSTILE_VARIANTS; i++) {
        uint16_t heads[2];
        struct bench *bench = open_with_two(&bench_variants[i], heads);
        struct virtq_used used;
        size_t until_used = bench->queue.used_physical - QUEUE_PHYSICAL;

        fake_return(&bench->fake, QUEUE, heads[1], 0);
        memset(bench->memory, 0xa5, until_used);
        memset((uint8_t *)bench->memory + VIRTQ_MEMORY_BYTES - 4096, 0xa5, 4096);
        assert_int_equal(virtqueue_take(&bench->queue, &used), OK);
        assert_true(used.cookie == 1);
        assert_int_equal(virtqueue_take(&bench->queue, &used), E_AGAIN);
        bench_close(bench);
    }
}

int virtqueue_cases_run(void)
{
    static const struct CMUnitTest virtqueue[] = {
        cmocka_unit_test(the_size_is_the_largest_power_of_two_that_both_allow),
        cmocka_unit_test(the_layout_is_that_of_the_specification_for_every_size),
        cmocka_unit_test(a_setup_that_cannot_be_is_refused),
        cmocka_unit_test(a_slot_is_one_descriptor_or_two_without_indirect_tables),
        cmocka_unit_test(a_full_queue_takes_no_more_and_a_buffer_of_no_length_never_goes_in),
        cmocka_unit_test(a_buffer_is_invisible_until_it_is_published),
        cmocka_unit_test(buffers_come_back_once_past_the_size_and_past_65535),
        cmocka_unit_test(a_kick_reaches_the_device_and_an_acknowledge_clears_the_interrupt),
        cmocka_unit_test(the_device_is_notified_exactly_when_its_event_index_is_passed),
        cmocka_unit_test(without_event_index_the_device_says_when_it_needs_no_notification),
        cmocka_unit_test(an_armed_interrupt_comes_with_the_buffer_it_was_armed_for),
        cmocka_unit_test(arming_tells_when_the_buffers_are_there_already),
        cmocka_unit_test(a_disarmed_queue_raises_no_interrupt),
        cmocka_unit_test(a_used_id_outside_the_queue_breaks_it),
        cmocka_unit_test(a_used_id_in_the_middle_of_a_chain_breaks_the_queue),
        cmocka_unit_test(a_used_buffer_that_the_device_does_not_own_breaks_the_queue),
        cmocka_unit_test(a_buffer_that_is_used_twice_breaks_the_queue),
        cmocka_unit_test(a_length_up_to_what_was_posted_is_believed_and_one_more_breaks_the_queue),
        cmocka_unit_test(a_length_inside_the_header_is_an_empty_buffer),
        cmocka_unit_test(a_used_index_that_jumps_or_goes_back_breaks_the_queue),
        cmocka_unit_test(a_used_index_without_any_buffer_at_the_device_breaks_the_queue),
        cmocka_unit_test(what_the_device_scribbles_over_the_descriptors_changes_nothing),
    };
    return cmocka_run_group_tests(virtqueue, NULL, NULL);
}
