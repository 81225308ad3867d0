/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a network driver and netd share: facts and counters, four rings, the frame pool.
 *
 * One physically contiguous memory object per interface, made by init, mapped into both. The
 * driver alone may learn its physical address; netd sees frames, never a device.
 *
 *     rx_free   netd -> driver   frames to receive into
 *     rx_full   driver -> netd   frames received
 *     tx_ready  netd -> driver   frames to send
 *     tx_done   driver -> netd   frames sent, to be used again
 *
 * A ring entry names bytes of one frame; whoever took it out of a ring owns that frame. Neither
 * side believes the other: an entry counts only after frames_locate.
 *
 * Life of the rings. An epoch is one life of them; the driver opens it, netd fills it:
 *
 *     netd     request = request + 1; signal              (once, when netd starts)
 *     driver   device reset, so that it owns no frame; facts; served = request; epoch + 1; signal
 *     netd     takes every frame back, empties the rings, fills rx_free; ready = epoch; signal
 *     driver   ready == epoch: binds the rings and starts the device; state = up; signal
 *
 * The driver opens a new epoch when it starts, when netd asks again, and when it has to reset the
 * device. It touches no ring from opening an epoch until netd is ready with that epoch; netd
 * touches none from seeing an epoch it has not made ready. So both can be killed and started
 * again, and no frame is lost or owned twice.
 *
 * Wake-ups: a ring's sleeper is signalled as ring.h says, and every change of `state`,
 * `is_link_up`, `epoch` by the driver, of `request` and `ready` by netd, is followed by a signal.
 * A driver that sleeps may keep FRAMES_TX_LAZY sent frames until it wakes for another reason.
 */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <abi/types.h>
#include <base/attributes.h>
#include <base/bytes.h>
#include <base/ring.h>

enum {
    FRAMES_COUNT = 512,  /* also the capacity of each ring: no honest ring is ever too full */
    FRAMES_BYTES = 2048, /* of one frame */
    FRAMES_OFFSET = 2,   /* where an Ethernet header wants to start: its payload is then aligned */
    FRAMES_ETHERNET_BYTES = 14,
    FRAMES_MTU_MIN = 68, /* [RFC 791 §3.2] */
    FRAMES_MTU_MAX = 1500,
    FRAMES_RX_BYTES_MIN = FRAMES_ETHERNET_BYTES + FRAMES_MTU_MAX, /* room of an rx_free entry */
    FRAMES_TX_BYTES_MIN = FRAMES_ETHERNET_BYTES,
    FRAMES_TX_LAZY = 64,
};

static_assert(FRAMES_OFFSET + FRAMES_RX_BYTES_MIN <= FRAMES_BYTES, "a whole frame fits");
static_assert((FRAMES_COUNT & (FRAMES_COUNT - 1)) == 0, "ring capacity");

#define FRAMES_WAKE (1ull << 57) /* both notifications: the other side has news */

enum frames_state {
    FRAMES_STARTING, /* the device does not run: no epoch yet, or one that is not ready */
    FRAMES_UP,       /* the device runs, in the epoch that netd made ready */
    FRAMES_FAILED,   /* the driver gave the device up; its line says why */
};

/*
 * What the driver counts since its start. X(name, sentence). Every frame or entry that is dropped
 * raises exactly one of those in the second half.
 */
#define FRAMES_COUNTERS(X)                                                                         \
    X(rx_frames, "frames received")                                                                \
    X(tx_frames, "frames sent")                                                                    \
    X(interrupts, "interrupts taken")                                                              \
    X(notifications, "times the device was notified")                                              \
    X(resets, "epochs after the first")                                                            \
    X(rx_bad_entry, "rx_free entries outside the pool or too short")                               \
    X(tx_bad_entry, "tx_ready entries outside the pool or of a wrong length")                      \
    X(rx_short, "received frames shorter than an Ethernet header")                                 \
    X(rx_no_room, "received frames that rx_full had no room for")                                  \
    X(tx_no_room, "sent frames that tx_done had no room for")                                      \
    X(ring_corrupt, "resets because netd broke a ring")                                            \
    X(queue_bad_index, "resets because the used index jumped")                                     \
    X(queue_bad_id, "resets because a used id was no head")                                        \
    X(queue_bad_owner, "resets because a used buffer was not the device's")                        \
    X(queue_bad_length, "resets because a used length was too long")                               \
    X(device_broken, "resets because the device asked for one")

struct frames_counters {
#define FRAMES_COUNTER_FIELD(name, sentence) _Atomic uint64_t name;
    FRAMES_COUNTERS(FRAMES_COUNTER_FIELD)
#undef FRAMES_COUNTER_FIELD
};

struct frames_info {
    /* Written by the driver. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t epoch; /* stored last, with release */
    _Atomic uint32_t served;                         /* the request this epoch answers */
    _Atomic uint32_t state;                          /* enum frames_state */
    _Atomic uint32_t is_link_up;                     /* 0 or 1; may change within an epoch */
    _Atomic uint64_t mac;      /* first byte lowest; 0: the device has none, netd chooses */
    _Atomic uint64_t features; /* virtio features that were accepted */
    _Atomic uint32_t mtu;
    _Atomic uint32_t version; /* of the transport: 2, or 1 for legacy */
    /* Written by netd. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t request;
    _Atomic uint32_t ready; /* the epoch whose rings stand; stored with release */
    /* Written by the driver. */
    alignas(RING_LINE_BYTES) struct frames_counters counters;
};

