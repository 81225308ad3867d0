/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets as open files: socket_file.c makes, names, joins and ends them, socket_transfer.c moves
 * bytes, socket_options.c has the options.
 *
 * Blocking happens here and nowhere else: netd always answers at once, and what takes time is
 * waited for in the slot. When netd was started again, a connection is gone (ECONNRESET); every
 * other socket gets a new slot with its options, address and peer, or ENETDOWN.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/socket.h>

#include "descriptors.h"
#include "network.h"
#include "slot.h"

enum { SOCKET_GROUPS_KEPT = 4 }; /* joined again after netd was started again; others are not */

/* What is told beside a received datagram. */
enum socket_extra {
    EXTRA_PLACE = 1 << 0, /* IP_PKTINFO, IPV6_PKTINFO */
    EXTRA_HOPS = 1 << 1,  /* IP_TTL, IPV6_HOPLIMIT */
    EXTRA_CLASS = 1 << 2, /* IP_TOS, IPV6_TCLASS */
};

struct socket {
    struct file file; /* first, so that the file is the socket */
    struct network_owner owner;
    struct slot slot; /* without a meaning while owner.slot is NETWORK_NO_SLOT */
    enum socket_family family;
    enum socket_type type;
    int protocol;

    bool is_listening;
    bool is_connecting; /* a connect has begun whose end was not told yet */
    bool was_connected;
    bool is_rx_shut;
    bool is_tx_shut;
    int ended; /* errno of every further call; 0: of use */

    uint64_t rx_time_out_ns; /* 0: none */
    uint64_t tx_time_out_ns;
    struct linger linger;
    uint32_t extras; /* enum socket_extra */

    struct socket_name checked; /* netd lets datagrams go there */
    bool has_checked;

    /* For the next slot. */
    struct socket_name bound;
    struct socket_name peer;
    int backlog;
    bool is_bound;
    bool has_peer;
    uint32_t options_set; /* a bit for each enum socket_option */
    uint32_t options[SOCKET_OPTIONS_END];
    struct socket_name groups[SOCKET_GROUPS_KEPT]; /* address and interface; port 1: in use */
};

static inline struct socket *socket_of(struct file *file)
{
    return (struct socket *)file;
}

/* Begins a call: the arena is open. A negative errno: the socket is of no use. */
MUST_CHECK long socket_enter(struct socket *socket);

/* As network_ask, of this socket; once more if netd was started again and the socket lives. */
MUST_CHECK long socket_ask(struct socket *socket, uint32_t label, uint64_t *values, int count);

/*
 * Sleeps until something may have changed. `*deadline` is 0 at the first time of a call, and set
 * then. EAGAIN: the time is over. Else why the socket is of no use any more.
 */
MUST_CHECK long socket_wait(struct socket *socket, uint64_t time_out_ns, ticks_t *deadline);

/* Tells netd about the socket's slot. */
static inline void socket_kick(struct socket *socket)
{
    network_kick(&socket->slot, socket->owner.slot);
}

/* Waits for the end of a connect that has begun. */
MUST_CHECK long socket_finish_connect(struct socket *socket, bool may_wait);

/* --- socket_transfer.c ------------------------------------------------------------------------ */

MUST_CHECK long socket_send(struct file *file, const struct msghdr *message, int flags);
MUST_CHECK long socket_receive(struct file *file, struct msghdr *message, int flags);
MUST_CHECK uint32_t socket_ready(struct file *file, uint32_t asked);
void socket_arm(struct file *file, uint32_t events);

/* --- socket_options.c ------------------------------------------------------------------------- */

MUST_CHECK long socket_set(struct file *file, int level, int name, const void *value,
                           socklen_t bytes);
MUST_CHECK long socket_get(struct file *file, int level, int name, void *value, socklen_t *bytes);

/* Gives a new slot all that was set. */
MUST_CHECK long socket_set_again(struct socket *socket);

/* The calls as they are under their C functions. */
MUST_CHECK long socket_make(int domain, int type, int protocol);
