/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueue arithmetic. See virtqueue.h for the contract and V1 to V3.
 *
 * Shared words are read and written with atomic accesses, each read once. The descriptors are
 * only ever written here.
 */
#include "virtqueue.h"

#include <assert.h>
#include <stddef.h>

#include <abi/error.h>
#include <base/bytes.h>
#include <base/mem.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "virtio memory is accessed in place");
static_assert(sizeof(struct virtq_descriptor) == 16, "[virtio 1.2 §2.7.5]");

/* [virtio 1.2 §2.7.8] */
struct virtq_used_element {
    uint32_t id;
    uint32_t bytes;
};

enum {
    DESCRIPTOR_NEXT = 1,        /* [virtio 1.2 §2.7.5] */
    DESCRIPTOR_WRITE = 2,       /* the device writes */
    DESCRIPTOR_INDIRECT = 4,    /* [virtio 1.2 §2.7.5.3] */
    AVAILABLE_NO_INTERRUPT = 1, /* [virtio 1.2 §2.7.7] */
    USED_NO_NOTIFY = 1,         /* [virtio 1.2 §2.7.10] */

    /* words of both rings before the entries */
    RING_FLAGS = 0,
    RING_INDEX = 1,
    RING_ENTRIES = 2,

    TABLE_ENTRIES = 2, /* of an indirect table: header, buffer */
    TABLE_BYTES = TABLE_ENTRIES * sizeof(struct virtq_descriptor),
};

static const char *const fault_names[VIRTQ_FAULT_KINDS] = {
#define VIRTQ_FAULT_NAME(enumerator, name) [enumerator] = name,
    VIRTQ_FAULTS(VIRTQ_FAULT_NAME)
#undef VIRTQ_FAULT_NAME
};

const char *virtqueue_fault_name(enum virtq_fault fault)
{
    return (unsigned)fault < VIRTQ_FAULT_KINDS ? fault_names[fault] : "unknown";
}

