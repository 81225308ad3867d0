/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that change something: who may, and on which interface.
 */
#include "service_words.h"
#include "timers.h"

enum { MTU_MIN = 1280 }; /* IPv6 needs it */

static bool may_configure(const struct stack *stack, uint64_t badge)
{
    uint64_t index = badge - 1;
    return index < SOCKET_CLIENTS_MAX &&
           (stack->sockets.client[index].facts.flags & MAY_CONFIGURE) != 0;
}

static int set_lease(struct addr *addr, const uint64_t *words)
{
    if (!are_zero(words, 3) ||
        (words[2] != NETD_LEASE_RENEW && words[2] != NETD_LEASE_RELEASE)) {
        return E_INVALID;
    }
    if (!netif_is_up(addr->netif) || (words[2] == NETD_LEASE_RELEASE && addr->mode != ADDR_BOUND)) {
        return E_STATE;
    }
    /* --- committed --- */
    if (words[2] == NETD_LEASE_RENEW) {
        addr_renew(addr);
    } else {
        addr_release(addr);
    }
    return OK;
}

static int set_address(struct addr *addr, const uint64_t *words)
{
    struct addr_ip4 ip4 = {(uint32_t)words[2], (uint32_t)(words[2] >> 32), (uint8_t)words[3]};
    if (!are_zero(words, 4) || words[3] > 32 || !addr_is_possible(&ip4)) {
        return E_INVALID;
    }
    if (!netif_is_up(addr->netif)) {
        return E_STATE;
    }
    /* --- committed --- */
    addr_set(addr, &ip4);
    return OK;
}

static int set_interface(struct stack *stack, struct link *link, const uint64_t *words)
{
    struct netif *netif = &link->interface.netif;
    uint64_t mtu = words[3];
    if (!are_zero(words, 5) || words[2] > 1 || words[4] > ROUTES_METRIC_MAX + 1 ||
        (mtu != 0 && (mtu < MTU_MIN || mtu > link->interface.rules.mtu))) {
        return E_INVALID;
    }
    /* --- committed --- */
    if (words[4] != 0) {
        routes_set_metric(&stack->routes, netif_get_index(netif), (uint16_t)(words[4] - 1));
    }
    if (mtu != 0) {
        netif->mtu = (uint16_t)mtu; /* <= rules.mtu */
        netif->mtu6 = (uint16_t)mtu;
    }
    if (words[2] == 0 && netif_is_up(netif)) {
        addr_release(&link->addr); /* while it can still be said */
        netif_set_down(netif);
    } else if (words[2] == 1 && !netif_is_up(netif)) {
        netif_set_up(netif);
        addr_renew(&link->addr);
    }
    routes_update();
    timers_note_ip6();
    return OK;
}

int service_configure(struct stack *stack, const struct service_request *request)
{
    const uint64_t *words = request->words;
    if (!may_configure(stack, request->badge)) {
        stats_count(&stack->stats, COUNTER_request_denied);
        return E_DENIED;
    }
    const struct link *found = find_link(stack, find_netif(words[1]));
    if (found == NULL || found->addr.mode == ADDR_OFF) {
        return E_NOT_FOUND;
    }
    struct link *link = &stack->link[found - stack->link];
    switch (words[0]) {
    case NETD_LEASE_SET:
        return set_lease(&link->addr, words);
    case NETD_ADDRESS_SET:
        return set_address(&link->addr, words);
    case NETD_ROUTE_SET:
        return service_set_route(stack, link, words);
    default:
        return set_interface(stack, link, words);
    }
}
