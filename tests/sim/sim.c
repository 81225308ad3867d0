/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop is that of servers/netd/main.c with the waits replaced: until a step leaves nothing to
 * do, then to the next deadline.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lwip/memp.h>
#include <lwip/stats.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ARP_BYTES = 42, /* with the Ethernet header */
    IP_AT = 14,
    STEPS_AT_ONE_MOMENT_MAX = 1000,
};

static const uint8_t our_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

/* --- lines --------------------------------------------------------------------------------- */

static void keep_line(void *context, const char *text, size_t len)
{
    struct sim *sim = context;
    assert_true(len < LINE_BYTES_MAX && strlen(text) == len);
    assert_true(sim->lines < SIM_LINES_MAX);
    memcpy(sim->line[sim->lines], text, len + 1);
    sim->lines++;
}

int sim_count_lines(const struct sim *sim, const char *text)
{
    size_t len = strlen(text);
    bool is_prefix = len != 0 && text[len - 1] == '*';
    int count = 0;
    for (uint32_t i = 0; i < sim->lines; i++) {
        count += is_prefix ? strncmp(sim->line[i], text, len - 1) == 0
                           : strcmp(sim->line[i], text) == 0;
    }
    return count;
}

/* --- the driver ---------------------------------------------------------------------------- */

static void open_epoch(struct sim *sim)
{
    struct frames_info *info = &sim->area->info;
    uint64_t mac = 0;
    for (int i = 0; i < 6; i++) {
        mac |= (uint64_t)our_mac[i] << (8 * i);
    }
    sim->is_bound = false;
    sim->served = frames_requested(info);
    atomic_store(&info->mac, mac);
    atomic_store(&info->mtu, 1500);
    atomic_store(&info->is_link_up, 1);
    atomic_store(&info->state, FRAMES_STARTING);
    sim->epoch = frames_open(info, sim->served);
}

static void bind_when_ready(struct sim *sim)
{
    struct frames_area *area = sim->area;
    if (sim->is_bound || !frames_is_ready(&area->info, sim->epoch)) {
        return;
    }
    assert_int_equal(ring_consumer_bind(&sim->rx_free, &area->rx_free.shared, FRAMES_COUNT), OK);
    assert_int_equal(ring_producer_bind(&sim->rx_full, &area->rx_full.shared, FRAMES_COUNT), OK);
    assert_int_equal(ring_consumer_bind(&sim->tx_ready, &area->tx_ready.shared, FRAMES_COUNT), OK);
    assert_int_equal(ring_producer_bind(&sim->tx_done, &area->tx_done.shared, FRAMES_COUNT), OK);
    sim->is_bound = true;
    atomic_store(&area->info.state, FRAMES_UP);
}

void sim_restart_driver(struct sim *sim)
{
    open_epoch(sim);
}

void sim_fail_driver(struct sim *sim)
{
    atomic_store(&sim->area->info.state, FRAMES_FAILED);
}

void sim_set_link(struct sim *sim, bool is_up)
{
    atomic_store(&sim->area->info.is_link_up, is_up);
}

void sim_receive(struct sim *sim, const uint8_t *frame, size_t len)
{
    uint64_t entry = 0;
    struct frames_span span = {0};
    assert_true(sim->is_bound && len <= FRAMES_BYTES - FRAMES_OFFSET);
    assert_int_equal(ring_consumer_pop(&sim->rx_free, &entry), OK);
    (void)!ring_consumer_commit(&sim->rx_free);
    assert_int_equal(frames_locate(entry, FRAMES_RX_BYTES_MIN, &span), OK);
    span.bytes = (uint16_t)len;
    memcpy((uint8_t *)sim->area + frames_area_offset(span), frame, len);
    assert_int_equal(ring_producer_push(&sim->rx_full, frames_entry(span)), OK);
    (void)!ring_producer_commit(&sim->rx_full);
}

/* --- the gateway --------------------------------------------------------------------------- */

size_t sim_make_ip4(uint8_t *frame, uint8_t protocol, uint32_t source, uint32_t destination,
                    const void *payload, size_t len)
{
    memset(frame, 0, IP_AT + 20);
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, dhcp_stub_mac, 6);
    bytes_put_be16(frame + 12, ETHERTYPE_IP4);
    uint8_t *ip = frame + IP_AT;
    ip[0] = 0x45;
    bytes_put_be16(ip + 2, (uint16_t)(20 + len));
    ip[8] = 64;
    ip[9] = protocol;
    bytes_put_be32(ip + 12, source);
    bytes_put_be32(ip + 16, destination);
    bytes_put_be16(ip + 10, checksum_wire16((uint16_t)~checksum_partial(ip, 20)));
    memcpy(ip + 20, payload, len);
    return IP_AT + 20 + len;
}

