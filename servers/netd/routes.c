/* SPDX-License-Identifier: BSD-2-Clause */
#include "routes.h"

#include <abi/error.h>

#include <lwip/ip4_addr.h>
#include <lwip/netif.h>

#include "addr.h"

enum { LOOPBACK_NET = 127, FIRST_GROUP_NET = 224 };

static uint32_t mask_of(uint8_t prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix); /* prefix <= 32 */
}

static bool is_host(uint32_t address)
{
    uint32_t first = address >> 24;
    return first != 0 && first != LOOPBACK_NET && first < FIRST_GROUP_NET;
}

static const struct route_link *find_link(const struct route_link *links, uint32_t count,
                                          uint8_t interface)
{
    for (uint32_t i = 0; i < count; i++) {
        if (links[i].interface == interface) {
            return &links[i];
        }
    }
    return NULL;
}

uint32_t routes_list(const struct routes *routes, const struct route_link *links, uint32_t count,
                     struct route listed[ROUTES_LISTED_MAX])
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct route_link *link = &links[count - 1 - i]; /* lwIP has the last first */
        listed[used++] = (struct route){
            .network = link->address & mask_of(link->prefix),
            .prefix = link->prefix,
            .interface = link->interface,
            .metric = link->metric,
        };
        if (link->gateway != 0) {
            listed[used++] = (struct route){
                .gateway = link->gateway,
                .interface = link->interface,
                .metric = link->metric,
            };
        }
    }
    for (uint32_t i = 0; i < routes->count; i++) {
        if (find_link(links, count, routes->route[i].interface) != NULL) {
            listed[used++] = routes->route[i];
        }
    }
    return used; /* two for each link and ROUTES_MAX */
}

static bool is_better(const struct route *one, const struct route *other)
{
    return one->prefix != other->prefix ? one->prefix > other->prefix
                                        : one->metric < other->metric;
}

/* The best of those that fit; interface 0: of any. */
static bool choose(const struct route *listed, uint32_t count, uint8_t interface,
                   uint32_t destination, struct route *found)
{
    bool is_found = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct route *route = &listed[i];
        bool fits = (destination & mask_of(route->prefix)) == route->network &&
                    (interface == 0 || route->interface == interface);
        if (fits && (!is_found || is_better(route, found))) {
            *found = *route;
            is_found = true;
        }
    }
    return is_found;
}

bool routes_find(const struct routes *routes, const struct route_link *links, uint32_t count,
                 uint32_t source, uint32_t destination, struct route *found)
{
    struct route listed[ROUTES_LISTED_MAX];
    uint8_t of_source = 0;
    uint32_t first = destination >> 24;
    for (uint32_t i = 0; i < count; i++) {
        if (links[i].address == destination) {
            *found = (struct route){destination, 0, 32, links[i].interface, 0, false};
            return true;
        }
        if (source != 0 && links[i].address == source) {
            of_source = links[i].interface;
        }
    }
    if (first == LOOPBACK_NET) {
        return false;
    }
    if (first >= FIRST_GROUP_NET) {
        *found = (struct route){destination, 0, 32, of_source, 0, false};
        return of_source != 0;
    }
    uint32_t all = routes_list(routes, links, count, listed);
    return (of_source != 0 && choose(listed, all, of_source, destination, found)) ||
           choose(listed, all, 0, destination, found);
}

/* --- by request ----------------------------------------------------------------------------- */

void routes_set_metric(struct routes *routes, uint8_t interface, uint16_t metric)
{
    uint32_t i = 0;
    while (i < routes->link_count && routes->link[i].interface != interface) {
        i++;
    }
    routes->link[i].interface = interface;
    routes->link[i].metric = metric;
    if (i == routes->link_count) {
        routes->link_count++;
    }
}

static uint16_t metric_of(const struct routes *routes, uint8_t interface)
{
    for (uint32_t i = 0; i < routes->link_count; i++) {
        if (routes->link[i].interface == interface) {
            return routes->link[i].metric;
        }
    }
    return 0;
}

