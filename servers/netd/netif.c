/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames travel without a copy on the way in: lwIP reads them where the device wrote them, behind
 * a custom pbuf, and freeing that gives the frame back to the driver. On the way out lwIP's chain
 * is copied into a frame, once.
 */
#include "netif.h"

#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/prot/iana.h>
#include <lwip/prot/ip.h>
#include <lwip/stats.h>
#include <netif/ethernet.h>

#include <base/bytes.h>

#include "egress.h"
#include "flow.h"
#include "lwip/port.h"
#include "segment_input.h"
#include "socket.h"
#include "timers.h"

enum {
    RX_ALIGNMENT = 8,
    RX_ROOM_BYTES = FRAMES_BYTES - FRAMES_OFFSET,
    LARGEST_BLOCK_BYTES = 18432, /* in lwippools.h */
    /* Sums of TCP and UDP are left to egress.c, and a packet to ourselves has none. */
    CHECKED_BY_INGRESS = NETIF_CHECKSUM_GEN_IP | NETIF_CHECKSUM_GEN_ICMP | NETIF_CHECKSUM_GEN_ICMP6,
    CHECK_IN_LWIP = CHECKED_BY_INGRESS | NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP |
                    NETIF_CHECKSUM_CHECK_ICMP | NETIF_CHECKSUM_CHECK_ICMP6,
    IP6_MTU_MIN = 1280, /* [RFC 8200 §5] */
};

static_assert(FRAMES_OFFSET == ETH_PAD_SIZE, "lwIP's padding is the frame's offset");
static_assert(2 * IP_REASS_MAX_PBUFS + INTERFACE_OOSEQ_MAX < INTERFACE_HELD_MAX,
              "lwIP's queues hold less than a quarter of the pool, and one frame can always pass");
static_assert(IP_REASS_MAX_PBUFS * FRAMES_MTU_MAX <= LARGEST_BLOCK_BYTES - 256,
              "an echo of any reassembled size is answered from one block");

/* --- frames -------------------------------------------------------------------------------- */

static void keep_frame(struct interface *interface, uint16_t index)
{
    interface->owner[index] = FRAME_FREE;
    interface->free[interface->free_count] = index;
    interface->free_count++; /* <= FRAMES_COUNT: each frame is in it at most once (I1) */
}

/* Gives a frame to the driver to receive into; keeps it when the driver has enough. */
static void provide_frame(struct interface *interface, uint16_t index)
{
    struct frames_span room = {index, FRAMES_OFFSET, RX_ROOM_BYTES};
    if (!interface->is_open || interface->rx_count >= INTERFACE_RX_FRAMES ||
        ring_producer_push(&interface->rx_free, frames_entry(room)) != OK) {
        keep_frame(interface, index);
        return;
    }
    interface->owner[index] = FRAME_DRIVER_RX;
    interface->rx_count++;
}

/* lwIP is done with a frame. */
static void return_lent_frame(struct pbuf *pbuf)
{
    struct lent_frame *lent = (struct lent_frame *)(void *)pbuf;
    lent->interface->held_count--;
    port_allow_ooseq(lent->interface->held_count < INTERFACE_OOSEQ_MAX);
    provide_frame(lent->interface, lent->index);
}

/* --- epochs -------------------------------------------------------------------------------- */

/* Stops using the rings and asks the driver to start over. */
static void ask_for_epoch(struct interface *interface)
{
    interface->is_open = false;
    interface->must_poll = true;
    interface->request = frames_request(&interface->area->info);
    interface->must_signal = true;
}

static void take_frames_back(struct interface *interface)
{
    interface->is_open = false;
    interface->free_count = 0;
    interface->rx_count = 0;
    for (uint32_t index = 0; index < FRAMES_COUNT; index++) {
        if (interface->owner[index] != FRAME_STACK) {
            keep_frame(interface, (uint16_t)index);
        }
    }
}

