/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over MMIO, version 2 and version 1 (legacy): discovery, reset, features, queues,
 * interrupts, configuration.
 *
 * Decides nothing about a device type: the driver says which features it wants and how queues are
 * used. Order of calls: probe, reset, acknowledge, negotiate, queue_max + queue_enable for each
 * queue, start. After any error the device is unusable until the next reset. No loop depends on
 * the device's good will: each has a bound in reads.
 *
 * One thread per device. [virtio 1.2 §3.1, §4.2]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

#include "mmio.h"
#include "virtqueue.h"

/* Features of every device [virtio 1.2 §6]. */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX     (1ull << 29)
#define VIRTIO_F_VERSION_1     (1ull << 32)

/* [virtio 1.2 §5] */
enum virtio_device {
    VIRTIO_DEVICE_NONE = 0,
    VIRTIO_DEVICE_NET = 1,
    VIRTIO_DEVICE_ENTROPY = 4,
};

/* Bits of the interrupt status. [virtio 1.2 §4.2.2] */
enum {
    VIRTIO_INTERRUPT_QUEUE = 1 << 0,
    VIRTIO_INTERRUPT_CONFIG = 1 << 1,
};

struct transport {
    struct virtio_mmio mmio;
    uint32_t version;  /* 1 or 2 */
    uint32_t device;   /* enum virtio_device, or another */
    uint64_t features; /* accepted; 0 before negotiate */
};

/*
 * Looks who is there. `transport->version` and `device` are set as far as they were read.
 * E_CORRUPT: wrong magic. E_UNSUPPORTED: neither version. E_NOT_FOUND: no device, or another.
 */
int transport_probe(struct transport *transport, struct virtio_mmio mmio,
                    enum virtio_device device) MUST_CHECK;

/*
 * Writes status 0 and reads 0 back: from then on the device touches no memory it knew.
 * E_TIMEOUT: it never read back 0.
 */
int transport_reset(const struct transport *transport) MUST_CHECK;

/* Sets ACKNOWLEDGE and DRIVER: from then on features and configuration may be read. */
void transport_acknowledge(const struct transport *transport);

/* All features on offer. */
uint64_t transport_offered(const struct transport *transport);

/*
 * Accepts what is both offered and wanted into transport->features.
 * E_UNSUPPORTED: version 2 without VERSION_1 on offer or wanted, or the device refused the set.
 */
int transport_negotiate(struct transport *transport, uint64_t wanted) MUST_CHECK;

/* Entries that queue `index` can have. E_NOT_FOUND: no such queue. E_BUSY: it is in use. */
int transport_queue_max(const struct transport *transport, uint32_t index,
                        uint32_t *entries) MUST_CHECK;

/*
 * Tells the device where queue `index` lies.
 * E_RANGE: a legacy device cannot reach that page. E_UNSUPPORTED: the device did not take it.
 */
int transport_queue_enable(const struct transport *transport, uint32_t index,
                           const struct virtqueue *queue) MUST_CHECK;

/* Sets DRIVER_OK. E_UNSUPPORTED: the device wants a reset already. */
int transport_start(const struct transport *transport) MUST_CHECK;

/* Sets FAILED: the driver has given the device up. */
void transport_fail(const struct transport *transport);

/* Does the device ask for a reset, or has it lost its state? */
bool transport_is_broken(const struct transport *transport);

/* Tells the device that queue `index` has news. */
void transport_notify(const struct transport *transport, uint32_t index);

/* Reads and acknowledges the interrupt; returns the VIRTIO_INTERRUPT_ bits that were set. */
uint32_t transport_interrupt_take(const struct transport *transport);

/* Fields of the configuration, one read each; used inside a reader below. */
uint8_t transport_config8(const struct transport *transport, uint32_t offset);
uint16_t transport_config16(const struct transport *transport, uint32_t offset);

/*
 * Runs `read(transport, out)` until all of it saw one state of the configuration.
 * Version 1 has no generation: its fields must each be atomic or not change.
 * E_AGAIN: it changed at each of the tries; `out` holds the last, perhaps torn, read.
 */
int transport_config_read(const struct transport *transport,
                          void (*read)(const struct transport *transport, void *out),
                          void *out) MUST_CHECK;
