/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: what netd and a client share, and what a client asks of netd.
 *
 * Each client has one arena: memory that init made, the client paid and both map for as long as
 * they live. It holds slots; a socket is a slot. Bytes go through the two rings of a slot and cost
 * no call; what has to be decided is a call on netd's endpoint and answered at once.
 *
 *     header        struct socket_arena: epoch, ready ring, kick ring
 *     text          SOCKET_TEXT_BYTES for arguments that are longer than a message
 *     slots         struct socket_slot, one after the other
 *     data          of each slot: its receive ring, then its send ring
 *
 * A1  Where anything lies follows from the shape alone [socket_arena_bytes and below]; both sides
 *     have it from init or netd, and keep it privately.
 * A2  A word has one writer, but for `is_kicked` and `is_queued`, which both sides exchange.
 * A3  netd decides on private copies only: its own indexes, and of the client's each index read
 *     once and believed when it is possible. A client that breaks that loses this socket, with
 *     SOCKET_FAILED and EIO, and nobody else notices.
 * A4  An index counts bytes ever moved, modulo 2^32; ring sizes are powers of two.
 * A5  netd may map an arena before the client exists and after it died, so it never faults there.
 *
 * Life. A client that starts, or is told ESTALE, calls SOCKET_OPEN. netd ends every socket that the
 * arena still has, empties it and gives it a new epoch. Every other request names the epoch; one
 * that names an old one is answered ESTALE and does nothing. A new incarnation of netd closes all
 * arenas and signals SOCKET_EVENT to who had opened one, which sees `epoch` 0.
 * A socket that is made or accepted goes on counting where the client's indexes of its slot stand,
 * both rounded up by socket_index_begin, so that bytes lie as words whatever the last socket moved:
 * rx_tail is rx_head and tx_head is tx_tail. The client stores them so before it uses the slot;
 * until then netd takes the old ones for them. The client never sets them back.
 *
 * News to the client. netd publishes what changed in a slot, then
 *     if (exchange(is_queued, 1) == 0) push its number on the ready ring
 * and signals SOCKET_EVENT at the end of its turn if the client sleeps. The client takes a number,
 * exchanges is_queued to 0 and then looks at the slot. The exchanges are acquire and release, so
 * whoever finds the flag as the other left it sees all the other published before.
 *
 * News to netd. The same with is_kicked, the kick ring and SOCKET_KICK. A client kicks a slot when
 * it filled its send ring; when it emptied its receive ring while `wants_room` was set; and when it
 * took connections while `wants_room` was set.
 *
 * Streams. The rings hold bytes. The receive ring of a listening socket holds struct
 * socket_accepted, one for each connection that is ready; its slot is the client's from then on.
 * Datagrams (also raw and ICMP). Each is a struct socket_record and its bytes, filled up to a
 * multiple of SOCKET_ALIGN_BYTES, in either ring. Both may wrap at the end of the ring. A datagram
 * that finds no room is dropped whole and counted in `drops`.
 *
 * Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d [RFC 4291 §2.5.5.2]; ports are
 * numbers. An interface is its number as if_nametoindex gives it, from 1; 0: any.
 *
 * Requests. Word 0 of a request is its label, of the answer 0 or a negative errno of <errno.h>.
 * Word 1 of every request but SOCKET_OPEN is socket_target(epoch, slot). Words that a request
 * does not name are 0. Addresses take words 2 and 3, as they lie in memory; word 4 is
 * socket_place(port, interface).
 *
 *     label             further words of the request       words of the answer
 *     SOCKET_OPEN                                          1 epoch  2 slots
 *                                                          3 rx_bytes  4 tx_bytes
 *                                                          5 SOCKET_KICK of the client
 *     SOCKET_MAKE       2 enum socket_family               1 slot
 *         slot ignored  3 enum socket_type  4 protocol
 *     SOCKET_BIND       2, 3, 4 address
 *     SOCKET_LISTEN     2 backlog
 *     SOCKET_CONNECT    2, 3, 4 address
 *     SOCKET_CHECK      2, 3, 4 address
 *     SOCKET_SHUTDOWN   2 enum socket_side
 *     SOCKET_CLOSE      2 enum socket_close
 *     SOCKET_SET        2 enum socket_option  3.. value
 *     SOCKET_GET        2 enum socket_option               1.. value
 *
 * SOCKET_CONNECT of a stream begins; SOCKET_CONNECTED, or SOCKET_FAILED with the reason in `error`,
 * tells the end. Of a datagram socket it sets the peer at once; with the family unspecified
 * (address and port 0) it removes it. SOCKET_CHECK asks whether a datagram to that address may and
 * can leave, before it is put into the ring: routes, policy, broadcast; and binds a socket that is
 * not bound. The answer holds until the address changes; a datagram that cannot leave after all
 * sets `error`.
 * After SOCKET_CLOSE the slot is netd's; it is given out again only when nothing refers to it.
 *
 * Errors: EBADF no such socket; ESTALE above; EINVAL malformed or wrong state; EACCES the manifest
 * forbids it (counted); EMFILE no slot; ENOBUFS, ENOMEM netd has no room; EAFNOSUPPORT,
 * EPROTONOSUPPORT, EOPNOTSUPP, ENOPROTOOPT; EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, EISCONN,
 * EALREADY, ENOTCONN, EDESTADDRREQ, ENODEV as POSIX has them.
 */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <base/ring.h>