static MUST_CHECK int bind_rings(struct interface *interface)
{
    struct frames_area *area = interface->area;
    int errors = ring_producer_bind(&interface->rx_free, &area->rx_free.shared, FRAMES_COUNT);
    errors |= ring_consumer_bind(&interface->rx_full, &area->rx_full.shared, FRAMES_COUNT);
    errors |= ring_producer_bind(&interface->tx_ready, &area->tx_ready.shared, FRAMES_COUNT);
    errors |= ring_consumer_bind(&interface->tx_done, &area->tx_done.shared, FRAMES_COUNT);
    return errors == OK ? OK : E_CORRUPT;
}

/* The driver's facts, each read once. A device without an address gets a local one of ours. */
static void take_facts(struct interface *interface)
{
    const struct frames_info *info = &interface->area->info;
    uint64_t mac = atomic_load_explicit(&info->mac, memory_order_relaxed);
    uint32_t mtu = atomic_load_explicit(&info->mtu, memory_order_relaxed);
    if (mac == 0 || (mac & 1) != 0) {
        mac = ((uint64_t)netd_random_u32() << 16 | 0x0002);
    }
    if (mtu < FRAMES_MTU_MIN || mtu > FRAMES_MTU_MAX) {
        mtu = FRAMES_MTU_MAX;
    }
    for (int i = 0; i < ETH_ADDRESS_BYTES; i++) {
        interface->rules.mac[i] = (uint8_t)(mac >> (8 * i));
        interface->netif.hwaddr[i] = interface->rules.mac[i];
    }
    interface->rules.mtu = (uint16_t)mtu;
    interface->rules.takes_ip6 = LWIP_IPV6 && mtu >= IP6_MTU_MIN;
    interface->netif.mtu = (uint16_t)mtu;
    interface->netif.mtu6 = (uint16_t)mtu;
}

static void open_epoch(struct interface *interface, uint32_t epoch)
{
    take_frames_back(interface);
    frames_empty(interface->area, epoch);
    interface->epoch = epoch;
    interface->is_up = false;
    interface->must_poll = true;
    if (bind_rings(interface) != OK) {
        stats_count(interface->stats, COUNTER_rx_ring_corrupt);
        ask_for_epoch(interface);
        return;
    }
    interface->is_open = true;
    take_facts(interface);
    while (interface->rx_count < INTERFACE_RX_FRAMES &&
           interface->free_count > INTERFACE_TX_FRAMES) {
        interface->free_count--;
        provide_frame(interface, interface->free[interface->free_count]);
    }
    interface->must_signal |= ring_producer_commit(&interface->rx_free);
    frames_ready(&interface->area->info, epoch);
    interface->must_signal = true; /* in any case: the driver sleeps until `ready` */
}

static void follow_link(struct interface *interface, bool is_up)
{
    if (is_up && !netif_is_link_up(&interface->netif)) {
        netif_set_link_up(&interface->netif);
        interface->has_news = true;
        timers_note_ip6();
    } else if (!is_up && netif_is_link_up(&interface->netif)) {
        netif_set_link_down(&interface->netif);
        interface->has_news = true;
        timers_note_ip6();
    }
}

enum interface_event interface_poll(struct interface *interface)
{
    const struct frames_info *info = &interface->area->info;
    uint32_t epoch;
    enum interface_event event = INTERFACE_SAME;
    bool had_failed = interface->has_failed;
    interface->must_poll = false;
    interface->seen.epoch = atomic_load_explicit(&info->epoch, memory_order_relaxed);
    interface->seen.served = atomic_load_explicit(&info->served, memory_order_relaxed);
    interface->seen.state = atomic_load_explicit(&info->state, memory_order_relaxed);
    interface->seen.link = atomic_load_explicit(&info->is_link_up, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire); /* what is read below is no older */
    bool is_opened = frames_is_opened(info, interface->request, interface->epoch, &epoch);
    /* Read after the epoch: UP can only be of this one, no later one is ready yet. */
    uint32_t state = atomic_load_explicit(&info->state, memory_order_relaxed);
    interface->has_failed = state == FRAMES_FAILED;
    if (interface->has_failed) {
        interface->is_open = false;
        event = had_failed ? INTERFACE_SAME : INTERFACE_FAILED;
    } else if (is_opened) {
        open_epoch(interface, epoch);
    } else if (epoch != interface->epoch) {
        interface->is_open = false; /* the rings are the driver's again */
    } else if (interface->is_open && !interface->is_up && state == FRAMES_UP) {
        interface->is_up = true;
        event = INTERFACE_UP;
    }
    follow_link(interface, interface->is_open && atomic_load_explicit(&info->is_link_up,
                                                                      memory_order_relaxed) != 0);
    return event;
}

