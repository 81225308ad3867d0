/* SPDX-License-Identifier: BSD-2-Clause */
#include "slot.h"

#include <errno.h>

enum {
    NAME_TRIES = 100,
    ERROR_MASK = 0xffff,
    WORTH_WHILE = 4, /* of a ring: one part in so many */
};

bool slot_bind(struct slot *slot, struct socket_arena *arena, struct socket_shape shape,
               uint32_t number)
{
    struct socket_slot *shared = socket_slot_at(arena, number);
    uint32_t rx_head =
        socket_index_begin(atomic_load_explicit(&shared->rx_head, memory_order_relaxed));
    uint32_t tx_tail =
        socket_index_begin(atomic_load_explicit(&shared->tx_tail, memory_order_relaxed));
    *slot = (struct slot){
        .shared = shared,
        .rx = socket_rx_data(arena, shape, number),
        .tx = socket_tx_data(arena, shape, number),
        .rx_bytes = shape.rx_bytes,
        .tx_bytes = shape.tx_bytes,
        .rx_head = rx_head,
        .rx_tail = rx_head,
        .tx_tail = tx_tail,
        .tx_head = tx_tail,
        .tx_limit = shape.tx_bytes,
    };
    atomic_store_explicit(&shared->rx_head, rx_head, memory_order_relaxed);
    atomic_store_explicit(&shared->tx_tail, tx_tail, memory_order_relaxed);
    atomic_store_explicit(&shared->wants_space, 0, memory_order_relaxed);
    (void)!slot_rx_filled(slot);
    slot->tx_head = atomic_load_explicit(&shared->tx_head, memory_order_acquire);
    return !slot->is_broken && slot->tx_tail - slot->tx_head <= slot->tx_bytes;
}

/* Acquire: pairs with netd's release behind the bytes. */
uint32_t slot_rx_filled(struct slot *slot)
{
    uint32_t now = atomic_load_explicit(&slot->shared->rx_tail, memory_order_acquire);
    uint32_t filled = now - slot->rx_head;
    if (slot->is_broken || filled > slot->rx_bytes || filled < slot->rx_tail - slot->rx_head) {
        slot->is_broken = true; /* further than the ring is long, or back */
        return 0;
    }
    slot->rx_tail = now;
    return filled;
}

/* Bytes in the send ring. False: broken. */
static bool look_at_tx(struct slot *slot, uint32_t *filled)
{
    uint32_t now = atomic_load_explicit(&slot->shared->tx_head, memory_order_acquire);
    *filled = slot->tx_tail - now;
    if (slot->is_broken || *filled > slot->tx_tail - slot->tx_head) {
        slot->is_broken = true; /* past what was sent, or back */
        return false;
    }
    slot->tx_head = now;
    return true;
}

uint32_t slot_tx_room(struct slot *slot)
{
    uint32_t filled;
    return look_at_tx(slot, &filled) && filled < slot->tx_limit ? slot->tx_limit - filled : 0;
}

bool slot_tx_is_empty(struct slot *slot)
{
    uint32_t filled;
    return look_at_tx(slot, &filled) && filled == 0;
}

/* Release: the bytes were read before netd may put others there. */
static void publish_rx(struct slot *slot, uint32_t head)
{
    slot->rx_head = head;
    atomic_store_explicit(&slot->shared->rx_head, head, memory_order_release);
}

/* Release: netd sees the bytes with the index. */
static void publish_tx(struct slot *slot, uint32_t tail)
{
    slot->tx_tail = tail;
    atomic_store_explicit(&slot->shared->tx_tail, tail, memory_order_release);
}

/* Copies `bytes` between a ring, from `index` on, and a transfer; two pieces where it wraps. */
static void copy_out(const struct slot *slot, uint32_t index, const struct transfer *to,
                     size_t offset, uint32_t bytes)
{
    uint32_t at = index & (slot->rx_bytes - 1);
    uint32_t first = bytes < slot->rx_bytes - at ? bytes : slot->rx_bytes - at;
    transfer_put(to, offset, slot->rx + at, first);
    if (first < bytes) {
        transfer_put(to, offset + first, slot->rx, bytes - first);
    }
}

static void copy_in(const struct slot *slot, uint32_t index, const struct transfer *from,
                    size_t offset, uint32_t bytes)
{
    uint32_t at = index & (slot->tx_bytes - 1);
    uint32_t first = bytes < slot->tx_bytes - at ? bytes : slot->tx_bytes - at;
    transfer_take(from, offset, slot->tx + at, first);
    if (first < bytes) {
        transfer_take(from, offset + first, slot->tx, bytes - first);
    }
}

size_t slot_stream_read(struct slot *slot, const struct transfer *to, size_t offset, bool peek)
{
    uint32_t filled = slot_rx_filled(slot);
    size_t wanted = to->bytes - offset;
    uint32_t bytes = wanted < filled ? (uint32_t)wanted : filled;
    copy_out(slot, slot->rx_head, to, offset, bytes);
    if (!peek && bytes > 0) {
        publish_rx(slot, slot->rx_head + bytes);
    }
    return bytes;
}