static uint16_t load16(const uint16_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store16(uint16_t *word, uint16_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* Pairs with the device's release of the used index: entries up to it are written. */
static uint16_t load_used_index(const struct virtqueue *queue)
{
    return __atomic_load_n(&queue->used[RING_INDEX], __ATOMIC_ACQUIRE);
}

/* Offsets of the parts in the queue's memory; one layout for both transports. */
struct layout {
    uint32_t available;
    uint32_t used;
    uint32_t header;
    uint32_t tables;
};

/* Descriptors at 0, then as [virtio 1.2 §2.7.2] wants for legacy; header and tables follow. */
static struct layout compute_layout(uint32_t size)
{
    uint32_t available = size * (uint32_t)sizeof(struct virtq_descriptor);
    uint32_t available_bytes = (RING_ENTRIES + size + 1) * 2;
    uint32_t used = (uint32_t)align_up(available + available_bytes, VIRTQ_ALIGN);
    uint32_t used_bytes = RING_ENTRIES * 2 + size * (uint32_t)sizeof(struct virtq_used_element) + 2;
    uint32_t header = (uint32_t)align_up(used + used_bytes, VIRTQ_HEADER_BYTES_MAX);

    return (struct layout){
        .available = available,
        .used = used,
        .header = header,
        .tables = (uint32_t)align_up(header + VIRTQ_HEADER_BYTES_MAX, VIRTQ_ALIGN),
    };
}

/* 256 slots: 4,096 + 518 -> 8,192; + 2,054 -> 10,256; + 16 -> 12,288; + 256 tables of 32 */
static_assert(12288 + VIRTQ_SIZE_MAX * TABLE_BYTES <= VIRTQ_MEMORY_BYTES, "layout fits");

uint16_t virtqueue_size(uint32_t device_max)
{
    uint16_t size = VIRTQ_SIZE_MAX;

    while (size > device_max) {
        size = (uint16_t)(size >> 1); /* ends at 0 */
    }
    return size;
}

static bool setup_is_valid(const struct virtq_setup *setup)
{
    uint16_t size = setup->size;

    return size != 0 && size <= VIRTQ_SIZE_MAX && (size & (size - 1)) == 0 &&
           is_aligned((uintptr_t)setup->memory | setup->physical, VIRTQ_ALIGN) &&
           setup->header_bytes <= VIRTQ_HEADER_BYTES_MAX &&
           (setup->header_bytes == 0 || setup->has_indirect || size >= TABLE_ENTRIES);
}

static void place_rings(struct virtqueue *queue, const struct virtq_setup *setup)
{
    struct layout at = compute_layout(setup->size);
    uint8_t *memory = setup->memory;

    queue->available = (void *)(memory + at.available);
    queue->used = (void *)(memory + at.used);
    queue->used_ring = (void *)(queue->used + RING_ENTRIES);
    queue->used_event = queue->available + RING_ENTRIES + setup->size;
    queue->avail_event = (void *)(queue->used_ring + setup->size);
    queue->descriptors_physical = setup->physical;
    queue->available_physical = setup->physical + at.available;
    queue->used_physical = setup->physical + at.used;
}

/* Writes all of every slot's descriptors that never changes. */
static void place_slots(struct virtqueue *queue, const struct virtq_setup *setup)
{
    struct layout at = compute_layout(setup->size);
    struct virtq_descriptor *descriptors = setup->memory;
    struct virtq_descriptor *pairs = descriptors;
    uint16_t flags = setup->is_device_writable ? DESCRIPTOR_WRITE : 0;
    bool is_indirect = setup->header_bytes != 0 && setup->has_indirect;

    queue->head_shift = setup->header_bytes != 0 && !is_indirect ? 1 : 0;
    queue->slot_shift = setup->header_bytes != 0 ? 1 : 0;
    queue->slots = (uint16_t)(setup->size >> queue->head_shift);
    if (is_indirect) {
        pairs = (void *)((uint8_t *)setup->memory + at.tables);
    }
    queue->buffers = pairs + queue->slot_shift; /* after the header, if there is one */
    for (uint16_t i = 0; i < queue->slots; i++) {
        if (setup->header_bytes != 0) {
            pairs[i * TABLE_ENTRIES] = (struct virtq_descriptor){
                .address = setup->physical + at.header,
                .bytes = setup->header_bytes,
                .flags = flags | DESCRIPTOR_NEXT,
                .next = is_indirect ? 1 : (uint16_t)(i * TABLE_ENTRIES + 1), /* < size */
            };
        }
        if (is_indirect) {
            descriptors[i] = (struct virtq_descriptor){
                .address = setup->physical + at.tables + i * TABLE_BYTES,
                .bytes = TABLE_BYTES,
                .flags = DESCRIPTOR_INDIRECT,
            };
        }
        queue->buffers[(size_t)i << queue->slot_shift].flags = flags;
    }
}

int virtqueue_init(struct virtqueue *queue, const struct virtq_setup *setup)
{
    if (!setup_is_valid(setup)) {
        return E_INVALID;
    }
    /* --- committed --- */
    memset(setup->memory, 0, VIRTQ_MEMORY_BYTES);
    *queue = (struct virtqueue){
        .size = setup->size,
        .header_bytes = setup->header_bytes,
        .is_device_writable = setup->is_device_writable,
        .has_event_index = setup->has_event_index,
    };
    place_rings(queue, setup);
    place_slots(queue, setup);
    for (uint16_t i = 0; i < queue->slots; i++) {
        queue->free_slots[i] = (uint16_t)(queue->slots - 1 - i); /* slot 0 on top */
    }
    queue->free_count = queue->slots;
    return 0;
}

int virtqueue_post(struct virtqueue *queue, uint64_t address, uint32_t bytes, uint64_t cookie)
{
    if (queue->fault != VIRTQ_FAULT_NONE) {
        return E_CORRUPT;
    }
    if (bytes == 0 || bytes > (uint32_t)1 << 31) { /* so header + bytes fits u32 */
        return E_INVALID;
    }
    if (queue->free_count == 0) {
        return E_AGAIN;
    }
    /* --- committed --- */
    uint16_t slot = queue->free_slots[--queue->free_count];
    struct virtq_descriptor *buffer = &queue->buffers[(size_t)slot << queue->slot_shift];

    buffer->address = address;
    buffer->bytes = bytes;
    queue->slot[slot] = (struct virtq_slot){
        .cookie = cookie,
        .writable_bytes = queue->is_device_writable ? queue->header_bytes + bytes : 0,
        .is_posted = true,
    };
    store16(&queue->available[RING_ENTRIES + (queue->available_next & (queue->size - 1))],
            (uint16_t)(slot << queue->head_shift)); /* < size */
    queue->available_next++;
    return 0;
}

/* Has `event` been passed on the way from `before` to `now`? [virtio 1.2 §2.7.10] */
static bool is_event_passed(uint16_t event, uint16_t now, uint16_t before)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

bool virtqueue_publish(struct virtqueue *queue)
{
    uint16_t before = queue->available_published;
    uint16_t now = queue->available_next;

    if (before == now) {
        return false;
    }
    /* release: descriptors and entries first [virtio 1.2 §2.7.13.3] */
    __atomic_store_n(&queue->available[RING_INDEX], now, __ATOMIC_RELEASE);
    queue->available_published = now;
    /*
     * Pairs with the device's fence between asking for a notification and its last look at the
     * index. Without either one:   here: store index, load "ask" (old)
     *                              device: store "ask", load index (old)   -> both sleep
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (queue->has_event_index) {
        return is_event_passed(load16(queue->avail_event), now, before);
    }
    return (load16(&queue->used[RING_FLAGS]) & USED_NO_NOTIFY) == 0;
}

static int refuse(struct virtqueue *queue, enum virtq_fault fault)
{
    queue->fault = fault;
    return E_CORRUPT;
}

bool virtqueue_has_used(const struct virtqueue *queue)
{
    return load16(&queue->used[RING_INDEX]) != queue->used_next;
}

int virtqueue_look(struct virtqueue *queue, uint16_t *ready)
{
    uint16_t limit = load_used_index(queue);

    *ready = (uint16_t)(limit - queue->used_next);
    if (queue->fault != VIRTQ_FAULT_NONE) {
        return E_CORRUPT;
    }
    if (*ready > virtqueue_posted(queue)) {
        return refuse(queue, VIRTQ_FAULT_INDEX);
    }
    queue->used_limit = limit;
    return 0;
}

/* Checks what the device says about one slot [virtio 1.2 §2.7.8.2]. */
static enum virtq_fault check_used(const struct virtqueue *queue, uint32_t id, uint32_t bytes)
{
    uint32_t slot = id >> queue->head_shift;

    if (slot >= queue->slots || slot << queue->head_shift != id) {
        return VIRTQ_FAULT_ID;
    }
    if (!queue->slot[slot].is_posted) {
        return VIRTQ_FAULT_OWNER;
    }
    return bytes > queue->slot[slot].writable_bytes ? VIRTQ_FAULT_LENGTH : VIRTQ_FAULT_NONE;
}

int virtqueue_take(struct virtqueue *queue, struct virtq_used *used)
{
    if (queue->fault != VIRTQ_FAULT_NONE) {
        return E_CORRUPT;
    }
    if (queue->used_next == queue->used_limit) {
        uint16_t ready;
        int error = virtqueue_look(queue, &ready);

        if (error != 0 || ready == 0) {
            return error != 0 ? error : E_AGAIN;
        }
    }
    const struct virtq_used_element *element =
        &queue->used_ring[queue->used_next & (queue->size - 1)];
    uint32_t id = __atomic_load_n(&element->id, __ATOMIC_RELAXED);
    uint32_t bytes = __atomic_load_n(&element->bytes, __ATOMIC_RELAXED);
    enum virtq_fault fault = check_used(queue, id, bytes);

    if (fault != VIRTQ_FAULT_NONE) {
        return refuse(queue, fault);
    }
    /* --- committed --- */
    uint16_t slot = (uint16_t)(id >> queue->head_shift); /* < slots */

    queue->slot[slot].is_posted = false;
    queue->free_slots[queue->free_count++] = slot; /* <= slots: each slot is freed once */
    queue->used_next++;
    used->cookie = queue->slot[slot].cookie;
    used->bytes = bytes > queue->header_bytes ? bytes - queue->header_bytes : 0;
    return 0;
}

bool virtqueue_arm(struct virtqueue *queue, uint16_t after)
{
    if (queue->has_event_index) {
        store16(queue->used_event, (uint16_t)(queue->used_next + after - 1));
    } else {
        store16(&queue->available[RING_FLAGS], 0);
    }
    /* Pairs with the device's fence between its used index and its look at our wish; the picture
     * is that of virtqueue_publish with the roles exchanged. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return (uint16_t)(load_used_index(queue) - queue->used_next) >= after;
}

void virtqueue_disarm(struct virtqueue *queue)
{
    if (!queue->has_event_index) { /* an event index that was passed stays silent by itself */
        store16(&queue->available[RING_FLAGS], AVAILABLE_NO_INTERRUPT);
    }
}