/* --- input --------------------------------------------------------------------------------- */

/* Data for sockets: TCP and UDP in whole IPv4 packets, but for what DHCP answers. */
static bool is_data(const uint8_t *frame, enum counter verdict)
{
    const uint8_t *ip = frame + SIZEOF_ETH_HDR - ETH_PAD_SIZE;
    if (verdict != COUNTER_rx_whole || bytes_get_be16(ip - 2) != ETHTYPE_IP) {
        return false;
    }
    const uint8_t *transport = ip + (ip[0] & 15) * 4; /* ingress.c has checked them */
    return ip[9] == IP_PROTO_TCP ||
           (ip[9] == IP_PROTO_UDP && bytes_get_be16(transport + 2) != LWIP_IANA_PORT_DHCP_CLIENT);
}

bool interface_take_news(struct interface *interface)
{
    bool has_news = interface->has_news;
    interface->has_news = false;
    return has_news;
}

static void give_frame(struct interface *interface, struct pbuf *pbuf)
{
    if (interface->netif.input(pbuf, &interface->netif) != ERR_OK) {
        pbuf_free(pbuf);
    }
}

/* What lwIP has found wrong in packets that it put together; whole ones it does not sum. */
static uint32_t wrong_sums(void)
{
    return (uint32_t)lwip_stats.udp.chkerr + lwip_stats.tcp.chkerr + lwip_stats.icmp.chkerr +
           lwip_stats.icmp6.chkerr + lwip_stats.igmp.chkerr;
}

/* The last fragment of a packet may make it whole. */
static void give_fragment(struct interface *interface, struct pbuf *pbuf)
{
    uint32_t before = wrong_sums();
    NETIF_SET_CHECKSUM_CTRL(&interface->netif, CHECK_IN_LWIP);
    give_frame(interface, pbuf);
    NETIF_SET_CHECKSUM_CTRL(&interface->netif, CHECKED_BY_INGRESS);
    if (wrong_sums() != before) {
        stats_count(interface->stats, COUNTER_fragment_checksum);
    }
}

/* What merge.h has put together, which is plain (G1), straight to TCP if it would come there. */
static void give_group(struct interface *interface)
{
    struct pbuf *pbuf = merge_end(&interface->merge);
    if (pbuf == NULL) {
        return;
    }
    struct netif *netif = &interface->netif;
    struct flow_hosts hosts = flow_hosts_of((const uint8_t *)pbuf->payload + SIZEOF_ETH_HDR);
    if (flow_is_segment(interface, hosts)) {
        segment_input(netif, pbuf, hosts);
        return;
    }
    STAT_COUNTER before = lwip_stats.tcp.recv;
    give_frame(interface, pbuf);
    if (lwip_stats.tcp.recv != before &&
        hosts.destination == ip4_addr_get_u32(netif_ip4_addr(netif))) {
        flow_note_segment(interface, hosts);
    }
}

/* What the stack must look at after this frame. */
static void note_frame(struct interface *interface, const uint8_t *frame, enum counter verdict)
{
    if (!is_data(frame, verdict)) {
        give_group(interface); /* which came before, and may be remembered */
        interface->has_news = true;
        flows_forget();
    } else if (frame[SIZEOF_ETH_HDR - ETH_PAD_SIZE + 9] == IP_PROTO_TCP) {
        timers_note_tcp();
    }
}

