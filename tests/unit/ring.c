/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of entries: order, batches, waking, broken neighbours, and two real threads.
 */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <base/ring.h>

enum { CAPACITY = 8 };

struct fixture {
    struct ring_shared *shared;
    struct ring_producer producer;
    struct ring_consumer consumer;
};

/* Exactly as many bytes as ring_bytes says, so that the sanitizer guards the end. */
static struct fixture fixture_open(uint32_t capacity, uint32_t first_index)
{
    struct fixture fixture;
    void *memory;
    assert_int_equal(posix_memalign(&memory, RING_LINE_BYTES, ring_bytes(capacity)), 0);
    fixture.shared = memory;
    ring_init(fixture.shared, 1);
    atomic_store(&fixture.shared->tail, first_index);
    atomic_store(&fixture.shared->head, first_index);
    assert_int_equal(ring_producer_bind(&fixture.producer, fixture.shared, capacity), OK);
    assert_int_equal(ring_consumer_bind(&fixture.consumer, fixture.shared, capacity), OK);
    return fixture;
}

static void fixture_close(struct fixture *fixture)
{
    free(fixture->shared);
}

static void push(struct fixture *fixture, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(ring_producer_push(&fixture->producer, first + i), OK);
    }
}

static void pop(struct fixture *fixture, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry;
        assert_int_equal(ring_consumer_pop(&fixture->consumer, &entry), OK);
        assert_true(entry == first + i);
    }
}

TEST(a_capacity_that_is_no_power_of_two_is_refused)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    assert_int_equal(ring_producer_bind(&fixture.producer, fixture.shared, 0), E_INVALID);
    assert_int_equal(ring_producer_bind(&fixture.producer, fixture.shared, 6), E_INVALID);
    assert_int_equal(ring_consumer_bind(&fixture.consumer, fixture.shared, 1u << 31), E_INVALID);
    fixture_close(&fixture);
}

TEST(entries_are_seen_after_the_commit_and_not_before)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint64_t entry;
    push(&fixture, 100, 3);
    assert_int_equal(ring_consumer_pop(&fixture.consumer, &entry), E_AGAIN);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 100, 3);
    assert_int_equal(ring_consumer_pop(&fixture.consumer, &entry), E_AGAIN);
    fixture_close(&fixture);
}

TEST(a_slot_is_free_again_after_the_consumers_commit_and_not_before)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint32_t slots;
    push(&fixture, 0, CAPACITY);
    assert_int_equal(ring_producer_push(&fixture.producer, 99), E_AGAIN);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 0, 2);
    assert_int_equal(ring_producer_push(&fixture.producer, 99), E_AGAIN);
    assert_false(ring_consumer_commit(&fixture.consumer));
    assert_int_equal(ring_producer_room(&fixture.producer, &slots), OK);
    assert_int_equal(slots, 2);
    push(&fixture, CAPACITY, 2);
    assert_int_equal(ring_producer_push(&fixture.producer, 99), E_AGAIN);
    assert_false(ring_producer_commit(&fixture.producer));
    assert_int_equal(ring_consumer_filled(&fixture.consumer, &slots), OK);
    assert_int_equal(slots, CAPACITY);
    pop(&fixture, 2, CAPACITY);
    fixture_close(&fixture);
}

TEST(indexes_wrap_past_32_bits)
{
    struct fixture fixture = fixture_open(CAPACITY, UINT32_MAX - 2);
    for (uint64_t round = 0; round < 10; round++) {
        push(&fixture, round * CAPACITY, CAPACITY);
        assert_int_equal(ring_producer_push(&fixture.producer, 0), E_AGAIN);
        assert_false(ring_producer_commit(&fixture.producer));
        pop(&fixture, round * CAPACITY, CAPACITY);
        assert_false(ring_consumer_commit(&fixture.consumer));
    }
    fixture_close(&fixture);
}

