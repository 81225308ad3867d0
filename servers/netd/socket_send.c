/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams that go: from the send ring to lwIP, a bounded number each turn.
 *
 * lwIP gets a reference into the ring and copies what it keeps before its send function returns.
 */
#include "socket.h"

#include <errno.h>
#include <string.h>

#include <lwip/icmp.h>
#include <lwip/inet_chksum.h>
#include <lwip/netif.h>
#include <lwip/prot/icmp.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#include <base/bytes.h>

#include "flow.h"
#include "netif.h"

enum {
    DATAGRAM_BYTES_MAX = 65507, /* of the largest IPv4 packet [RFC 768] */
    LARGEST_HEADERS = 48,       /* of IPv6 and UDP */
    ICMP_HEADER_BYTES = 8,
    ICMP6_ECHO_REQUEST = 128, /* [RFC 4443 §4.1] */
};

/* Where a datagram goes. */
struct way {
    ip_addr_t to;
    uint16_t port;
    struct netif *netif; /* it leaves by */
    const struct socket_name *named; /* in the record */
};

/* A reference to bytes of the ring, in two pieces where it wraps; NULL: no memory. */
static struct pbuf *refer(const struct socket *socket, uint32_t at, uint16_t bytes)
{
    uint32_t size = socket->client->facts.shape.tx_bytes;
    uint32_t place = at & (size - 1);
    uint16_t first = bytes < size - place ? bytes : (uint16_t)(size - place);
    struct pbuf *pbuf = pbuf_alloc(PBUF_RAW, first, PBUF_REF);
    if (pbuf == NULL) {
        return NULL;
    }
    pbuf->payload = socket->tx + place;
    if (first < bytes) {
        struct pbuf *rest = pbuf_alloc(PBUF_RAW, (u16_t)(bytes - first), PBUF_REF);
        if (rest == NULL) {
            pbuf_free(pbuf);
            return NULL;
        }
        rest->payload = socket->tx;
        pbuf_cat(pbuf, rest);
    }
    return pbuf;
}

/* An echo request: our identifier and the sum are put into a header of our own. */
static err_t send_echo(struct socket *socket, uint32_t at, uint16_t bytes, const ip_addr_t *to)
{
    uint8_t header[ICMP_HEADER_BYTES];
    if (bytes < sizeof(header)) {
        return ERR_VAL;
    }
    socket_ring_get(socket->tx, socket->client->facts.shape.tx_bytes, at, header, sizeof(header));
    if (header[0] != (IP_IS_V6(to) ? ICMP6_ECHO_REQUEST : ICMP_ECHO)) {
        return ERR_VAL;
    }
    header[1] = 0;
    bytes_put_be16(header + 2, 0);
    bytes_put_be16(header + 4, (uint16_t)socket->tx_next);
    struct pbuf *pbuf = pbuf_alloc(PBUF_IP, sizeof(header), PBUF_RAM);
    struct pbuf *rest = bytes == sizeof(header) ? NULL
                                                : refer(socket, at + (uint32_t)sizeof(header),
                                                        (uint16_t)(bytes - sizeof(header)));
    if (pbuf == NULL || (rest == NULL && bytes != sizeof(header))) {
        if (pbuf != NULL) {
            pbuf_free(pbuf);
        }
        return ERR_MEM;
    }
    memcpy(pbuf->payload, header, sizeof(header));
    if (rest != NULL) {
        pbuf_cat(pbuf, rest);
    }
    if (!IP_IS_V6(to)) { /* of ICMPv6 lwIP makes the sum, which covers the addresses */
        u16_t sum = inet_chksum_pbuf(pbuf);
        memcpy((uint8_t *)pbuf->payload + 2, &sum, sizeof(sum));
    }
    err_t error = raw_sendto(socket->raw, pbuf, to);
    pbuf_free(pbuf);
    return error;
}

/*
 * A datagram that leaves in fragments is summed by lwIP: no frame has all of it. Gives what is
 * to be put back.
 */
static u16_t let_lwip_sum(struct netif *netif, uint16_t bytes)
{
    u16_t before = netif->chksum_flags;
    if (netif->mtu != 0 && bytes > netif->mtu - LARGEST_HEADERS) {
        NETIF_SET_CHECKSUM_CTRL(netif, before | NETIF_CHECKSUM_GEN_UDP);
    }
    return before;
}