/* Behind the labels of proto/netd.h, on the same endpoint. */
enum socket_label {
    SOCKET_OPEN = 64,
    SOCKET_MAKE,
    SOCKET_BIND,
    SOCKET_LISTEN,
    SOCKET_CONNECT,
    SOCKET_CHECK,
    SOCKET_SHUTDOWN,
    SOCKET_CLOSE,
    SOCKET_SET,
    SOCKET_GET,
    SOCKET_LABELS_END,
};

enum {
    SOCKET_ADDRESS_BYTES = 16,
    SOCKETS_MAX = 768, /* slots of all clients together; the manifest gives no more away */
    SOCKET_SLOTS_MAX = 512, /* of one; the capacity of ready and kick ring: they never overflow */
    SOCKET_RING_BYTES_MIN = 2048,
    SOCKET_RING_BYTES_MAX = 1 << 17,
    SOCKET_TEXT_BYTES = PAGE_BYTES,
    SOCKET_ALIGN_BYTES = 8,
    SOCKET_BACKLOG_MAX = 128,
};

/* Role of the memory in the start-up page of a client. */
#define ROLE_ARENA "arena"

/*
 * Bits of the client's notification; of netd's, from the client with the badge index + 1; and again
 * of netd's: init says that this client has died.
 */
#define SOCKET_EVENT       (1ull << 61)
#define SOCKET_KICK(index) (1ull << (SOCKET_CLIENTS_MAX + (index) % SOCKET_KICK_GROUPS))
#define SOCKET_GONE(index) (1ull << (index))
enum {
    SOCKET_CLIENTS_MAX = 48,
    SOCKET_KICK_GROUPS = 8, /* of clients, so that netd need not look at all of them for one */
};

/* A bit for each group of clients that SOCKET_KICK told of. */
static inline uint32_t socket_kicked_groups(uint64_t bits)
{
    return (uint32_t)(bits >> SOCKET_CLIENTS_MAX) & ((1u << SOCKET_KICK_GROUPS) - 1);
}

enum socket_family {
    SOCKET_IP4 = 1, /* addresses are of the form ::ffff:a.b.c.d */
    SOCKET_IP6,     /* and those too unless SOCKET_V6ONLY is set */
};

enum socket_type {
    SOCKET_STREAM = 1,
    SOCKET_DATAGRAM,
    SOCKET_RAW,  /* protocol: of the IP header; records have no IP header when sent, IPv4's when
                    received, as everywhere */
    SOCKET_ICMP, /* echo alone, of SOCK_DGRAM and IPPROTO_ICMP or IPPROTO_ICMPV6 */
};

/* In `state` of a slot. 0: the slot is free, or its socket is bound or new. */
enum socket_state {
    SOCKET_LISTENING = 1 << 0,
    SOCKET_CONNECTING = 1 << 1,
    SOCKET_CONNECTED = 1 << 2, /* bytes may be sent; or a datagram socket has a peer */
    SOCKET_EOF = 1 << 3,       /* nothing follows what is in the receive ring */
    SOCKET_SHUT = 1 << 4,      /* nothing that comes into the send ring from now on is sent */
    SOCKET_FAILED = 1 << 5,    /* the connection has ended by force; `error` says how */
};

enum socket_side { SOCKET_SIDE_RX = 1, SOCKET_SIDE_TX = 2, SOCKET_SIDE_BOTH = 3 };

enum socket_close {
    SOCKET_CLOSE_GENTLE, /* what was sent still goes out, in netd's own time */
    SOCKET_CLOSE_RESET,  /* SO_LINGER with 0 seconds */
};

/*
 * Options, with how many words their value has and what they are of. Values are numbers of at most
 * 32 bits, but an address is two words and SOCKET_JOIN and SOCKET_LEAVE have address and interface.
 * Set only (S), asked only (G). What needs no netd (SO_TYPE, timeouts, SO_ERROR) is libc's.
 */
