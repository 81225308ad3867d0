/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function per label, all of one form: check the words, then fill the reply. The reply was
 * cleared before, and carries no word unless the request succeeded.
 */
#include "service.h"

#include <string.h>

#include <lwip/etharp.h>
#include <lwip/netif.h>

#include "flow.h"
#include "service_words.h"

enum { US_PER_S = 1000 * 1000 };

uint64_t service_ticks_to_us(ticks_t ticks, uint64_t counter_hz)
{
    if (ticks == DEADLINE_FOREVER) {
        return UINT64_MAX;
    }
    uint64_t seconds = ticks / counter_hz;
    if (seconds >= UINT64_MAX / US_PER_S) {
        return UINT64_MAX - 1;
    }
    return seconds * US_PER_S + ticks % counter_hz * US_PER_S / counter_hz; /* hz < 2^44 */
}

ticks_t service_us_to_ticks(uint64_t us, uint64_t counter_hz)
{
    uint64_t seconds = us / US_PER_S;
    if (us == UINT64_MAX || seconds >= UINT64_MAX / counter_hz) {
        return DEADLINE_FOREVER;
    }
    return seconds * counter_hz + (us % US_PER_S * counter_hz + US_PER_S - 1) / US_PER_S;
}

/* The first characters of `text` in `count` words, the rest 0. */
static void put_text(uint64_t *words, int count, const char *text)
{
    for (int i = 0; i < count * 8 && text[i] != 0; i++) {
        words[i / 8] |= (uint64_t)(uint8_t)text[i] << (8 * (i % 8));
    }
}

static uint64_t lease_seconds(const struct addr *addr)
{
    if (addr->mode != ADDR_BOUND) {
        return 0;
    }
    if (addr->dhcp.t0_timeout == 0) {
        return UINT64_MAX;
    }
    return addr->dhcp.t0_timeout - addr->dhcp.lease_used; /* used < timeout while bound */
}

static uint8_t address_state(const struct addr *addr)
{
    switch (addr->mode) {
    case ADDR_SEEKING:
        return NETD_ADDRESS_SEEKING;
    case ADDR_BOUND:
        return NETD_ADDRESS_BOUND;
    case ADDR_STATIC:
    case ADDR_MANUAL:
        return NETD_ADDRESS_STATIC;
    case ADDR_NONE:
    case ADDR_OFF:
        break;
    }
    return NETD_ADDRESS_NONE;
}

static int get_interface(const struct stack *stack, const uint64_t *words, uint64_t *reply)
{
    const struct netif *netif = find_netif(words[1]);
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    if (netif == NULL) {
        return E_NOT_FOUND;
    }
    const struct link *link = find_link(stack, netif);
    struct netd_interface_facts facts = {
        .prefix = (uint8_t)addr_prefix(ip4_number(netif_ip4_netmask(netif))),
        .address_state = link != NULL ? address_state(&link->addr) : (uint8_t)NETD_ADDRESS_STATIC,
        .flags = (uint8_t)((netif_is_up(netif) ? NETD_INTERFACE_UP : 0) |
                           (netif_is_link_up(netif) ? NETD_INTERFACE_LINK : 0) |
                           (link != NULL ? 0 : NETD_INTERFACE_LOOPBACK)),
        .mtu = netif->mtu,
    };
    char digit = link != NULL ? (char)('0' + (link - stack->link)) : 0;
    const char name[] = {netif->name[0], netif->name[1], digit, 0};
    put_text(reply + 1, 1, name);
    reply[2] = ip4_number(netif_ip4_addr(netif)) | (uint64_t)ip4_number(netif_ip4_gw(netif)) << 32;
    reply[3] = netd_facts_word(facts);
    if (link != NULL) {
        reply[4] = mac_word(netif->hwaddr);
        reply[5] = link->interface.taken_count;
        reply[6] = link->interface.sent_count;
        reply[7] = lease_seconds(&link->addr);
    }
    return OK;
}

static int get_lease(const struct stack *stack, const uint64_t *words, uint64_t *reply)
{
    const struct link *link = find_link(stack, find_netif(words[1]));
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    if (link == NULL || link->addr.mode != ADDR_BOUND) {
        return E_NOT_FOUND;
    }
    const struct addr *addr = &link->addr;
    reply[1] = ip4_number(ip_2_ip4(&addr->dhcp.server_ip_addr));
    reply[2] = addr->dhcp.offered_t0_lease;
    reply[3] = addr->dhcp.offered_t1_renew;
    reply[4] = addr->dhcp.offered_t2_rebind;
    return OK;
}

/* The neighbours lwIP is sure of. Its table has holes, so the reply says where to go on. */
static int get_neighbour(const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    for (uint64_t i = words[1]; i < ARP_TABLE_SIZE; i++) {
        ip4_addr_t *address;
        struct netif *netif;
        struct eth_addr *mac;
        if (etharp_get_entry((size_t)i, &address, &netif, &mac) != 0) {
            reply[1] = ip4_number(address);
            reply[2] = mac_word(mac->addr);
            reply[3] = index_of(netif);
            reply[4] = i + 1;
            return OK;
        }
    }
    return E_NOT_FOUND;
}