static err_t send_udp(struct socket *socket, struct pbuf *pbuf, const struct way *way)
{
    struct interface *interface = interface_of(way->netif);
    uint64_t sent_before = interface == NULL ? 0 : interface->sent_count;
    u16_t before = let_lwip_sum(way->netif, pbuf->tot_len);
    err_t error = udp_sendto_if(socket->udp, pbuf, &way->to, way->port, way->netif);
    NETIF_SET_CHECKSUM_CTRL(way->netif, before);
    if (interface != NULL && interface->sent_count == sent_before + 1) {
        flow_note_sent(socket, way->named, interface, interface_last_sent(interface));
    }
    return error;
}

/* lo gives back what it is sent: a copy of lwIP's for members here would come twice. */
static void choose_loop(struct socket *socket, const struct netif *netif)
{
    bool is_lo = ip4_addr_isloopback(netif_ip4_addr(netif));
    bool is_copied = socket->options.group_loop && !is_lo;
    if (socket->type == SOCKET_DATAGRAM) {
        udp_set_flags(socket->udp, is_copied ? UDP_FLAGS_MULTICAST_LOOP : 0);
        udp_clear_flags(socket->udp, is_copied ? 0 : UDP_FLAGS_MULTICAST_LOOP);
    } else {
        raw_set_flags(socket->raw, is_copied ? RAW_FLAGS_MULTICAST_LOOP : 0);
        raw_clear_flags(socket->raw, is_copied ? 0 : RAW_FLAGS_MULTICAST_LOOP);
    }
}

/*
 * What goes to everybody on a link comes here, too, as it does on BSD and Linux: lwIP copies what
 * bears the flag, and keeps the flag where it need not put a pbuf for its headers in front. Gives
 * such a head with the bytes behind it, or NULL and frees them.
 */
static struct pbuf *loop_too(struct pbuf *bytes)
{
    struct pbuf *head = pbuf_alloc(PBUF_TRANSPORT, 0, PBUF_RAM);
    if (head == NULL) {
        pbuf_free(bytes);
        return NULL;
    }
    head->flags |= PBUF_FLAG_MCASTLOOP;
    pbuf_cat(head, bytes);
    return head;
}

static err_t send_bytes(struct socket *socket, uint32_t at, uint16_t bytes, const struct way *way)
{
    if (socket->type == SOCKET_ICMP) {
        return send_echo(socket, at, bytes, &way->to);
    }
    struct pbuf *pbuf = refer(socket, at, bytes);
    bool is_broadcast = socket->options.broadcast && IP_IS_V4(&way->to) &&
                        (way->netif->flags & NETIF_FLAG_BROADCAST) != 0 && /* lo does it anyway */
                        ip_addr_isbroadcast(&way->to, way->netif);
    if (pbuf != NULL && is_broadcast) {
        pbuf = loop_too(pbuf);
    }
    if (pbuf == NULL) {
        return ERR_MEM;
    }
    if (ip_addr_ismulticast(&way->to)) {
        choose_loop(socket, way->netif);
    }
    err_t error = socket->type == SOCKET_DATAGRAM ? send_udp(socket, pbuf, way)
                                                  : raw_sendto(socket->raw, pbuf, &way->to);
    pbuf_free(pbuf);
    return error;
}

static bool is_zero(const struct socket_name *name)
{
    static const struct socket_name zero;
    return memcmp(name, &zero, sizeof(zero)) == 0;
}

/* Where a record goes. 0 or a negative errno. */
static MUST_CHECK int find_way(struct socket *socket, const struct socket_record *record,
                               struct way *way)
{
    if (!is_zero(&record->name)) {
        if (!socket_address_decode(record->name.address, record->name.interface, &way->to)) {
            return -EAFNOSUPPORT;
        }
        way->port = record->name.port;
        if (way->port == 0 && socket->type == SOCKET_DATAGRAM) {
            return -EINVAL;
        }
    } else if ((socket->state & SOCKET_CONNECTED) == 0) {
        return -EDESTADDRREQ;
    } else if (socket->type == SOCKET_DATAGRAM) {
        way->to = socket->udp->remote_ip;
        way->port = socket->udp->remote_port;
    } else {
        way->to = socket->raw->remote_ip;
    }
    return datagram_check(socket, &way->to, &way->netif);
}

