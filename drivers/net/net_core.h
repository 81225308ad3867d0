/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames between netd's rings and the device's queues.
 *
 * Pure: moves entries and descriptors, never looks at a byte of a frame, notifies nobody; says
 * what is to be notified. Bring-up is net_device.h's business, epochs are net_driver.h's.
 *
 * N1  The device is given nothing outside the frame pool, whatever netd or the device writes:
 *     net_core_locate is the only way from an entry to an address.
 * N2  One pass takes and posts at most as many buffers as the queues have slots. It looks only at
 *     what something happened to; a few free slots to receive into wait until there are more.
 * N3  Every frame that is dropped raises one counter of proto/frames.h.
 *
 * One thread. [virtio 1.2 §5.1.6]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <proto/frames.h>
#include <virtio/virtqueue.h>

#include "net_device.h"

enum { NET_CORE_FEW = 16 }; /* of a queue's slots: one part in so many is few */

struct net_core {
    struct frames_area *area;
    uint64_t area_physical;
    uint16_t tx_bytes_max; /* of a frame, from the MTU */
    struct virtqueue queues[NET_QUEUES];
    struct ring_consumer rx_free;
    struct ring_producer rx_full;
    struct ring_consumer tx_ready;
    struct ring_producer tx_done;
};

/* What one pass leaves to be done. */
struct net_effects {
    bool notify[NET_QUEUES];
    bool signal_netd;
    bool has_moved; /* a frame went to or came from the device */
};

/* Where a buffer of the pool lies for the device. */
struct net_buffer {
    uint64_t address;
    uint16_t bytes;
};

/* E_RANGE: `entry` is not at least `bytes_min` bytes inside one frame of the pool at `physical`. */
int net_core_locate(uint64_t area_physical, uint64_t entry, uint16_t bytes_min,
                    struct net_buffer *buffer) MUST_CHECK;

/* Binds the rings of an epoch that netd has made ready. E_CORRUPT: their indexes are impossible. */
int net_core_bind(struct net_core *core) MUST_CHECK;

/*
 * One pass: takes what the device has used, posts what netd has given. `effects` is valid also
 * after an error. E_CORRUPT: a queue (its fault says how) or else a ring is broken.
 */
int net_core_pass(struct net_core *core, struct net_effects *effects) MUST_CHECK;

/*
 * Asks device and netd for the wake-ups that matter now. True: nothing came meanwhile, sleep.
 * Interrupts of sent frames are asked for only when FRAMES_TX_LAZY are on their way, wake-ups for
 * free frames only when the device runs out of them.
 */
bool net_core_prepare_sleep(struct net_core *core) MUST_CHECK;

/* Adds to a counter; the driver is its only writer. */
static inline void net_core_count(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, count + amount, memory_order_relaxed);
}
