/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One virtio entropy device: asks for bytes and takes them.
 *
 * Speaks to the device through virtio/transport.h alone; no system call. One request is at the
 * device at a time. [virtio 1.2 §5.4]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <virtio/transport.h>
#include <virtio/virtqueue.h>

enum {
    RNG_REQUEST_BYTES = 64,
    RNG_BUFFER_OFFSET = VIRTQ_MEMORY_BYTES, /* in the queues object, behind the queue */
    RNG_QUEUES_BYTES = RNG_BUFFER_OFFSET + RNG_REQUEST_BYTES,
};

struct rng_device {
    struct transport transport;
    struct virtqueue queue;
    uint8_t *buffer; /* the device writes it */
    uint64_t buffer_physical;
};

/*
 * Finds the device, resets it and lets it run, with a queue and a buffer in `memory`
 * (RNG_QUEUES_BYTES at `physical`, borrowed until the next open).
 * Errors of transport.h and virtqueue_init.
 */
int rng_device_open(struct rng_device *device, struct virtio_mmio mmio, void *memory,
                    uint64_t physical) MUST_CHECK;

/* Asks for bytes, if none are asked for. E_CORRUPT: the device broke its queue. */
int rng_device_ask(struct rng_device *device) MUST_CHECK;

/*
 * Acknowledges the interrupt and takes what came, at most RNG_REQUEST_BYTES; the shared buffer is
 * wiped. E_AGAIN: nothing yet. E_CORRUPT: the device broke its queue.
 */
int rng_device_take(struct rng_device *device, uint8_t bytes[RNG_REQUEST_BYTES],
                    uint32_t *count) MUST_CHECK;

/* Resets the device for good. E_TIMEOUT: it did not read back 0. */
int rng_device_close(struct rng_device *device) MUST_CHECK;
