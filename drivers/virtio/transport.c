/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over MMIO. See transport.h for the contract.
 */
#include "transport.h"

#include <stddef.h>

#include <abi/error.h>

/* [virtio 1.2 §4.2.2]; legacy ones [virtio 1.2 §4.2.4] */
enum mmio_register {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SELECT = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SELECT = 0x024,
    REG_LEGACY_PAGE_BYTES = 0x028,
    REG_QUEUE_SELECT = 0x030,
    REG_QUEUE_SIZE_MAX = 0x034,
    REG_QUEUE_SIZE = 0x038,
    REG_LEGACY_QUEUE_ALIGN = 0x03c,
    REG_LEGACY_QUEUE_PAGE = 0x040,
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESCRIPTORS = 0x080, /* 64-bit registers: low word, then high word */
    REG_QUEUE_AVAILABLE = 0x090,
    REG_QUEUE_USED = 0x0a0,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

/* [virtio 1.2 §2.1] */
enum device_status {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
    STATUS_NEEDS_RESET = 64,
    STATUS_FAILED = 128,
};

enum {
    MAGIC = 0x74726976, /* "virt" */
    VERSION_LEGACY = 1,
    VERSION_MODERN = 2,
    RESET_READS_MAX = 10000,
    CONFIG_TRIES_MAX = 16,
    PAGE_SHIFT_LEGACY = 12, /* the page size we tell a legacy device */
};

static uint32_t read_register(const struct transport *transport, enum mmio_register at)
{
    return mmio_read32(transport->mmio, at);
}

static void write_register(const struct transport *transport, enum mmio_register at, uint32_t value)
{
    mmio_write32(transport->mmio, at, value);
}

static void write_address(const struct transport *transport, enum mmio_register at,
                          uint64_t address)
{
    mmio_write32(transport->mmio, at, (uint32_t)address);
    mmio_write32(transport->mmio, at + 4u, (uint32_t)(address >> 32));
}

static void add_status(const struct transport *transport, enum device_status bits)
{
    write_register(transport, REG_STATUS, read_register(transport, REG_STATUS) | bits);
}

int transport_probe(struct transport *transport, struct virtio_mmio mmio, enum virtio_device device)
{
    *transport = (struct transport){.mmio = mmio};
    if (read_register(transport, REG_MAGIC) != MAGIC) {
        return E_CORRUPT;
    }
    transport->version = read_register(transport, REG_VERSION);
    if (transport->version != VERSION_LEGACY && transport->version != VERSION_MODERN) {
        return E_UNSUPPORTED;
    }
    transport->device = read_register(transport, REG_DEVICE_ID);
    return transport->device == device ? 0 : E_NOT_FOUND;
}

int transport_reset(const struct transport *transport)
{
    write_register(transport, REG_STATUS, 0);
    for (uint32_t reads = 0; reads < RESET_READS_MAX; reads++) {
        if (read_register(transport, REG_STATUS) == 0) {
            return 0;
        }
    }
    return E_TIMEOUT;
}

void transport_acknowledge(const struct transport *transport)
{
    add_status(transport, STATUS_ACKNOWLEDGE);
    add_status(transport, STATUS_DRIVER);
}

uint64_t transport_offered(const struct transport *transport)
{
    uint64_t features;

    write_register(transport, REG_DEVICE_FEATURES_SELECT, 0);
    features = read_register(transport, REG_DEVICE_FEATURES);
    if (transport->version == VERSION_MODERN) { /* legacy has the lower 32 only */
        write_register(transport, REG_DEVICE_FEATURES_SELECT, 1);
        features |= (uint64_t)read_register(transport, REG_DEVICE_FEATURES) << 32;
    }
    return features;
}

/* Version 2 wants the driver to ask whether the set was taken [virtio 1.2 §3.1.1]. */
static int confirm_features(const struct transport *transport)
{
    add_status(transport, STATUS_FEATURES_OK);
    if ((read_register(transport, REG_STATUS) & STATUS_FEATURES_OK) == 0) {
        transport_fail(transport);
        return E_UNSUPPORTED;
    }
    return 0;
}

int transport_negotiate(struct transport *transport, uint64_t wanted)
{
    uint64_t accepted = transport_offered(transport) & wanted;

    if (transport->version == VERSION_MODERN && (accepted & VIRTIO_F_VERSION_1) == 0) {
        transport_fail(transport);
        return E_UNSUPPORTED;
    }
    write_register(transport, REG_DRIVER_FEATURES_SELECT, 0);
    write_register(transport, REG_DRIVER_FEATURES, (uint32_t)accepted);
    transport->features = accepted;
    if (transport->version == VERSION_LEGACY) {
        write_register(transport, REG_LEGACY_PAGE_BYTES, 1u << PAGE_SHIFT_LEGACY);
        return 0;
    }
    write_register(transport, REG_DRIVER_FEATURES_SELECT, 1);
    write_register(transport, REG_DRIVER_FEATURES, (uint32_t)(accepted >> 32));
    return confirm_features(transport);
}

/* The register that tells whether the selected queue is in use. */
static enum mmio_register queue_in_use(const struct transport *transport)
{
    return transport->version == VERSION_LEGACY ? REG_LEGACY_QUEUE_PAGE : REG_QUEUE_READY;
}

int transport_queue_max(const struct transport *transport, uint32_t index, uint32_t *entries)
{
    write_register(transport, REG_QUEUE_SELECT, index);
    if (read_register(transport, queue_in_use(transport)) != 0) {
        return E_BUSY;
    }
    *entries = read_register(transport, REG_QUEUE_SIZE_MAX);
    return *entries != 0 ? 0 : E_NOT_FOUND;
}

int transport_queue_enable(const struct transport *transport, uint32_t index,
                           const struct virtqueue *queue)
{
    uint64_t page = queue->descriptors_physical >> PAGE_SHIFT_LEGACY;

    if (transport->version == VERSION_LEGACY && page > UINT32_MAX) {
        return E_RANGE;
    }
    write_register(transport, REG_QUEUE_SELECT, index);
    write_register(transport, REG_QUEUE_SIZE, queue->size);
    if (transport->version == VERSION_LEGACY) {
        write_register(transport, REG_LEGACY_QUEUE_ALIGN, VIRTQ_ALIGN);
        write_register(transport, REG_LEGACY_QUEUE_PAGE, (uint32_t)page);
    } else {
        write_address(transport, REG_QUEUE_DESCRIPTORS, queue->descriptors_physical);
        write_address(transport, REG_QUEUE_AVAILABLE, queue->available_physical);
        write_address(transport, REG_QUEUE_USED, queue->used_physical);
        write_register(transport, REG_QUEUE_READY, 1);
    }
    return read_register(transport, queue_in_use(transport)) != 0 ? 0 : E_UNSUPPORTED;
}

int transport_start(const struct transport *transport)
{
    add_status(transport, STATUS_DRIVER_OK);
    return transport_is_broken(transport) ? E_UNSUPPORTED : 0;
}

void transport_fail(const struct transport *transport)
{
    add_status(transport, STATUS_FAILED);
}

bool transport_is_broken(const struct transport *transport)
{
    uint32_t status = read_register(transport, REG_STATUS);

    return (status & STATUS_NEEDS_RESET) != 0 || (status & STATUS_DRIVER_OK) == 0;
}

void transport_notify(const struct transport *transport, uint32_t index)
{
    write_register(transport, REG_QUEUE_NOTIFY, index);
}

uint32_t transport_interrupt_take(const struct transport *transport)
{
    uint32_t bits = read_register(transport, REG_INTERRUPT_STATUS) &
                    (VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG);

    if (bits != 0) {
        write_register(transport, REG_INTERRUPT_ACK, bits);
    }
    return bits;
}

uint8_t transport_config8(const struct transport *transport, uint32_t offset)
{
    return mmio_read8(transport->mmio, REG_CONFIG + offset);
}

uint16_t transport_config16(const struct transport *transport, uint32_t offset)
{
    return mmio_read16(transport->mmio, REG_CONFIG + offset);
}

int transport_config_read(const struct transport *transport,
                          void (*read)(const struct transport *transport, void *out), void *out)
{
    for (uint32_t tries = 0; tries < CONFIG_TRIES_MAX; tries++) {
        if (transport->version == VERSION_LEGACY) {
            read(transport, out);
            return 0;
        }
        uint32_t generation = read_register(transport, REG_CONFIG_GENERATION);

        read(transport, out);
        if (read_register(transport, REG_CONFIG_GENERATION) == generation) {
            return 0;
        }
    }
    return E_AGAIN;
}
