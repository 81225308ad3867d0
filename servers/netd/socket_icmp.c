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
    UNREACHABLE6 = 1, /* [RFC 4443 §3.1, §3.3] */
    TIME_EXCEEDED6 = 3,
    NO_ROUTE6 = 0,
    PORT_UNREACHABLE6 = 4,
    IP6_HEADER_BYTES = 40,
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

static void read_ports(const uint8_t *transport, struct quote *quote)
{
    quote->local_port = bytes_get_be16(transport);
    quote->peer_port = bytes_get_be16(transport + 2);
    quote->sequence = bytes_get_be32(transport + 4);
}

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
    quote->protocol = at[9];
    quote->local = ip4_at(at + 12);
    quote->peer = ip4_at(at + 16);
    read_ports(at + header, quote);
    return true;
}

#if LWIP_IPV6
/* Our packets have no extension headers but in fragments, about which nothing is told. */
static MUST_CHECK bool read_quote6(const uint8_t *at, size_t len, struct quote *quote)
{
    if (len < IP6_HEADER_BYTES + TRANSPORT_BYTES || at[0] >> 4 != 6 ||
        !socket_address_decode(at + 8, 0, &quote->local) ||
        !socket_address_decode(at + 24, 0, &quote->peer)) {
        return false;
    }
    quote->protocol = at[6];
    read_ports(at + IP6_HEADER_BYTES, quote);
    return true;
}

static int error6_of(uint8_t type, uint8_t code)
{
    if (type == UNREACHABLE6 && code == NO_ROUTE6) {
        return ENETUNREACH;
    }
    return type == UNREACHABLE6 && code == PORT_UNREACHABLE6 ? ECONNREFUSED : EHOSTUNREACH;
}
#endif

/* Addresses of a link are told apart by their zone, which a quote does not have. */
static bool is_same_address(const ip_addr_t *left, const ip_addr_t *right)
{
#if LWIP_IPV6
    if (IP_IS_V6(left) && IP_IS_V6(right)) {
        return ip6_addr_zoneless_eq(ip_2_ip6(left), ip_2_ip6(right));
    }
#endif
    return ip_addr_eq(left, right);
}

static bool is_about_stream(const struct socket *socket, const struct quote *quote)
{
    const struct tcp_pcb *pcb = socket->tcp;
    return socket->type == SOCKET_STREAM && pcb != NULL &&
           (socket->state & SOCKET_CONNECTING) != 0 && pcb->local_port == quote->local_port &&
           pcb->remote_port == quote->peer_port && is_same_address(&pcb->local_ip, &quote->local) &&
           is_same_address(&pcb->remote_ip, &quote->peer) && pcb->snd_nxt - 1 == quote->sequence;
}

static bool is_about_datagram(const struct socket *socket, const struct quote *quote)
{
    const struct udp_pcb *pcb = socket->udp;
    return socket->type == SOCKET_DATAGRAM && pcb != NULL &&
           (socket->state & SOCKET_CONNECTED) != 0 && pcb->local_port == quote->local_port &&
           pcb->remote_port == quote->peer_port && is_same_address(&pcb->remote_ip, &quote->peer);
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

static void tell_sockets(struct sockets *sockets, const struct quote *quote, int error)
{
    for (uint32_t i = 0; i < sockets->used; i++) {
        struct socket *socket = &sockets->socket[i];
        if (socket->life != LIFE_OWNED) {
            continue;
        }
        if (quote->protocol == PROTOCOL_TCP && is_about_stream(socket, quote)) {
            stream_unreachable(socket, error);
        } else if (quote->protocol == PROTOCOL_UDP && is_about_datagram(socket, quote)) {
            socket_set_error(socket, error);
        }
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
    tell_sockets(sockets, &quote, error_of(message[0], message[1]));
}

#if LWIP_IPV6
void sockets_unreachable6(struct sockets *sockets, const uint8_t *message, size_t len)
{
    struct quote quote;
    if (len >= ERROR_HEADER_BYTES && (message[0] == UNREACHABLE6 || message[0] == TIME_EXCEEDED6) &&
        read_quote6(message + ERROR_HEADER_BYTES, len - ERROR_HEADER_BYTES, &quote)) {
        tell_sockets(sockets, &quote, error6_of(message[0], message[1]));
    }
}
#endif
