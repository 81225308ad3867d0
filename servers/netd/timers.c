/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One rule per timer. Whether reassembly is under way, or a packet waits for a neighbour, is read
 * from its pool, because lwIP keeps the lists to itself.
 */
#include "timers.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include <lwip/acd.h>
#include <lwip/dhcp.h>
#include <lwip/dhcp6.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/memp.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/prot/dhcp6.h>
#include <lwip/stats.h>

#include "flow.h"
#include "lwip/port.h"

enum {
    US_PER_MS = 1000,
    TCP_SLEEP_MAX_TICKS = 240, /* which bounds the calls to make up for */
    TICKS_OF_ACD = ACD_TMR_INTERVAL / TIMERS_PROBE_TICK_MS,
    ND_SOLICIT_CALLS = 4, /* lwIP solicits routers in every fourth call, the first among them */
};

struct rule {
    uint32_t period_ms;
    void (*handler)(void);
    uint32_t (*due_in)(void); /* periods until the handler does something; 0: not needed */
};

static uint32_t tcp_due_in(void);
static uint32_t reassembly_due_in(void);
static uint32_t arp_due_in(void);
static uint32_t group_due_in(void);
static uint32_t reassembly6_due_in(void);
static uint32_t group6_due_in(void);
static uint32_t nd_due_in(void);
static void nd_tick(void);
static uint32_t conflict_due_in(void);
static void conflict_tick(void);
static uint32_t lease_due_in(void);
static uint32_t request_due_in(void);
static uint32_t request6_due_in(void);

/* Those that data of sockets concerns. */
enum { RULE_TCP, RULE_ARP, RULE_ND, RULES = 11 };

static const struct rule rules[] = {
    [RULE_TCP] = {TCP_TMR_INTERVAL, tcp_tmr, tcp_due_in},
    [RULE_ARP] = {ARP_TMR_INTERVAL, etharp_tmr, arp_due_in},
    [RULE_ND] = {ND6_TMR_INTERVAL, nd_tick, nd_due_in},
    {IP_TMR_INTERVAL, ip_reass_tmr, reassembly_due_in},
    {IGMP_TMR_INTERVAL, igmp_tmr, group_due_in},
    {IP6_REASS_TMR_INTERVAL, ip6_reass_tmr, reassembly6_due_in},
    {MLD6_TMR_INTERVAL, mld6_tmr, group6_due_in},
    {TIMERS_PROBE_TICK_MS, conflict_tick, conflict_due_in},
    {DHCP_COARSE_TIMER_MSECS, dhcp_coarse_tmr, lease_due_in},
    {DHCP_FINE_TIMER_MSECS, dhcp_fine_tmr, request_due_in},
    {DHCP6_TIMER_MSECS, dhcp6_tmr, request6_due_in},
};

static_assert((size_t)RULES == sizeof(rules) / sizeof(rules[0]), "as many as there are");

/* Sets of rules, a bit each. */
static struct {
    uint32_t armed;   /* periods are counted */
    uint32_t soonest; /* due in the next period, so nothing can bring it forward */
    uint32_t unknown; /* something happened on which it may depend */
    uint64_t last_us[RULES]; /* the period boundary up to which the handler was called */
    uint64_t due_us[RULES];  /* when it has something to do */
    uint64_t next_us;        /* the first of due_us */
    uint64_t boundary_us;    /* the first period that ends */
    uint32_t conflict_calls;
    uint32_t nd_calls; /* never forgotten: lwIP counts with us */
} timers;

/* The smaller, where 0 stands for never. */
static uint32_t sooner(uint32_t left, uint32_t right)
{
    if (left == 0 || right == 0) {
        return left + right;
    }
    return left < right ? left : right;
}

