/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing here is told by a callback: the state of the client is compared with what it was. That
 * is enough, because each of its steps takes a packet or a timer and both end in addr_update.
 */
#include "addr.h"

#include <lwip/etharp.h>
#include <lwip/prot/dhcp.h>

#include <base/fmt.h>

#include "lwip/port.h"

enum { US_PER_S = 1000 * 1000 };

static const uint32_t lease_forever_s = UINT32_MAX;

int addr_prefix(uint32_t mask)
{
    int prefix = 0;
    while (prefix < 32 && (mask << prefix & 0x80000000u) != 0) {
        prefix++;
    }
    return prefix < 32 && mask << prefix != 0 ? -1 : prefix;
}

static uint32_t prefix_mask(uint8_t prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix); /* prefix <= 32 */
}

static uint32_t host_order(const ip4_addr_t *address)
{
    return lwip_ntohl(ip4_addr_get_u32(address));
}

/* A host's own address: not this net, loopback, group or reserved. */
static bool is_host_address(uint32_t address)
{
    uint32_t first = address >> 24;
    return first != 0 && first != 127 && first < 224;
}

static bool is_same(const struct addr_ip4 *left, const struct addr_ip4 *right)
{
    return left->address == right->address && left->gateway == right->gateway &&
           left->prefix == right->prefix;
}

bool addr_is_possible(const struct addr_ip4 *ip4)
{
    if (ip4->prefix < 1 || ip4->prefix > 32) {
        return false;
    }
    uint32_t host_bits = ~prefix_mask(ip4->prefix);
    bool is_edge = host_bits > 1 && ((ip4->address & host_bits) == 0 ||
                                     (ip4->address & host_bits) == host_bits);
    return !is_edge && is_host_address(ip4->address) &&
           (ip4->gateway == 0 || is_host_address(ip4->gateway));
}

/* What the netif has; false when no honest server would have leased that. */
static MUST_CHECK bool read_netif(const struct netif *netif, struct addr_ip4 *ip4)
{
    int prefix = addr_prefix(host_order(netif_ip4_netmask(netif)));
    ip4->address = host_order(netif_ip4_addr(netif));
    ip4->gateway = host_order(netif_ip4_gw(netif));
    ip4->prefix = prefix < 0 ? 0 : (uint8_t)prefix;
    return addr_is_possible(ip4);
}

static void say(const struct addr *addr, const char *what, const struct addr_ip4 *ip4)
{
    char text[LINE_BYTES_MAX];
    const uint32_t a = ip4->address;
    const uint32_t g = ip4->gateway;
    size_t len = fmt_format(text, sizeof(text), "net: %sdhcp %s %u.%u.%u.%u/%u gw=", addr->name,
                            what, a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, ip4->prefix);
    if (g == 0) {
        len += fmt_format(text + len, sizeof(text) - len, "none");
    } else {
        len += fmt_format(text + len, sizeof(text) - len, "%u.%u.%u.%u", g >> 24, g >> 16 & 255,
                          g >> 8 & 255, g & 255);
    }
    addr->lines->write(addr->lines->context, text, len);
}

static void say_lost(const struct addr *addr)
{
    char text[LINE_BYTES_MAX];
    const uint32_t a = addr->lease.address;
    size_t len = fmt_format(text, sizeof(text), "net: %sdhcp lost %u.%u.%u.%u", addr->name, a >> 24,
                            a >> 16 & 255, a >> 8 & 255, a & 255);
    addr->lines->write(addr->lines->context, text, len);
}

/* What was learnt with the old address may not be true with the new one. */
static void flush_neighbours(struct addr *addr)
{
    etharp_cleanup_netif(addr->netif);
    stats_count(addr->stats, COUNTER_neighbour_flush);
}

