/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket_file.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <abi/error.h>
#include <wherry/time.h>

#include "interfaces.h"
#include "news.h"
#include "personality.h"
#include "pool.h"
#include "process.h"
#include "socket_address.h"

enum { BIND_PLACE_WORDS = 3, FRAME_TYPES = SOCK_NONBLOCK | SOCK_CLOEXEC };

static struct pool pool = {.bytes = sizeof(struct socket)};

static const struct file_kind socket_kind;

static struct socket *socket_of_owner(struct network_owner *owner)
{
    return (struct socket *)(void *)((char *)owner - offsetof(struct socket, owner));
}

long socket_enter(struct socket *socket)
{
    if (socket->ended != 0) {
        return -socket->ended;
    }
    long error = network_open(); /* which may end it */
    return socket->ended != 0 ? -socket->ended : error;
}

long socket_ask(struct socket *socket, uint32_t label, uint64_t *values, int count)
{
    uint64_t first[NETWORK_VALUE_WORDS] = {0};
    for (int i = 0; i < count; i++) {
        first[i] = values[i];
    }
    long error = network_ask(label, socket->owner.slot, values, count);
    if (error == -ENETDOWN) {
        error = socket_enter(socket);
        if (error == 0) {
            error = network_ask(label, socket->owner.slot, first, count);
            memcpy(values, first, (size_t)count * sizeof(*values));
        }
    }
    return error;
}

long socket_wait(struct socket *socket, uint64_t time_out_ns, ticks_t *deadline)
{
    if (*deadline == 0) {
        *deadline = time_out_ns == 0 ? DEADLINE_FOREVER : personality_deadline(time_out_ns);
    }
    int error = news_wait(*deadline);
    if (socket->ended != 0) {
        return -socket->ended;
    }
    return error == OK ? 0 : error == E_TIMEOUT ? -EAGAIN : -EIO;
}

/* --- one slot after another ------------------------------------------------------------------- */

static void tell(struct network_owner *owner)
{
    file_tell(&socket_of_owner(owner)->file);
}

static void lose(struct network_owner *owner)
{
    struct socket *socket = socket_of_owner(owner);
    if (socket->type == SOCKET_STREAM && (socket->is_connecting || socket->was_connected)) {
        socket->ended = ECONNRESET;
    }
    socket->has_checked = false;
}

/* Asks netd for a slot. */
static MUST_CHECK long take_slot(struct socket *socket)
{
    uint64_t values[] = {socket->family, socket->type, (uint64_t)socket->protocol};
    long error = network_ask(SOCKET_MAKE, NETWORK_NO_SLOT, values, 3);
    return error != 0 ? error : network_own(&socket->owner, (uint32_t)values[0], &socket->slot);
}

/* Brings a new slot where the last one was. */
static MUST_CHECK long make_again(struct socket *socket)
{
    uint64_t words[BIND_PLACE_WORDS];
    long error = take_slot(socket);
    if (error == 0) {
        error = socket_set_again(socket);
    }
    if (error == 0 && socket->is_bound) {
        socket_name_words(&socket->bound, words);
        error = network_ask(SOCKET_BIND, socket->owner.slot, words, BIND_PLACE_WORDS);
    }
    if (error == 0 && socket->is_listening) {
        error = network_ask(SOCKET_LISTEN, socket->owner.slot,
                            &(uint64_t){(uint64_t)socket->backlog}, 1);
    }
    if (error == 0 && socket->has_peer) {
        socket_name_words(&socket->peer, words);
        error = network_ask(SOCKET_CONNECT, socket->owner.slot, words, BIND_PLACE_WORDS);
    }
    return error;
}

static void remake(struct network_owner *owner, bool may)
{
    struct socket *socket = socket_of_owner(owner);
    if (socket->ended == 0 && owner->slot == NETWORK_NO_SLOT && (!may || make_again(socket) != 0)) {
        socket->ended = ENETDOWN;
    }
    file_tell(&socket->file);
}