/* The other end of the wire says that `address` is its own. */
static void make_arp_reply(uint8_t reply[ARP_BYTES], const uint8_t *request, uint32_t address)
{
    memcpy(reply, request + 6, 6);
    memcpy(reply + 6, dhcp_stub_mac, 6);
    memcpy(reply + 12, request + 12, 10);
    bytes_put_be16(reply + 20, 2);
    memcpy(reply + 22, dhcp_stub_mac, 6);
    bytes_put_be32(reply + 28, address);
    memcpy(reply + 32, request + 22, 10);
}

static void answer_arp(struct sim *sim, const uint8_t *frame)
{
    uint8_t reply[ARP_BYTES];
    bool is_request = bytes_get_be16(frame + 20) == 1;
    if (is_request && bytes_get_be32(frame + 38) == SIM_GATEWAY) {
        make_arp_reply(reply, frame, SIM_GATEWAY);
        sim_receive(sim, reply, sizeof(reply));
    }
}

static void answer_echo(struct sim *sim, const uint8_t *frame, size_t len)
{
    uint8_t reply[1514];
    uint8_t icmp[1480];
    size_t bytes = len - (IP_AT + 20);
    if (bytes < 8 || frame[IP_AT + 9] != 1 || frame[IP_AT + 20] != 8 ||
        bytes_get_be32(frame + IP_AT + 16) != SIM_GATEWAY) {
        return;
    }
    memcpy(icmp, frame + IP_AT + 20, bytes);
    icmp[0] = 0;
    bytes_put_be16(icmp + 2, 0);
    bytes_put_be16(icmp + 2, checksum_wire16((uint16_t)~checksum_partial(icmp, bytes)));
    sim_receive(sim, reply,
                sim_make_ip4(reply, 1, SIM_GATEWAY, bytes_get_be32(frame + IP_AT + 12), icmp,
                             bytes));
}

size_t sim_have_the_address(void *context, const uint8_t *frame, size_t len, uint8_t *reply)
{
    const bool *is_there = context;
    if (!*is_there || len < ARP_BYTES || bytes_get_be16(frame + 12) != ETHERTYPE_ARP ||
        bytes_get_be32(frame + 38) != SIM_CLIENT) {
        return 0;
    }
    make_arp_reply(reply, frame, SIM_CLIENT);
    return ARP_BYTES;
}

static void answer(struct sim *sim, const uint8_t *frame, size_t len)
{
    uint8_t reply[DHCP_STUB_FRAME_MAX];
    size_t bytes = sim->peer == NULL ? 0 : sim->peer(sim->peer_context, frame, len, reply);
    if (bytes == 0) {
        bytes = dhcp_stub_answer(&sim->dhcp, frame, len, reply);
    }
    if (bytes == 0) {
        bytes = dhcp6_stub_answer(&sim->dhcp6, frame, len, reply);
    }
    if (bytes == 0) {
        bytes = router6_answer(&sim->router6, frame, len, reply);
    }
    if (bytes != 0) {
        sim_receive(sim, reply, bytes);
    } else if (sim->has_gateway && bytes_get_be16(frame + 12) == ETHERTYPE_ARP) {
        answer_arp(sim, frame);
    } else if (sim->has_gateway && bytes_get_be16(frame + 12) == ETHERTYPE_IP4) {
        answer_echo(sim, frame, len);
    }
}

/* --- time ---------------------------------------------------------------------------------- */

/* Whoever makes the sums of what is sent, the wire has them right. */
static void assert_sum_is_good(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + IP_AT;
    if (bytes_get_be16(frame + 12) != ETHERTYPE_IP4 || (bytes_get_be16(ip + 6) & 0x3fff) != 0 ||
        (ip[9] != 6 && ip[9] != 17)) {
        return;
    }
    uint16_t sum = checksum_add(checksum_partial(ip + 12, 8), checksum_wire16(ip[9]));
    sum = checksum_add(sum, checksum_wire16((uint16_t)(len - IP_AT - 20)));
    sum = checksum_add(sum, checksum_partial(ip + 20, len - IP_AT - 20));
    assert_true(checksum_is_good(sum));
    assert_true(ip[9] != 17 || bytes_get_be16(ip + 26) != 0);
}

