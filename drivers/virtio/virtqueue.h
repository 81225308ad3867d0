/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One split virtqueue: where its parts lie, what the device owns, when to notify.
 *
 * Pure arithmetic over memory that the device shares: no MMIO, no system call, no global state.
 * Registers are transport.h's business, the meaning of a buffer is the driver's.
 *
 * A queue is a row of equal slots. A slot carries one buffer of the driver, behind a header that
 * all slots of the queue share (virtio-net: the constant transmit header, the ignored receive
 * header), so everything but the buffer's address and length is written once, in init:
 *
 *     header, indirect   slot i = descriptor i -> table of 2: header, buffer   (size slots)
 *     header, chained    slot i = descriptors 2i (header), 2i+1 (buffer)       (size / 2 slots)
 *     no header          slot i = descriptor i (buffer)                        (size slots)
 *
 * V1  Which slots the device owns, with cookie and length, is known from private memory alone;
 *     nothing the device can write is read back, except the used ring and its notification words.
 * V2  A used entry is taken only if it names the head of a slot that the device owns and a length
 *     that was posted for writing. The first lie breaks the queue: every later call refuses, and
 *     only a device reset with a new init mends it.
 * V3  Indexes run freely through 65535 -> 0; the place in a ring is index & (size - 1).
 *
 * One thread per queue. [virtio 1.2 §2.7]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

enum {
    VIRTQ_SIZE_MAX = 256,
    VIRTQ_ALIGN = 4096, /* of the queue's memory and, as legacy wants, of its used ring */
    VIRTQ_MEMORY_BYTES = 5 * 4096, /* enough for any size up to VIRTQ_SIZE_MAX */
    VIRTQ_HEADER_BYTES_MAX = 16,
};

/* Why a queue is broken: X(enumerator, name in counters and lines). */
#define VIRTQ_FAULTS(X)                                                                            \
    X(VIRTQ_FAULT_NONE, "none")                                                                    \
    X(VIRTQ_FAULT_INDEX, "used index moved further than buffers were posted")                      \
    X(VIRTQ_FAULT_ID, "used id is not the head of a slot")                                         \
    X(VIRTQ_FAULT_OWNER, "used id names a slot the device does not own")                           \
    X(VIRTQ_FAULT_LENGTH, "used length is more than was posted for writing")

enum virtq_fault {
#define VIRTQ_FAULT_ENUM(enumerator, name) enumerator,
    VIRTQ_FAULTS(VIRTQ_FAULT_ENUM)
#undef VIRTQ_FAULT_ENUM
        VIRTQ_FAULT_KINDS,
};

/* [virtio 1.2 §2.7.5]; little-endian, as every supported CPU is */
struct virtq_descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

struct virtq_setup {
    void *memory; /* VIRTQ_MEMORY_BYTES, aligned to VIRTQ_ALIGN, borrowed until the next init */
    uint64_t physical;       /* of `memory` */
    uint16_t size;           /* from virtqueue_size */
    uint16_t header_bytes;   /* 0 to VIRTQ_HEADER_BYTES_MAX; zeroed in init */
    bool is_device_writable; /* header and buffers are for the device to write */
    bool has_event_index;
    bool has_indirect;
};

struct virtq_slot {
    uint64_t cookie;
    uint32_t writable_bytes; /* header included; 0 if the device may only read */
    bool is_posted;
};

struct virtq_used_element;

/* Private to the driver; fields are for virtqueue.c, the physical ones also for transport.c. */
struct virtqueue {
    uint64_t descriptors_physical;
    uint64_t available_physical;
    uint64_t used_physical;
    uint16_t size;
    uint16_t slots;

    struct virtq_descriptor *buffers; /* of slot i: buffers[i << slot_shift] */
    uint16_t *available;              /* flags, index, ring[size], used_event */
    uint16_t *used;                   /* flags, index, ring[size], avail_event */
    struct virtq_used_element *used_ring;
    uint16_t *used_event;
    uint16_t *avail_event;
    uint16_t header_bytes;
    uint8_t slot_shift; /* of `buffers` */
    uint8_t head_shift; /* descriptor that heads slot i: i << head_shift */
    bool is_device_writable;
    bool has_event_index;

    uint16_t available_next;      /* index of the next entry to write */
    uint16_t available_published; /* as the device was told */
    uint16_t used_next;           /* index of the next entry to take */
    uint16_t used_limit;          /* the device's index when last looked at; checked */
    uint16_t free_count;
    enum virtq_fault fault;
    uint16_t free_slots[VIRTQ_SIZE_MAX]; /* a stack */
    struct virtq_slot slot[VIRTQ_SIZE_MAX];
};

struct virtq_used {
    uint64_t cookie; /* as posted */
    uint32_t bytes;  /* written by the device into the buffer, header apart */
};

/* The size to use with a device that allows `device_max`: a power of two; 0: there is no queue. */
uint16_t virtqueue_size(uint32_t device_max);

/*
 * Lays out an empty queue. The device must not know `memory`, or have been reset.
 * E_INVALID: misaligned memory; a size that is no power of two up to VIRTQ_SIZE_MAX, or gives no
 * slot; a header above VIRTQ_HEADER_BYTES_MAX.
 */
int virtqueue_init(struct virtqueue *queue, const struct virtq_setup *setup) MUST_CHECK;

/*
 * Gives the buffer at a physical address to the device; it sees it after virtqueue_publish.
 * The caller has proved that the device may have [address, address + bytes).
 * E_AGAIN: no free slot. E_INVALID: bytes is 0 or above 2^31. E_CORRUPT: the queue is broken.
 */
int virtqueue_post(struct virtqueue *queue, uint64_t address, uint32_t bytes,
                   uint64_t cookie) MUST_CHECK;

/* Makes what was posted visible. True: the device asks to be notified. */
bool virtqueue_publish(struct virtqueue *queue) MUST_CHECK;

/* Whether the device's index says that it has used something; nothing is checked yet. */
bool virtqueue_has_used(const struct virtqueue *queue);

/*
 * How many buffers can be taken back at this moment, so that nobody has to find the end.
 * E_CORRUPT: as virtqueue_take.
 */
int virtqueue_look(struct virtqueue *queue, uint16_t *ready) MUST_CHECK;

/*
 * Takes one buffer back.
 * E_AGAIN: none is ready. E_CORRUPT: the device lied, now or before; queue->fault says how.
 */
int virtqueue_take(struct virtqueue *queue, struct virtq_used *used) MUST_CHECK;

/*
 * Asks for an interrupt when `after` (>= 1) more buffers than taken so far are used; without
 * EVENT_IDX when any is. True: that many are ready already, so look again instead of sleeping.
 */
bool virtqueue_arm(struct virtqueue *queue, uint16_t after) MUST_CHECK;

/* Asks for no interrupts until the next virtqueue_arm; advice that the device may ignore. */
void virtqueue_disarm(struct virtqueue *queue);

/* Buffers that the device owns. */
static inline uint16_t virtqueue_posted(const struct virtqueue *queue)
{
    return (uint16_t)(queue->slots - queue->free_count); /* free_count <= slots */
}

/* The fault's sentence, for a line. */
const char *virtqueue_fault_name(enum virtq_fault fault);
