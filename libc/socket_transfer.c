/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: bytes and datagrams in and out, and what a socket is ready for.
 */
#include "socket_file.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "socket_address.h"

enum {
    SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE | MSG_EOR | MSG_CONFIRM | MSG_DONTROUTE,
    RECEIVE_FLAGS =
        MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC,
    DATAGRAM_BYTES_MAX = 65507, /* of UDP in IPv4 */
    READ_EVENTS = POLLIN | POLLRDNORM,
    WRITE_EVENTS = POLLOUT | POLLWRNORM,
};

static bool may_wait(const struct socket *socket, int flags)
{
    return !file_is_nonblocking(&socket->file) && (flags & MSG_DONTWAIT) == 0;
}

/* --- send ------------------------------------------------------------------------------------- */

/* Whether bytes may be put into the send ring of a stream: 0, or why not. */
static MUST_CHECK long check_stream_send(struct socket *socket, bool waits)
{
    uint32_t state = slot_state(&socket->slot);
    if (socket->is_connecting && !socket->is_tx_shut) {
        long error = socket_finish_connect(socket, waits);
        return error == -EINPROGRESS ? -EAGAIN : error;
    }
    if ((state & SOCKET_FAILED) != 0 || socket->slot.is_broken) {
        int error = slot_take_error(&socket->slot);
        return error != 0 ? -error : -EPIPE;
    }
    return socket->is_tx_shut || (state & SOCKET_CONNECTED) == 0 ? -EPIPE : 0;
}

static MUST_CHECK long send_stream(struct socket *socket, const struct transfer *from, bool waits)
{
    size_t done = 0;
    ticks_t deadline = 0;
    for (;;) {
        long error = check_stream_send(socket, waits);
        size_t put = error == 0 ? slot_stream_write(&socket->slot, from, done) : 0;
        if (put > 0) {
            socket_kick(socket);
            done += put;
        }
        if (error == 0 && done == from->bytes) {
            return (long)done;
        }
        if (error == 0 && socket->slot.is_broken) {
            continue; /* which was not known before */
        }
        if (error == 0 && waits) {
            slot_want_space(&socket->slot);
            if (slot_tx_room(&socket->slot) > 0) {
                continue;
            }
            error = socket_wait(socket, socket->tx_time_out_ns, &deadline);
        } else if (error == 0) {
            error = -EAGAIN;
        }
        if (error != 0) {
            return done > 0 ? (long)done : error;
        }
    }
}

/* Where a datagram goes, which netd has agreed to: all zero for the peer. */
static MUST_CHECK long find_destination(struct socket *socket, const struct msghdr *message,
                                        struct socket_name *to)
{
    uint64_t words[3];
    memset(to, 0, sizeof(*to));
    if (message->msg_name == NULL) {
        return socket->has_peer ? 0 : -EDESTADDRREQ;
    }
    long error =
        socket_address_decode(socket->family, false, message->msg_name, message->msg_namelen, to);
    if (error != 0 || (socket->has_checked && socket_name_is_same(to, &socket->checked))) {
        return error;
    }
    socket_name_words(to, words);
    error = socket_ask(socket, SOCKET_CHECK, words, 3);
    if (error == 0) {
        socket->checked = *to;
        socket->has_checked = true;
    }
    return error;
}

/* A socket for ICMP alone sends whole echo requests and nothing else. */
static MUST_CHECK bool is_sendable(const struct socket *socket, const struct transfer *from)
{
    uint8_t header[8]; /* [RFC 792], [RFC 4443 §4.1] */
    if (socket->type != SOCKET_ICMP) {
        return true;
    }
    if (from->bytes < sizeof(header)) {
        return false;
    }
    transfer_take(from, 0, header, sizeof(header));
    return header[0] == (socket->family == SOCKET_IP4 ? 8 : 128) && header[1] == 0;
}