size_t slot_stream_write(struct slot *slot, const struct transfer *from, size_t offset)
{
    uint32_t room = slot_tx_room(slot);
    size_t wanted = from->bytes - offset;
    uint32_t bytes = wanted < room ? (uint32_t)wanted : room;
    copy_in(slot, slot->tx_tail, from, offset, bytes);
    if (bytes > 0) {
        publish_tx(slot, slot->tx_tail + bytes);
    }
    return bytes;
}

bool slot_datagram_fits(const struct slot *slot, size_t bytes)
{
    return bytes <= slot->tx_bytes && socket_record_bytes((uint32_t)bytes) <= slot->tx_bytes;
}

bool slot_datagram_write(struct slot *slot, const struct socket_name *to,
                         const struct transfer *from)
{
    struct socket_record record = {.bytes = (uint32_t)from->bytes, .name = *to}; /* it fits */
    uint32_t filled, whole = socket_record_bytes(record.bytes);
    if (!look_at_tx(slot, &filled) || whole > slot->tx_bytes - filled ||
        (filled > 0 && whole + filled > slot->tx_limit)) {
        return false;
    }
    /* --- committed --- */
    socket_record_put(slot->tx, slot->tx_bytes, slot->tx_tail, &record);
    copy_in(slot, slot->tx_tail + (uint32_t)sizeof(record), from, 0, record.bytes);
    publish_tx(slot, slot->tx_tail + whole);
    return true;
}

bool slot_datagram_look(struct slot *slot, struct slot_datagram *datagram)
{
    uint32_t filled = slot_rx_filled(slot);
    if (filled == 0) {
        return false;
    }
    if (filled >= sizeof(datagram->record)) {
        socket_record_get(slot->rx, slot->rx_bytes, slot->rx_head, &datagram->record);
        datagram->bytes = datagram->record.bytes;
        if (datagram->bytes <= filled && socket_record_bytes(datagram->bytes) <= filled) {
            return true;
        }
    }
    slot->is_broken = true; /* no record stands there */
    return false;
}

size_t slot_datagram_read(struct slot *slot, const struct slot_datagram *datagram,
                          const struct transfer *to, bool peek)
{
    size_t bytes = datagram->bytes < to->bytes ? datagram->bytes : to->bytes;
    copy_out(slot, slot->rx_head + (uint32_t)sizeof(datagram->record), to, 0, (uint32_t)bytes);
    if (!peek) {
        publish_rx(slot, slot->rx_head + socket_record_bytes(datagram->bytes));
    }
    return bytes;
}

bool slot_accepted_look(struct slot *slot, uint32_t *number)
{
    struct socket_accepted accepted;
    uint32_t filled = slot_rx_filled(slot);
    if (filled < sizeof(accepted)) {
        slot->is_broken |= filled > 0;
        return false;
    }
    socket_ring_get(slot->rx, slot->rx_bytes, slot->rx_head, &accepted, sizeof(accepted));
    *number = accepted.slot;
    return true;
}

void slot_accepted_take(struct slot *slot)
{
    publish_rx(slot, slot->rx_head + (uint32_t)sizeof(struct socket_accepted));
}

/* The fence orders our index before their wish; netd does the reverse, so one of us sees it. */
bool slot_must_tell_room(const struct slot *slot)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&slot->shared->wants_room, memory_order_relaxed) == 0) {
        return false;
    }
    uint32_t left = slot->rx_tail - slot->rx_head;
    return left == 0 || slot->rx_bytes - left >= slot->rx_bytes / WORTH_WHILE;
}

void slot_want_space(struct slot *slot)
{
    atomic_store_explicit(&slot->shared->wants_space, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* as above, the other way round */
}

bool slot_tx_is_writable(struct slot *slot)
{
    uint32_t room = slot_tx_room(slot);
    bool is_writable = room > 0 && room >= slot->tx_limit / WORTH_WHILE;
    if (is_writable && slot_wants_space(slot)) {
        atomic_store_explicit(&slot->shared->wants_space, 0, memory_order_relaxed);
    }
    return is_writable;
}

int slot_error(const struct slot *slot)
{
    uint32_t error = atomic_load_explicit(&slot->shared->error, memory_order_acquire);
    if (slot->is_broken) {
        return EIO;
    }
    return error != slot->error_taken ? (int)(error & ERROR_MASK) : 0;
}

int slot_take_error(struct slot *slot)
{
    uint32_t error = atomic_load_explicit(&slot->shared->error, memory_order_acquire);
    if (slot->is_broken) {
        return EIO;
    }
    bool is_new = error != slot->error_taken;
    slot->error_taken = error;
    return is_new ? (int)(error & ERROR_MASK) : 0;
}

/* netd is more urgent than we are, so it is done with a name when we run: one try is enough. */
struct socket_name slot_name(const struct slot *slot, bool of_peer)
{
    const struct socket_slot *shared = slot->shared;
    for (int i = 0; i < NAME_TRIES; i++) {
        uint32_t before = atomic_load_explicit(&shared->named, memory_order_acquire);
        struct socket_name name = of_peer ? shared->peer : shared->local;
        atomic_thread_fence(memory_order_acquire);
        if ((before & 1) == 0 &&
            before == atomic_load_explicit(&shared->named, memory_order_relaxed)) {
            return name;
        }
    }
    return (struct socket_name){.port = 0};
}
