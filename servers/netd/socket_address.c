/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of sockets, what the manifest lets a client do with them, and errors as errno.
 */
#include "socket.h"

#include <errno.h>
#include <string.h>

#include <lwip/err.h>
#include <lwip/ip.h>
#include <lwip/netif.h>

#include <base/bytes.h>

#include "lwip/port.h"

enum {
    MAPPED_AT = 12, /* the IPv4 address in a mapped one */
    MAPPED_MARK = 0xffff,
    MAPPED_MARK_AT = 10,
};

static bool is_mapped(const uint8_t *bytes)
{
    return bytes_get_be64(bytes) == 0 && bytes_get_be32(bytes + 8) == MAPPED_MARK;
}

bool socket_address_decode(const uint8_t bytes[SOCKET_ADDRESS_BYTES], uint32_t interface,
                           ip_addr_t *address)
{
    if (is_mapped(bytes)) {
        ip_addr_set_ip4_u32_val(*address, lwip_htonl(bytes_get_be32(bytes + MAPPED_AT)));
        return true;
    }
#if LWIP_IPV6
    uint32_t words[4];
    memcpy(words, bytes, sizeof(words));
    IP_ADDR6(address, words[0], words[1], words[2], words[3]);
    if (ip6_addr_lacks_zone(ip_2_ip6(address), IP6_UNKNOWN) && interface != 0) {
        ip6_addr_set_zone(ip_2_ip6(address), (u8_t)interface);
    }
    return interface <= UINT8_MAX;
#else
    (void)interface;
    return false;
#endif
}

void socket_address_encode(const ip_addr_t *address, uint8_t bytes[SOCKET_ADDRESS_BYTES])
{
    memset(bytes, 0, SOCKET_ADDRESS_BYTES);
    if (IP_IS_V4(address)) {
        bytes_put_be16(bytes + MAPPED_MARK_AT, MAPPED_MARK);
        bytes_put_be32(bytes + MAPPED_AT, lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(address))));
        return;
    }
#if LWIP_IPV6
    memcpy(bytes, ip_2_ip6(address)->addr, SOCKET_ADDRESS_BYTES);
#endif
}

struct socket_name socket_name_of(const ip_addr_t *address, uint16_t port)
{
    struct socket_name name = {.port = port};
    socket_address_encode(address, name.address);
#if LWIP_IPV6
    if (IP_IS_V6(address)) {
        name.interface = ip6_addr_zone(ip_2_ip6(address)); /* 0 but for addresses of a link */
    }
#endif
    return name;
}

int socket_check_family(const struct socket *socket, const ip_addr_t *address)
{
    (void)address; /* without IPv6 there is one version */
    if (IP_IS_V4(address)) {
        bool is_taken = socket->family == SOCKET_IP4 || !socket->options.v6only;
        return is_taken ? 0 : -ENETUNREACH;
    }
    return socket->family == SOCKET_IP6 ? 0 : -EAFNOSUPPORT;
}

static bool is_own(const ip_addr_t *address)
{
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        if (IP_IS_V4(address)) {
            if (ip4_addr_eq(netif_ip4_addr(netif), ip_2_ip4(address))) {
                return true;
            }
#if LWIP_IPV6
        } else if (netif_get_ip6_addr_match(netif, ip_2_ip6(address)) >= 0) {
            return true;
#endif
        }
    }
    return false;
}

static bool is_broadcast(const ip_addr_t *address)
{
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        if (ip_addr_isbroadcast(address, netif)) {
            return true;
        }
    }
    return false;
}

int socket_check_local(const struct socket *socket, const ip_addr_t *address)
{
    if (ip_addr_isany(address) || is_own(address)) {
        return 0;
    }
    bool may_be_shared = socket->type == SOCKET_DATAGRAM || socket->type == SOCKET_RAW;
    bool is_shared = ip_addr_ismulticast(address) || is_broadcast(address);
    return may_be_shared && is_shared ? 0 : -EADDRNOTAVAIL;
}

bool socket_is_on_route(struct netif *netif, const ip_addr_t *address)
{
    if (netif == NULL || !IP_IS_V4(address)) {
        return netif != NULL;
    }
    const ip4_addr_t *ip4 = ip_2_ip4(address);
    return !ip4_addr_isany_val(*netif_ip4_gw(netif)) || ip4_addr_ismulticast(ip4) ||
           ip4_addr_isbroadcast(ip4, netif) ||
           ip4_addr_net_eq(ip4, netif_ip4_addr(netif), netif_ip4_netmask(netif));
}

/* --- policy -------------------------------------------------------------------------------- */

static int deny(const struct socket_client *client)
{
    stats_count(client->sockets->stats, COUNTER_socket_denied);
    return -EACCES;
}

/* Any, or one of its own. */
static bool has_port(const struct init_client *facts, uint16_t port)
{
    bool is_allowed = (facts->flags & MAY_BIND) != 0;
    for (int i = 0; i < INIT_CLIENT_PORTS && !is_allowed; i++) {
        is_allowed = port != 0 && facts->ports[i] == port;
    }
    return is_allowed;
}

int socket_check_port(struct socket *socket, uint16_t port)
{
    bool is_ephemeral = port == 0 || port >= SOCKET_EPHEMERAL_FIRST;
    return is_ephemeral || has_port(&socket->client->facts, port) ? 0 : deny(socket->client);
}

int socket_check_listen(struct socket *socket, uint16_t port)
{
    return has_port(&socket->client->facts, port) ? 0 : deny(socket->client);
}

int socket_check_connect(struct socket *socket)
{
    return (socket->client->facts.flags & MAY_CONNECT) != 0 ? 0 : deny(socket->client);
}

int socket_check_group(struct socket *socket, const ip_addr_t *group)
{
    const struct init_client *facts = &socket->client->facts;
    bool is_allowed = (facts->flags & MAY_JOIN) != 0;
    for (int i = 0; i < INIT_CLIENT_GROUPS && !is_allowed && IP_IS_V4(group); i++) {
        is_allowed = facts->groups[i] != 0 &&
                     lwip_htonl(facts->groups[i]) == ip4_addr_get_u32(ip_2_ip4(group));
    }
    return is_allowed ? 0 : deny(socket->client);
}

int socket_check_broadcast(struct socket_client *client)
{
    return (client->facts.flags & MAY_BROADCAST) != 0 ? 0 : deny(client);
}

int socket_check_raw(struct socket_client *client)
{
    return (client->facts.flags & MAY_RAW) != 0 ? 0 : deny(client);
}

uint16_t socket_random_port(void)
{
    return (uint16_t)(SOCKET_EPHEMERAL_FIRST + netd_random_u32() % SOCKET_EPHEMERAL_COUNT);
}

int socket_errno(int lwip_error)
{
    switch (lwip_error) {
    case ERR_OK: return 0;
    case ERR_MEM:
    case ERR_BUF: return ENOBUFS;
    case ERR_RTE: return ENETUNREACH;
    case ERR_USE: return EADDRINUSE;
    case ERR_ALREADY: return EALREADY;
    case ERR_ISCONN: return EISCONN;
    case ERR_CONN:
    case ERR_CLSD: return ENOTCONN;
    case ERR_ABRT: return ETIMEDOUT;
    case ERR_RST: return ECONNRESET;
    case ERR_IF: return ENETDOWN;
    default: return EINVAL;
    }
}
