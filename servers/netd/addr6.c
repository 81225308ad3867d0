/* SPDX-License-Identifier: BSD-2-Clause */
#include "addr6.h"

#include <stdbool.h>

#include <lwip/nd6.h>
#include <lwip/priv/nd6_priv.h>

#include <base/fmt.h>
#include <base/ip6_text.h>

#include "timers.h"

static void say(const struct addr6 *addr, const char *before, int i, const char *after)
{
    char text[LINE_BYTES_MAX];
    char address[IP6_TEXT_BYTES];
    (void)ip6_format((const uint8_t *)netif_ip6_addr(addr->netif, i)->addr, address);
    size_t len = fmt_format(text, sizeof(text), "net: %sipv6 %s%s%s", addr->name, before, address,
                            after);
    addr->lines->write(addr->lines->context, text, len);
}

/* One that every host has is worth a line only when it cannot be used. */
static void look_at_address(struct addr6 *addr, int i)
{
    uint8_t before = addr->state[i];
    uint8_t state = netif_ip6_addr_state(addr->netif, i);
    addr->state[i] = state;
    if (ip6_addr_isduplicated(state) && !ip6_addr_isduplicated(before)) {
        stats_count(addr->stats, COUNTER_addr6_duplicate);
        say(addr, "duplicate ", i, "");
    } else if (ip6_addr_isvalid(state) && !ip6_addr_isvalid(before)) {
        stats_count(addr->stats, COUNTER_addr6_valid);
        if (!ip6_addr_islinklocal(netif_ip6_addr(addr->netif, i))) {
            say(addr, "", i, "/64");
        }
    }
}

/*
 * lwIP asks a router that is gone once a second for as long as its lifetime, which is up to 18
 * hours. Its lifetime ends here instead; the next advertisement brings it back.
 */
static void look_at_router(struct addr6 *addr, struct nd6_router_list_entry *router)
{
    const struct nd6_neighbor_cache_entry *neighbour = router->neighbor_entry;
    bool is_asked = neighbour != NULL && neighbour->netif == addr->netif &&
                    (neighbour->state == ND6_INCOMPLETE || neighbour->state == ND6_PROBE);
    if (is_asked && neighbour->counter.probes_sent >= ADDR6_ROUTER_PROBES_MAX &&
        router->invalidation_timer > 1) {
        stats_count(addr->stats, COUNTER_addr6_router_lost);
        router->invalidation_timer = 1;
        timers_note_ip6();
    }
}

void addr6_update(struct addr6 *addr)
{
    if (addr->netif == NULL) {
        return;
    }
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        look_at_address(addr, i);
    }
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        look_at_router(addr, &default_router_list[i]);
    }
}

/* The interface identifier is in every address: with another MAC all are others. */
static bool is_of_this_mac(const struct netif *netif)
{
    const uint8_t *identifier = (const uint8_t *)&netif_ip6_addr(netif, 0)->addr[2];
    return identifier[0] == (netif->hwaddr[0] ^ 2) && identifier[1] == netif->hwaddr[1] &&
           identifier[2] == netif->hwaddr[2] && identifier[5] == netif->hwaddr[3] &&
           identifier[6] == netif->hwaddr[4] && identifier[7] == netif->hwaddr[5];
}

void addr6_start(struct addr6 *addr, struct netif *netif, struct stats *stats,
                 const struct lines *lines, const char *name)
{
    if (addr->netif != NULL && is_of_this_mac(netif)) {
        return;
    }
    *addr = (struct addr6){.netif = netif, .stats = stats, .lines = lines, .name = name};
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        netif_ip6_addr_set_state(netif, (s8_t)i, IP6_ADDR_INVALID);
    }
    netif_create_ip6_linklocal_address(netif, 1);
    nd6_restart_netif(netif);
    timers_note_ip6();
}