TEST(a_ring_of_one_slot_works)
{
    struct fixture fixture = fixture_open(1, 0);
    for (uint64_t i = 0; i < 5; i++) {
        push(&fixture, i, 1);
        assert_int_equal(ring_producer_push(&fixture.producer, 9), E_AGAIN);
        assert_false(ring_producer_commit(&fixture.producer));
        pop(&fixture, i, 1);
        assert_false(ring_consumer_commit(&fixture.consumer));
    }
    fixture_close(&fixture);
}

TEST(a_sleeping_consumer_is_signalled_once)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    assert_true(ring_consumer_prepare_sleep(&fixture.consumer));
    assert_false(ring_producer_commit(&fixture.producer)); /* nothing new: nobody is woken */
    push(&fixture, 0, 1);
    assert_true(ring_producer_commit(&fixture.producer));
    push(&fixture, 1, 1);
    assert_false(ring_producer_commit(&fixture.producer));
    fixture_close(&fixture);
}

TEST(a_consumer_with_entries_left_does_not_sleep_and_asks_for_no_signal)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    push(&fixture, 0, 2);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 0, 1);
    assert_false(ring_consumer_prepare_sleep(&fixture.consumer));
    push(&fixture, 2, 1);
    assert_false(ring_producer_commit(&fixture.producer));
    fixture_close(&fixture);
}

TEST(a_producer_that_waits_for_room_is_signalled_once)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    push(&fixture, 0, CAPACITY);
    assert_int_equal(ring_producer_push(&fixture.producer, 9), E_AGAIN);
    assert_false(ring_producer_commit(&fixture.producer));
    assert_true(ring_producer_prepare_sleep(&fixture.producer));
    pop(&fixture, 0, 1);
    assert_true(ring_consumer_commit(&fixture.consumer));
    pop(&fixture, 1, 1);
    assert_false(ring_consumer_commit(&fixture.consumer));
    assert_false(ring_producer_prepare_sleep(&fixture.producer));
    fixture_close(&fixture);
}

TEST(an_end_bound_again_goes_on_where_its_predecessor_committed)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    push(&fixture, 0, 3);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 0, 1);
    assert_false(ring_consumer_commit(&fixture.consumer));
    pop(&fixture, 1, 1); /* taken and not committed: the next incarnation gets it again */
    assert_int_equal(ring_consumer_bind(&fixture.consumer, fixture.shared, CAPACITY), OK);
    assert_int_equal(ring_producer_bind(&fixture.producer, fixture.shared, CAPACITY), OK);
    push(&fixture, 3, CAPACITY - 2);
    assert_int_equal(ring_producer_push(&fixture.producer, 9), E_AGAIN);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 1, CAPACITY);
    fixture_close(&fixture);
}

TEST(binding_to_indexes_that_are_too_far_apart_is_refused)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    atomic_store(&fixture.shared->tail, CAPACITY + 1);
    assert_int_equal(ring_producer_bind(&fixture.producer, fixture.shared, CAPACITY), E_CORRUPT);
    assert_int_equal(ring_consumer_bind(&fixture.consumer, fixture.shared, CAPACITY), E_CORRUPT);
    fixture_close(&fixture);
}

TEST(a_tail_beyond_the_free_slots_breaks_the_consumer_for_good)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint64_t entry;
    uint32_t slots;
    atomic_store(&fixture.shared->tail, CAPACITY + 1);
    assert_int_equal(ring_consumer_pop(&fixture.consumer, &entry), E_CORRUPT);
    atomic_store(&fixture.shared->tail, 1); /* too late to make it good */
    assert_int_equal(ring_consumer_pop(&fixture.consumer, &entry), E_CORRUPT);
    assert_int_equal(ring_consumer_filled(&fixture.consumer, &slots), E_CORRUPT);
    assert_true(fixture.consumer.is_corrupt);
    assert_true(ring_consumer_prepare_sleep(&fixture.consumer));
    fixture_close(&fixture);
}