/* Whether lwIP counts down for a connection, or does something for it on the way. */
static bool is_busy(const struct tcp_pcb *pcb)
{
    bool is_quiet = pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT ||
                    (pcb->state == FIN_WAIT_2 && (pcb->flags & TF_RXCLOSED) == 0);
    return !is_quiet || pcb->unsent != NULL || pcb->unacked != NULL || pcb->ooseq != NULL ||
           pcb->refused_data != NULL ||
           (pcb->flags & (TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND | TF_NAGLEMEMERR)) != 0;
}

/* Periods of tcp_tmr until lwIP looks at the age of a connection, which it does in slow ticks. */
static uint32_t ticks_left(const struct tcp_pcb *pcb, uint32_t after_ms)
{
    uint32_t age = tcp_ticks - pcb->tmr;
    uint32_t due = after_ms / TCP_SLOW_INTERVAL + 1;
    uint32_t left = age < due ? due - age : 1;
    return left < TCP_SLEEP_MAX_TICKS ? 2 * left : 2 * TCP_SLEEP_MAX_TICKS;
}

static uint32_t tcp_due_in(void)
{
    uint32_t due = 0;
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (is_busy(pcb)) {
            return 1;
        }
        if (ip_get_option(pcb, SOF_KEEPALIVE)) {
            due =
                sooner(due, ticks_left(pcb, pcb->keep_idle + pcb->keep_cnt_sent * pcb->keep_intvl));
        }
    }
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next) {
        due = sooner(due, ticks_left(pcb, 2 * TCP_MSL));
    }
    return due;
}

static uint32_t reassembly_due_in(void)
{
    return lwip_stats.memp[MEMP_REASSDATA]->used != 0 ? 1 : 0;
}

static uint32_t arp_due_in(void)
{
    if (lwip_stats.memp[MEMP_ARP_QUEUE]->used != 0) {
        return 1; /* the neighbour is asked again each second, and given up after five */
    }
    for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
        ip4_addr_t *address;
        struct netif *netif;
        struct eth_addr *mac;
        if (etharp_get_entry(i, &address, &netif, &mac)) {
            return TIMERS_ARP_IDLE_S;
        }
    }
    return 0;
}

/* When a group is reported: soon after it was joined or asked for. */
static uint32_t group_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        const struct igmp_group *group = netif_igmp_data(netif);
        for (; group != NULL; group = group->next) {
            due = sooner(due, group->timer);
        }
    }
    return due;
}

static uint32_t reassembly6_due_in(void)
{
    return lwip_stats.memp[MEMP_IP6_REASSDATA]->used != 0 ? 1 : 0;
}

static uint32_t group6_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif) {
        const struct mld_group *group = netif_mld6_data(netif);
        for (; group != NULL; group = group->next) {
            due = sooner(due, group->timer);
        }
    }
    return due;
}

/* Seconds of a lifetime as calls; one that is over is seen to by the next. */
static uint32_t lifetime_due_in(uint32_t seconds)
{
    return seconds == 0 ? 1 : seconds;
}

static uint32_t neighbour6_due_in(const struct nd6_neighbor_cache_entry *neighbour)
{
    switch (neighbour->state) {
    case ND6_REACHABLE:
        return neighbour->counter.reachable_time / ND6_TMR_INTERVAL + 1;
    case ND6_INCOMPLETE:
    case ND6_PROBE:
    case ND6_DELAY:
        return 1;
    default: /* unused, or stale until somebody sends to it */
        return 0;
    }
}

static uint32_t address6_due_in(const struct netif *netif, int i)
{
    uint8_t state = netif_ip6_addr_state(netif, i);
    uint32_t due = 0;
    if (ip6_addr_istentative(state) && netif_is_up(netif) && netif_is_link_up(netif)) {
        return 1;
    }
    if (ip6_addr_isinvalid(state) || netif_ip6_addr_isstatic(netif, i)) {
        return 0;
    }
    if (!ip6_addr_life_isinfinite(netif_ip6_addr_valid_life(netif, i))) {
        due = lifetime_due_in(netif_ip6_addr_valid_life(netif, i));
    }
    if (state == IP6_ADDR_PREFERRED &&
        !ip6_addr_life_isinfinite(netif_ip6_addr_pref_life(netif, i))) {
        due = sooner(due, lifetime_due_in(netif_ip6_addr_pref_life(netif, i)));
    }
    return due;
}