static struct route *find_same(struct routes *routes, const struct route *route)
{
    for (uint32_t i = 0; i < routes->count; i++) {
        struct route *other = &routes->route[i];
        if (other->network == route->network && other->prefix == route->prefix &&
            other->interface == route->interface) {
            return other;
        }
    }
    return NULL;
}

int routes_add(struct routes *routes, const struct route *route)
{
    if (route->prefix > 32 || (route->network & ~mask_of(route->prefix)) != 0 ||
        (route->gateway != 0 && !is_host(route->gateway)) || route->metric > ROUTES_METRIC_MAX) {
        return E_INVALID;
    }
    struct route *same = find_same(routes, route);
    if (same == NULL && routes->count == ROUTES_MAX) {
        return E_LIMIT;
    }
    /* --- committed --- */
    if (same == NULL) {
        same = &routes->route[routes->count++];
    }
    *same = *route;
    same->is_set = true;
    return OK;
}

int routes_remove(struct routes *routes, const struct route *route)
{
    struct route *same = find_same(routes, route);
    if (same == NULL) {
        return E_NOT_FOUND;
    }
    *same = routes->route[--routes->count];
    return OK;
}

/* --- in force ------------------------------------------------------------------------------- */

uint8_t netd_has_routes;

static struct routes *in_force;
static ip4_addr_t next_hop; /* lwIP wants a pointer to it */

void routes_use(struct routes *routes)
{
    in_force = routes;
    netd_has_routes = 0;
}

static uint32_t number(const ip4_addr_t *address)
{
    return address == NULL ? 0 : lwip_ntohl(ip4_addr_get_u32(address));
}

uint32_t routes_links(const struct routes *routes, struct route_link links[ROUTES_LINKS_MAX])
{
    uint32_t count = 0;
    struct netif *netif;
    NETIF_FOREACH(netif) {
        int prefix = addr_prefix(number(netif_ip4_netmask(netif)));
        uint8_t index = netif_get_index(netif);
        if (count < ROUTES_LINKS_MAX && netif_is_up(netif) && netif_is_link_up(netif) &&
            number(netif_ip4_addr(netif)) != 0) {
            bool is_loopback = number(netif_ip4_addr(netif)) >> 24 == LOOPBACK_NET;
            links[count++] = (struct route_link){
                .address = number(netif_ip4_addr(netif)),
                .gateway = is_loopback ? 0 : number(netif_ip4_gw(netif)),
                .prefix = prefix < 0 ? 0 : (uint8_t)prefix,
                .interface = index,
                .metric = metric_of(routes, index),
            };
        }
    }
    return count;
}

/* Lower is better: first those with an address, then those that are up, then by metric. */
static uint32_t rank(const struct netif *netif)
{
    uint32_t metric = metric_of(in_force, netif_get_index(netif));
    bool is_up = netif_is_up(netif) && netif_is_link_up(netif);
    return metric + (is_up ? 0 : 1u << 16) + (number(netif_ip4_addr(netif)) != 0 ? 0 : 1u << 17);
}

void routes_update(void)
{
    struct netif *best = NULL;
    struct netif *netif;
    uint32_t others = 0;
    NETIF_FOREACH(netif) {
        if (netif->next == NULL) {
            continue; /* loopback is the last of lwIP's list */
        }
        others++;
        if (best == NULL || rank(netif) < rank(best)) {
            best = netif;
        }
    }
    if (best != netif_default) {
        netif_set_default(best);
    }
    netd_has_routes = others > 1 || in_force->count != 0;
}

struct netif *netd_route(const struct ip4_addr *source, const struct ip4_addr *destination)
{
    struct route_link links[ROUTES_LINKS_MAX];
    struct route found;
    uint32_t count = routes_links(in_force, links);
    return routes_find(in_force, links, count, number(source), number(destination), &found)
               ? netif_get_by_index(found.interface)
               : NULL;
}

const struct ip4_addr *netd_gateway(const struct netif *netif, const struct ip4_addr *destination)
{
    struct route found;
    if (!choose(in_force->route, in_force->count, netif_get_index(netif), number(destination),
                &found)) {
        return NULL; /* by the interface's own gateway */
    }
    next_hop.addr = found.gateway == 0 ? destination->addr : lwip_htonl(found.gateway);
    return &next_hop;
}