TEST(a_tail_that_goes_back_breaks_the_consumer)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint64_t entry;
    uint32_t slots;
    push(&fixture, 0, 4);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 0, 1);
    atomic_store(&fixture.shared->tail, 3);
    assert_int_equal(ring_consumer_filled(&fixture.consumer, &slots), E_CORRUPT);
    assert_int_equal(slots, 0);
    assert_int_equal(ring_consumer_pop(&fixture.consumer, &entry), E_CORRUPT);
    fixture_close(&fixture);
}

TEST(slots_the_consumer_holds_cannot_be_published_over)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint32_t slots;
    push(&fixture, 0, CAPACITY);
    assert_false(ring_producer_commit(&fixture.producer));
    pop(&fixture, 0, 4); /* not committed */
    atomic_store(&fixture.shared->tail, CAPACITY + 1);
    assert_int_equal(ring_consumer_filled(&fixture.consumer, &slots), E_CORRUPT);
    fixture_close(&fixture);
}

TEST(a_head_beyond_what_was_published_breaks_the_producer_for_good)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    uint32_t slots;
    push(&fixture, 0, 2);
    assert_false(ring_producer_commit(&fixture.producer));
    push(&fixture, 2, 1); /* filled, not given */
    atomic_store(&fixture.shared->head, 3);
    assert_int_equal(ring_producer_room(&fixture.producer, &slots), E_CORRUPT);
    assert_int_equal(slots, 0);
    atomic_store(&fixture.shared->head, 1);
    assert_int_equal(ring_producer_push(&fixture.producer, 9), E_CORRUPT);
    assert_true(fixture.producer.is_corrupt);
    assert_true(ring_producer_prepare_sleep(&fixture.producer));
    fixture_close(&fixture);
}

/* The sanitizer sees any access outside the ring. */
TEST(random_neighbour_indexes_never_lead_out_of_the_ring)
{
    uint64_t seed = 5;
    for (int round = 0; round < 20000; round++) {
        struct fixture fixture = fixture_open(CAPACITY, (uint32_t)test_random(&seed));
        for (int step = 0; step < 12; step++) {
            uint64_t random = test_random(&seed);
            uint64_t entry;
            bool ignored = (random & 1) != 0 ? ring_producer_push(&fixture.producer, random) == OK
                                             : ring_consumer_pop(&fixture.consumer, &entry) == OK;
            ignored |= (random & 2) != 0 && ring_producer_commit(&fixture.producer);
            ignored |= (random & 4) != 0 && ring_consumer_commit(&fixture.consumer);
            (void)ignored;
            if ((random >> 8 & 15) == 0) {
                uint32_t wrong = (uint32_t)(random >> 32) >> (random >> 16 & 31);
                atomic_store((random & 8) != 0 ? &fixture.shared->tail : &fixture.shared->head,
                             wrong);
            }
            assert_true(fixture.producer.tail - fixture.producer.head <= CAPACITY);
            assert_true(fixture.consumer.tail - fixture.consumer.head <= CAPACITY);
        }
        fixture_close(&fixture);
    }
}

TEST(the_owner_sets_the_epoch_and_everybody_reads_the_drops)
{
    struct fixture fixture = fixture_open(CAPACITY, 0);
    ring_producer_count_drop(&fixture.producer);
    ring_producer_count_drop(&fixture.producer);
    assert_int_equal(ring_drops(fixture.shared), 2);
    ring_init(fixture.shared, 42);
    assert_int_equal(ring_epoch(fixture.shared), 42);
    assert_int_equal(ring_drops(fixture.shared), 0);
    fixture_close(&fixture);
}

/* --- two threads --------------------------------------------------------------------------- */

enum { THREAD_ROUNDS = 20000, THREAD_CAPACITY = 4 };

/* A notification as the kernel has it: signals stay until somebody waits. */
struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_rung;
    uint32_t rings;
};

