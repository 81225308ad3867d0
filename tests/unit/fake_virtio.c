/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fake virtio-mmio device. See fake_virtio.h.
 */
#include "fake_virtio.h"

#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#define BIT(number) (1ull << (number))

enum {
    VERSION_LEGACY = 1,
    NET_CONFIG_STATUS = 6,
    NET_CONFIG_MTU = 10,
    NET_FRAME_MAX = 2048,
};

static void violate(struct fake_virtio *fake, const char *what)
{
    fake->violations++;
    fake->violation = what;
}

static void expect(struct fake_virtio *fake, bool is_allowed, const char *what)
{
    if (!is_allowed) {
        violate(fake, what);
    }
}

static bool is_legacy(const struct fake_virtio *fake)
{
    return fake->version == VERSION_LEGACY;
}

void fake_init(struct fake_virtio *fake, uint32_t version)
{
    static const uint8_t config[FAKE_CONFIG_BYTES] = {
        0x02, 0, 0, 0, 0, 0x01, VIRTIO_NET_S_LINK_UP, 0, 1, 0, 1500 & 0xff, 1500 >> 8};

    *fake = (struct fake_virtio){
        .magic = 0x74726976,
        .version = version,
        .device_id = VIRTIO_ID_NET,
        .queue_max = FAKE_QUEUE_MAX,
        .offered = BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_MRG_RXBUF) |
                   BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_CTRL_VQ) |
                   BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
                   BIT(VIRTIO_RING_F_EVENT_IDX),
    };
    if (!is_legacy(fake)) {
        fake->offered |= BIT(VIRTIO_F_VERSION_1);
    }
    memcpy(fake->config, config, sizeof(config));
}

void fake_add_memory(struct fake_virtio *fake, uint64_t physical, void *host, size_t bytes)
{
    for (uint32_t i = 0; i < FAKE_MEMORIES; i++) {
        if (fake->memory[i].host == NULL) {
            fake->memory[i] = (struct fake_memory){physical, host, bytes};
            return;
        }
    }
    violate(fake, "too many memories");
}

struct virtio_mmio fake_mmio(struct fake_virtio *fake)
{
    return (struct virtio_mmio){.base = fake};
}

void *fake_reach(struct fake_virtio *fake, uint64_t physical, uint64_t bytes)
{
    for (uint32_t i = 0; i < FAKE_MEMORIES; i++) {
        const struct fake_memory *memory = &fake->memory[i];
        uint64_t offset = physical - memory->physical;

        if (memory->host != NULL && offset <= memory->bytes && bytes <= memory->bytes - offset) {
            return memory->host + offset;
        }
    }
    violate(fake, "an address that is not the device's to use");
    return NULL;
}

/* --- registers ----------------------------------------------------------------------------- */

static void reset(struct fake_virtio *fake)
{
    fake->resets++;
    if (fake->never_resets) {
        return;
    }
    fake->status = 0;
    fake->interrupt_status = 0;
    fake->accepted = 0;
    fake->page_bytes = 0;
    fake->needs_reset = false;
    memset(fake->queue, 0, sizeof(fake->queue));
}

