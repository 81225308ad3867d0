/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's view of a slot of its arena [proto/socket.h]: bytes and datagrams in and out, errors,
 * names, what it is ready for. Pure: calls nobody, wakes nobody.
 *
 * netd is believed as far as memory goes: an index that cannot be breaks the slot for good, and
 * from then on it is empty, full, and failed with EIO.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <proto/socket.h>

#include "descriptors.h"

/* Fields are the view's own; its user reads them. */
struct slot {
    struct socket_slot *shared;
    uint8_t *rx, *tx; /* the rings, of rx_bytes and tx_bytes */
    uint32_t rx_bytes, tx_bytes;
    uint32_t rx_head;  /* own */
    uint32_t rx_tail;  /* netd's, the last that was believed */
    uint32_t tx_tail;  /* own */
    uint32_t tx_head;  /* netd's, the last that was believed */
    uint32_t tx_limit; /* bytes of the send ring to use; SO_SNDBUF */
    uint32_t error_taken;
    bool is_broken;
};

/* What was found at the head of a receive ring of datagrams. */
struct slot_datagram {
    struct socket_record record;
    uint32_t bytes; /* of the datagram, all of them in the ring */
};

/* Begins with a slot that netd gave. False: its indexes cannot be. */
MUST_CHECK bool slot_bind(struct slot *slot, struct socket_arena *arena, struct socket_shape shape,
                          uint32_t number);

/* enum socket_state. Read before the receive ring: what came before the end is seen with it. */
static inline uint32_t slot_state(const struct slot *slot)
{
    return atomic_load_explicit(&slot->shared->state, memory_order_acquire);
}

/* Bytes that stand in the receive ring, and bytes that the send ring would take. */
MUST_CHECK uint32_t slot_rx_filled(struct slot *slot);
MUST_CHECK uint32_t slot_tx_room(struct slot *slot);

/* Whether all that was sent has been taken; of a stream: acknowledged. */
MUST_CHECK bool slot_tx_is_empty(struct slot *slot);

/* Copies up to what is there, leaves it there if `peek`. Gives the bytes. */
size_t slot_stream_read(struct slot *slot, const struct transfer *to, size_t offset, bool peek);

/* Copies up to the room there is. Gives the bytes. */
size_t slot_stream_write(struct slot *slot, const struct transfer *from, size_t offset);

/* Bytes of `bytes` and their record ever fit into the ring. */
MUST_CHECK bool slot_datagram_fits(const struct slot *slot, size_t bytes);

/* False: no room now. Requires that it fits. */
MUST_CHECK bool slot_datagram_write(struct slot *slot, const struct socket_name *to,
                                    const struct transfer *from);

/* The next datagram. False: none. */
MUST_CHECK bool slot_datagram_look(struct slot *slot, struct slot_datagram *datagram);

/* Copies the start of what slot_datagram_look found, and takes it off unless `peek`. */
size_t slot_datagram_read(struct slot *slot, const struct slot_datagram *datagram,
                          const struct transfer *to, bool peek);

/* The next connection of a listening slot; it stays until slot_accepted_take. */
MUST_CHECK bool slot_accepted_look(struct slot *slot, uint32_t *number);
void slot_accepted_take(struct slot *slot);

/* After bytes were taken off: netd waits for room, and there is some. */
MUST_CHECK bool slot_must_tell_room(const struct slot *slot);

/*
 * Asks for news when netd has taken from the send ring, until slot_tx_is_writable is true.
 * The caller looks at the slot once more afterwards.
 */
void slot_want_space(struct slot *slot);

/* Whether that was asked for and is not over. */
static inline bool slot_wants_space(const struct slot *slot)
{
    return atomic_load_explicit(&slot->shared->wants_space, memory_order_relaxed) != 0;
}

/* Whether so much room is there that writing is worth while. */
MUST_CHECK bool slot_tx_is_writable(struct slot *slot);

/* The error that netd told and nobody took, 0 for none; EIO of a broken slot, again and again. */
MUST_CHECK int slot_error(const struct slot *slot);
int slot_take_error(struct slot *slot);

/* The own or the peer's name; all zero as long as there is none. */
MUST_CHECK struct socket_name slot_name(const struct slot *slot, bool of_peer);
