/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One rule per timer. Whether reassembly is under way is read from its pool, because lwIP keeps
 * the list to itself; a pending neighbour shows in nothing at all, so every packet that leaves
 * keeps the neighbour timer at its pace for as long as lwIP may ask.
 */
#include "timers.h"

#include <stdbool.h>
#include <stddef.h>

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/memp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/stats.h>

#include "lwip/port.h"

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000 * 1000,
    TCP_SLEEP_MAX_TICKS = 240, /* which bounds the calls to make up for */
    ARP_PENDING_S = 7,         /* lwIP gives up a pending neighbour after 5 calls */
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
static uint32_t lease_due_in(void);
static uint32_t request_due_in(void);

static const struct rule rules[] = {
    {TCP_TMR_INTERVAL, tcp_tmr, tcp_due_in},
    {IP_TMR_INTERVAL, ip_reass_tmr, reassembly_due_in},
    {ARP_TMR_INTERVAL, etharp_tmr, arp_due_in},
    {IGMP_TMR_INTERVAL, igmp_tmr, group_due_in},
    {DHCP_COARSE_TIMER_MSECS, dhcp_coarse_tmr, lease_due_in},
    {DHCP_FINE_TIMER_MSECS, dhcp_fine_tmr, request_due_in},
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static struct {
    bool is_armed[RULES];
    uint64_t last_us[RULES]; /* the period boundary up to which the handler was called */
    uint64_t arp_busy_until_us;
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
    if (port_now_us() < timers.arp_busy_until_us) {
        return 1;
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

void timers_init(void)
{
    for (size_t i = 0; i < RULES; i++) {
        timers.is_armed[i] = false;
    }
    timers.arp_busy_until_us = 0;
}

/* Whether the timer is needed; from the moment it is, its periods count. */
static bool arm(size_t i)
{
    bool is_needed = rules[i].due_in() != 0;
    if (is_needed && !timers.is_armed[i]) {
        timers.last_us[i] = port_now_us();
    }
    timers.is_armed[i] = is_needed;
    return is_needed;
}

void timers_run(void)
{
    uint64_t now_us = port_now_us();
    for (size_t i = 0; i < RULES; i++) {
        uint64_t period_us = (uint64_t)rules[i].period_ms * US_PER_MS;
        while (arm(i) && now_us - timers.last_us[i] >= period_us) {
            rules[i].handler();
            timers.last_us[i] += period_us;
        }
    }
}

uint64_t timers_next_us(void)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < RULES; i++) {
        if (arm(i)) {
            uint64_t period_us = (uint64_t)rules[i].period_ms * US_PER_MS;
            uint64_t due_us = timers.last_us[i] + rules[i].due_in() * period_us;
            next_us = due_us < next_us ? due_us : next_us;
        }
    }
    return next_us;
}

void timers_note_output(void)
{
    timers.arp_busy_until_us = port_now_us() + (uint64_t)ARP_PENDING_S * US_PER_S;
}