/* With the address go the name servers that the lease told of. */
static void clear_lease(struct addr *addr)
{
    port_forget_servers4(addr->netif);
    netif_set_addr(addr->netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
}

static void put_address(struct addr *addr, const struct addr_ip4 *ip4)
{
    ip4_addr_t address = {lwip_htonl(ip4->address)};
    ip4_addr_t mask = {lwip_htonl(prefix_mask(ip4->prefix))};
    ip4_addr_t gateway = {lwip_htonl(ip4->gateway)};
    netif_set_addr(addr->netif, &address, &mask, &gateway);
}

static void seek(struct addr *addr)
{
    addr->mode = ADDR_SEEKING;
    addr->fallback_at_us = port_now_us() + (uint64_t)ADDR_FALLBACK_AFTER_S * US_PER_S;
}

/*
 * lwIP leaves a time of the last lease in force where the new one says for ever, and would end a
 * lease that stands.
 */
static void drop_stale_times(struct dhcp *dhcp)
{
    if (dhcp->offered_t0_lease == lease_forever_s) {
        dhcp->t0_timeout = 0;
    }
    if (dhcp->offered_t1_renew == lease_forever_s) {
        dhcp->t1_renew_time = 0;
    }
    if (dhcp->offered_t2_rebind == lease_forever_s) {
        dhcp->t2_rebind_time = 0;
    }
}

static void take_mtu(struct addr *addr)
{
    uint16_t mtu = port_take_mtu(addr->netif);
    if (mtu >= ADDR_MTU_MIN && mtu <= addr->device_mtu) {
        addr->netif->mtu = mtu;
    } else if (mtu != 0 && mtu < ADDR_MTU_MIN) {
        stats_count(addr->stats, COUNTER_dhcp_bad_mtu);
    }
}

static void retry_later(struct addr *addr)
{
    addr->next_search_us = port_now_us() + (uint64_t)ADDR_RETRY_AFTER_S * US_PER_S;
    addr->retry_at_us = addr->next_search_us;
}

static void lose_lease(struct addr *addr)
{
    stats_count(addr->stats, COUNTER_dhcp_lost);
    say_lost(addr);
    addr->netif->mtu = addr->device_mtu;
    clear_lease(addr);
    flush_neighbours(addr);
    seek(addr);
}

static void refuse_lease(struct addr *addr)
{
    stats_count(addr->stats, COUNTER_dhcp_bad_lease);
    clear_lease(addr);
    dhcp_release_and_stop(addr->netif);
    retry_later(addr);
    if (addr->mode == ADDR_BOUND) {
        lose_lease(addr);
    }
}

/* --- a static address ------------------------------------------------------------------------- */

/* What became of the question is seen in its state. */
static void hear_conflict(struct netif *netif, acd_callback_enum_t state)
{
    (void)netif;
    (void)state;
}

static void claim(struct addr *addr, enum addr_mode mode, const struct addr_ip4 *ip4)
{
    addr->mode = mode;
    addr->wanted = *ip4;
    addr->is_in_force = false;
    addr->claim_at_us = port_now_us();
}

static void end_claim(struct addr *addr)
{
    (void)acd_stop(&addr->acd); /* it does not fail */
    addr->is_in_force = false;
}

static void use_static(struct addr *addr)
{
    bool is_new = !addr->is_in_force;
    addr->is_in_force = true;
    if (is_new || ip4_addr_isany_val(*netif_ip4_addr(addr->netif))) {
        put_address(addr, &addr->wanted); /* a refusal makes lwIP clear the address */
    }
    if (is_new) {
        flush_neighbours(addr);
    }
    if (is_new && addr->mode == ADDR_STATIC) {
        stats_count(addr->stats, COUNTER_dhcp_fallback);
        say(addr, "unavailable, fallback static", &addr->wanted);
    }
}

static void leave_static(struct addr *addr)
{
    char text[LINE_BYTES_MAX];
    const uint32_t a = addr->wanted.address;
    size_t len = fmt_format(text, sizeof(text), "net: %sconflict %u.%u.%u.%u", addr->name, a >> 24,
                            a >> 16 & 255, a >> 8 & 255, a & 255);
    addr->lines->write(addr->lines->context, text, len);
    stats_count(addr->stats, COUNTER_addr_conflict);
    addr->is_in_force = false;
    netif_set_addr(addr->netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
}

/* A link that went down stopped the question: it is asked again, and meanwhile nothing changes. */
static void look_at_claim(struct addr *addr)
{
    if (addr->acd.num_conflicts < addr->conflicts) {
        addr->conflicts = addr->acd.num_conflicts; /* lwIP has announced and counts anew */
    }
    if (port_now_us() >= addr->claim_at_us && netif_is_link_up(addr->netif)) {
        ip4_addr_t address = {lwip_htonl(addr->wanted.address)};
        addr->claim_at_us = UINT64_MAX;
        (void)acd_start(addr->netif, &addr->acd, address); /* it does not fail */
    } else if (addr->claim_at_us == UINT64_MAX && addr->acd.state == ACD_STATE_ONGOING) {
        use_static(addr);
    } else if (addr->claim_at_us == UINT64_MAX && addr->acd.state == ACD_STATE_OFF) {
        bool is_conflict = addr->acd.num_conflicts != addr->conflicts;
        addr->conflicts = addr->acd.num_conflicts;
        addr->claim_at_us =
            port_now_us() + (is_conflict ? (uint64_t)ADDR_RETRY_AFTER_S * US_PER_S : 0);
        if (is_conflict) {
            leave_static(addr);
        }
    }
}

/* --- a lease ---------------------------------------------------------------------------------- */

/* The client holds a lease: is it new, renewed or unusable? */
static void look_at_lease(struct addr *addr)
{
    struct addr_ip4 lease;
    bool is_asking = addr->dhcp.state != DHCP_STATE_BOUND;
    bool is_answered = !is_asking && (addr->mode != ADDR_BOUND || addr->was_asking);
    addr->was_asking = is_asking;
    if (!is_answered) {
        return;
    }
    if (!read_netif(addr->netif, &lease)) {
        refuse_lease(addr);
        return;
    }
    stats_count(addr->stats, COUNTER_dhcp_bound);
    drop_stale_times(&addr->dhcp);
    take_mtu(addr);
    if (addr->mode != ADDR_BOUND || !is_same(&lease, &addr->lease)) {
        end_claim(addr);
        addr->mode = ADDR_BOUND;
        addr->lease = lease;
        flush_neighbours(addr);
        say(addr, "bound", &lease);
    }
}

/*
 * lwIP answers a refusal with a new search at once, so a server that refuses for ever, by mistake
 * or not, would have it asking as fast as frames travel. A search is known by its new transaction.
 */
static void limit_searches(struct addr *addr)
{
    if (addr->dhcp.state != DHCP_STATE_SELECTING || addr->dhcp.xid == addr->search) {
        return;
    }
    addr->search = addr->dhcp.xid;
    if (port_now_us() < addr->next_search_us) {
        dhcp_release_and_stop(addr->netif); /* it holds no lease, so nothing is sent */
        addr->retry_at_us = addr->next_search_us;
    } else {
        addr->next_search_us = port_now_us() + (uint64_t)ADDR_RETRY_AFTER_S * US_PER_S;
    }
}

static void look_without_lease(struct addr *addr)
{
    bool is_confirming =
        addr->dhcp.state == DHCP_STATE_REBOOTING || addr->dhcp.state == DHCP_STATE_CHECKING;
    addr->was_asking = addr->mode == ADDR_BOUND && is_confirming;
    if (addr->was_asking) {
        return; /* the link came back; until the server and the others answered the lease stands */
    }
    if (addr->mode == ADDR_BOUND) {
        lose_lease(addr);
    }
    if (addr->mode == ADDR_SEEKING && port_now_us() >= addr->fallback_at_us &&
        addr->fallback.address != 0) {
        claim(addr, ADDR_STATIC, &addr->fallback);
    }
}

/* Whether there is a client, or will be. */
static bool is_searching(const struct addr *addr)
{
    return addr->mode == ADDR_SEEKING || addr->mode == ADDR_BOUND || addr->mode == ADDR_STATIC;
}

static void update_search(struct addr *addr)
{
    if (port_now_us() >= addr->retry_at_us) {
        addr->retry_at_us = UINT64_MAX;
        if (dhcp_start(addr->netif) != ERR_OK) {
            retry_later(addr);
        }
    }
    limit_searches(addr);
    bool is_declining = addr->dhcp.state == DHCP_STATE_BACKING_OFF;
    if (is_declining && !addr->was_declining) {
        stats_count(addr->stats, COUNTER_dhcp_declined);
        port_forget_servers4(addr->netif);
    }
    addr->was_declining = is_declining;
    if (dhcp_supplied_address(addr->netif) != 0) {
        look_at_lease(addr);
    }
    if (dhcp_supplied_address(addr->netif) == 0) {
        look_without_lease(addr);
    }
}

void addr_update(struct addr *addr)
{
    if (is_searching(addr)) {
        update_search(addr);
    }
    if (addr->mode == ADDR_STATIC || addr->mode == ADDR_MANUAL) {
        look_at_claim(addr);
    }
}

uint64_t addr_next_us(const struct addr *addr)
{
    uint64_t next_us = is_searching(addr) ? addr->retry_at_us : UINT64_MAX;
    if (addr->mode == ADDR_SEEKING && addr->fallback.address != 0 &&
        addr->fallback_at_us < next_us) {
        next_us = addr->fallback_at_us;
    }
    bool is_claiming = addr->mode == ADDR_STATIC || addr->mode == ADDR_MANUAL;
    if (is_claiming && addr->claim_at_us < next_us && netif_is_link_up(addr->netif)) {
        next_us = addr->claim_at_us;
    }
    return next_us;
}

void addr_start(struct addr *addr, struct netif *netif, const struct addr_ip4 *fallback,
                struct stats *stats, const struct lines *lines, const char *name)
{
    *addr = (struct addr){
        .netif = netif,
        .stats = stats,
        .lines = lines,
        .name = name,
        .device_mtu = netif->mtu,
        .fallback = *fallback,
        .retry_at_us = port_now_us(),
    };
    seek(addr);
    dhcp_set_struct(netif, &addr->dhcp);
    (void)acd_add(netif, &addr->acd, hear_conflict); /* it does not fail */
    addr_update(addr);
}

/* Ends the client. Neighbours stay: the release may still wait for the server's. */
static void end_search(struct addr *addr, enum addr_mode mode)
{
    if (addr->mode == ADDR_BOUND) {
        say_lost(addr);
    }
    addr->mode = mode;
    end_claim(addr);
    dhcp_release_and_stop(addr->netif);
    clear_lease(addr);
}

void addr_renew(struct addr *addr)
{
    if (addr->mode == ADDR_BOUND) {
        if (dhcp_renew(addr->netif) != ERR_OK) {
            stats_count(addr->stats, COUNTER_dhcp_no_memory); /* T2 comes in any case */
        }
        return;
    }
    if (!is_searching(addr)) {
        end_claim(addr);
        netif_set_addr(addr->netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
        seek(addr);
    }
    addr->next_search_us = 0;
    addr->retry_at_us = port_now_us();
}

void addr_release(struct addr *addr)
{
    end_search(addr, ADDR_NONE);
}

void addr_set(struct addr *addr, const struct addr_ip4 *ip4)
{
    end_search(addr, ADDR_MANUAL);
    claim(addr, ADDR_MANUAL, ip4);
    addr_update(addr);
}

void addr_stop(struct addr *addr)
{
    if (addr->mode != ADDR_OFF) {
        dhcp_release_and_stop(addr->netif);
        dhcp_remove_struct(addr->netif);
        acd_remove(addr->netif, &addr->acd);
        addr->mode = ADDR_OFF;
    }
}