/* A socket that has no slot yet. */
static MUST_CHECK struct socket *make(enum socket_family family, enum socket_type type, int flags)
{
    struct socket *socket = pool_take(&pool);
    if (socket != NULL) {
        socket->file.kind = &socket_kind;
        socket->file.flags = O_RDWR | ((flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0);
        socket->owner = (struct network_owner){
            .slot = NETWORK_NO_SLOT, .tell = tell, .lose = lose, .remake = remake};
        socket->family = family;
        socket->type = type;
    }
    return socket;
}

/* Gives the slot back, if there is one, and the socket. */
static void unmake(struct socket *socket, enum socket_close how)
{
    uint32_t slot = socket->owner.slot;
    network_leave(&socket->owner);
    if (slot != NETWORK_NO_SLOT) {
        long error = network_ask(SOCKET_CLOSE, slot, &(uint64_t){how}, 1);
        (void)error; /* it is gone in any case */
    }
    pool_give(&pool, socket);
}

/* --- socket ----------------------------------------------------------------------------------- */

/* What SOCK_ and IPPROTO_ mean to netd. */
static MUST_CHECK long decode_type(int domain, int type, int protocol, enum socket_type *kind)
{
    int icmp = domain == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    switch (type) {
    case SOCK_STREAM:
        *kind = SOCKET_STREAM;
        return protocol == 0 || protocol == IPPROTO_TCP ? 0 : -EPROTONOSUPPORT;
    case SOCK_DGRAM:
        *kind = protocol == icmp ? SOCKET_ICMP : SOCKET_DATAGRAM;
        return protocol == 0 || protocol == IPPROTO_UDP || protocol == icmp ? 0 : -EPROTONOSUPPORT;
    case SOCK_RAW:
        *kind = SOCKET_RAW;
        return protocol > 0 && protocol < IPPROTO_MAX ? 0 : -EPROTONOSUPPORT;
    case SOCK_RDM:
    case SOCK_SEQPACKET: return -ESOCKTNOSUPPORT;
    default: return -EINVAL;
    }
}

long socket_make(int domain, int type, int protocol)
{
    enum socket_type kind;
    if (domain != AF_INET && domain != AF_INET6) {
        return -EAFNOSUPPORT;
    }
    long error = decode_type(domain, type & ~FRAME_TYPES, protocol, &kind);
    if (error == 0) {
        error = network_open();
    }
    if (error != 0) {
        return error;
    }
    struct socket *socket = make(domain == AF_INET ? SOCKET_IP4 : SOCKET_IP6, kind, type);
    if (socket == NULL) {
        return -ENOMEM;
    }
    socket->protocol = protocol;
    error = take_slot(socket);
    if (error == -ENETDOWN && network_open() == 0) {
        error = take_slot(socket); /* netd was started again meanwhile */
    }
    long descriptor = error == 0 ? descriptors_add(&socket->file, type & SOCK_CLOEXEC, 0) : error;
    if (descriptor < 0) {
        unmake(socket, SOCKET_CLOSE_RESET);
    }
    return descriptor;
}

/* --- bind, listen, connect, accept ------------------------------------------------------------ */

static long socket_bind(struct file *file, const struct sockaddr *address, socklen_t bytes)
{
    struct socket *socket = socket_of(file);
    struct socket_name name;
    uint64_t words[BIND_PLACE_WORDS];
    long error = socket_address_decode(socket->family, false, address, bytes, &name);
    if (error == 0) {
        error = socket_enter(socket);
    }
    if (error == 0) {
        socket_name_words(&name, words);
        error = socket_ask(socket, SOCKET_BIND, words, BIND_PLACE_WORDS);
    }
    if (error == 0) {
        socket->is_bound = true;
        socket->bound = name;
        socket->bound.port = slot_name(&socket->slot, false).port;
        if (socket->type == SOCKET_DATAGRAM && name.port != 0) {
            process_listens(); /* it needs no other call to be heard of */
        }
    }
    return error;
}

static long socket_listen(struct file *file, int backlog)
{
    struct socket *socket = socket_of(file);
    int most = backlog < SOCKET_BACKLOG_MAX ? backlog : SOCKET_BACKLOG_MAX;
    long error = socket->type == SOCKET_STREAM ? socket_enter(socket) : -EOPNOTSUPP;
    if (error != 0) {
        return error;
    }
    socket->backlog = most > 0 ? most : 1;
    error = socket_ask(socket, SOCKET_LISTEN, &(uint64_t){(uint64_t)socket->backlog}, 1);
    if (error == 0) {
        socket->is_listening = true;
        process_listens();
        if (!socket->is_bound) {
            socket->is_bound = true;
            socket->bound = slot_name(&socket->slot, false);
        }
    }
    return error;
}

long socket_finish_connect(struct socket *socket, bool may_wait)
{
    ticks_t deadline = 0;
    for (;;) {
        uint32_t state = slot_state(&socket->slot);
        if ((state & SOCKET_CONNECTED) != 0) {
            socket->is_connecting = false;
            socket->was_connected = true;
            return 0;
        }
        if ((state & SOCKET_FAILED) != 0 || socket->slot.is_broken) {
            int reason = slot_take_error(&socket->slot);
            socket->is_connecting = false;
            return reason != 0 ? -reason : -ECONNABORTED;
        }
        long error = may_wait ? socket_wait(socket, socket->tx_time_out_ns, &deadline) : -EAGAIN;
        if (error != 0) {
            return error == -EAGAIN ? -EINPROGRESS : error;
        }
    }
}

/* A connection that could not be made leaves a slot that is of no further use. */
static MUST_CHECK long renew_failed(struct socket *socket)
{
    uint32_t slot = socket->owner.slot;
    if ((slot_state(&socket->slot) & SOCKET_FAILED) == 0 || socket->was_connected) {
        return 0;
    }
    network_disown(&socket->owner);
    long error = network_ask(SOCKET_CLOSE, slot, &(uint64_t){SOCKET_CLOSE_RESET}, 1);
    return error != 0 ? error : make_again(socket);
}

static MUST_CHECK long connect_stream(struct socket *socket, const struct socket_name *name)
{
    uint64_t words[BIND_PLACE_WORDS];
    bool may_wait = !file_is_nonblocking(&socket->file);
    if (socket->is_connecting) {
        long error = socket_finish_connect(socket, may_wait);
        return error == -EINPROGRESS ? -EALREADY : error;
    }
    long error = renew_failed(socket);
    if (error == 0) {
        socket_name_words(name, words);
        error = socket_ask(socket, SOCKET_CONNECT, words, BIND_PLACE_WORDS);
    }
    if (error != 0) {
        return error;
    }
    socket->is_connecting = true;
    return socket_finish_connect(socket, may_wait);
}

static long socket_connect(struct file *file, const struct sockaddr *address, socklen_t bytes)
{
    struct socket *socket = socket_of(file);
    struct socket_name name;
    uint64_t words[BIND_PLACE_WORDS];
    bool is_stream = socket->type == SOCKET_STREAM;
    long error = socket_address_decode(socket->family, !is_stream, address, bytes, &name);
    if (error == 0) {
        error = socket_enter(socket);
    }
    if (error != 0 || is_stream) {
        return error != 0 ? error : connect_stream(socket, &name);
    }
    socket_name_words(&name, words);
    error = socket_ask(socket, SOCKET_CONNECT, words, BIND_PLACE_WORDS);
    if (error == 0) {
        socket->has_peer = address->sa_family != AF_UNSPEC;
        socket->peer = name;
        socket->has_checked = false;
    }
    return error;
}

/* The socket of the next connection, whose slot is ours from now on. */
static MUST_CHECK long take_accepted(struct socket *listener, int flags, struct socket **taken)
{
    uint32_t number;
    if (!slot_accepted_look(&listener->slot, &number)) {
        return listener->slot.is_broken ? -EIO : -EAGAIN;
    }
    if (!descriptors_have_room()) {
        return -EMFILE;
    }
    struct socket *socket = make(listener->family, SOCKET_STREAM, flags);
    if (socket == NULL) {
        return -ENOMEM;
    }
    slot_accepted_take(&listener->slot);
    if (slot_must_tell_room(&listener->slot)) {
        socket_kick(listener);
    }
    if (network_own(&socket->owner, number, &socket->slot) != 0) {
        pool_give(&pool, socket);
        return -ECONNABORTED;
    }
    socket->was_connected = true;
    *taken = socket;
    return 0;
}

static long socket_accept(struct file *file, struct sockaddr *address, socklen_t *bytes, int flags)
{
    struct socket *socket = socket_of(file), *taken = NULL;
    ticks_t deadline = 0;
    if ((flags & ~FRAME_TYPES) != 0) {
        return -EINVAL;
    }
    if (address != NULL && bytes == NULL) {
        return -EFAULT;
    }
    if (socket->type != SOCKET_STREAM) {
        return -EOPNOTSUPP;
    }
    long error = socket_enter(socket);
    if (error == 0 && !socket->is_listening) {
        error = -EINVAL;
    }
    while (error == 0 && (error = take_accepted(socket, flags, &taken)) == -EAGAIN &&
           !file_is_nonblocking(file)) {
        error = socket_wait(socket, socket->rx_time_out_ns, &deadline);
    }
    if (error != 0) {
        return error;
    }
    struct socket_name peer = slot_name(&taken->slot, true);
    error = socket_address_give(taken->family, &peer, address, bytes);
    if (error == 0) {
        error = descriptors_add(&taken->file, flags & SOCK_CLOEXEC, 0);
    }
    if (error < 0) {
        unmake(taken, SOCKET_CLOSE_RESET);
    }
    return error;
}

/* --- names, shutdown, close ------------------------------------------------------------------- */

static long name(struct file *file, bool of_peer, struct sockaddr *address, socklen_t *bytes)
{
    struct socket *socket = socket_of(file);
    if (address == NULL || bytes == NULL) {
        return -EFAULT;
    }
    long error = socket_enter(socket);
    if (error != 0) {
        return error;
    }
    if (of_peer && (slot_state(&socket->slot) & SOCKET_CONNECTED) == 0) {
        return -ENOTCONN;
    }
    struct socket_name named = slot_name(&socket->slot, of_peer);
    return socket_address_give(socket->family, &named, address, bytes);
}

static long socket_shutdown(struct file *file, int how)
{
    struct socket *socket = socket_of(file);
    uint64_t side = how == SHUT_RD   ? SOCKET_SIDE_RX
                    : how == SHUT_WR ? SOCKET_SIDE_TX
                                     : SOCKET_SIDE_BOTH;
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) {
        return -EINVAL;
    }
    long error = socket_enter(socket);
    if (error == 0) {
        error = socket_ask(socket, SOCKET_SHUTDOWN, &(uint64_t){side}, 1);
    }
    if (error == 0) {
        socket->is_rx_shut |= (side & SOCKET_SIDE_RX) != 0;
        socket->is_tx_shut |= (side & SOCKET_SIDE_TX) != 0;
        file_tell(file);
    }
    return error;
}