static void bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->is_rung = true;
    bell->rings++;
    pthread_cond_signal(&bell->changed);
    pthread_mutex_unlock(&bell->mutex);
}

/* False when nobody rang for ten seconds: a lost wake-up. */
static bool bell_wait(struct bell *bell)
{
    struct timespec deadline;
    int status = 0;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    pthread_mutex_lock(&bell->mutex);
    while (!bell->is_rung && status == 0) {
        status = pthread_cond_timedwait(&bell->changed, &bell->mutex, &deadline);
    }
    bell->is_rung = false;
    pthread_mutex_unlock(&bell->mutex);
    return status == 0;
}

struct pair {
    struct fixture ring;
    struct bell to_consumer;
    struct bell to_producer;
    bool is_producer_lost;
};

static void *produce(void *argument)
{
    struct pair *pair = argument;
    struct ring_producer *producer = &pair->ring.producer;
    uint64_t seed = 6;
    for (uint64_t next = 0; next < THREAD_ROUNDS;) {
        uint64_t batch = 1 + test_random(&seed) % 3;
        while (batch-- > 0 && next < THREAD_ROUNDS && ring_producer_push(producer, next) == OK) {
            next++;
        }
        if (ring_producer_commit(producer)) {
            bell_ring(&pair->to_consumer);
        }
        uint32_t room;
        if (ring_producer_room(producer, &room) == OK && room == 0 &&
            ring_producer_prepare_sleep(producer) && !bell_wait(&pair->to_producer)) {
            pair->is_producer_lost = true;
            break;
        }
    }
    return NULL;
}

TEST(two_threads_lose_no_entry_and_no_wake_up)
{
    struct pair pair = {
        .ring = fixture_open(THREAD_CAPACITY, UINT32_MAX - 1000),
        .to_consumer = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER},
        .to_producer = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER},
    };
    struct ring_consumer *consumer = &pair.ring.consumer;
    uint64_t expected = 0;
    uint64_t entry;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, produce, &pair), 0);
    while (expected < THREAD_ROUNDS) {
        int error = ring_consumer_pop(consumer, &entry);
        if (error == OK) {
            assert_true(entry == expected);
            expected++;
            if (expected % 2 == 0) {
                continue; /* batches of two, and whatever is left when it runs empty */
            }
        }
        if (ring_consumer_commit(consumer)) {
            bell_ring(&pair.to_producer);
        }
        if (error != OK) {
            assert_int_equal(error, E_AGAIN);
            assert_true(!ring_consumer_prepare_sleep(consumer) || bell_wait(&pair.to_consumer));
        }
    }
    if (ring_consumer_commit(consumer)) {
        bell_ring(&pair.to_producer);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(pair.is_producer_lost);
    assert_true(pair.to_consumer.rings > 0 && pair.to_producer.rings > 0);
    fixture_close(&pair.ring);
}

/* Both sides of one ring meet at the same moment, round after round: the litmus of ring.h. */
enum {
    LITMUS_ROUNDS = 150000,
    LITMUS_MS = 1000,
    LITMUS_SPIN = 256,
};

#define LITMUS_OVER UINT32_MAX /* no round has this number */

struct litmus {
    struct fixture ring;
    _Atomic uint32_t started; /* rounds that the consumer began */
    _Atomic uint32_t done;    /* rounds that the producer ended */
    bool is_signalled;        /* by the producer in the round just done */

    /* Both write it: a store to a line of the other side's keeps the stores behind it waiting. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t contended;
};

/* False when the other thread said that it is over. */
static bool wait_for(const _Atomic uint32_t *counter, uint32_t value)
{
    uint32_t now;
    for (uint32_t spins = 1; (now = atomic_load(counter)) != value; spins++) {
        if (now == LITMUS_OVER) {
            return false;
        }
        if (spins % LITMUS_SPIN == 0) {
            sched_yield();
        }
    }
    return true;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Keeps the calling thread on the CPU with this number among those it may use, if there is one. */
static void stay_on_cpu(int number)
{
    cpu_set_t all;
    cpu_set_t one;
    CPU_ZERO(&one);
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all) && number-- == 0) {
            CPU_SET(cpu, &one);
            assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
        }
    }
}

