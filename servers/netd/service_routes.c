/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests about routes. Interfaces are numbers as lwIP counts inside, indexes outside.
 */
#include "service_words.h"

int service_get_route(const struct stack *stack, const uint64_t *words, uint64_t *reply)
{
    struct route_link links[ROUTES_LINKS_MAX];
    struct route listed[ROUTES_LISTED_MAX];
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    uint32_t count = routes_links(&stack->routes, links);
    count = routes_list(&stack->routes, links, count, listed);
    if (words[1] >= count) {
        return E_NOT_FOUND;
    }
    const struct route *route = &listed[words[1]];
    reply[1] = route->network | (uint64_t)route->gateway << 32;
    reply[2] = netd_route_word(
        (struct netd_route_facts){route->prefix, route->is_set, route->metric});
    reply[3] = index_of(netif_get_by_index(route->interface)); /* it was in the list just now */
    return OK;
}

int service_set_route(struct stack *stack, const struct link *link, const uint64_t *words)
{
    struct netd_route_facts facts = netd_word_route(words[3]);
    struct route route = {
        .network = (uint32_t)words[2],
        .gateway = (uint32_t)(words[2] >> 32),
        .prefix = facts.prefix,
        .interface = netif_get_index(&link->interface.netif),
        .metric = facts.metric,
    };
    if (!are_zero(words, 5) || words[3] != netd_route_word(facts) || words[4] > 1) {
        return E_INVALID;
    }
    int error = words[4] == 1 ? routes_add(&stack->routes, &route)
                              : routes_remove(&stack->routes, &route);
    routes_update();
    return error;
}