struct frames_ring {
    struct ring_shared shared;
    _Atomic uint64_t entries[FRAMES_COUNT];
};

struct frames_area {
    struct frames_info info;
    struct frames_ring rx_free;
    struct frames_ring rx_full;
    struct frames_ring tx_ready;
    struct frames_ring tx_done;
    alignas(PAGE_BYTES) uint8_t frame[FRAMES_COUNT][FRAMES_BYTES];
};

static_assert(offsetof(struct frames_ring, entries) == sizeof(struct ring_shared),
              "where ring.h looks for them");
static_assert(offsetof(struct frames_info, request) == 1 * RING_LINE_BYTES, "shared layout");
static_assert(offsetof(struct frames_info, counters) == 2 * RING_LINE_BYTES, "shared layout");
static_assert(sizeof(struct frames_info) == 4 * RING_LINE_BYTES, "shared layout");
static_assert(offsetof(struct frames_area, frame) == 5 * PAGE_BYTES, "pool starts on a page");
static_assert(sizeof(struct frames_area) == (5 + 256) * PAGE_BYTES, "pages init has to make");

/* --- entries ------------------------------------------------------------------------------- */

/* Bytes [offset, offset + bytes) of one frame. */
struct frames_span {
    uint16_t index;
    uint16_t offset;
    uint16_t bytes;
};

static inline uint64_t frames_entry(struct frames_span span)
{
    return (uint64_t)span.index | (uint64_t)span.offset << 16 | (uint64_t)span.bytes << 32;
}

/*
 * Reads an entry from the other side. E_RANGE: not inside one frame of the pool, shorter than
 * `bytes_min`, or with bits set that mean nothing.
 */
static inline MUST_CHECK int frames_locate(uint64_t entry, uint16_t bytes_min,
                                           struct frames_span *span)
{
    struct frames_span found = {
        .index = (uint16_t)entry,
        .offset = (uint16_t)(entry >> 16),
        .bytes = (uint16_t)(entry >> 32),
    };
    if (entry >> 48 != 0 || found.index >= FRAMES_COUNT || found.bytes < bytes_min ||
        !is_inside(found.offset, found.bytes, FRAMES_BYTES)) {
        return E_RANGE;
    }
    *span = found;
    return OK;
}

/* Where a located span starts, from the start of the area. */
static inline uint32_t frames_area_offset(struct frames_span span)
{
    return (uint32_t)offsetof(struct frames_area, frame) + span.index * (uint32_t)FRAMES_BYTES +
           span.offset; /* < sizeof(struct frames_area) */
}

/* --- epochs: netd's side ------------------------------------------------------------------- */

/* Asks for a fresh epoch. Gives the request to compare with; signal the driver afterwards. */
static inline uint32_t frames_request(struct frames_info *info)
{
    uint32_t request = atomic_load_explicit(&info->request, memory_order_relaxed) + 1;

    atomic_store_explicit(&info->request, request, memory_order_release);
    return request;
}

/*
 * Has the driver opened an epoch, other than `current`, that answers `request`? If so netd takes
 * all frames back, calls frames_empty, binds its ends, fills rx_free, calls frames_ready, signals.
 */
static inline MUST_CHECK bool frames_is_opened(const struct frames_info *info, uint32_t request,
                                               uint32_t current, uint32_t *epoch)
{
    *epoch = atomic_load_explicit(&info->epoch, memory_order_acquire); /* pairs with frames_open */
    return *epoch != current &&
           atomic_load_explicit(&info->served, memory_order_relaxed) == request;
}

/* Empties the rings for an epoch. */
static inline void frames_empty(struct frames_area *area, uint32_t epoch)
{
    ring_init(&area->rx_free.shared, epoch);
    ring_init(&area->rx_full.shared, epoch);
    ring_init(&area->tx_ready.shared, epoch);
    ring_init(&area->tx_done.shared, epoch);
}

/* The rings stand. Release: pairs with frames_is_ready. */
static inline void frames_ready(struct frames_info *info, uint32_t epoch)
{
    atomic_store_explicit(&info->ready, epoch, memory_order_release);
}

/* --- epochs: the driver's side ------------------------------------------------------------- */

/*
 * Opens the next epoch, answering `request`; the facts are stored and the device owns no frame.
 * Release: pairs with frames_is_opened.
 */
static inline uint32_t frames_open(struct frames_info *info, uint32_t request)
{
    uint32_t epoch = atomic_load_explicit(&info->epoch, memory_order_relaxed) + 1;

    atomic_store_explicit(&info->served, request, memory_order_relaxed);
    atomic_store_explicit(&info->epoch, epoch, memory_order_release);
    return epoch;
}

static inline MUST_CHECK uint32_t frames_requested(const struct frames_info *info)
{
    return atomic_load_explicit(&info->request, memory_order_acquire);
}

static inline MUST_CHECK bool frames_is_ready(const struct frames_info *info, uint32_t epoch)
{
    return atomic_load_explicit(&info->ready, memory_order_acquire) == epoch;
}
