/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One virtio entropy device. See rng_device.h.
 */
#include "rng_device.h"

#include <abi/error.h>
#include <base/mem.h>

enum { QUEUE_REQUEST = 0 }; /* [virtio 1.2 §5.4.2] */

int rng_device_open(struct rng_device *device, struct virtio_mmio mmio, void *memory,
                    uint64_t physical)
{
    struct transport *transport = &device->transport;
    struct virtq_setup setup = {
        .memory = memory,
        .physical = physical,
        .is_device_writable = true,
    };
    uint32_t entries;
    int error = transport_probe(transport, mmio, VIRTIO_DEVICE_ENTROPY);

    if (error != 0 || (error = transport_reset(transport)) != 0) {
        return error;
    }
    device->buffer = (uint8_t *)memory + RNG_BUFFER_OFFSET;
    device->buffer_physical = physical + RNG_BUFFER_OFFSET;
    transport_acknowledge(transport);
    if ((error = transport_negotiate(transport, VIRTIO_F_VERSION_1)) != 0 ||
        (error = transport_queue_max(transport, QUEUE_REQUEST, &entries)) != 0) {
        return error;
    }
    setup.size = virtqueue_size(entries);
    if ((error = virtqueue_init(&device->queue, &setup)) != 0 ||
        (error = transport_queue_enable(transport, QUEUE_REQUEST, &device->queue)) != 0) {
        return error;
    }
    return transport_start(transport);
}

int rng_device_ask(struct rng_device *device)
{
    if (virtqueue_posted(&device->queue) != 0 && device->queue.fault == VIRTQ_FAULT_NONE) {
        return 0;
    }
    int error = virtqueue_post(&device->queue, device->buffer_physical, RNG_REQUEST_BYTES, 0);

    if (error == 0 && virtqueue_publish(&device->queue)) {
        transport_notify(&device->transport, QUEUE_REQUEST);
    }
    return error;
}

int rng_device_take(struct rng_device *device, uint8_t bytes[RNG_REQUEST_BYTES], uint32_t *count)
{
    struct virtq_used used;

    transport_interrupt_take(&device->transport);
    int error = virtqueue_take(&device->queue, &used);

    if (error != 0) {
        return error;
    }
    *count = used.bytes; /* <= RNG_REQUEST_BYTES: what was posted */
    memcpy(bytes, device->buffer, *count);
    memset(device->buffer, 0, RNG_REQUEST_BYTES);
    return 0;
}

int rng_device_close(struct rng_device *device)
{
    return transport_reset(&device->transport);
}
