/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagram sockets: UDP, raw IP and ICMP echo; their PCBs, peers and ends.
 *
 * socket_receive.c has what comes, socket_send.c what goes, socket_groups.c multicast.
 */
#include "socket.h"

#include <errno.h>

#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#include "flow.h"

enum { PORT_TRIES = 64 };

/* --- PCBs ---------------------------------------------------------------------------------- */

void datagram_apply_options(struct socket *socket)
{
    flows_forget();
    const struct socket_options *options = &socket->options;
    u8_t so_options =
        (u8_t)((options->reuse ? SOF_REUSEADDR : 0) | (options->broadcast ? SOF_BROADCAST : 0));
    if (socket->udp == NULL) {
        return;
    }
    if (socket->type == SOCKET_DATAGRAM) {
        struct udp_pcb *pcb = socket->udp;
        pcb->so_options = so_options;
        pcb->ttl = options->hops;
        pcb->tos = options->traffic_class;
        pcb->netif_idx = options->device;
        udp_set_multicast_ttl(pcb, options->group_hops);
        udp_set_multicast_netif_index(pcb, options->group_device);
    } else {
        struct raw_pcb *pcb = socket->raw;
        pcb->so_options = so_options;
        pcb->ttl = options->hops;
        pcb->tos = options->traffic_class;
        pcb->netif_idx = options->device;
        raw_set_multicast_ttl(pcb, options->group_hops);
        pcb->mcast_ifindex = options->group_device;
    }
}

static bool make_udp(struct socket *socket, u8_t type)
{
    socket->udp = udp_new_ip_type(type);
    if (socket->udp != NULL) {
        udp_recv(socket->udp, datagram_receive_udp, socket);
    }
    return socket->udp != NULL;
}

static bool make_raw(struct socket *socket, u8_t type)
{
    socket->raw = raw_new_ip_type(type, socket->protocol);
    if (socket->raw != NULL) {
        raw_recv(socket->raw, datagram_receive_raw, socket);
        if (socket->type == SOCKET_RAW) {
            flow_add_listener();
        }
    }
    return socket->raw != NULL;
}

static MUST_CHECK int make_pcb(struct socket *socket)
{
    u8_t type = socket->family == SOCKET_IP4 ? IPADDR_TYPE_V4
                : socket->options.v6only     ? IPADDR_TYPE_V6
                                             : IPADDR_TYPE_ANY;
    if (socket->udp != NULL) {
        return 0;
    }
    if (!(socket->type == SOCKET_DATAGRAM ? make_udp(socket, type) : make_raw(socket, type))) {
        stats_count(socket->client->sockets->stats, COUNTER_socket_no_memory);
        return -ENOBUFS;
    }
    datagram_apply_options(socket);
    return 0;
}

static void set_names(struct socket *socket)
{
    const ip_addr_t *local =
        socket->type == SOCKET_DATAGRAM ? &socket->udp->local_ip : &socket->raw->local_ip;
    const ip_addr_t *peer =
        socket->type == SOCKET_DATAGRAM ? &socket->udp->remote_ip : &socket->raw->remote_ip;
    uint16_t local_port = socket->type == SOCKET_DATAGRAM ? socket->udp->local_port
                          : socket->type == SOCKET_ICMP   ? (uint16_t)socket->tx_next
                                                          : 0;
    uint16_t peer_port = socket->type == SOCKET_DATAGRAM ? socket->udp->remote_port : 0;
    struct socket_name peer_name = socket_name_of(peer, peer_port);
    if ((socket->state & SOCKET_CONNECTED) == 0) {
        peer_name = (struct socket_name){0};
    } else if (ip_addr_isany(local)) { /* its peer decides from which address it sends */
        struct netif *netif = datagram_route(socket, peer);
        const ip_addr_t *source = ip_netif_get_local_ip(netif, peer);
        local = source != NULL ? source : local;
    }
    struct socket_name local_name = socket_name_of(local, local_port);
    socket_set_names(socket, &local_name, &peer_name);
}

/* The identifier of an ICMP socket stands in tx_next, which no datagram socket needs. */
static MUST_CHECK int bind_echo(struct socket *socket, uint16_t identifier)
{
    const struct sockets *sockets = socket->client->sockets;
    for (uint32_t i = 0; i < sockets->used; i++) {
        const struct socket *other = &sockets->socket[i];
        if (other->life == LIFE_OWNED && other->type == SOCKET_ICMP && other != socket &&
            other->is_bound && other->tx_next == identifier) {
            return -EADDRINUSE;
        }
    }
    socket->tx_next = identifier;
    return 0;
}

static MUST_CHECK int bind_at(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    if (socket->type == SOCKET_DATAGRAM) {
        return -socket_errno(udp_bind(socket->udp, address, port));
    }
    int error = socket->type == SOCKET_ICMP ? bind_echo(socket, port) : 0;
    return error != 0 ? error : -socket_errno(raw_bind(socket->raw, address));
}