static MUST_CHECK long send_datagram(struct socket *socket, const struct msghdr *message,
                                     const struct transfer *from, bool waits)
{
    struct socket_name to;
    ticks_t deadline = 0;
    if (message->msg_control != NULL && message->msg_controllen > 0) {
        return -EOPNOTSUPP; /* nothing beside a datagram reaches netd */
    }
    long error = is_sendable(socket, from) ? find_destination(socket, message, &to) : -EINVAL;
    if (error != 0) {
        return error;
    }
    while (error == 0) {
        int reason = slot_take_error(&socket->slot);
        if (reason != 0 || socket->is_tx_shut) {
            return reason != 0 ? -reason : -EPIPE;
        }
        if (from->bytes > DATAGRAM_BYTES_MAX || !slot_datagram_fits(&socket->slot, from->bytes)) {
            return -EMSGSIZE;
        }
        if (slot_datagram_write(&socket->slot, &to, from)) {
            socket_kick(socket);
            return (long)from->bytes;
        }
        slot_want_space(&socket->slot);
        if (slot_datagram_write(&socket->slot, &to, from)) {
            socket_kick(socket);
            return (long)from->bytes;
        }
        if (!socket->slot.is_broken) {
            error = waits ? socket_wait(socket, socket->tx_time_out_ns, &deadline) : -EAGAIN;
        }
    }
    return error;
}

long socket_send(struct file *file, const struct msghdr *message, int flags)
{
    struct socket *socket = socket_of(file);
    struct transfer from;
    if ((flags & ~SEND_FLAGS) != 0) {
        return -EOPNOTSUPP;
    }
    long error = transfer_check(message->msg_iov, (long)message->msg_iovlen, &from);
    if (error == 0) {
        error = socket_enter(socket);
    }
    if (error != 0) {
        return error;
    }
    return socket->type == SOCKET_STREAM
               ? send_stream(socket, &from, may_wait(socket, flags))
               : send_datagram(socket, message, &from, may_wait(socket, flags));
}

/* --- receive ---------------------------------------------------------------------------------- */

/* Nothing follows: the error that nobody took, or the end, which is 0. */
static MUST_CHECK long end_of_stream(struct socket *socket)
{
    int error = socket->is_rx_shut ? 0 : slot_take_error(&socket->slot);
    socket->is_connecting = false;
    return -error;
}

/* Tells netd that there is room again, if it waits for that. */
static void give_room(struct socket *socket)
{
    if (slot_must_tell_room(&socket->slot)) {
        socket_kick(socket);
    }
}

static MUST_CHECK long receive_stream(struct socket *socket, const struct transfer *to, int flags)
{
    bool peek = (flags & MSG_PEEK) != 0;
    size_t done = 0, wanted = (flags & MSG_WAITALL) == 0 ? 1 : to->bytes;
    ticks_t deadline = 0;
    if (peek && wanted > socket->slot.rx_bytes) {
        wanted = socket->slot.rx_bytes; /* more can never stand there */
    }
    for (;;) {
        uint32_t state = slot_state(&socket->slot); /* before the bytes */
        size_t got = slot_stream_read(&socket->slot, to, done, peek);
        if (got > 0 && !peek) {
            give_room(socket);
        }
        size_t all = done + got;
        done = peek ? 0 : all;
        if (all >= wanted || to->bytes == 0) {
            return (long)all;
        }
        long error = 0;
        if (socket->is_rx_shut || (state & (SOCKET_EOF | SOCKET_FAILED)) != 0 ||
            socket->slot.is_broken) {
            return all > 0 ? (long)all : end_of_stream(socket);
        }
        if ((state & (SOCKET_CONNECTED | SOCKET_CONNECTING)) == 0) {
            error = -ENOTCONN;
        } else if (!may_wait(socket, flags)) {
            error = -EAGAIN;
        } else {
            error = socket_wait(socket, socket->rx_time_out_ns, &deadline);
        }
        if (error != 0) {
            return all > 0 ? (long)all : error;
        }
    }
}