/* Router solicitations that are still to be sent, and addresses. */
static uint32_t interface6_due_in(const struct netif *netif)
{
    uint8_t link_local = netif_ip6_addr_state(netif, 0);
    bool solicits = netif->rs_count > 0 && netif_is_up(netif) && netif_is_link_up(netif) &&
                    !ip6_addr_isinvalid(link_local) && !ip6_addr_isduplicated(link_local);
    uint32_t skipped = (0u - timers.nd_calls) % ND_SOLICIT_CALLS;
    uint32_t due = solicits ? 1 + skipped : 0;
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        due = sooner(due, address6_due_in(netif, i));
    }
    return due;
}

static void nd_tick(void)
{
    nd6_tmr();
    timers.nd_calls++;
}

/* While it asks whether an address is free, lwIP's tenths of a second are hundredths. */
static bool is_asking(const struct acd *acd)
{
    return acd->state == ACD_STATE_PROBE_WAIT || acd->state == ACD_STATE_PROBING ||
           acd->state == ACD_STATE_ANNOUNCE_WAIT || acd->state == ACD_STATE_ANNOUNCING;
}

static uint32_t conflict_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif) {
        for (const struct acd *acd = netif->acd_list; acd != NULL; acd = acd->next) {
            if (is_asking(acd)) {
                due = sooner(due, acd->ttw == 0 ? 1 : acd->ttw);
            } else if (acd->state == ACD_STATE_RATE_LIMIT || acd->lastconflict != 0) {
                due = sooner(due, TICKS_OF_ACD - timers.conflict_calls % TICKS_OF_ACD);
            }
        }
    }
    return due;
}

static void conflict_tick(void)
{
    bool asks = false;
    struct netif *netif;
    timers.conflict_calls++;
    NETIF_FOREACH(netif) {
        for (const struct acd *acd = netif->acd_list; acd != NULL; acd = acd->next) {
            asks |= is_asking(acd);
        }
    }
    if (asks || timers.conflict_calls % TICKS_OF_ACD == 0) {
        acd_tmr();
    }
}

static uint32_t nd_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif) {
        due = sooner(due, interface6_due_in(netif));
    }
    for (size_t i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
        due = sooner(due, neighbour6_due_in(&neighbor_cache[i]));
    }
    for (size_t i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        if (default_router_list[i].neighbor_entry != NULL) {
            due = sooner(due, lifetime_due_in(default_router_list[i].invalidation_timer));
        }
    }
    for (size_t i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
        if (prefix_list[i].netif != NULL) {
            due = sooner(due, lifetime_due_in(prefix_list[i].invalidation_timer));
        }
    }
    return due < TIMERS_LEASE_SLEEP_MAX_S ? due : TIMERS_LEASE_SLEEP_MAX_S;
}

static uint32_t lease_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        const struct dhcp *dhcp = netif_dhcp_data(netif);
        if (dhcp == NULL || dhcp->state == DHCP_STATE_OFF) {
            continue;
        }
        uint32_t end =
            dhcp->t0_timeout > dhcp->lease_used ? dhcp->t0_timeout - dhcp->lease_used : 0;
        due = sooner(due, sooner(end, sooner(dhcp->t1_renew_time, dhcp->t2_rebind_time)));
    }
    return due < TIMERS_LEASE_SLEEP_MAX_S ? due : TIMERS_LEASE_SLEEP_MAX_S;
}

/* A request in a bound state is repeated by the lease timer; lwIP's count runs on for nothing. */
static bool waits_for_answer(const struct dhcp *dhcp)
{
    return dhcp->state == DHCP_STATE_SELECTING || dhcp->state == DHCP_STATE_REQUESTING ||
           dhcp->state == DHCP_STATE_REBOOTING || dhcp->state == DHCP_STATE_BACKING_OFF;
}

