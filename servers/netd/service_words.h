/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the service: words, and what they have in common.
 */
#pragma once

#include <lwip/netif.h>

#include "service.h"

/* Whether all words from `first` on are 0, as words that mean nothing must be. */
static inline bool are_zero(const uint64_t *words, int first)
{
    for (int i = first; i < IPC_WORDS; i++) {
        if (words[i] != 0) {
            return false;
        }
    }
    return true;
}

static inline uint64_t mac_word(const uint8_t *mac)
{
    uint64_t word = 0;
    for (int i = 0; i < ETH_ADDRESS_BYTES; i++) {
        word |= (uint64_t)mac[i] << (8 * i);
    }
    return word;
}

static inline uint32_t ip4_number(const ip4_addr_t *address)
{
    return lwip_ntohl(ip4_addr_get_u32(address));
}

/* Interfaces count in the order they were added, loopback first; lwIP's list has the last first. */
static inline uint64_t index_of(const struct netif *netif)
{
    uint64_t index = 0;
    for (; netif->next != NULL; netif = netif->next) {
        index++;
    }
    return index;
}

static inline struct netif *find_netif(uint64_t index)
{
    struct netif *netif;
    NETIF_FOREACH(netif) {
        if (index_of(netif) == index) {
            return netif;
        }
    }
    return NULL;
}

/* The interface behind a netif; NULL: loopback, or none. */
static inline const struct link *find_link(const struct stack *stack, const struct netif *netif)
{
    for (uint32_t i = 0; i < stack->link_count; i++) {
        if (netif == &stack->link[i].interface.netif) {
            return &stack->link[i];
        }
    }
    return NULL;
}

static inline uint64_t service_nonce(void)
{
    return (uint64_t)netd_random_u32() << 32 | netd_random_u32();
}

/* Requests about IPv6, as the functions of service.c. */
int service_start_ping6(struct stack *stack, const struct service_request *request,
                        uint64_t *reply);
int service_get_address6(const uint64_t *words, uint64_t *reply);
int service_get_neighbour6(const uint64_t *words, uint64_t *reply);

/* Requests about routes; the second for who may configure. */
int service_get_route(const struct stack *stack, const uint64_t *words, uint64_t *reply);
int service_set_route(struct stack *stack, const struct link *link, const uint64_t *words);

/* NETD_ROUTE_SET, NETD_LEASE_SET, NETD_ADDRESS_SET, NETD_INTERFACE_SET. */
int service_configure(struct stack *stack, const struct service_request *request);