enum socket_option {
    SOCKET_REUSE = 1,
    SOCKET_KEEPALIVE,
    SOCKET_KEEPIDLE,  /* seconds */
    SOCKET_KEEPINTVL, /* seconds */
    SOCKET_KEEPCNT,
    SOCKET_NODELAY,
    SOCKET_BROADCAST,
    SOCKET_HOPS,          /* IP_TTL, IPV6_UNICAST_HOPS */
    SOCKET_GROUP_HOPS,    /* IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS */
    SOCKET_GROUP_LOOP,    /* IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP */
    SOCKET_GROUP_DEVICE,  /* IP_MULTICAST_IF, IPV6_MULTICAST_IF: an interface */
    SOCKET_JOIN,          /* S: address 2 words, interface */
    SOCKET_LEAVE,         /* S: the same */
    SOCKET_V6ONLY,        /* before bind */
    SOCKET_DEVICE,        /* SO_BINDTODEVICE: an interface, 0: any */
    SOCKET_TRAFFIC_CLASS, /* IP_TOS, IPV6_TCLASS */
    SOCKET_RX_LIMIT,      /* SO_RCVBUF: bytes of the receive ring to use, at most all */
    SOCKET_OPTIONS_END,
};

/* How an arena is cut: of every slot both rings. A client without an arena has no slots. */
struct socket_shape {
    uint32_t slots;
    uint32_t rx_bytes; /* powers of two */
    uint32_t tx_bytes;
};

struct socket_name {
    alignas(SOCKET_ALIGN_BYTES) uint8_t address[SOCKET_ADDRESS_BYTES];
    uint16_t port;
    uint16_t interface;
    uint32_t zero;
};

static inline bool socket_name_is_same(const struct socket_name *left,
                                       const struct socket_name *right)
{
    uint64_t one[sizeof(*left) / sizeof(uint64_t)], other[sizeof(*left) / sizeof(uint64_t)];
    memcpy(one, left, sizeof(one));
    memcpy(other, right, sizeof(other));
    return ((one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2])) == 0;
}

/* In front of a datagram. In a send ring `name` is the destination, or all zero for the peer. */
struct socket_record {
    uint32_t bytes; /* that follow */
    uint8_t hops;   /* received with */
    uint8_t traffic_class;
    uint16_t zero;
    struct socket_name name;                   /* whence it came, or where it goes */
    uint8_t destination[SOCKET_ADDRESS_BYTES]; /* of a received one */
};

struct socket_accepted {
    uint32_t slot;
    uint32_t zero;
};

struct socket_slot {
    /* Written by netd. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t state; /* enum socket_state */
    _Atomic uint32_t error; /* the last errno, with a number that changes in the upper half */
    _Atomic uint32_t rx_tail;
    _Atomic uint32_t tx_head;    /* of a stream it moves when bytes were acknowledged */
    _Atomic uint32_t wants_room; /* 1: kick when the receive ring was emptied somewhat */
    _Atomic uint32_t drops;      /* datagrams that found no room, connections refused */
    struct socket_name local;    /* stable while the number in `named` is even and unchanged */
    struct socket_name peer;
    _Atomic uint32_t named;

    /* Written by the client. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t rx_head;
    _Atomic uint32_t tx_tail;
    _Atomic uint32_t wants_space; /* 1: tell when tx_head moved */

