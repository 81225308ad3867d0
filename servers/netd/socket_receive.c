/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams that come: into the receive ring of every socket that one is for.
 *
 * Called by lwIP, which tells of the packet around it in its current_ globals.
 */
#include "socket.h"

#include <string.h>

#include <lwip/icmp.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/prot/icmp.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#include <base/bytes.h>

#include "flow.h"

enum {
    IP_HEADER_BYTES = 20,
    UDP_HEADER_BYTES = 8,
    UDP_LENGTH = 4, /* its offset there */
    ICMP_HEADER_BYTES = 8,
    ICMP6_ECHO_REPLY = 129, /* [RFC 4443 §4.2] */
};

static void drop(struct socket *socket, enum counter why)
{
    stats_count(socket->client->sockets->stats, why);
    atomic_fetch_add_explicit(&socket->shared->drops, 1, memory_order_relaxed);
}

/* Whether a record and so many bytes are taken. */
static MUST_CHECK bool has_room(struct socket *socket, uint16_t bytes)
{
    uint32_t whole = socket_record_bytes(bytes);
    if (socket->is_rx_shut || !socket_read_rx_head(socket)) {
        return false;
    }
    uint32_t used = socket->rx_tail - socket->rx_head;
    if (used > socket->options.rx_limit || whole > socket->options.rx_limit - used) {
        drop(socket, COUNTER_datagram_no_room);
        return false;
    }
    return true;
}

/* Puts the record in front of where its bytes belong. */
static void put_record(struct socket *socket, const struct socket_record *record)
{
    socket_record_put(socket->rx, socket->client->facts.shape.rx_bytes, socket->rx_tail, record);
}

/* Both are there. */
static void publish(struct socket *socket, uint16_t bytes)
{
    socket->rx_tail += socket_record_bytes(bytes);
    socket_publish_rx(socket);
}

/* In the form ::ffff:a.b.c.d; both lie where words may. */
static void put_address(const uint8_t *ip4, uint8_t bytes[SOCKET_ADDRESS_BYTES])
{
    static const uint8_t mark[4] = {0, 0, 0xff, 0xff};
    uint32_t words[4] = {0};
    memcpy(&words[2], mark, sizeof(mark));
    memcpy(&words[3], __builtin_assume_aligned(ip4, 4), 4);
    memcpy(__builtin_assume_aligned(bytes, 4), words, sizeof(words));
}

void datagram_receive(struct socket *socket, const uint8_t *ip, uint32_t ip_bytes,
                      uint8_t interface)
{
    ip = __builtin_assume_aligned(ip, 4);
    const uint8_t *udp = ip + IP_HEADER_BYTES;
    uint16_t udp_bytes = bytes_get_be16(udp + 4);
    if (udp_bytes < UDP_HEADER_BYTES || IP_HEADER_BYTES + (uint32_t)udp_bytes > ip_bytes) {
        drop(socket, COUNTER_datagram_changed);
        return;
    }
    uint16_t bytes = (uint16_t)(udp_bytes - UDP_HEADER_BYTES);
    if (!has_room(socket, bytes)) {
        return;
    }
    struct socket_record record = {
        .bytes = bytes,
        .hops = ip[8],
        .traffic_class = ip[1],
        .name = {.port = bytes_get_be16(udp), .interface = interface},
    };
    put_address(ip + 12, record.name.address);
    put_address(ip + 16, record.destination);
    put_record(socket, &record);
    socket_ring_put(socket->rx, socket->client->facts.shape.rx_bytes,
                    socket->rx_tail + (uint32_t)sizeof(record), udp + UDP_HEADER_BYTES, bytes);
    publish(socket, bytes);
}

/* Copies the datagram from `offset` on into the ring. */
static void deliver(struct socket *socket, const struct pbuf *pbuf, uint16_t offset, uint16_t port)
{
    uint16_t bytes = (uint16_t)(pbuf->tot_len - offset);
    if (!has_room(socket, bytes)) {
        return;
    }
    struct socket_record record = {
        .bytes = bytes,
        .name = socket_name_of(ip_current_src_addr(), port),
    };
    if (!ip_current_is_v6()) {
        record.hops = IPH_TTL(ip4_current_header());
        record.traffic_class = IPH_TOS(ip4_current_header());
#if LWIP_IPV6
    } else {
        record.hops = IP6H_HOPLIM(ip6_current_header());
        record.traffic_class = IP6H_TC(ip6_current_header());
#endif
    }
    record.name.interface = netif_get_index(ip_current_input_netif());
    socket_address_encode(ip_current_dest_addr(), record.destination);
    put_record(socket, &record);
    socket_put_rx(socket, socket->rx_tail + (uint32_t)sizeof(record), pbuf, offset, bytes);
    publish(socket, bytes);
}