static void *produce_one_a_round(void *argument)
{
    struct litmus *litmus = argument;
    stay_on_cpu(1);
    for (uint32_t round = 1; wait_for(&litmus->started, round); round++) {
        bool is_pushed = ring_producer_push(&litmus->ring.producer, round) == OK;
        atomic_store_explicit(&litmus->contended, round, memory_order_relaxed);
        litmus->is_signalled = ring_producer_commit(&litmus->ring.producer) || !is_pushed;
        atomic_store(&litmus->done, round);
    }
    return NULL;
}

TEST(a_consumer_that_goes_to_sleep_while_an_entry_comes_is_signalled)
{
    struct litmus litmus = {.ring = fixture_open(1, 0)};
    uint64_t seed = 13;
    uint64_t end_ms = now_ms() + LITMUS_MS; /* on a busy machine fewer rounds, not more time */
    int lost = 0;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, produce_one_a_round, &litmus), 0);
    stay_on_cpu(0);
    for (uint32_t round = 1; round <= LITMUS_ROUNDS && now_ms() < end_ms; round++) {
        uint64_t entry;
        volatile uint64_t delay = test_random(&seed) % (32u << test_random(&seed) % 4);
        atomic_store(&litmus.started, round);
        while (delay > 0) {
            delay--;
        }
        atomic_store_explicit(&litmus.contended, round, memory_order_relaxed);
        bool is_asleep = ring_consumer_prepare_sleep(&litmus.ring.consumer);
        assert_true(wait_for(&litmus.done, round));
        lost += is_asleep && !litmus.is_signalled;
        assert_int_equal(ring_consumer_pop(&litmus.ring.consumer, &entry), OK);
        assert_true(entry == round);
        assert_false(ring_consumer_commit(&litmus.ring.consumer));
    }
    atomic_store(&litmus.started, LITMUS_OVER);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(lost, 0);
    fixture_close(&litmus.ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capacity_that_is_no_power_of_two_is_refused),
        cmocka_unit_test(entries_are_seen_after_the_commit_and_not_before),
        cmocka_unit_test(a_slot_is_free_again_after_the_consumers_commit_and_not_before),
        cmocka_unit_test(indexes_wrap_past_32_bits),
        cmocka_unit_test(a_ring_of_one_slot_works),
        cmocka_unit_test(a_sleeping_consumer_is_signalled_once),
        cmocka_unit_test(a_consumer_with_entries_left_does_not_sleep_and_asks_for_no_signal),
        cmocka_unit_test(a_producer_that_waits_for_room_is_signalled_once),
        cmocka_unit_test(an_end_bound_again_goes_on_where_its_predecessor_committed),
        cmocka_unit_test(binding_to_indexes_that_are_too_far_apart_is_refused),
        cmocka_unit_test(a_tail_beyond_the_free_slots_breaks_the_consumer_for_good),
        cmocka_unit_test(a_tail_that_goes_back_breaks_the_consumer),
        cmocka_unit_test(slots_the_consumer_holds_cannot_be_published_over),
        cmocka_unit_test(a_head_beyond_what_was_published_breaks_the_producer_for_good),
        cmocka_unit_test(random_neighbour_indexes_never_lead_out_of_the_ring),
        cmocka_unit_test(the_owner_sets_the_epoch_and_everybody_reads_the_drops),
        cmocka_unit_test(two_threads_lose_no_entry_and_no_wake_up),
        cmocka_unit_test(a_consumer_that_goes_to_sleep_while_an_entry_comes_is_signalled),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