static int get_counter(const struct stack *stack, const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 2)) {
        return E_INVALID;
    }
    if (words[1] >= COUNTERS) {
        return E_NOT_FOUND;
    }
    reply[1] = stack->stats.value[words[1]];
    put_text(reply + 2, NETD_COUNTER_NAME_WORDS, stats_name((enum counter)words[1]));
    return OK;
}

static int start_ping(struct stack *stack, const struct service_request *request, uint64_t *reply)
{
    const uint64_t *words = request->words;
    bool has_wakeup = request->notification != HANDLE_NONE;
    if (!are_zero(words, 5) || words[1] > UINT32_MAX || words[2] > NETD_PING_PAYLOAD_MAX ||
        has_wakeup != (words[4] != 0)) {
        return E_INVALID;
    }
    struct ping_request ping = {
        .badge = request->badge,
        .destination = ping_host_ip4((uint32_t)words[1]),
        .payload_bytes = (uint16_t)words[2],
        .deadline_us = service_ticks_to_us(words[3], request->counter_hz),
        .nonce = service_nonce(),
        .wakeup = {request->notification, words[4]},
    };
    uint32_t token;
    int error = stack_ping(stack, &ping, &token);
    if (error == OK) {
        reply[1] = token;
    }
    return error;
}

static int take_ping(struct stack *stack, const struct service_request *request, uint64_t *reply)
{
    struct ping answer;
    if (!are_zero(request->words, 2)) {
        return E_INVALID;
    }
    if (request->words[1] > UINT32_MAX) {
        return E_NOT_FOUND;
    }
    int error = ping_take(&stack->pings, request->badge, (uint32_t)request->words[1], &answer);
    if (error == OK) {
        reply[1] = answer.rtt_us;
        reply[2] = answer.hop_limit;
        reply[3] = answer.payload_bytes;
    }
    return error;
}

static int count_sockets(const struct stack *stack, const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 1)) {
        return E_INVALID;
    }
    for (uint32_t i = 0; i < stack->sockets.used; i++) {
        reply[1] += stack->sockets.socket[i].life != LIFE_FREE;
    }
    return OK;
}

/* What lwIP 2.2.1 does, and can do no other: slow start, congestion avoidance, fast retransmit and
 * fast recovery, which the first new acknowledgement ends. [RFC 5681] */
static int get_congestion(const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 1)) {
        return E_INVALID;
    }
    put_text(reply + 1, NETD_CONGESTION_NAME_WORDS, "reno");
    return OK;
}

static int dispatch(struct stack *stack, const struct service_request *request, uint64_t *reply)
{
    switch (request->words[0]) {
    case NETD_INTERFACE_GET:
        return get_interface(stack, request->words, reply);
    case NETD_NEIGHBOUR_GET:
        return get_neighbour(request->words, reply);
    case NETD_COUNTER_GET:
        return get_counter(stack, request->words, reply);
    case NETD_SOCKETS_GET:
        return count_sockets(stack, request->words, reply);
    case NETD_CONGESTION_GET:
        return get_congestion(request->words, reply);
    case NETD_PING_START:
        return start_ping(stack, request, reply);
    case NETD_PING_TAKE:
        return take_ping(stack, request, reply);
    case NETD_LEASE_GET:
        return get_lease(stack, request->words, reply);
    case NETD_PING6_START:
        return service_start_ping6(stack, request, reply);
    case NETD_ADDRESS6_GET:
        return service_get_address6(request->words, reply);
    case NETD_NEIGHBOUR6_GET:
        return service_get_neighbour6(request->words, reply);
    case NETD_ROUTE_GET:
        return service_get_route(stack, request->words, reply);
    case NETD_ROUTE_SET:
    case NETD_LEASE_SET:
    case NETD_ADDRESS_SET:
    case NETD_INTERFACE_SET:
        return service_configure(stack, request);
    default:
        return E_BAD_CALL;
    }
}

bool service_answer(struct stack *stack, const struct service_request *request,
                    uint64_t reply[IPC_WORDS])
{
    stack->has_news = true;
    flows_forget();
    if (request->words[0] >= SOCKET_OPEN && request->words[0] < SOCKET_LABELS_END) {
        sockets_answer(&stack->sockets, request->badge, request->words, reply);
        return false;
    }
    memset(reply, 0, IPC_WORDS * sizeof(reply[0]));
    int error = dispatch(stack, request, reply);
    reply[0] = (uint64_t)(int64_t)error;
    if (error == E_INVALID || error == E_BAD_CALL) {
        stats_count(&stack->stats, COUNTER_request_bad);
    }
    bool is_ping = request->words[0] == NETD_PING_START || request->words[0] == NETD_PING6_START;
    return error == OK && is_ping && request->notification != HANDLE_NONE;
}
