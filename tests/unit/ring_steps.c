/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waking, step by step: before each access of one side to shared memory the other side does all it
 * has to do. Whatever the place, nobody may sleep while the other believes that he is awake.
 *
 * Shows the order of the steps; that the fences are there is shown by real threads in ring.c.
 */
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Runs the other side when the step that was asked for is reached. */
static void before_access(void);

#undef atomic_load_explicit
#undef atomic_store_explicit
#define atomic_load_explicit(at, order) (before_access(), __c11_atomic_load(at, order))
#define atomic_store_explicit(at, value, order)                                                    \
    (before_access(), __c11_atomic_store(at, value, order))
#include <base/ring.h>

enum { CAPACITY = 1, STEPS_MAX = 16 };

static struct {
    struct ring_shared *shared;
    struct ring_producer producer;
    struct ring_consumer consumer;
    void (*other)(void); /* NULL: not armed */
    int steps_left;
    bool is_signalled;
} scene;

static void before_access(void)
{
    void (*other)(void) = scene.other;
    if (other != NULL && scene.steps_left-- == 0) {
        scene.other = NULL;
        other();
    }
}

static int open_scene(void **state)
{
    (void)state;
    void *memory;
    assert_int_equal(posix_memalign(&memory, RING_LINE_BYTES, ring_bytes(CAPACITY)), 0);
    scene.shared = memory;
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    free(scene.shared);
    return 0;
}

static void restart(void)
{
    scene.other = NULL;
    scene.is_signalled = false;
    ring_init(scene.shared, 0);
    assert_int_equal(ring_producer_bind(&scene.producer, scene.shared, CAPACITY), OK);
    assert_int_equal(ring_consumer_bind(&scene.consumer, scene.shared, CAPACITY), OK);
}

static void produce(void)
{
    assert_int_equal(ring_producer_push(&scene.producer, 1), OK);
    scene.is_signalled |= ring_producer_commit(&scene.producer);
}

static void consume(void)
{
    uint64_t entry;
    assert_int_equal(ring_consumer_pop(&scene.consumer, &entry), OK);
    scene.is_signalled |= ring_consumer_commit(&scene.consumer);
}

static bool is_consumer_asleep;
static bool is_producer_asleep;

static void consumer_sleeps(void)
{
    is_consumer_asleep = ring_consumer_prepare_sleep(&scene.consumer);
}

static void producer_sleeps(void)
{
    is_producer_asleep = ring_producer_prepare_sleep(&scene.producer);
}

/* Lets `other` run before step `step` of `side`, or after the last; false in that case. */
static bool interleave(void (*side)(void), void (*other)(void), int step)
{
    scene.steps_left = step;
    scene.other = other;
    side();
    bool is_done = scene.other == NULL;
    scene.other = NULL;
    if (!is_done) {
        other();
    }
    return is_done;
}

TEST(a_consumer_that_goes_to_sleep_is_signalled_wherever_the_entry_comes)
{
    int step = 0;
    bool goes_on = true;
    for (; goes_on; step++) {
        restart();
        goes_on = interleave(consumer_sleeps, produce, step);
        assert_true(!is_consumer_asleep || scene.is_signalled);
    }
    assert_true(step > 2 && step < STEPS_MAX);
}

TEST(an_entry_signals_a_consumer_wherever_it_went_to_sleep)
{
    int step = 0;
    bool goes_on = true;
    for (; goes_on; step++) {
        restart();
        goes_on = interleave(produce, consumer_sleeps, step);
        assert_true(!is_consumer_asleep || scene.is_signalled);
    }
    assert_true(step > 2 && step < STEPS_MAX);
}

TEST(a_producer_that_waits_for_room_is_signalled_wherever_the_room_comes)
{
    int step = 0;
    bool goes_on = true;
    for (; goes_on; step++) {
        restart();
        produce();
        scene.is_signalled = false;
        goes_on = interleave(producer_sleeps, consume, step);
        assert_true(!is_producer_asleep || scene.is_signalled);
    }
    assert_true(step > 2 && step < STEPS_MAX);
}

TEST(room_signals_a_producer_wherever_it_went_to_sleep)
{
    int step = 0;
    bool goes_on = true;
    for (; goes_on; step++) {
        restart();
        produce();
        scene.is_signalled = false;
        goes_on = interleave(consume, producer_sleeps, step);
        assert_true(!is_producer_asleep || scene.is_signalled);
    }
    assert_true(step > 2 && step < STEPS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_that_goes_to_sleep_is_signalled_wherever_the_entry_comes),
        cmocka_unit_test(an_entry_signals_a_consumer_wherever_it_went_to_sleep),
        cmocka_unit_test(a_producer_that_waits_for_room_is_signalled_wherever_the_room_comes),
        cmocka_unit_test(room_signals_a_producer_wherever_it_went_to_sleep),
    };
    return cmocka_run_group_tests_name("ring_steps", tests, open_scene, close_scene);
}