/* A frame as a pbuf, lent to lwIP until it is freed. */
static struct pbuf *lend_frame(struct interface *interface, struct frames_span span)
{
    struct lent_frame *lent = &interface->lent[span.index];
    uint8_t *start = (uint8_t *)interface->area + frames_area_offset(span) - ETH_PAD_SIZE;
    uint16_t bytes = (uint16_t)(span.bytes + ETH_PAD_SIZE); /* <= FRAMES_BYTES */
    interface->owner[span.index] = FRAME_STACK;
    interface->held_count++;
    port_allow_ooseq(interface->held_count < INTERFACE_OOSEQ_MAX);
    lent->interface = interface;
    lent->index = span.index;
    lent->pbuf.custom_free_function = return_lent_frame;
    return pbuf_alloced_custom(PBUF_RAW, bytes, PBUF_REF, &lent->pbuf, start, bytes);
}

/* Gives lwIP a frame, which may be back before this returns, or keeps it for what follows. */
static void input_frame(struct interface *interface, struct pbuf *pbuf, enum counter verdict)
{
    if (verdict != COUNTER_rx_whole) {
        give_group(interface);
        give_fragment(interface, pbuf);
        return;
    }
    if (merge_join(&interface->merge, pbuf)) {
        return;
    }
    give_group(interface);
    if (!merge_begin(&interface->merge, pbuf)) {
        give_frame(interface, pbuf);
    }
}

static void take_frame(struct interface *interface, uint64_t entry)
{
    struct frames_span span;
    if (frames_locate(entry, 0, &span) != OK || span.offset % RX_ALIGNMENT != FRAMES_OFFSET) {
        stats_count(interface->stats, COUNTER_rx_bad_entry);
        return;
    }
    if (interface->owner[span.index] != FRAME_DRIVER_RX) {
        stats_count(interface->stats, COUNTER_rx_not_lent);
        return;
    }
    interface->rx_count--;
    interface->taken_count++;
    interface->owner[span.index] = FRAME_FREE; /* in no list until it is provided or lent below */
    const uint8_t *frame = (uint8_t *)interface->area + frames_area_offset(span);
    enum counter verdict = ingress_check(&interface->rules, frame, span.bytes);
    bool is_good = verdict == COUNTER_rx_whole || verdict == COUNTER_rx_fragment;
    if (is_good && interface->held_count >= INTERFACE_HELD_MAX) {
        verdict = COUNTER_rx_pool_share;
        is_good = false;
    }
    stats_count(interface->stats, verdict);
    struct socket *socket =
        verdict == COUNTER_rx_whole ? flow_find_socket(interface, frame) : NULL;
    if (socket != NULL) {
        datagram_receive(socket, frame + FRAMES_ETHERNET_BYTES, span.bytes - FRAMES_ETHERNET_BYTES,
                         netif_get_index(&interface->netif));
        provide_frame(interface, span.index);
    } else if (is_good) {
        note_frame(interface, frame, verdict);
        input_frame(interface, lend_frame(interface, span), verdict);
    } else {
        provide_frame(interface, span.index); /* refused */
    }
}

/* Sent frames come back to be sent with again. */
static void reclaim_frames(struct interface *interface)
{
    uint64_t entry;
    uint32_t count;
    if (!interface->is_open || ring_consumer_filled(&interface->tx_done, &count) != OK) {
        return;
    }
    for (; count != 0 && ring_consumer_pop(&interface->tx_done, &entry) == OK; count--) {
        struct frames_span span;
        if (frames_locate(entry, 0, &span) != OK ||
            interface->owner[span.index] != FRAME_DRIVER_TX) {
            stats_count(interface->stats, COUNTER_tx_bad_done);
        } else {
            keep_frame(interface, span.index);
        }
    }
}

bool interface_input(struct interface *interface)
{
    uint64_t entry;
    uint32_t filled, count = 0;
    if (!interface->is_open || ring_consumer_filled(&interface->rx_full, &filled) != OK) {
        return false; /* a corrupt ring: flush sees to it */
    }
    filled = filled < INTERFACE_BATCH ? filled : INTERFACE_BATCH;
    while (count < filled && ring_consumer_pop(&interface->rx_full, &entry) == OK) {
        take_frame(interface, entry);
        count++;
    }
    give_group(interface);
    return count == INTERFACE_BATCH;
}