/* Whether a datagram to many, from there to that port, is for this socket too. */
static bool is_shared_with(const struct socket *socket, uint16_t to, uint16_t from)
{
    const ip_addr_t *destination = ip_current_dest_addr();
    if (socket->life != LIFE_OWNED || socket->type != SOCKET_DATAGRAM || socket->udp == NULL ||
        socket->udp->local_port != to) {
        return false;
    }
    const struct udp_pcb *pcb = socket->udp;
    bool is_version = IP_ADDR_PCB_VERSION_MATCH(pcb, destination);
    bool is_place = ip_addr_isany(&pcb->local_ip) || ip_addr_eq(&pcb->local_ip, destination) ||
                    !ip_addr_ismulticast(destination);
    bool is_peer = (socket->state & SOCKET_CONNECTED) == 0 ||
                   (pcb->remote_port == from && ip_addr_eq(&pcb->remote_ip, ip_current_src_addr()));
    bool is_device = pcb->netif_idx == NETIF_NO_INDEX ||
                     pcb->netif_idx == netif_get_index(ip_current_input_netif());
    return is_version && is_place && is_peer && is_device &&
           (!ip_addr_ismulticast(destination) ||
            datagram_has_joined(socket, destination, netif_get_index(ip_current_input_netif())));
}

/* lwIP gives a datagram to one PCB; what was sent to many is for every socket that fits. */
static void deliver_to_all(struct sockets *sockets, const struct pbuf *pbuf, uint16_t to,
                           uint16_t from)
{
    for (uint32_t i = 0; i < sockets->used; i++) {
        if (is_shared_with(&sockets->socket[i], to, from)) {
            deliver(&sockets->socket[i], pbuf, 0, from);
        }
    }
}

/* What stands behind the length of the header has no sum, and is no part of the datagram. */
static void cut_surplus(struct pbuf *pbuf)
{
    const uint8_t *header = (const uint8_t *)pbuf->payload - UDP_HEADER_BYTES;
    uint32_t bytes = bytes_get_be16(header + UDP_LENGTH) - (uint32_t)UDP_HEADER_BYTES;
    if (bytes < pbuf->tot_len) {
        pbuf_realloc(pbuf, (uint16_t)bytes);
    }
}

void datagram_receive_udp(void *context, struct udp_pcb *pcb, struct pbuf *pbuf,
                          const ip_addr_t *source, u16_t port)
{
    struct socket *socket = context;
    (void)source;
    cut_surplus(pbuf);
    if (ip_addr_ismulticast(ip_current_dest_addr()) ||
        ip_addr_isbroadcast(ip_current_dest_addr(), ip_current_netif())) {
        deliver_to_all(socket->client->sockets, pbuf, pcb->local_port, port);
    } else {
        deliver(socket, pbuf, 0, port);
        if (!ip_current_is_v6()) {
            flow_note_received(socket, ip_current_input_netif(),
                               (const uint8_t *)ip4_current_header());
        }
    }
    pbuf_free(pbuf);
}

/* The reply to an echo of this socket, without its IP header. */
static void receive_echo(struct socket *socket, const struct pbuf *pbuf)
{
    uint16_t offset = ip_current_header_tot_len();
    uint8_t header[ICMP_HEADER_BYTES];
    bool is_v6 = ip_current_is_v6();
    uint8_t reply = is_v6 ? ICMP6_ECHO_REPLY : ICMP_ER;
    if (pbuf_copy_partial(pbuf, header, sizeof(header), offset) == sizeof(header) &&
        header[0] == reply && bytes_get_be16(header + 4) == socket->tx_next) {
        deliver(socket, pbuf, offset, 0);
    }
}

u8_t datagram_receive_raw(void *context, struct raw_pcb *pcb, struct pbuf *pbuf,
                          const ip_addr_t *source)
{
    struct socket *socket = context;
    (void)pcb;
    (void)source;
    if (socket->type == SOCKET_ICMP) {
        receive_echo(socket, pbuf);
    } else {
        deliver(socket, pbuf, ip_current_is_v6() ? ip_current_header_tot_len() : 0, 0);
    }
    return 0;
}