/* SO_LINGER: waits until the peer has everything, but not longer. */
static void linger(struct socket *socket)
{
    ticks_t deadline = 0;
    uint64_t ns = (uint64_t)socket->linger.l_linger * NS_PER_SECOND;
    while (socket->ended == 0 && !socket->slot.is_broken &&
           (slot_state(&socket->slot) & SOCKET_FAILED) == 0) {
        slot_want_space(&socket->slot);
        if (slot_tx_is_empty(&socket->slot) || socket_wait(socket, ns, &deadline) != 0) {
            return;
        }
    }
}

static void socket_close(struct file *file)
{
    struct socket *socket = socket_of(file);
    bool is_reset = socket->linger.l_onoff != 0 && socket->linger.l_linger == 0;
    if (socket->linger.l_onoff != 0 && socket->linger.l_linger > 0 &&
        socket->type == SOCKET_STREAM && socket->owner.slot != NETWORK_NO_SLOT &&
        !file_is_nonblocking(file)) {
        linger(socket);
    }
    unmake(socket, is_reset ? SOCKET_CLOSE_RESET : SOCKET_CLOSE_GENTLE);
}

/* --- as files --------------------------------------------------------------------------------- */

static long read_parts(struct file *file, const struct transfer *to)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)to->parts};
    message.msg_iovlen = (__typeof__(message.msg_iovlen))to->count;
    return socket_receive(file, &message, 0);
}