/* Whether packets to ourselves are under way: they have arrived before the next turn. */
static bool is_looping(void)
{
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        if (netif->loop_first != NULL) {
            return true;
        }
    }
    return false;
}

/* False: the interface has no room left; the record waits. */
static MUST_CHECK bool send_record(struct socket *socket, const struct socket_record *record)
{
    struct stats *stats = socket->client->sockets->stats;
    uint64_t without_frame = stats->value[COUNTER_tx_no_frame];
    struct way way = {.named = &record->name};
    int error = datagram_bind_anywhere(socket);
    if (error == 0) {
        error = find_way(socket, record, &way);
    }
    if (error == 0) {
        uint32_t at = socket->tx_head + (uint32_t)sizeof(*record);
        error = -socket_errno(send_bytes(socket, at, (uint16_t)record->bytes, &way));
    }
    if (error == -ENOBUFS && (stats->value[COUNTER_tx_no_frame] != without_frame || is_looping())) {
        return false;
    }
    if (error != 0) {
        stats_count(stats, COUNTER_datagram_not_sent);
        socket_set_error(socket, -error);
    }
    return true;
}

/* Sends a record whose way is known. False: ask lwIP, which also knows what is wrong. */
static MUST_CHECK bool send_directly(struct socket *socket, const struct socket_record *record)
{
    const struct flow_way *way = flow_find_way(socket, &record->name);
    uint32_t size = socket->client->facts.shape.tx_bytes;
    uint32_t place = (socket->tx_head + (uint32_t)sizeof(*record)) & (size - 1);
    if (way == NULL || record->bytes > FRAMES_MTU_MAX || record->bytes > size - place) {
        return false; /* not in one piece */
    }
    uint16_t bytes = (uint16_t)record->bytes;
    if (FLOW_HEADER_BYTES - FRAMES_ETHERNET_BYTES + bytes > way->interface->netif.mtu) {
        return false; /* in fragments: less than the device takes may be in force */
    }
    uint8_t *frame = interface_frame(way->interface, (uint16_t)(FLOW_HEADER_BYTES + bytes));
    if (frame == NULL) {
        return false;
    }
    return interface_send(way->interface, flow_fill(way, frame, socket->tx + place, bytes)) == OK;
}

/* Sends the record at the head. False: there is none, it cannot be one, or it has to wait. */
static MUST_CHECK bool send_next(struct socket *socket)
{
    struct socket_record record;
    uint32_t filled = socket->tx_tail - socket->tx_head;
    if (filled == 0) {
        return false;
    }
    if (filled >= sizeof(record)) {
        socket_record_get(socket->tx, socket->client->facts.shape.tx_bytes, socket->tx_head,
                          &record);
    }
    if (filled < sizeof(record) || record.bytes > DATAGRAM_BYTES_MAX ||
        socket_record_bytes(record.bytes) > filled) {
        stats_count(socket->client->sockets->stats, COUNTER_datagram_bad_record);
        socket_break(socket);
        return false;
    }
    if (!send_directly(socket, &record) && !send_record(socket, &record)) {
        return false;
    }
    socket->tx_head += socket_record_bytes(record.bytes);
    return true;
}

void datagram_kicked(struct socket *socket)
{
    if (!socket->wants_end && !socket_read_tx_tail(socket)) {
        return;
    }
    bool has_sent = true;
    for (int count = 0; count < SOCKET_DATAGRAMS_PER_TURN && has_sent; count++) {
        has_sent = send_next(socket);
    }
    socket_publish_tx(socket);
    if (socket->is_broken) {
        return;
    }
    if (socket->tx_head != socket->tx_tail) {
        if (has_sent || is_looping()) {
            socket_defer(socket); /* others first */
        } else {
            socket_wait(socket);
        }
    } else if (socket->life == LIFE_CLOSING) {
        datagram_end(socket);
    }
}