/* --- output -------------------------------------------------------------------------------- */

uint8_t *interface_frame(struct interface *interface, uint16_t bytes)
{
    if (bytes > interface->rules.mtu + FRAMES_ETHERNET_BYTES) {
        return NULL;
    }
    if (interface->free_count == 0) {
        reclaim_frames(interface);
    }
    if (!interface->is_open || interface->free_count == 0) {
        return NULL;
    }
    struct frames_span span = {interface->free[interface->free_count - 1], FRAMES_OFFSET, bytes};
    return (uint8_t *)interface->area + frames_area_offset(span);
}

int interface_send(struct interface *interface, uint16_t bytes)
{
    uint16_t index = interface->free[interface->free_count - 1];
    int error = ring_producer_push(&interface->tx_ready,
                                   frames_entry((struct frames_span){index, FRAMES_OFFSET, bytes}));
    if (error != OK) {
        return error; /* a corrupt ring: flush sees to it */
    }
    /* --- committed --- */
    interface->free_count--;
    interface->owner[index] = FRAME_DRIVER_TX;
    interface->sent_count++;
    stats_count(interface->stats, COUNTER_tx_frames);
    return OK;
}

const uint8_t *interface_last_sent(const struct interface *interface)
{
    struct frames_span span = {interface->free[interface->free_count], FRAMES_OFFSET, 0};
    return (const uint8_t *)interface->area + frames_area_offset(span);
}

/*
 * Copies the chain into a frame, to be published by the next flush. It begins with the link's
 * header and the padding in front of that; or that is `header`.
 */
static err_t send_chain(struct interface *interface, const uint8_t *header, struct pbuf *pbuf)
{
    size_t in_front = header != NULL ? SIZEOF_ETH_HDR : 0;
    uint16_t bytes = (uint16_t)(pbuf->tot_len + in_front - ETH_PAD_SIZE);
    if (bytes > interface->rules.mtu + FRAMES_ETHERNET_BYTES) {
        stats_count(interface->stats, COUNTER_tx_long);
        return ERR_BUF;
    }
    uint8_t *frame = interface_frame(interface, bytes);
    if (frame != NULL) {
        uint8_t *start = __builtin_assume_aligned(frame - ETH_PAD_SIZE, 8);
        if (header != NULL) {
            memcpy(start, __builtin_assume_aligned(header, 8), SIZEOF_ETH_HDR);
        }
        egress_fill(frame, start + in_front, pbuf);
    }
    if (frame == NULL || interface_send(interface, bytes) != OK) {
        stats_count(interface->stats, COUNTER_tx_no_frame);
        return ERR_MEM;
    }
    return ERR_OK;
}

/* lwIP's link output: behind ethernet_output, which added a header and its padding. */
static err_t output_frame(struct netif *netif, struct pbuf *pbuf)
{
    return send_chain((struct interface *)netif, NULL, pbuf);
}

struct interface *interface_of(struct netif *netif)
{
    return netif->linkoutput == output_frame ? (struct interface *)netif : NULL;
}

static err_t output_ip6(struct netif *netif, struct pbuf *pbuf, const ip6_addr_t *destination)
{
    timers_note_ip6();
    return ethip6_output(netif, pbuf, destination);
}

static err_t output_ip4(struct netif *netif, struct pbuf *pbuf, const ip4_addr_t *destination)
{
    struct interface *interface = (struct interface *)netif;
    uint32_t address = ip4_addr_get_u32(destination);
    const uint8_t *header = flow_find_neighbour(interface, address);
    if (header != NULL) {
        return send_chain(interface, header, pbuf);
    }
    uint64_t sent_before = interface->sent_count;
    err_t error = etharp_output(netif, pbuf, destination);
    timers_note_output();
    if (interface->sent_count == sent_before + 1) {
        flow_note_neighbour(interface, address, interface_last_sent(interface));
    }
    return error;
}

