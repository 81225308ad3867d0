/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring with one producer and one consumer, in memory that two programs share.
 *
 * Data travels through rings, never through calls. An entry is a u64 whose meaning is the users'.
 * The ring signals nobody: it tells the caller when the other side must be signalled.
 *
 * R1  An index counts what was ever moved, modulo 2^32; the capacity is a power of two, so slot
 *     number and distance are plain unsigned arithmetic.
 * R2  A shared field has one writer, but for the wake flags: the sleeper sets, the waker clears.
 * R3  Capacity and the own index are private. The neighbour's index is read once, and believed
 *     only if it moved forward and not past what R1 allows. Otherwise the end is corrupt until it
 *     is bound again: every operation is E_CORRUPT, and no slot outside the ring is ever touched.
 * R4  An entry belongs to the producer until it commits, then to the consumer until it commits.
 *
 * Waking. Both sides do "store mine, fence, load theirs", so one of the two loads sees the store:
 *
 *     producer                        consumer
 *     tail = new                      wake = 1
 *     seq_cst fence                   seq_cst fence
 *     if (wake) signal                if (tail is old) sleep
 *
 * With release and acquire alone both may read the old value, and the consumer sleeps for ever.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

enum {
    RING_LINE_BYTES = 64,
    RING_CAPACITY_MAX = 1 << 30,
};

/* One cache line per field that changes, so that the sides meet only where they exchange. */
struct ring_shared {
    /* Written by the producer. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t tail;
    _Atomic uint32_t drops; /* what found no room; a statistic, decides nothing */