static long write_parts(struct file *file, const struct transfer *from)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)from->parts};
    message.msg_iovlen = (__typeof__(message.msg_iovlen))from->count;
    return socket_send(file, &message, 0);
}

static long control(struct file *file, unsigned long request, void *argument)
{
    struct socket *socket = socket_of(file);
    struct slot_datagram datagram = {.bytes = 0};
    if (request == SIOCATMARK && socket->type == SOCKET_STREAM) {
        *(int *)argument = 0; /* there is no urgent data, and so no mark */
        return 0;
    }
    if (request != FIONREAD) {
        return interfaces_control(request, argument);
    }
    long error = socket_enter(socket);
    if (error != 0 || socket->is_listening) {
        return error != 0 ? error : -EINVAL;
    }
    bool is_stream = socket->type == SOCKET_STREAM;
    if (!is_stream && !slot_datagram_look(&socket->slot, &datagram)) {
        datagram.bytes = 0;
    }
    *(int *)argument = (int)(is_stream ? slot_rx_filled(&socket->slot) : datagram.bytes);
    return 0;
}

static const struct socket_calls calls = {
    .bind = socket_bind,
    .listen = socket_listen,
    .connect = socket_connect,
    .accept = socket_accept,
    .shutdown = socket_shutdown,
    .name = name,
    .set = socket_set,
    .get = socket_get,
    .send = socket_send,
    .receive = socket_receive,
};

static const struct file_kind socket_kind = {
    .read = read_parts,
    .write = write_parts,
    .control = control,
    .ready = socket_ready,
    .arm = socket_arm,
    .close = socket_close,
    .socket = &calls,
    .mode = S_IFSOCK | S_IRUSR | S_IWUSR,
};