int datagram_bind(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    if (socket->is_bound) {
        return -EINVAL;
    }
    int error = make_pcb(socket);
    if (error != 0) {
        return error;
    }
    error = port != 0 || socket->type == SOCKET_RAW ? bind_at(socket, address, port) : -EADDRINUSE;
    for (int i = 0; port == 0 && i < PORT_TRIES && error == -EADDRINUSE; i++) {
        error = bind_at(socket, address, socket_random_port());
    }
    if (error != 0) {
        return error;
    }
    socket->is_bound = true;
    set_names(socket);
    return 0;
}

int datagram_bind_anywhere(struct socket *socket)
{
    const ip_addr_t *any = socket->family == SOCKET_IP4 ? IP4_ADDR_ANY
                           : socket->options.v6only    ? IP6_ADDR_ANY
                                                       : IP_ANY_TYPE;
    return socket->is_bound ? 0 : datagram_bind(socket, any, 0);
}

/* --- peers --------------------------------------------------------------------------------- */

static void disconnect(struct socket *socket)
{
    if (socket->udp != NULL && (socket->state & SOCKET_CONNECTED) != 0) {
        if (socket->type == SOCKET_DATAGRAM) {
            udp_disconnect(socket->udp);
        } else {
            raw_disconnect(socket->raw);
        }
        datagram_apply_options(socket); /* lwIP forgot the device too */
        socket_set_state(socket, 0, SOCKET_CONNECTED);
        set_names(socket);
    }
}

struct netif *datagram_route(const struct socket *socket, const ip_addr_t *address)
{
    const struct socket_options *options = &socket->options;
    if (options->device != 0) {
        return netif_get_by_index(options->device);
    }
    if (ip_addr_ismulticast(address) && options->group_device != 0) {
        return netif_get_by_index(options->group_device);
    }
    return socket->udp == NULL               ? ip_route(IP4_ADDR_ANY, address)
           : socket->type == SOCKET_DATAGRAM ? ip_route(&socket->udp->local_ip, address)
                                             : ip_route(&socket->raw->local_ip, address);
}

int datagram_check(struct socket *socket, const ip_addr_t *address, struct netif **out)
{
    int error = socket_check_family(socket, address);
    if (error == 0) {
        error = socket_check_connect(socket);
    }
    if (error != 0) {
        return error;
    }
    struct netif *netif = datagram_route(socket, address);
    if (ip_addr_isany(address) || !socket_is_on_route(netif, address)) {
        return -ENETUNREACH;
    }
    if (IP_IS_V4(address) && ip4_addr_isany_val(*netif_ip4_addr(netif))) {
        return -ENETUNREACH; /* no address yet to send from */
    }
    if (ip_addr_isbroadcast(address, netif) && !socket->options.broadcast) {
        return -EACCES;
    }
    *out = netif;
    return 0;
}

int datagram_connect(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    flows_forget();
    if (address == NULL) {
        disconnect(socket);
        return 0;
    }
    struct netif *netif;
    int error = datagram_check(socket, address, &netif);
    if (error == 0) {
        error = datagram_bind_anywhere(socket);
    }
    if (error != 0) {
        return error;
    }
    err_t connected = socket->type == SOCKET_DATAGRAM ? udp_connect(socket->udp, address, port)
                                                      : raw_connect(socket->raw, address);
    if (connected != ERR_OK) {
        return -socket_errno(connected);
    }
    socket_set_state(socket, SOCKET_CONNECTED, 0);
    set_names(socket);
    return 0;
}

/* --- the end ------------------------------------------------------------------------------- */

int datagram_shutdown(struct socket *socket, uint32_t sides)
{
    if ((socket->state & SOCKET_CONNECTED) == 0) {
        return -ENOTCONN;
    }
    if ((sides & SOCKET_SIDE_RX) != 0) {
        socket->is_rx_shut = true;
        socket_set_state(socket, SOCKET_EOF, 0);
    }
    if ((sides & SOCKET_SIDE_TX) != 0 && !socket->wants_end && socket_read_tx_tail(socket)) {
        socket->wants_end = true;
        socket_defer(socket);
        socket_set_state(socket, SOCKET_SHUT, 0);
    }
    return 0;
}

void datagram_end(struct socket *socket)
{
    flows_forget();
    datagram_leave_all(socket);
    if (socket->udp != NULL && socket->type == SOCKET_DATAGRAM) {
        udp_remove(socket->udp);
    } else if (socket->raw != NULL) {
        raw_remove(socket->raw);
        if (socket->type == SOCKET_RAW) {
            flow_remove_listener();
        }
    }
    socket->udp = NULL;
    socket_give_slot(socket);
}

void datagram_close(struct socket *socket)
{
    if (!socket->is_broken && (socket->wants_end || socket_read_tx_tail(socket)) &&
        socket->tx_head != socket->tx_tail) {
        socket->life = LIFE_CLOSING;
        socket->wants_end = true;
        socket->is_rx_shut = true;
        socket_defer(socket);
        return;
    }
    datagram_end(socket);
}