static void remember(struct sim *sim, const uint8_t *frame, size_t len)
{
    if (sim->sent_count < SIM_SENT_MAX) {
        struct sim_sent *sent = &sim->sent[sim->sent_count++];
        sent->at_us = sim->now_us;
        sent->len = (uint32_t)len;
        memcpy(sent->head, frame, len < SIM_HEAD_BYTES ? len : SIM_HEAD_BYTES);
    }
}

/* The driver takes its turn. */
static void run_driver(struct sim *sim)
{
    uint64_t entry = 0;
    if (frames_requested(&sim->area->info) != sim->served) {
        open_epoch(sim);
    }
    bind_when_ready(sim);
    while (sim->is_bound && ring_consumer_pop(&sim->tx_ready, &entry) == OK) {
        uint8_t frame[FRAMES_BYTES];
        struct frames_span span = {0};
        assert_int_equal(frames_locate(entry, FRAMES_TX_BYTES_MIN, &span), OK);
        memcpy(frame, (uint8_t *)sim->area + frames_area_offset(span), span.bytes);
        assert_int_equal(ring_producer_push(&sim->tx_done, entry), OK);
        (void)!ring_consumer_commit(&sim->tx_ready);
        (void)!ring_producer_commit(&sim->tx_done);
        assert_sum_is_good(frame, span.bytes);
        remember(sim, frame, span.bytes);
        answer(sim, frame, span.bytes);
    }
}

static void take_wakeups(struct sim *sim)
{
    uint32_t place = 0;
    const struct socket_client *client;
    while ((client = sockets_next_wakeup(&sim->stack.sockets, &place)) != NULL) {
        sim->wakeups[client->index]++;
    }
}

/* Steps until netd would sleep; gives the deadline it would sleep to. */
static uint64_t settle(struct sim *sim)
{
    uint64_t next_us;
    for (int i = 0; i < STEPS_AT_ONE_MOMENT_MAX; i++) {
        uint32_t epoch_before = sim->epoch;
        bool was_bound = sim->is_bound;
        bool has_more = stack_input(&sim->stack, sim->now_us);
        sim->stack.sockets.kicked = socket_kicked_groups(UINT64_MAX); /* whoever has signalled */
        (void)!stack_finish(&sim->stack, sim->now_us, &next_us);
        take_wakeups(sim);
        sim->steps++;
        run_driver(sim);
        if (!has_more && sim->epoch == epoch_before && stack_prepare_sleep(&sim->stack) &&
            next_us > sim->now_us && was_bound) {
            return next_us;
        }
    }
    fail_msg("the stack never comes to rest");
    return 0;
}

void sim_run(struct sim *sim, uint64_t duration_us)
{
    uint64_t until_us = sim->now_us + duration_us;
    for (;;) {
        uint64_t next_us = settle(sim);
        if (next_us > until_us) {
            sim->now_us = until_us;
            return;
        }
        sim->now_us = next_us;
    }
}

int sim_count_sent(const struct sim *sim, int ethertype, int protocol)
{
    int count = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        count += bytes_get_be16(head + 12) == ethertype &&
                 (protocol < 0 || head[IP_AT + 9] == protocol);
    }
    return count;
}

/* --- life ---------------------------------------------------------------------------------- */

static void assert_pools_are_full(void)
{
    for (int i = 0; i < MEMP_MAX; i++) {
        if (lwip_stats.memp[i]->used != 0) {
            fail_msg("pool %d has %u blocks in use", i, (unsigned)lwip_stats.memp[i]->used);
        }
    }
}

struct sim *sim_start(void)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    struct stack_config config = {
        .fallback = {{.address = SIM_CLIENT, .gateway = SIM_GATEWAY, .prefix = 24}},
        .seed = {1},
        .lines = {keep_line, sim},
    };
    sim->area = aligned_alloc(PAGE_BYTES, sizeof(*sim->area));
    memset(sim->area, 0, sizeof(*sim->area));
    sim->has_gateway = true;
    dhcp_stub_init(&sim->dhcp);
    router6_init(&sim->router6);
    dhcp6_stub_init(&sim->dhcp6);
    assert_int_equal(stack_init(&sim->stack, &config, sim->now_us), OK);
    assert_int_equal(stack_attach(&sim->stack, sim->area), OK);
    return sim;
}

void sim_stop(struct sim *sim)
{
    stack_close(&sim->stack);
    assert_int_equal(sim->stack.link[0].interface.held_count, 0);
    assert_pools_are_full();
    free(sim->area);
    free(sim);
}