static void write_status(struct fake_virtio *fake, uint32_t value)
{
    if (value == 0) {
        reset(fake);
        return;
    }
    expect(fake, (fake->status & ~value) == 0, "a status bit was cleared without a reset");
    if ((value & VIRTIO_CONFIG_S_FEATURES_OK) != 0 && fake->refuses_features) {
        value &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
    }
    if ((value & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
        expect(fake, is_legacy(fake) || (value & VIRTIO_CONFIG_S_FEATURES_OK) != 0,
               "DRIVER_OK without FEATURES_OK");
    }
    fake->status = value;
}

static void write_features(struct fake_virtio *fake, uint32_t value)
{
    uint32_t shift = fake->driver_select * 32;

    expect(fake, shift <= 32, "a selector of features that do not exist");
    expect(fake, (fake->status & VIRTIO_CONFIG_S_DRIVER) != 0, "features before DRIVER");
    expect(fake, (fake->status & VIRTIO_CONFIG_S_FEATURES_OK) == 0, "features after FEATURES_OK");
    expect(fake, (value & ~(fake->offered >> shift)) == 0, "accepted what was not offered");
    fake->accepted &= ~((uint64_t)UINT32_MAX << shift);
    fake->accepted |= (uint64_t)value << shift;
}

static struct fake_queue *selected(struct fake_virtio *fake)
{
    static struct fake_queue nowhere;

    nowhere = (struct fake_queue){0};
    return fake->queue_select < FAKE_QUEUES ? &fake->queue[fake->queue_select] : &nowhere;
}

static void write_legacy_page(struct fake_virtio *fake, uint32_t page)
{
    struct fake_queue *queue = selected(fake);
    struct vring ring;

    expect(fake, is_legacy(fake), "a legacy register of a modern device");
    expect(fake, fake->page_bytes != 0, "queue page before the page size");
    if (fake->refuses_queues) {
        return;
    }
    queue->is_ready = page;
    queue->descriptors = (uint64_t)page * fake->page_bytes;
    vring_init(&ring, queue->size, (void *)(uintptr_t)queue->descriptors, fake->queue_align);
    queue->available = (uintptr_t)ring.avail;
    queue->used = (uintptr_t)ring.used;
}

static void write_queue_ready(struct fake_virtio *fake, uint32_t value)
{
    expect(fake, !is_legacy(fake), "a modern register of a legacy device");
    expect(fake, (fake->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0, "queue before FEATURES_OK");
    if (!fake->refuses_queues) {
        selected(fake)->is_ready = value;
    }
}

static void write_size(struct fake_virtio *fake, uint32_t value)
{
    expect(fake, value != 0 && value <= fake->queue_max && (value & (value - 1)) == 0,
           "a queue size that the device does not have");
    expect(fake, selected(fake)->is_ready == 0, "size of a queue in use");
    selected(fake)->size = value;
}

static void write_half(struct fake_virtio *fake, uint64_t *address, uint32_t at, uint32_t value)
{
    uint32_t shift = at % 16 == 0 ? 0 : 32;

    expect(fake, !is_legacy(fake), "a modern register of a legacy device");
    expect(fake, selected(fake)->is_ready == 0, "address of a queue in use");
    *address &= ~((uint64_t)UINT32_MAX << shift);
    *address |= (uint64_t)value << shift;
}

static void notify(struct fake_virtio *fake, uint32_t value)
{
    expect(fake, (fake->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0, "notified before DRIVER_OK");
    expect(fake, value < FAKE_QUEUES && fake->queue[value].is_ready != 0, "notified no queue");
    if (value < FAKE_QUEUES) {
        fake->queue[value].notifications++;
    }
}

void mmio_write32(struct virtio_mmio mmio, uint32_t offset, uint32_t value)
{
    struct fake_virtio *fake = mmio.base;

    switch (offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
        fake->features_select = value;
        break;
    case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
        fake->driver_select = value;
        break;
    case VIRTIO_MMIO_DRIVER_FEATURES:
        write_features(fake, value);
        break;
    case VIRTIO_MMIO_GUEST_PAGE_SIZE:
        expect(fake, is_legacy(fake), "a legacy register of a modern device");
        fake->page_bytes = value;
        break;
    case VIRTIO_MMIO_QUEUE_SEL:
        fake->queue_select = value;
        break;
    case VIRTIO_MMIO_QUEUE_NUM:
        write_size(fake, value);
        break;
    case VIRTIO_MMIO_QUEUE_ALIGN:
        fake->queue_align = value;
        break;
    case VIRTIO_MMIO_QUEUE_PFN:
        write_legacy_page(fake, value);
        break;
    case VIRTIO_MMIO_QUEUE_READY:
        write_queue_ready(fake, value);
        break;
    case VIRTIO_MMIO_QUEUE_NOTIFY:
        notify(fake, value);
        break;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        expect(fake, (value & ~3u) == 0, "acknowledged what does not exist");
        fake->interrupt_status &= ~value;
        break;
    case VIRTIO_MMIO_STATUS:
        write_status(fake, value);
        break;
    case VIRTIO_MMIO_QUEUE_DESC_LOW:
    case VIRTIO_MMIO_QUEUE_DESC_HIGH:
        write_half(fake, &selected(fake)->descriptors, offset, value);
        break;
    case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
    case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
        write_half(fake, &selected(fake)->available, offset, value);
        break;
    case VIRTIO_MMIO_QUEUE_USED_LOW:
    case VIRTIO_MMIO_QUEUE_USED_HIGH:
        write_half(fake, &selected(fake)->used, offset, value);
        break;
    default:
        violate(fake, "wrote a register that is not for writing");
    }
}

static uint32_t read_status(struct fake_virtio *fake)
{
    fake->status_reads++;
    return fake->status | (fake->needs_reset ? VIRTIO_CONFIG_S_NEEDS_RESET : 0);
}

static uint32_t read_generation(struct fake_virtio *fake)
{
    expect(fake, !is_legacy(fake), "a modern register of a legacy device");
    if (fake->torn_reads != 0) {
        fake->torn_reads--;
        fake->generation++;
    }
    return fake->generation;
}

static uint32_t read_offered(struct fake_virtio *fake)
{
    expect(fake, fake->features_select <= 1, "a selector of features that do not exist");
    expect(fake, fake->features_select == 0 || !is_legacy(fake), "legacy has 32 features");
    return (uint32_t)(fake->offered >> (fake->features_select * 32));
}

uint32_t mmio_read32(struct virtio_mmio mmio, uint32_t offset)
{
    struct fake_virtio *fake = mmio.base;

    switch (offset) {
    case VIRTIO_MMIO_MAGIC_VALUE:
        return fake->magic;
    case VIRTIO_MMIO_VERSION:
        return fake->version;
    case VIRTIO_MMIO_DEVICE_ID:
        return fake->device_id;
    case VIRTIO_MMIO_DEVICE_FEATURES:
        return read_offered(fake);
    case VIRTIO_MMIO_QUEUE_NUM_MAX:
        return fake->queue_select < FAKE_QUEUES ? fake->queue_max : 0;
    case VIRTIO_MMIO_QUEUE_PFN:
        expect(fake, is_legacy(fake), "a legacy register of a modern device");
        return selected(fake)->is_ready;
    case VIRTIO_MMIO_QUEUE_READY:
        expect(fake, !is_legacy(fake), "a modern register of a legacy device");
        return selected(fake)->is_ready;
    case VIRTIO_MMIO_INTERRUPT_STATUS:
        return fake->interrupt_status;
    case VIRTIO_MMIO_STATUS:
        return read_status(fake);
    case VIRTIO_MMIO_CONFIG_GENERATION:
        return read_generation(fake);
    default:
        violate(fake, "read a register that is not for reading");
        return 0;
    }
}

static const uint8_t *config_at(struct fake_virtio *fake, uint32_t offset, uint32_t bytes)
{
    uint32_t at = offset - VIRTIO_MMIO_CONFIG;

    expect(fake, (fake->status & VIRTIO_CONFIG_S_DRIVER) != 0, "configuration before DRIVER");
    if (offset < VIRTIO_MMIO_CONFIG || at > FAKE_CONFIG_BYTES - bytes || at % bytes != 0) {
        violate(fake, "configuration that does not exist");
        at = 0;
    }
    return &fake->config[at];
}

uint8_t mmio_read8(struct virtio_mmio mmio, uint32_t offset)
{
    return *config_at(mmio.base, offset, 1);
}

uint16_t mmio_read16(struct virtio_mmio mmio, uint32_t offset)
{
    const uint8_t *at = config_at(mmio.base, offset, 2);

    return (uint16_t)(at[0] | at[1] << 8);
}

/* --- queues -------------------------------------------------------------------------------- */

static bool has_event_index(const struct fake_virtio *fake)
{
    return (fake->accepted & BIT(VIRTIO_RING_F_EVENT_IDX)) != 0;
}

/* The rings of a queue as the device sees them; false, and a violation, if it cannot. */
static bool map(struct fake_virtio *fake, uint32_t index, struct vring *ring)
{
    const struct fake_queue *queue = &fake->queue[index];

    if ((fake->status & VIRTIO_CONFIG_S_DRIVER_OK) == 0 || queue->is_ready == 0) {
        violate(fake, "the test used a queue that does not run");
        return false;
    }
    ring->num = queue->size;
    ring->desc = fake_reach(fake, queue->descriptors, queue->size * sizeof(struct vring_desc));
    ring->avail = fake_reach(fake, queue->available, 6 + 2 * queue->size);
    ring->used = fake_reach(fake, queue->used, 6 + 8 * queue->size);
    return ring->desc != NULL && ring->avail != NULL && ring->used != NULL;
}

uint16_t fake_pending(struct fake_virtio *fake, uint32_t index)
{
    struct vring ring;

    if (!map(fake, index, &ring)) {
        return 0;
    }
    return (uint16_t)(__atomic_load_n(&ring.avail->idx, __ATOMIC_ACQUIRE) -
                      fake->queue[index].available_next);
}

/* Follows a chain in a table of `entries`; an indirect one replaces the table. */
static void walk(struct fake_virtio *fake, const struct vring_desc *table, uint32_t entries,
                 uint16_t at, struct fake_chain *chain)
{
    bool is_inside_indirect = false;

    while (at < entries && chain->segments < FAKE_SEGMENTS) {
        struct vring_desc d = table[at];

        if ((d.flags & VRING_DESC_F_INDIRECT) != 0) {
            expect(fake, (fake->accepted & BIT(VIRTIO_RING_F_INDIRECT_DESC)) != 0, "indirect");
            expect(fake, !is_inside_indirect && (d.flags & VRING_DESC_F_NEXT) == 0, "nested");
            table = fake_reach(fake, d.addr, d.len);
            entries = table != NULL ? d.len / (uint32_t)sizeof(d) : 0;
            is_inside_indirect = true;
            at = 0;
            continue;
        }
        fake_reach(fake, d.addr, d.len);
        chain->segment[chain->segments].physical = d.addr;
        chain->segment[chain->segments].bytes = d.len;
        chain->segment[chain->segments].is_writable = (d.flags & VRING_DESC_F_WRITE) != 0;
        chain->segments++;
        if ((d.flags & VRING_DESC_F_NEXT) == 0) {
            return;
        }
        at = d.next;
    }
    violate(fake, "a chain that leaves its table or does not end");
}

bool fake_fetch(struct fake_virtio *fake, uint32_t index, struct fake_chain *chain)
{
    struct fake_queue *queue = &fake->queue[index];
    struct vring ring;

    if (fake_pending(fake, index) == 0 || !map(fake, index, &ring)) {
        return false;
    }
    expect(fake, fake_pending(fake, index) <= queue->size, "more available than the queue has");
    *chain = (struct fake_chain){
        .head = ring.avail->ring[queue->available_next++ & (queue->size - 1)],
    };
    walk(fake, ring.desc, queue->size, chain->head, chain);
    return true;
}

void fake_return(struct fake_virtio *fake, uint32_t index, uint32_t id, uint32_t bytes)
{
    struct fake_queue *queue = &fake->queue[index];
    struct vring ring;
    uint16_t before = queue->used_next;

    if (!map(fake, index, &ring)) {
        return;
    }
    ring.used->ring[before & (queue->size - 1)] = (vring_used_elem_t){.id = id, .len = bytes};
    __atomic_store_n(&ring.used->idx, ++queue->used_next, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (has_event_index(fake) ? vring_need_event(vring_used_event(&ring), queue->used_next, before)
                              : (ring.avail->flags & VRING_AVAIL_F_NO_INTERRUPT) == 0) {
        fake->interrupt_status |= VIRTIO_MMIO_INT_VRING;
        fake->interrupts++;
    }
}

void fake_set_used_index(struct fake_virtio *fake, uint32_t index, uint16_t value)
{
    struct vring ring;

    if (map(fake, index, &ring)) {
        __atomic_store_n(&ring.used->idx, value, __ATOMIC_RELEASE);
        fake->queue[index].used_next = value;
    }
}

void fake_want_notification(struct fake_virtio *fake, uint32_t index, uint16_t event)
{
    struct vring ring;

    if (map(fake, index, &ring)) {
        vring_avail_event(&ring) = event;
    }
}

/* --- virtio-net ---------------------------------------------------------------------------- */

static uint32_t header_bytes(const struct fake_virtio *fake)
{
    return (fake->accepted & (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF))) != 0
               ? sizeof(struct virtio_net_hdr_v1)
               : sizeof(struct virtio_net_hdr);
}

bool fake_receive(struct fake_virtio *fake, const void *frame, uint32_t bytes)
{
    struct fake_chain chain;

    if (!fake_fetch(fake, 0, &chain)) {
        return false;
    }
    expect(fake, chain.segments == 2, "receive chain is header and buffer");
    expect(fake, chain.segment[0].is_writable && chain.segment[1].is_writable, "not writable");
    expect(fake, chain.segment[0].bytes == header_bytes(fake), "length of the receive header");
    expect(fake, chain.segment[1].bytes >= bytes, "receive buffer too short");
    uint8_t *header = fake_reach(fake, chain.segment[0].physical, header_bytes(fake));
    uint8_t *buffer = fake_reach(fake, chain.segment[1].physical, bytes);

    if (header == NULL || buffer == NULL) {
        return false;
    }
    memset(header, 0xee, header_bytes(fake)); /* the driver promised to ignore it */
    memcpy(buffer, frame, bytes);
    fake_return(fake, 0, chain.head, header_bytes(fake) + bytes);
    return true;
}

bool fake_transmit(struct fake_virtio *fake, void *frame, uint32_t *bytes)
{
    static const uint8_t zero[sizeof(struct virtio_net_hdr_v1)];
    struct fake_chain chain;

    if (!fake_fetch(fake, 1, &chain)) {
        return false;
    }
    expect(fake, chain.segments == 2, "transmit chain is header and frame");
    expect(fake, !chain.segment[0].is_writable && !chain.segment[1].is_writable, "writable");
    expect(fake, chain.segment[0].bytes == header_bytes(fake), "length of the transmit header");
    expect(fake, chain.segment[1].bytes <= NET_FRAME_MAX, "longer than a frame");
    const void *header = fake_reach(fake, chain.segment[0].physical, header_bytes(fake));
    const void *buffer = fake_reach(fake, chain.segment[1].physical, chain.segment[1].bytes);

    if (header == NULL || buffer == NULL) {
        return false;
    }
    expect(fake, memcmp(header, zero, header_bytes(fake)) == 0, "transmit header is not zero");
    *bytes = chain.segment[1].bytes;
    memcpy(frame, buffer, *bytes);
    fake_return(fake, 1, chain.head, 0);
    return true;
}

void fake_set_link(struct fake_virtio *fake, bool is_up)
{
    fake->config[NET_CONFIG_STATUS] = is_up ? VIRTIO_NET_S_LINK_UP : 0;
    fake->generation++;
    fake->interrupt_status |= VIRTIO_MMIO_INT_CONFIG;
    fake->interrupts++;
}
