/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about packets of sockets: a connection that begins, a datagram to a peer.
 *
 * An error quotes the packet it is about. It counts only if the quote names both ends of a socket,
 * and of TCP the one segment a connection begins with; an established connection has its own
 * time-outs and listens to nobody. [RFC 1122 §3.2.2.1, §4.2.3.9] [RFC 5927 §4]
 */
#include "socket.h"

#include <errno.h>

#include <lwip/tcp.h>
#include <lwip/udp.h>

#include <base/bytes.h>

#include "checksum.h"
#include "lwip/port.h"

enum {
    UNREACHABLE = 3,
    TIME_EXCEEDED = 11,
    NET_UNREACHABLE = 0,
    PROTOCOL_UNREACHABLE = 2,
    PORT_UNREACHABLE = 3,
    FRAGMENTATION_NEEDED = 4,
    ERROR_HEADER_BYTES = 8,
    IP4_HEADER_BYTES = 20,
    TRANSPORT_BYTES = 8, /* that every error quotes at least [RFC 792] */
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
};

/* The packet that an error is about, as its sender wrote it. */
struct quote {
    uint8_t protocol;
    ip_addr_t local;
    ip_addr_t peer;
    uint16_t local_port;
    uint16_t peer_port;
    uint32_t sequence; /* of TCP */
};

static ip_addr_t ip4_at(const uint8_t *bytes)
{
    ip_addr_t address;
    ip_addr_set_ip4_u32_val(address, lwip_htonl(bytes_get_be32(bytes)));
    return address;
}

static MUST_CHECK bool read_quote(const uint8_t *at, size_t len, struct quote *quote)
{
    size_t header = len < IP4_HEADER_BYTES ? 0 : (size_t)(at[0] & 15) * 4;
    if (header < IP4_HEADER_BYTES || at[0] >> 4 != 4 || len < header ||
        len - header < TRANSPORT_BYTES) {
        return false;
    }
    const uint8_t *transport = at + header;
    *quote = (struct quote){
        .protocol = at[9],
        .local = ip4_at(at + 12),
        .peer = ip4_at(at + 16),
        .local_port = bytes_get_be16(transport),
        .peer_port = bytes_get_be16(transport + 2),
        .sequence = bytes_get_be32(transport + 4),
    };
    return true;
}

static bool is_about_stream(const struct socket *socket, const struct quote *quote)
{
    const struct tcp_pcb *pcb = socket->tcp;
    return socket->type == SOCKET_STREAM && pcb != NULL &&
           (socket->state & SOCKET_CONNECTING) != 0 && pcb->local_port == quote->local_port &&
           pcb->remote_port == quote->peer_port && ip_addr_eq(&pcb->local_ip, &quote->local) &&
           ip_addr_eq(&pcb->remote_ip, &quote->peer) && pcb->snd_nxt - 1 == quote->sequence;
}

static bool is_about_datagram(const struct socket *socket, const struct quote *quote)
{
    const struct udp_pcb *pcb = socket->udp;
    return socket->type == SOCKET_DATAGRAM && pcb != NULL &&
           (socket->state & SOCKET_CONNECTED) != 0 && pcb->local_port == quote->local_port &&
           pcb->remote_port == quote->peer_port && ip_addr_eq(&pcb->remote_ip, &quote->peer);
}

static int error_of(uint8_t type, uint8_t code)
{
    if (type == TIME_EXCEEDED) {
        return EHOSTUNREACH;
    }
    switch (code) {
    case NET_UNREACHABLE: return ENETUNREACH;
    case PROTOCOL_UNREACHABLE:
    case PORT_UNREACHABLE: return ECONNREFUSED;
    default: return EHOSTUNREACH;
    }
}

void sockets_unreachable(struct sockets *sockets, const uint8_t *message, size_t len)
{
    struct quote quote;
    if (len < ERROR_HEADER_BYTES || (message[0] != UNREACHABLE && message[0] != TIME_EXCEEDED) ||
        (message[0] == UNREACHABLE && message[1] == FRAGMENTATION_NEEDED) ||
        !checksum_is_good(checksum_partial(message, len)) ||
        !read_quote(message + ERROR_HEADER_BYTES, len - ERROR_HEADER_BYTES, &quote)) {
        return;
    }
    int error = error_of(message[0], message[1]);
    for (uint32_t i = 0; i < sockets->used; i++) {
        struct socket *socket = &sockets->socket[i];
        if (socket->life != LIFE_OWNED) {
            continue;
        }
        if (quote.protocol == PROTOCOL_TCP && is_about_stream(socket, &quote)) {
            stream_unreachable(socket, error);
        } else if (quote.protocol == PROTOCOL_UDP && is_about_datagram(socket, &quote)) {
            socket_set_error(socket, error);
        }
    }
}