/* Appends one control message; false: it does not fit, which is said. */
static bool put_extra(struct msghdr *message, size_t *used, int level, int type, const void *data,
                      size_t bytes)
{
    struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type};
    header.cmsg_len = (__typeof__(header.cmsg_len))CMSG_LEN(bytes);
    if (message->msg_control == NULL || message->msg_controllen - *used < CMSG_LEN(bytes)) {
        message->msg_flags |= MSG_CTRUNC;
        return false;
    }
    char *at = (char *)message->msg_control + *used;
    memcpy(at, &header, sizeof(header));
    memcpy(at + CMSG_LEN(0), data, bytes);
    size_t space = CMSG_SPACE(bytes), left = message->msg_controllen - *used;
    *used += space < left ? space : left;
    return true;
}

static void put_extras(const struct socket *socket, const struct socket_record *record,
                       struct msghdr *message)
{
    bool is_ip4 = socket->family == SOCKET_IP4;
    int level = is_ip4 ? IPPROTO_IP : IPPROTO_IPV6;
    size_t used = 0;
    bool fits = true;
    if ((socket->extras & EXTRA_PLACE) != 0 && is_ip4) {
        struct in_addr at = socket_address_unmap(record->destination);
        struct in_pktinfo place = {
            .ipi_ifindex = record->name.interface, .ipi_spec_dst = at, .ipi_addr = at};
        fits = put_extra(message, &used, level, IP_PKTINFO, &place, sizeof(place));
    } else if ((socket->extras & EXTRA_PLACE) != 0) {
        struct in6_pktinfo place = {.ipi6_ifindex = record->name.interface};
        memcpy(&place.ipi6_addr, record->destination, sizeof(place.ipi6_addr));
        fits = put_extra(message, &used, level, IPV6_PKTINFO, &place, sizeof(place));
    }
    if (fits && (socket->extras & EXTRA_HOPS) != 0) {
        fits = put_extra(message, &used, level, is_ip4 ? IP_TTL : IPV6_HOPLIMIT,
                         &(int){record->hops}, sizeof(int));
    }
    if (fits && (socket->extras & EXTRA_CLASS) != 0 && is_ip4) {
        fits = put_extra(message, &used, level, IP_TOS, &record->traffic_class, 1);
    } else if (fits && (socket->extras & EXTRA_CLASS) != 0) {
        fits = put_extra(message, &used, level, IPV6_TCLASS, &(int){record->traffic_class},
                         sizeof(int));
    }
    (void)fits; /* what was left out is told by MSG_CTRUNC */
    message->msg_controllen = (__typeof__(message->msg_controllen))used;
}

static MUST_CHECK long give_datagram(struct socket *socket, const struct slot_datagram *datagram,
                                     const struct transfer *to, struct msghdr *message, int flags)
{
    size_t copied = slot_datagram_read(&socket->slot, datagram, to, (flags & MSG_PEEK) != 0);
    message->msg_flags = copied < datagram->bytes ? MSG_TRUNC : 0;
    put_extras(socket, &datagram->record, message);
    long error = socket_address_give(socket->family, &datagram->record.name, message->msg_name,
                                     &message->msg_namelen);
    if (error != 0) {
        return error;
    }
    return (flags & MSG_TRUNC) != 0 ? (long)datagram->bytes : (long)copied;
}

static MUST_CHECK long receive_datagram(struct socket *socket, const struct transfer *to,
                                        struct msghdr *message, int flags)
{
    struct slot_datagram datagram;
    ticks_t deadline = 0;
    for (;;) {
        int reason = slot_take_error(&socket->slot);
        if (reason != 0) {
            return -reason;
        }
        if (slot_datagram_look(&socket->slot, &datagram)) {
            return give_datagram(socket, &datagram, to, message, flags);
        }
        if (socket->slot.is_broken) {
            continue; /* which was not known before */
        }
        if (socket->is_rx_shut) {
            return 0;
        }
        long error = may_wait(socket, flags)
                         ? socket_wait(socket, socket->rx_time_out_ns, &deadline)
                         : -EAGAIN;
        if (error != 0) {
            return error;
        }
    }
}