    /* Written by the consumer. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t head;

    /* Set by the sleeper, cleared by the waker. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t wake_consumer;
    alignas(RING_LINE_BYTES) _Atomic uint32_t wake_producer;

    /* Written by the owner of the memory while nobody is bound. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t epoch;
};

static_assert(sizeof(_Atomic uint32_t) == 4 && sizeof(_Atomic uint64_t) == 8, "atomics are plain");
static_assert(sizeof(struct ring_shared) == 5 * RING_LINE_BYTES, "shared between programs");

/* The private side of an end. Its owner may read all fields and writes none. */
struct ring_producer {
    struct ring_shared *shared;
    _Atomic uint64_t *entries;
    uint64_t mask; /* capacity - 1, of an index its slot */
    uint32_t capacity;
    uint32_t tail;      /* next slot to fill */
    uint32_t published; /* tail as the consumer may know it */
    uint32_t head;      /* the last head that was believed */
    bool is_corrupt;    /* an impossible head was seen */
};

struct ring_consumer {
    struct ring_shared *shared;
    _Atomic uint64_t *entries;
    uint64_t mask; /* capacity - 1, of an index its slot */
    uint32_t capacity;
    uint32_t head;      /* next slot to empty */
    uint32_t published; /* head as the producer may know it */
    uint32_t tail;      /* the last tail that was believed */
    bool is_corrupt;    /* an impossible tail was seen */
};

/* Bytes of shared memory that a ring of u64 entries takes. */
static inline size_t ring_bytes(uint32_t capacity)
{
    return sizeof(struct ring_shared) + capacity * sizeof(uint64_t);
}

/* --- for the owner of the memory ----------------------------------------------------------- */

/* Empties the ring and gives it an epoch. Nobody may be bound. */
static inline void ring_init(struct ring_shared *shared, uint32_t epoch)
{
    atomic_store_explicit(&shared->tail, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->drops, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->head, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->wake_consumer, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->wake_producer, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->epoch, epoch, memory_order_release);
}

static inline uint32_t ring_epoch(const struct ring_shared *shared)
{
    return atomic_load_explicit(&shared->epoch, memory_order_acquire);
}

static inline uint32_t ring_drops(const struct ring_shared *shared)
{
    return atomic_load_explicit(&shared->drops, memory_order_relaxed);
}

/* --- shared by both ends ------------------------------------------------------------------- */

static inline bool ring_is_capacity(uint32_t capacity)
{
    return capacity >= 1 && capacity <= RING_CAPACITY_MAX && (capacity & (capacity - 1)) == 0;
}

/*
 * Reads the neighbour's index once (R3): it may have moved `limit` steps since `*seen`.
 * Acquire: pairs with the release in ring_publish.
 */
static inline MUST_CHECK int ring_look(const _Atomic uint32_t *index, uint32_t limit,
                                       uint32_t *seen, bool *is_corrupt)
{
    uint32_t now = atomic_load_explicit(index, memory_order_acquire);
    if (*is_corrupt || now - *seen > limit) {
        *is_corrupt = true;
        return E_CORRUPT;
    }
    *seen = now;
    return OK;
}

/*
 * Publishes the own index and tells whether the neighbour sleeps.
 * Release: pairs with the acquire in ring_look.
 * Clearing the flag makes it one signal for one sleep; the clear comes before the signal, so the
 * sleeper that sets it again afterwards is not missed.
 */
static inline MUST_CHECK bool ring_publish(_Atomic uint32_t *index, uint32_t value,
                                           _Atomic uint32_t *wake)
{
    atomic_store_explicit(index, value, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst); /* pairs with ring_arm */
    if (atomic_load_explicit(wake, memory_order_relaxed) == 0) {
        return false;
    }
    atomic_store_explicit(wake, 0, memory_order_relaxed);
    return true;
}

/* Asks for a signal and looks once more. */
static inline MUST_CHECK bool ring_arm(_Atomic uint32_t *wake, const _Atomic uint32_t *index,
                                       uint32_t seen)
{
    atomic_store_explicit(wake, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* pairs with ring_publish */
    if (atomic_load_explicit(index, memory_order_relaxed) == seen) {
        return true;
    }
    atomic_store_explicit(wake, 0, memory_order_relaxed);
    return false;
}

/* --- producer ------------------------------------------------------------------------------ */

/*
 * Binds the producing end to a ring of `capacity` slots whose memory the caller has mapped.
 * Goes on where the indexes stand, so a restarted program finds what its predecessor published.
 * E_INVALID: not a power of two. E_CORRUPT: the indexes are further apart than the capacity.
 */
static inline MUST_CHECK int ring_producer_bind(struct ring_producer *producer,
                                                struct ring_shared *shared, uint32_t capacity)
{
    uint32_t tail = atomic_load_explicit(&shared->tail, memory_order_acquire);
    uint32_t head = atomic_load_explicit(&shared->head, memory_order_acquire);
    if (!ring_is_capacity(capacity)) {
        return E_INVALID;
    }
    if (tail - head > capacity) {
        return E_CORRUPT;
    }
    *producer = (struct ring_producer){
        .shared = shared,
        .entries = (void *)(shared + 1),
        .mask = capacity - 1,
        .capacity = capacity,
        .tail = tail,
        .published = tail,
        .head = head,
    };
    return OK;
}

/*
 * Binds the producing end to a ring whose indexes cannot be believed: it is empty from where the
 * consumer's stands. Cannot fail. Requires a capacity that bind takes.
 */
static inline void ring_producer_restart(struct ring_producer *producer, struct ring_shared *shared,
                                         uint32_t capacity)
{
    uint32_t head = atomic_load_explicit(&shared->head, memory_order_acquire);
    *producer = (struct ring_producer){
        .shared = shared,
        .entries = (void *)(shared + 1),
        .mask = capacity - 1,
        .capacity = capacity,
        .tail = head,
        .published = head,
        .head = head,
    };
    atomic_store_explicit(&shared->tail, head, memory_order_release);
}

/* Free slots at this moment. E_CORRUPT: the consumer broke the ring. */
static inline MUST_CHECK int ring_producer_room(struct ring_producer *producer, uint32_t *slots)
{
    uint32_t given = producer->published - producer->head; /* <= capacity */
    int error = ring_look(&producer->shared->head, given, &producer->head, &producer->is_corrupt);
    *slots = error == OK ? producer->capacity - (producer->tail - producer->head) : 0;
    return error;
}

/* Fills one slot; the consumer sees it after the next commit. E_AGAIN: full. E_CORRUPT: as room. */
static inline MUST_CHECK int ring_producer_push(struct ring_producer *producer, uint64_t entry)
{
    if (producer->is_corrupt || producer->tail - producer->head == producer->capacity) {
        uint32_t slots;
        int error = ring_producer_room(producer, &slots);
        if (error != OK || slots == 0) {
            return error != OK ? error : E_AGAIN;
        }
    }
    atomic_store_explicit(&producer->entries[producer->tail & producer->mask], entry,
                          memory_order_relaxed);
    producer->tail++;
    return OK;
}

/* Gives all filled slots to the consumer. True: the caller must signal it. */
static inline MUST_CHECK bool ring_producer_commit(struct ring_producer *producer)
{
    if (producer->tail == producer->published) {
        return false;
    }
    producer->published = producer->tail;
    return ring_publish(&producer->shared->tail, producer->tail, &producer->shared->wake_consumer);
}

/*
 * For a producer that found the ring full. True: nothing moved, sleep, a signal will come.
 * False: look again. Commit first. A spurious signal after a wake for another reason is possible.
 */
static inline MUST_CHECK bool ring_producer_prepare_sleep(struct ring_producer *producer)
{
    return producer->is_corrupt ||
           ring_arm(&producer->shared->wake_producer, &producer->shared->head, producer->head);
}

/* Counts something that was dropped for want of room, where everyone can read it. */
static inline void ring_producer_count_drop(struct ring_producer *producer)
{
    uint32_t drops = atomic_load_explicit(&producer->shared->drops, memory_order_relaxed);
    atomic_store_explicit(&producer->shared->drops, drops + 1, memory_order_relaxed);
}

/* --- consumer ------------------------------------------------------------------------------ */

/* As ring_producer_bind, for the other end. */
static inline MUST_CHECK int ring_consumer_bind(struct ring_consumer *consumer,
                                                struct ring_shared *shared, uint32_t capacity)
{
    uint32_t head = atomic_load_explicit(&shared->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&shared->tail, memory_order_acquire);
    if (!ring_is_capacity(capacity)) {
        return E_INVALID;
    }
    if (tail - head > capacity) {
        return E_CORRUPT;
    }
    *consumer = (struct ring_consumer){
        .shared = shared,
        .entries = (void *)(shared + 1),
        .mask = capacity - 1,
        .capacity = capacity,
        .head = head,
        .published = head,
        .tail = tail,
    };
    return OK;
}

/* As ring_producer_restart, for the other end: what stands in the ring is lost. */
static inline void ring_consumer_restart(struct ring_consumer *consumer, struct ring_shared *shared,
                                         uint32_t capacity)
{
    uint32_t tail = atomic_load_explicit(&shared->tail, memory_order_acquire);
    *consumer = (struct ring_consumer){
        .shared = shared,
        .entries = (void *)(shared + 1),
        .mask = capacity - 1,
        .capacity = capacity,
        .head = tail,
        .published = tail,
        .tail = tail,
    };
    atomic_store_explicit(&shared->head, tail, memory_order_release);
}

/* Filled slots at this moment. E_CORRUPT: the producer broke the ring. */
static inline MUST_CHECK int ring_consumer_filled(struct ring_consumer *consumer, uint32_t *slots)
{
    uint32_t free = consumer->capacity - (consumer->tail - consumer->published); /* <= capacity */
    int error = ring_look(&consumer->shared->tail, free, &consumer->tail, &consumer->is_corrupt);
    *slots = error == OK ? consumer->tail - consumer->head : 0;
    return error;
}

/* Whether a pop would look again: slots were filled since the last look, or the ring is corrupt. */
static inline bool ring_consumer_has_news(const struct ring_consumer *consumer)
{
    return atomic_load_explicit(&consumer->shared->tail, memory_order_relaxed) != consumer->head;
}

/* Whether the next commit of the producer signals. One that was interrupted in a commit whose
 * entries were taken meanwhile takes the request back and signals, though nothing is new. */
static inline bool ring_consumer_is_armed(const struct ring_consumer *consumer)
{
    return atomic_load_explicit(&consumer->shared->wake_consumer, memory_order_relaxed) != 0;
}

/* Empties one slot; the producer may fill it after the next commit. E_AGAIN: empty. */
static inline MUST_CHECK int ring_consumer_pop(struct ring_consumer *consumer, uint64_t *entry)
{
    if (consumer->is_corrupt || consumer->tail == consumer->head) {
        uint32_t slots;
        int error = ring_consumer_filled(consumer, &slots);
        if (error != OK || slots == 0) {
            return error != OK ? error : E_AGAIN;
        }
    }
    *entry = atomic_load_explicit(&consumer->entries[consumer->head & consumer->mask],
                                  memory_order_relaxed);
    consumer->head++;
    return OK;
}

/* Gives all emptied slots back to the producer. True: the caller must signal it. */
static inline MUST_CHECK bool ring_consumer_commit(struct ring_consumer *consumer)
{
    if (consumer->head == consumer->published) {
        return false;
    }
    consumer->published = consumer->head;
    return ring_publish(&consumer->shared->head, consumer->head, &consumer->shared->wake_producer);
}

/* For a consumer that found the ring empty; as ring_producer_prepare_sleep. */
static inline MUST_CHECK bool ring_consumer_prepare_sleep(struct ring_consumer *consumer)
{
    return consumer->is_corrupt ||
           ring_arm(&consumer->shared->wake_consumer, &consumer->shared->tail, consumer->head);
}