static uint32_t request_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        const struct dhcp *dhcp = netif_dhcp_data(netif);
        if (dhcp != NULL && waits_for_answer(dhcp)) {
            due = sooner(due, dhcp->request_timeout);
        }
    }
    return due;
}

/* While lwIP waits for an answer of a DHCPv6 server. */
static uint32_t request6_due_in(void)
{
    uint32_t due = 0;
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        const struct dhcp6 *client = netif_dhcp6_data(netif);
        if (client != NULL && client->state == DHCP6_STATE_REQUESTING_CONFIG) {
            due = sooner(due, client->request_timeout);
        }
    }
    return due;
}

void timers_init(void)
{
    timers.armed = 0;
    timers.soonest = 0;
    timers.next_us = UINT64_MAX;
    timers.boundary_us = UINT64_MAX;
    timers_note_all();
}

static uint64_t period_us(size_t i)
{
    return (uint64_t)rules[i].period_ms * US_PER_MS;
}

/* When it has something to do; from the moment it is needed its periods count. */
static void look(size_t i)
{
    uint32_t bit = 1u << i;
    uint32_t due = rules[i].due_in();
    timers.unknown &= ~bit;
    timers.soonest &= ~bit;
    if (due == 0) {
        timers.armed &= ~bit;
        return;
    }
    if ((timers.armed & bit) == 0) {
        timers.last_us[i] = port_now_us();
    }
    timers.armed |= bit;
    timers.soonest |= due == 1 ? bit : 0;
    timers.due_us[i] = timers.last_us[i] + due * period_us(i);
}

/* Apart, so that the usual way saves no registers. */
static __attribute__((noinline)) bool run_due(void)
{
    uint64_t now_us = port_now_us();
    bool has_run = false;
    flows_forget(); /* a handler may end what lwIP decided by */
    for (size_t i = 0; i < RULES; i++) {
        while ((timers.armed >> i & 1) != 0 && now_us - timers.last_us[i] >= period_us(i)) {
            rules[i].handler();
            timers.last_us[i] += period_us(i);
            if (timers.last_us[i] >= timers.due_us[i]) { /* before that it only counts down */
                look(i);
                has_run = true;
            }
        }
    }
    return has_run;
}

bool timers_run(void)
{
    return port_now_us() >= timers.boundary_us && run_due();
}

/* Looks at the rules that may have changed, and finds the first of all. */
static __attribute__((noinline)) void find_next(void)
{
    timers.next_us = UINT64_MAX;
    timers.boundary_us = UINT64_MAX;
    for (size_t i = 0; i < RULES; i++) {
        if ((timers.unknown >> i & 1) != 0) {
            look(i);
        }
        if ((timers.armed >> i & 1) != 0) {
            uint64_t end_us = timers.last_us[i] + period_us(i);
            timers.next_us = timers.due_us[i] < timers.next_us ? timers.due_us[i] : timers.next_us;
            timers.boundary_us = end_us < timers.boundary_us ? end_us : timers.boundary_us;
        }
    }
}

uint64_t timers_next_us(void)
{
    if (timers.unknown != 0 || timers.boundary_us <= port_now_us()) {
        find_next();
    }
    return timers.next_us;
}

/* A rule that is due in its next period is looked at then. */
static void note(uint32_t some)
{
    timers.unknown |= some & ~timers.soonest;
}

void timers_note_all(void)
{
    timers.unknown = (1u << RULES) - 1;
}

void timers_note_tcp(void)
{
    note(1u << RULE_TCP);
}

void timers_note_output(void)
{
    if (lwip_stats.memp[MEMP_ARP_QUEUE]->used != 0) {
        note(1u << RULE_ARP);
    }
}

void timers_note_ip6(void)
{
    note(1u << RULE_ND);
}
