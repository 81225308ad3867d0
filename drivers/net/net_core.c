/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames between rings and queues. See net_core.h for the contract and N1 to N3.
 *
 * The cookie of a posted buffer is its ring entry, which net_core_locate has checked.
 */
#include "net_core.h"

#include <abi/error.h>

int net_core_locate(uint64_t area_physical, uint64_t entry, uint16_t bytes_min,
                    struct net_buffer *buffer)
{
    struct frames_span span;
    int error = frames_locate(entry, bytes_min, &span);

    if (error == 0) {
        *buffer = (struct net_buffer){
            .address = area_physical + frames_area_offset(span),
            .bytes = span.bytes,
        };
    }
    return error;
}

int net_core_bind(struct net_core *core)
{
    struct frames_area *area = core->area;
    int error;

    if ((error = ring_consumer_bind(&core->rx_free, &area->rx_free.shared, FRAMES_COUNT)) != 0 ||
        (error = ring_producer_bind(&core->rx_full, &area->rx_full.shared, FRAMES_COUNT)) != 0 ||
        (error = ring_consumer_bind(&core->tx_ready, &area->tx_ready.shared, FRAMES_COUNT)) != 0) {
        return error;
    }
    return ring_producer_bind(&core->tx_done, &area->tx_done.shared, FRAMES_COUNT);
}

/* Hands an entry to netd; one that finds no room is netd's loss and counted. */
static int give(struct ring_producer *ring, uint64_t entry, _Atomic uint64_t *no_room)
{
    int error = ring_producer_push(ring, entry);

    if (error == E_AGAIN) {
        net_core_count(no_room, 1);
        return 0;
    }
    return error;
}

/* Posts one entry, or counts why not. The caller has seen a free slot. */
static int post(struct net_core *core, enum net_queue which, uint64_t entry)
{
    struct frames_counters *counters = &core->area->info.counters;
    bool is_rx = which == NET_QUEUE_RX;
    struct net_buffer buffer;

    if (net_core_locate(core->area_physical, entry,
                        is_rx ? FRAMES_RX_BYTES_MIN : FRAMES_TX_BYTES_MIN, &buffer) != 0 ||
        (!is_rx && buffer.bytes > core->tx_bytes_max)) {
        net_core_count(is_rx ? &counters->rx_bad_entry : &counters->tx_bad_entry, 1);
        return 0;
    }
    return virtqueue_post(&core->queues[which], buffer.address, buffer.bytes, entry);
}

/* Fills free slots of the queue from a ring. What comes meanwhile is found before the sleep. */
static int refill(struct net_core *core, enum net_queue which, struct ring_consumer *ring)
{
    uint16_t room = core->queues[which].free_count;
    uint32_t count;
    uint64_t entry;
    int error = ring_consumer_filled(ring, &count);

    for (count = count < room ? count : room; error == 0 && count != 0; count--) {
        if ((error = ring_consumer_pop(ring, &entry)) == 0) {
            error = post(core, which, entry);
        }
    }
    return error;
}

/* One received frame to netd; one without an Ethernet header back to the device. */
static int receive_one(struct net_core *core, const struct virtq_used *used)
{
    struct frames_counters *counters = &core->area->info.counters;

    if (used->bytes < FRAMES_ETHERNET_BYTES) {
        net_core_count(&counters->rx_short, 1);
        return post(core, NET_QUEUE_RX, used->cookie); /* its slot is free now */
    }
    net_core_count(&counters->rx_frames, 1);
    /* length of the entry: <= what was posted, which fits 16 bits */
    return give(&core->rx_full, (used->cookie & UINT32_MAX) | (uint64_t)used->bytes << 32,
                &counters->rx_no_room);
}

/* Takes what the device has received by now: at most its slots. */
static int receive(struct net_core *core, bool *has_moved)
{
    struct virtqueue *queue = &core->queues[NET_QUEUE_RX];
    struct virtq_used used;
    uint16_t count;
    int error = virtqueue_look(queue, &count);

    for (; error == 0 && count != 0; count--) {
        if ((error = virtqueue_take(queue, &used)) == 0) {
            *has_moved = true;
            error = receive_one(core, &used);
        }
    }
    return error;
}

/* Gives back what the device has sent by now: at most its slots. */
static int finish_sent(struct net_core *core, bool *has_moved)
{
    struct frames_counters *counters = &core->area->info.counters;
    struct virtqueue *queue = &core->queues[NET_QUEUE_TX];
    struct virtq_used used;
    uint16_t count;
    int error = virtqueue_look(queue, &count);

    for (; error == 0 && count != 0; count--) {
        if ((error = virtqueue_take(queue, &used)) == 0) {
            *has_moved = true;
            net_core_count(&counters->tx_frames, 1);
            error = give(&core->tx_done, used.cookie, &counters->tx_no_room);
        }
    }
    return error;
}

/* Looks only at what something happened to. */
static int move(struct net_core *core, bool *has_moved)
{
    struct virtqueue *rx = &core->queues[NET_QUEUE_RX];
    struct virtqueue *tx = &core->queues[NET_QUEUE_TX];
    int error = 0;

    if (virtqueue_has_used(rx)) {
        virtqueue_disarm(rx);
        error = receive(core, has_moved);
    }
    if (error == 0 && virtqueue_has_used(tx)) {
        error = finish_sent(core, has_moved);
    }
    if (error == 0 && rx->free_count >= rx->slots / NET_CORE_FEW) {
        error = refill(core, NET_QUEUE_RX, &core->rx_free);
    }
    if (error == 0 && ring_consumer_has_news(&core->tx_ready)) {
        error = refill(core, NET_QUEUE_TX, &core->tx_ready);
    }
    return error;
}

/* Publishes everything; runs after errors too, so that netd gets what was moved before. */
static void publish(struct net_core *core, struct net_effects *effects)
{
    struct frames_counters *counters = &core->area->info.counters;

    effects->signal_netd |= ring_producer_commit(&core->rx_full);
    effects->signal_netd |= ring_producer_commit(&core->tx_done);
    effects->signal_netd |= ring_consumer_commit(&core->rx_free);
    effects->signal_netd |= ring_consumer_commit(&core->tx_ready);
    for (uint32_t i = 0; i < NET_QUEUES; i++) {
        effects->notify[i] = virtqueue_publish(&core->queues[i]);
        net_core_count(&counters->notifications, effects->notify[i]);
    }
}

int net_core_pass(struct net_core *core, struct net_effects *effects)
{
    *effects = (struct net_effects){0};
    int error = move(core, &effects->has_moved);

    publish(core, effects);
    return error;
}

/* Interrupt for sent frames: not for a few, at half of many. True: half are back already. */
static bool arm_tx(struct virtqueue *queue)
{
    uint16_t sending = virtqueue_posted(queue);

    if (sending < FRAMES_TX_LAZY && queue->free_count != 0) {
        virtqueue_disarm(queue);
        return false;
    }
    return virtqueue_arm(queue, (uint16_t)((sending + 1) / 2)); /* >= 1: sending is not 0 */
}

bool net_core_prepare_sleep(struct net_core *core)
{
    struct virtqueue *rx = &core->queues[NET_QUEUE_RX];
    struct virtqueue *tx = &core->queues[NET_QUEUE_TX];

    if (virtqueue_arm(rx, 1) || arm_tx(tx)) {
        return false;
    }
    if (rx->free_count > rx->slots / 4 * 3 && !ring_consumer_prepare_sleep(&core->rx_free)) {
        return false;
    }
    return tx->free_count == 0 || ring_consumer_prepare_sleep(&core->tx_ready);
}
