/* SPDX-License-Identifier: BSD-2-Clause */
#include "info6.h"

#include <lwip/dhcp6.h>
#include <lwip/ip.h>
#include <lwip/pbuf.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/prot/dhcp6.h>
#include <lwip/prot/nd6.h>
#include <lwip/udp.h>

#include <base/bytes.h>

#include "info6_message.h"
#include "lwip/port.h"

enum {
    US_PER_S = 1000 * 1000,
    US_PER_HUNDREDTH = US_PER_S / 100,
    REQUEST_LIST_AT = 4,    /* in the options of lwIP's request: two kinds */
    OPTION_ELAPSED = 8,
    OPTION_REFRESH = 32,
    OPTION_MAX_RT = 83,
};

static udp_recv_fn parse; /* lwIP's own receive function, which is behind ours */

/* --- messages ------------------------------------------------------------------------------ */

/* Why the datagram is not the answer to what is asked by its interface; else lwIP takes it. */
static enum counter judge(struct info6 *info, const struct pbuf *pbuf)
{
    const struct dhcp6 *client = info == NULL ? NULL : netif_dhcp6_data(info->netif);
    if (client == NULL || client->state != DHCP6_STATE_REQUESTING_CONFIG ||
        !ip6_addr_islinklocal(ip6_current_dest_addr())) {
        return COUNTER_dhcp6_unmatched; /* we ask from a link-local address */
    }
    if ((pbuf->flags & PBUF_FLAG_IS_CUSTOM) == 0) {
        return COUNTER_dhcp6_unmatched; /* no frame of the link: a program of this machine's */
    }
    if (pbuf->len != pbuf->tot_len) {
        return COUNTER_dhcp6_malformed; /* put together from fragments */
    }
    return info6_check(pbuf->payload, pbuf->len, client->xid, &info->refresh_s);
}

static void receive(void *context, struct udp_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *source,
                    u16_t port)
{
    struct info6 *info = ip_current_input_netif()->state;
    enum counter verdict = judge(info, pbuf);
    stats_count(context, verdict);
    if (verdict != COUNTER_dhcp6_answered) {
        pbuf_free(pbuf);
        return;
    }
    info->is_answered = true;
    port_forget_servers6(info->netif); /* the answer has all there are */
    parse(NULL, pcb, pbuf, source, port);
}

/* Puts our look before lwIP's. False: lwIP's PCB has not got its port. */
static bool guard(struct stats *stats)
{
    for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->local_port != DHCP6_CLIENT_PORT) {
            continue;
        }
        if (pcb->recv_arg == NULL) { /* sockets have an argument, lwIP's client has none */
            parse = pcb->recv;
            udp_recv(pcb, receive, stats);
        }
        if (pcb->recv == receive) {
            return true;
        }
    }
    return false;
}

/*
 * lwIP asks for name servers and a list of domains; nobody here needs domains, but a request must
 * ask how long the answer holds and how often to ask, and say since when it asks. lwIP leaves no
 * room for that, so it follows in a piece of its own. [RFC 8415 §18.2.6]
 */
uint16_t netd_info6_append(const struct netif *netif, uint8_t *options, uint16_t bytes,
                           struct pbuf *message)
{
    const struct info6 *info = netif->state;
    uint8_t more[8] = {0, OPTION_MAX_RT, 0, OPTION_ELAPSED, 0, 2};
    uint64_t elapsed = (port_now_us() - info->begun_us) / US_PER_HUNDREDTH; /* <= 12,000 */
    struct pbuf *piece = pbuf_alloc(PBUF_RAW, sizeof(more), PBUF_RAM);
    bytes_put_be16(options + REQUEST_LIST_AT + 2, OPTION_REFRESH);
    if (piece == NULL) {
        return bytes;
    }
    bytes_put_be16(options + 2, 3 * 2);
    bytes_put_be16(more + 6, (uint16_t)elapsed);
    (void)pbuf_take(piece, more, sizeof(more)); /* it has room */
    pbuf_cat(message, piece);
    return (uint16_t)(bytes + sizeof(more));
}