/* --- groups -------------------------------------------------------------------------------- */

static void follow_group(struct netif *netif, const uint8_t *mac,
                         enum netif_mac_filter_action action)
{
    struct interface *interface = (struct interface *)netif;
    if (action == NETIF_ADD_MAC_FILTER) {
        ingress_join(&interface->rules, mac);
    } else {
        ingress_leave(&interface->rules, mac);
    }
}

/* The last four bytes of the group behind 33:33. [RFC 2464 §7] */
static err_t follow_group6(struct netif *netif, const ip6_addr_t *group,
                           enum netif_mac_filter_action action)
{
    uint8_t mac[ETH_ADDRESS_BYTES] = {0x33, 0x33};
    memcpy(mac + 2, &group->addr[3], 4);
    follow_group(netif, mac, action);
    return ERR_OK;
}

/* The last 23 bits of the group. [RFC 1112 §6.4] */
static err_t follow_group4(struct netif *netif, const ip4_addr_t *group,
                           enum netif_mac_filter_action action)
{
    uint32_t address = lwip_ntohl(ip4_addr_get_u32(group));
    const uint8_t mac[ETH_ADDRESS_BYTES] = {0x01, 0x00, 0x5e, (uint8_t)(address >> 16 & 0x7f),
                                            (uint8_t)(address >> 8), (uint8_t)address};
    follow_group(netif, mac, action);
    return ERR_OK;
}

bool interface_flush(struct interface *interface)
{
    bool must_signal = interface->must_signal;
    interface->must_signal = false;
    if (!interface->is_open) {
        return must_signal;
    }
    if (ring_consumer_has_news(&interface->tx_done)) {
        reclaim_frames(interface);
    }
    must_signal |= ring_consumer_commit(&interface->rx_full);
    must_signal |= ring_consumer_commit(&interface->tx_done);
    must_signal |= ring_producer_commit(&interface->rx_free);
    must_signal |= ring_producer_commit(&interface->tx_ready);
    if (interface->rx_full.is_corrupt || interface->tx_done.is_corrupt ||
        interface->rx_free.is_corrupt || interface->tx_ready.is_corrupt) {
        stats_count(interface->stats, COUNTER_rx_ring_corrupt);
        ask_for_epoch(interface);
        interface->must_signal = false;
        return true;
    }
    return must_signal;
}

bool interface_prepare_sleep(struct interface *interface)
{
    if (!interface->is_open) {
        return true;
    }
    /* Only a sender without frames waits for those that were sent. */
    return ring_consumer_prepare_sleep(&interface->rx_full) &&
           (interface->free_count != 0 || ring_consumer_prepare_sleep(&interface->tx_done));
}

/* --- life ---------------------------------------------------------------------------------- */

static err_t init_netif(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hwaddr_len = ETH_ADDRESS_BYTES;
    netif_set_hostname(netif, INTERFACE_HOST_NAME);
    netif->mtu = FRAMES_MTU_MAX;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
                   NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    netif->output = output_ip4;
    netif->output_ip6 = output_ip6;
    netif_set_mld_mac_filter(netif, follow_group6);
    netif_set_igmp_mac_filter(netif, follow_group4);
    netif->linkoutput = output_frame;
    return ERR_OK;
}

int interface_open(struct interface *interface, struct frames_area *area, struct stats *stats)
{
    memset(interface, 0, sizeof(*interface)); /* too large for an assignment by way of the stack */
    interface->area = area;
    interface->stats = stats;
    if (netif_add_noaddr(&interface->netif, NULL, init_netif, ethernet_input) == NULL) {
        return E_NO_MEMORY;
    }
    /* --- committed --- */
    NETIF_SET_CHECKSUM_CTRL(&interface->netif, CHECKED_BY_INGRESS);
    netif_set_up(&interface->netif);
    ask_for_epoch(interface);
    return OK;
}

void interface_close(struct interface *interface)
{
    interface->is_open = false;
    netif_remove(&interface->netif);
}