    /* Exchanged by both. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t is_queued;
    _Atomic uint32_t is_kicked;
};

/* The number of entries is the same in every arena, so that nothing depends on the shape. */
struct socket_ring {
    struct ring_shared shared;
    _Atomic uint64_t entries[SOCKET_SLOTS_MAX];
};

struct socket_arena {
    alignas(PAGE_BYTES) _Atomic uint64_t epoch; /* written by netd; 0: not open */
    struct socket_ring ready;                   /* netd to client: slots with news */
    struct socket_ring kicks;                   /* client to netd */
    alignas(PAGE_BYTES) uint8_t text[SOCKET_TEXT_BYTES];
};

static_assert(sizeof(struct socket_record) == 48 && sizeof(struct socket_accepted) == 8 &&
                  sizeof(struct socket_name) == 24,
              "shared between programs");
static_assert(sizeof(struct socket_slot) == 4 * RING_LINE_BYTES, "shared between programs");
static_assert(sizeof(struct socket_arena) % PAGE_BYTES == 0, "slots follow");

/* --- where things lie ------------------------------------------------------------------------ */

static inline bool socket_is_ring_size(uint32_t bytes)
{
    return bytes >= SOCKET_RING_BYTES_MIN && bytes <= SOCKET_RING_BYTES_MAX &&
           (bytes & (bytes - 1)) == 0;
}

static inline bool socket_is_shape(struct socket_shape shape)
{
    return shape.slots >= 1 && shape.slots <= SOCKET_SLOTS_MAX &&
           socket_is_ring_size(shape.rx_bytes) && socket_is_ring_size(shape.tx_bytes);
}

/* Where the rings begin: behind the slots, on a page. */
static inline size_t socket_data_offset(struct socket_shape shape)
{
    size_t slots = shape.slots * sizeof(struct socket_slot); /* <= 128 KiB */
    return sizeof(struct socket_arena) + ((slots + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1));
}

/* Bytes of an arena of that shape, a multiple of the page: at most 129 MiB. */
static inline size_t socket_arena_bytes(struct socket_shape shape)
{
    return socket_data_offset(shape) + (size_t)shape.slots * (shape.rx_bytes + shape.tx_bytes);
}

static inline struct socket_slot *socket_slot_at(struct socket_arena *arena, uint32_t slot)
{
    return (struct socket_slot *)(void *)(arena + 1) + slot;
}

/* The rings of a slot < shape.slots. */
static inline uint8_t *socket_rx_data(struct socket_arena *arena, struct socket_shape shape,
                                      uint32_t slot)
{
    return (uint8_t *)arena + socket_data_offset(shape) +
           (size_t)slot * (shape.rx_bytes + shape.tx_bytes);
}

static inline uint8_t *socket_tx_data(struct socket_arena *arena, struct socket_shape shape,
                                      uint32_t slot)
{
    return socket_rx_data(arena, shape, slot) + shape.rx_bytes;
}

/* Where a new socket's index begins, when the client's of its slot stands there. */
static inline uint32_t socket_index_begin(uint32_t index)
{
    return (index + SOCKET_ALIGN_BYTES - 1) & ~(uint32_t)(SOCKET_ALIGN_BYTES - 1);
}

/* --- bytes of a ring, which may wrap ---------------------------------------------------------- */

static inline void socket_ring_put(uint8_t *data, uint32_t size, uint32_t index, const void *from,
                                   uint32_t bytes)
{
    uint32_t at = index & (size - 1);
    uint32_t first = bytes < size - at ? bytes : size - at; /* bytes <= size */
    memcpy(data + at, from, first);
    if (first < bytes) {
        memcpy(data, (const uint8_t *)from + first, bytes - first);
    }
}

static inline void socket_ring_get(const uint8_t *data, uint32_t size, uint32_t index, void *to,
                                   uint32_t bytes)
{
    uint32_t at = index & (size - 1);
    uint32_t first = bytes < size - at ? bytes : size - at;
    memcpy(to, data + at, first);
    if (first < bytes) {
        memcpy((uint8_t *)to + first, data, bytes - first);
    }
}

/* Records lie on multiples of SOCKET_ALIGN_BYTES, unless a client has broken its indexes. */
static inline bool socket_record_is_whole(uint32_t size, uint32_t index)
{
    return index % SOCKET_ALIGN_BYTES == 0 &&
           size - (index & (size - 1)) >= sizeof(struct socket_record);
}

static inline void socket_record_put(uint8_t *data, uint32_t size, uint32_t index,
                                     const struct socket_record *record)
{
    if (socket_record_is_whole(size, index)) {
        uint8_t *at = data + (index & (size - 1));
        memcpy(__builtin_assume_aligned(at, SOCKET_ALIGN_BYTES), record, sizeof(*record));
    } else {
        socket_ring_put(data, size, index, record, sizeof(*record));
    }
}

static inline void socket_record_get(const uint8_t *data, uint32_t size, uint32_t index,
                                     struct socket_record *record)
{
    if (socket_record_is_whole(size, index)) {
        const uint8_t *at = data + (index & (size - 1));
        memcpy(record, __builtin_assume_aligned(at, SOCKET_ALIGN_BYTES), sizeof(*record));
    } else {
        socket_ring_get(data, size, index, record, sizeof(*record));
    }
}

/* What a datagram of `bytes` takes in a ring. */
static inline uint32_t socket_record_bytes(uint32_t bytes)
{
    return (uint32_t)sizeof(struct socket_record) +
           ((bytes + SOCKET_ALIGN_BYTES - 1) & ~(uint32_t)(SOCKET_ALIGN_BYTES - 1));
}

/* --- words of requests ----------------------------------------------------------------------- */

static inline uint64_t socket_target(uint32_t epoch, uint32_t slot)
{
    return (uint64_t)epoch << 32 | slot;
}

static inline uint64_t socket_place(uint16_t port, uint16_t interface)
{
    return (uint64_t)interface << 16 | port;
}

/* --- the flags ------------------------------------------------------------------------------- */

/* True: it was clear, push the slot. Pairs with socket_flag_take. */
static inline MUST_CHECK bool socket_flag_raise(_Atomic uint32_t *flag)
{
    return atomic_exchange_explicit(flag, 1, memory_order_acq_rel) == 0;
}

/* After this, what the other published before it raised the flag is seen. */
static inline void socket_flag_take(_Atomic uint32_t *flag)
{
    (void)atomic_exchange_explicit(flag, 0, memory_order_acq_rel);
}