/* --- when to ask --------------------------------------------------------------------------- */

/* The flags are in lwIP's list of routers, where info6_update finds them [I2]. */
void netd_info6_ignore_ra(struct netif *netif, uint8_t has_managed, uint8_t has_other)
{
    (void)netif;
    (void)has_managed;
    (void)has_other;
}

static bool says_router(const struct info6 *info)
{
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        const struct nd6_router_list_entry *router = &default_router_list[i];
        if (router->neighbor_entry != NULL && router->neighbor_entry->netif == info->netif &&
            (router->flags & ND6_RA_FLAG_OTHER_CONFIG) != 0) {
            return true;
        }
    }
    return false;
}

static void end_request(struct info6 *info, uint32_t pause_s)
{
    dhcp6_disable(info->netif);
    info->is_asking = false;
    info->next_us = port_now_us() + (uint64_t)pause_s * US_PER_S;
}

static void begin_request(struct info6 *info)
{
    info->is_answered = false;
    info->is_delayed = false;
    info->begun_us = port_now_us();
    if (dhcp6_enable_stateless(info->netif) != ERR_OK || !guard(info->stats)) {
        stats_count(info->stats, COUNTER_dhcp6_no_memory);
        end_request(info, INFO6_PATIENCE_S);
        return;
    }
    /* --- committed --- */
    info->is_asking = true;
    info->next_us = info->begun_us + (uint64_t)INFO6_PATIENCE_S * US_PER_S;
    stats_count(info->stats, COUNTER_dhcp6_asked);
    dhcp6_nd6_ra_trigger(info->netif, 0, 1);
}

/* A request under way: has it ended? */
static void look_at_request(struct info6 *info, bool is_wanted)
{
    if (info->is_answered) {
        end_request(info, info->refresh_s);
    } else if (!is_wanted) {
        end_request(info, INFO6_PAUSE_S);
    } else if (port_now_us() >= info->next_us) {
        stats_count(info->stats, COUNTER_dhcp6_unanswered);
        end_request(info, INFO6_SILENCE_S);
    }
}

void info6_update(struct info6 *info)
{
    if (info->netif == NULL) {
        return;
    }
    bool is_up = netif_is_link_up(info->netif);
    bool is_wanted = is_up && ip6_addr_isvalid(netif_ip6_addr_state(info->netif, 0)) &&
                     says_router(info);
    if (info->is_asking) {
        look_at_request(info, is_wanted);
    }
    if (!is_up) {
        port_forget_servers6(info->netif); /* behind the cable may be another link then */
        info->next_us = 0;
        info->is_delayed = false;
    }
    if (is_wanted && !info->is_asking && !info->is_delayed) {
        uint64_t soon_us = port_now_us() + netd_random_u32() % US_PER_S; /* INF_MAX_DELAY */
        info->next_us = soon_us > info->next_us ? soon_us : info->next_us;
        info->is_delayed = true;
    }
    info->is_wanted = is_wanted;
    if (is_wanted && !info->is_asking && port_now_us() >= info->next_us) {
        begin_request(info);
    }
}

uint64_t info6_next_us(const struct info6 *info)
{
    return info->is_asking || info->is_wanted ? info->next_us : UINT64_MAX;
}

void info6_start(struct info6 *info, struct netif *netif, struct stats *stats)
{
    if (info->netif == NULL) {
        *info = (struct info6){.netif = netif, .stats = stats};
        netif->state = info;
    }
}

void info6_stop(struct info6 *info)
{
    if (info->netif != NULL) {
        dhcp6_disable(info->netif);
        dhcp6_cleanup(info->netif);
        port_forget_servers6(info->netif);
        info->netif->state = NULL;
        info->netif = NULL;
    }
}
