/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-mmio device that exists only in the test, and may lie.
 *
 * Stands behind drivers/virtio/mmio.h in place of mmio.c. Written from the specification with the
 * names of Linux' headers, and sharing no line with the driver. Whatever the driver does that a
 * driver must not do is a violation: counted, with the last one's text; every test ends by
 * checking that there was none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <virtio/mmio.h>

enum {
    FAKE_QUEUES = 2,
    FAKE_MEMORIES = 4,
    FAKE_SEGMENTS = 4,
    FAKE_CONFIG_BYTES = 16,
    FAKE_QUEUE_MAX = 1024, /* what QEMU shows */
};

struct fake_queue {
    uint32_t size;
    uint32_t is_ready; /* legacy: the page number */
    uint64_t descriptors, available, used;
    uint16_t available_next, used_next;
    uint32_t notifications;
};

/* Memory that the device can reach. */
struct fake_memory {
    uint64_t physical;
    uint8_t *host;
    size_t bytes;
};

struct fake_virtio {
    /* What it shows. */
    uint32_t magic, version, device_id;
    uint64_t offered;
    uint32_t queue_max;
    uint8_t config[FAKE_CONFIG_BYTES];

    /* How it fails. */
    bool never_resets, refuses_features, refuses_queues, needs_reset;
    uint32_t torn_reads; /* so many of the next reads of the generation differ */

    /* What the driver made of it. */
    uint32_t status, interrupt_status, features_select, driver_select, queue_select, generation;
    uint64_t accepted;
    uint32_t page_bytes, queue_align;
    struct fake_queue queue[FAKE_QUEUES];
    struct fake_memory memory[FAKE_MEMORIES];

    /* What happened. */
    uint32_t resets, status_reads, interrupts, violations;
    const char *violation;
};

/* One buffer chain that the driver made available. */
struct fake_chain {
    uint16_t head;
    uint32_t segments;
    struct {
        uint64_t physical;
        uint32_t bytes;
        bool is_writable;
    } segment[FAKE_SEGMENTS];
};

/* A virtio-net with MAC 02:00:00:00:00:01, MTU 1500, link up; offers what QEMU's user net does. */
void fake_init(struct fake_virtio *fake, uint32_t version);
void fake_add_memory(struct fake_virtio *fake, uint64_t physical, void *host, size_t bytes);
struct virtio_mmio fake_mmio(struct fake_virtio *fake);

/* Host address of [physical, physical + bytes); outside all memories: a violation and NULL. */
void *fake_reach(struct fake_virtio *fake, uint64_t physical, uint64_t bytes);

/* Buffers made available and not yet fetched. */
uint16_t fake_pending(struct fake_virtio *fake, uint32_t queue);
/* Fetches the next chain; false if there is none. */
bool fake_fetch(struct fake_virtio *fake, uint32_t queue, struct fake_chain *chain);
/* Returns a chain, true or not, and interrupts if the driver wants that. */
void fake_return(struct fake_virtio *fake, uint32_t queue, uint32_t id, uint32_t bytes);
/* Sets the used index and leaves the entries as they are. */
void fake_set_used_index(struct fake_virtio *fake, uint32_t queue, uint16_t index);
/* Tells the driver how far it may go without notifying: event index, or for ever without it. */
void fake_want_notification(struct fake_virtio *fake, uint32_t queue, uint16_t event);

/* virtio-net: puts a header and `bytes` of a frame into the next receive buffer; false: none. */
bool fake_receive(struct fake_virtio *fake, const void *frame, uint32_t bytes);
/* virtio-net: takes the next frame to send, header off; false: none. At most 2,048 bytes. */
bool fake_transmit(struct fake_virtio *fake, void *frame, uint32_t *bytes);
/* virtio-net: raises the configuration interrupt after a change of the link. */
void fake_set_link(struct fake_virtio *fake, bool is_up);
