/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests about IPv6: addresses, neighbours, pings. An address is two words as it lies in memory.
 */
#include <string.h>

#include <lwip/priv/nd6_priv.h>

#include <base/bytes.h>

#include "service_words.h"

int service_start_ping6(struct stack *stack, const struct service_request *request,
                        uint64_t *reply)
{
    const uint64_t *words = request->words;
    uint64_t payload_bytes = words[3] & UINT32_MAX;
    uint64_t interface = words[3] >> 32;
    bool has_wakeup = request->notification != HANDLE_NONE;
    uint8_t address[16];
    memcpy(address, words + 1, sizeof(address));
    struct ping_host host = {bytes_get_be64(address), bytes_get_be64(address + 8)};
    if (!are_zero(words, 6) || payload_bytes > NETD_PING6_PAYLOAD_MAX ||
        has_wakeup != (words[5] != 0) || !ping_host_is_ip6(host)) {
        return E_INVALID;
    }
    struct netif *netif = interface == 0 ? NULL : find_netif(interface - 1);
    if (interface != 0 && netif == NULL) {
        return E_NOT_FOUND;
    }
    struct ping_request ping = {
        .badge = request->badge,
        .destination = host,
        .interface = netif == NULL ? 0 : netif_get_index(netif),
        .payload_bytes = (uint16_t)payload_bytes,
        .deadline_us = service_ticks_to_us(words[4], request->counter_hz),
        .nonce = service_nonce(),
        .wakeup = {request->notification, words[5]},
    };
    uint32_t token;
    int error = stack_ping(stack, &ping, &token);
    if (error == OK) {
        reply[1] = token;
    }
    return error;
}

static uint64_t state_word(const struct netif *netif, int i)
{
    uint8_t state = netif_ip6_addr_state(netif, i);
    if (ip6_addr_istentative(state)) {
        return NETD_ADDRESS6_TENTATIVE;
    }
    if (ip6_addr_isduplicated(state)) {
        return NETD_ADDRESS6_DUPLICATED;
    }
    bool is_old = state == IP6_ADDR_DEPRECATED && !netif_ip6_addr_isstatic(netif, i);
    return is_old ? NETD_ADDRESS6_DEPRECATED : NETD_ADDRESS6_PREFERRED;
}

static uint64_t lifetime_word(const struct netif *netif, int i, uint32_t seconds)
{
    return netif_ip6_addr_isstatic(netif, i) || ip6_addr_life_isinfinite(seconds) ? UINT64_MAX
                                                                                 : seconds;
}

int service_get_address6(const uint64_t *words, uint64_t *reply)
{
    const struct netif *netif = find_netif(words[1]);
    if (!are_zero(words, 3)) {
        return E_INVALID;
    }
    if (netif == NULL) {
        return E_NOT_FOUND;
    }
    for (uint64_t i = words[2]; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(netif, i))) {
            uint64_t prefix = ip6_addr_isloopback(netif_ip6_addr(netif, i)) ? 128 : ADDR6_PREFIX;
            memcpy(reply + 1, netif_ip6_addr(netif, i)->addr, 16);
            reply[3] = prefix | state_word(netif, (int)i) << 8;
            reply[4] = i + 1;
            reply[5] = lifetime_word(netif, (int)i, netif_ip6_addr_valid_life(netif, i));
            reply[6] = lifetime_word(netif, (int)i, netif_ip6_addr_pref_life(netif, i));
            return OK;
        }
    }
    return E_NOT_FOUND;
}

/* Those whose Ethernet address is known. The table has holes, so the reply says where to go on. */
int service_get_neighbour6(const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    for (uint64_t i = words[1]; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
        const struct nd6_neighbor_cache_entry *neighbour = &neighbor_cache[i];
        if (neighbour->state != ND6_NO_ENTRY && neighbour->state != ND6_INCOMPLETE) {
            memcpy(reply + 1, neighbour->next_hop_address.addr, 16);
            reply[3] = mac_word(neighbour->lladdr);
            reply[4] = i + 1;
            reply[5] = index_of(neighbour->netif);
            reply[6] = neighbour->isrouter;
            return OK;
        }
    }
    return E_NOT_FOUND;
}
