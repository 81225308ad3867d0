/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multicast groups of datagram sockets: which a socket has joined, on which interface.
 *
 * lwIP counts how many want a group and speaks IGMP. What is heard of a group is for those alone
 * that joined it.
 */
#include "socket.h"

#include <errno.h>

#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>

bool datagram_has_joined(const struct socket *socket, const ip_addr_t *group, uint8_t interface)
{
    for (int i = 0; i < SOCKET_GROUPS_MAX; i++) {
        const struct socket_group *joined = &socket->group[i];
        if (joined->interface == interface && ip_addr_eq(&joined->address, group)) {
            return true;
        }
    }
    return false;
}

static struct socket_group *find_group(struct socket *socket, const ip_addr_t *group,
                                       uint8_t interface)
{
    for (int i = 0; i < SOCKET_GROUPS_MAX; i++) {
        struct socket_group *entry = &socket->group[i];
        if (entry->interface == interface &&
            (interface == 0 || ip_addr_eq(&entry->address, group))) {
            return entry;
        }
    }
    return NULL;
}

/* The interface meant: by number, or the one that packets to the group leave by. */
static struct netif *group_netif(const struct socket *socket, const ip_addr_t *group,
                                 uint32_t interface)
{
    return interface != 0 ? interface <= UINT8_MAX ? netif_get_by_index((u8_t)interface) : NULL
                          : datagram_route(socket, group);
}

static err_t join_netif(struct netif *netif, const ip_addr_t *group)
{
#if LWIP_IPV6
    if (IP_IS_V6(group)) {
        return mld6_joingroup_netif(netif, ip_2_ip6(group));
    }
#endif
    return igmp_joingroup_netif(netif, ip_2_ip4(group));
}

static void leave_netif(struct netif *netif, const ip_addr_t *group)
{
    if (netif == NULL) {
        return;
    }
#if LWIP_IPV6
    if (IP_IS_V6(group)) {
        (void)mld6_leavegroup_netif(netif, ip_2_ip6(group));
        return;
    }
#endif
    (void)igmp_leavegroup_netif(netif, ip_2_ip4(group));
}

/* A group of a link is another on each link. */
static ip_addr_t on_link(const ip_addr_t *group, const struct netif *netif)
{
    ip_addr_t address = *group;
#if LWIP_IPV6
    if (IP_IS_V6(&address) && ip6_addr_lacks_zone(ip_2_ip6(&address), IP6_MULTICAST)) {
        ip6_addr_assign_zone(ip_2_ip6(&address), IP6_MULTICAST, netif);
    }
#else
    (void)netif;
#endif
    return address;
}

int datagram_join(struct socket *socket, const ip_addr_t *group, uint32_t interface)
{
    if (!ip_addr_ismulticast(group)) {
        return -EINVAL;
    }
    int error = socket_check_group(socket, group);
    if (error != 0) {
        return error;
    }
    struct netif *netif = group_netif(socket, group, interface);
    if (netif == NULL) {
        return -ENODEV;
    }
    ip_addr_t address = on_link(group, netif);
    uint8_t index = netif_get_index(netif);
    if (find_group(socket, &address, index) != NULL) {
        return -EADDRINUSE;
    }
    bool has_all = socket->client->groups >= SOCKET_CLIENT_GROUPS_MAX;
    struct socket_group *entry = has_all ? NULL : find_group(socket, &address, 0);
    err_t joined = entry == NULL ? ERR_MEM : join_netif(netif, &address);
    if (joined != ERR_OK) {
        return joined == ERR_VAL ? -EOPNOTSUPP : -ENOBUFS;
    }
    *entry = (struct socket_group){address, index};
    socket->client->groups++;
    return 0;
}

int datagram_leave(struct socket *socket, const ip_addr_t *group, uint32_t interface)
{
    struct netif *netif = group_netif(socket, group, interface);
    if (netif == NULL) {
        return -EADDRNOTAVAIL;
    }
    ip_addr_t address = on_link(group, netif);
    struct socket_group *entry = find_group(socket, &address, netif_get_index(netif));
    if (entry == NULL) {
        return -EADDRNOTAVAIL;
    }
    leave_netif(netif, &address);
    *entry = (struct socket_group){0};
    socket->client->groups--;
    return 0;
}

void datagram_leave_all(struct socket *socket)
{
    for (int i = 0; i < SOCKET_GROUPS_MAX; i++) {
        struct socket_group *entry = &socket->group[i];
        if (entry->interface != 0) {
            leave_netif(netif_get_by_index(entry->interface), &entry->address);
            entry->interface = 0;
            socket->client->groups--;
        }
    }
}