long socket_receive(struct file *file, struct msghdr *message, int flags)
{
    struct socket *socket = socket_of(file);
    struct transfer to;
    if ((flags & ~RECEIVE_FLAGS) != 0) { /* a stream could have urgent data, and has none */
        return (flags & MSG_OOB) != 0 && socket->type == SOCKET_STREAM ? -EINVAL : -EOPNOTSUPP;
    }
    long error = transfer_check(message->msg_iov, (long)message->msg_iovlen, &to);
    if (error == 0) {
        error = socket_enter(socket);
    }
    if (error != 0) {
        return error;
    }
    if (socket->type != SOCKET_STREAM) {
        return receive_datagram(socket, &to, message, flags);
    }
    message->msg_flags = 0;
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    return socket->is_listening ? -ENOTCONN : receive_stream(socket, &to, flags);
}

/* --- readiness -------------------------------------------------------------------------------- */

/* Whether it is worth writing: looked at for who asks, and to end what an earlier one asked for. */
static MUST_CHECK bool is_writable(struct slot *slot, uint32_t asked)
{
    return ((asked & WRITE_EVENTS) != 0 || slot_wants_space(slot)) && slot_tx_is_writable(slot);
}

static MUST_CHECK uint32_t stream_ready(struct socket *socket, uint32_t asked)
{
    struct slot *slot = &socket->slot;
    uint32_t state = slot_state(slot), events = 0;
    if (socket->is_listening) {
        return slot_rx_filled(slot) > 0 ? READ_EVENTS : 0;
    }
    if ((state & SOCKET_FAILED) != 0 || slot->is_broken) {
        events = READ_EVENTS | WRITE_EVENTS | POLLHUP | POLLRDHUP;
        return slot_error(slot) != 0 ? events | POLLERR : events;
    }
    if ((state & (SOCKET_CONNECTED | SOCKET_CONNECTING | SOCKET_EOF | SOCKET_SHUT)) == 0) {
        return WRITE_EVENTS | POLLHUP; /* never connected */
    }
    if (slot_rx_filled(slot) > 0) {
        events |= READ_EVENTS;
    }
    if ((state & SOCKET_EOF) != 0 || socket->is_rx_shut) {
        events |= READ_EVENTS | POLLRDHUP | (socket->is_tx_shut ? POLLHUP : 0);
    }
    if (socket->is_tx_shut || ((state & SOCKET_CONNECTED) != 0 && is_writable(slot, asked))) {
        events |= WRITE_EVENTS;
    }
    return events;
}

static MUST_CHECK uint32_t datagram_ready(struct socket *socket, uint32_t asked)
{
    struct slot *slot = &socket->slot;
    uint32_t events = slot_rx_filled(slot) > 0 ? READ_EVENTS : 0;
    events |= is_writable(slot, asked) ? WRITE_EVENTS : 0;
    events |= socket->is_rx_shut ? READ_EVENTS | POLLRDHUP : 0;
    return slot_error(slot) != 0 ? events | READ_EVENTS | WRITE_EVENTS | POLLERR : events;
}

uint32_t socket_ready(struct file *file, uint32_t asked)
{
    struct socket *socket = socket_of(file);
    if (socket_enter(socket) != 0) {
        return READ_EVENTS | WRITE_EVENTS | POLLERR | POLLHUP | POLLRDHUP;
    }
    return socket->type == SOCKET_STREAM ? stream_ready(socket, asked)
                                         : datagram_ready(socket, asked);
}

void socket_arm(struct file *file, uint32_t events)
{
    struct socket *socket = socket_of(file);
    if ((events & WRITE_EVENTS) != 0 && socket_enter(socket) == 0) {
        slot_want_space(&socket->slot);
    }
}
