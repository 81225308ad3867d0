/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

enum {
    PIECE_MAX = 1460,
    PACKET_BYTES = 1500,
    MINIMUM_DELAY_US = 50,
};

enum packet_kind {
    PACKET_DATAGRAM,
    PACKET_CONNECT, /* from an end that waits */
    PACKET_CONNECTED,
    PACKET_BYTES_OF_STREAM,
    PACKET_END,
};

struct bus_sim_packet {
    uint64_t due_us;
    uint64_t order; /* of packets of one moment */
    enum packet_kind kind;
    uint64_t stream;
    int from;
    int from_link;
    int to;
    int to_link;
    size_t len;
    uint8_t bytes[PACKET_BYTES];
};

static uint64_t draw(struct bus_sim *sim, uint64_t below)
{
    return test_random(&sim->seed) % below;
}

static uint64_t delay(struct bus_sim *sim)
{
    return MINIMUM_DELAY_US + draw(sim, sim->delay_us + 1);
}

/* --- the queue: a binary heap --- */

static bool is_before(const struct bus_sim_packet *a, const struct bus_sim_packet *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void push(struct bus_sim *sim, const struct bus_sim_packet *packet)
{
    if (sim->heap_len == sim->heap_size) {
        sim->heap_size = sim->heap_size == 0 ? 64 : 2 * sim->heap_size;
        sim->heap = realloc(sim->heap, sim->heap_size * sizeof(struct bus_sim_packet *));
        assert_non_null(sim->heap);
    }
    struct bus_sim_packet *kept = malloc(sizeof(*kept));
    assert_non_null(kept);
    *kept = *packet;
    kept->order = sim->next_stream++;
    size_t at = sim->heap_len++;
    while (at > 0 && is_before(kept, sim->heap[(at - 1) / 2])) {
        sim->heap[at] = sim->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sim->heap[at] = kept;
}

static struct bus_sim_packet *pop(struct bus_sim *sim)
{
    struct bus_sim_packet *first = sim->heap[0];
    struct bus_sim_packet *last = sim->heap[--sim->heap_len];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sim->heap_len) {
            break;
        }
        if (child + 1 < sim->heap_len && is_before(sim->heap[child + 1], sim->heap[child])) {
            child++;
        }
        if (!is_before(sim->heap[child], last)) {
            break;
        }
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    return first;
}

/* --- nodes --- */

struct bus_name bus_sim_name(int node)
{
    char text[BUS_NAME_MAX];
    struct bus_name name;
    int len = snprintf(text, sizeof(text), "node-%d", node);
    assert_true(bus_name_set(&name, text, (size_t)len));
    return name;
}

struct random_of {
    struct bus_sim *sim;
    int node;
};

static struct random_of randoms[BUS_SIM_NODES];

/* One simulation at a time has all of these: to allocate them anew costs more than a short run. */
static struct node nodes[BUS_SIM_NODES];
static struct bus_sim_end ends[BUS_SIM_NODES][NODE_LINKS];

static int draw_bytes(void *context, uint8_t *bytes, size_t len)
{
    const struct random_of *of = context;
    if (of->sim->has_no_entropy[of->node]) {
        return E_UNSUPPORTED;
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)draw(of->sim, 256);
    }
    return OK;
}

static void init_node(struct bus_sim *sim, int index)
{
    struct node_config config = {
        .id = bus_sim_name(index),
        .port = BUS_SIM_PORT,
        .context = &randoms[index],
        .random = draw_bytes,
    };
    randoms[index] = (struct random_of){sim, index};
    memset(config.secret, 0x40 + index, sizeof(config.secret));
    assert_int_equal(node_init(&sim->nodes[index], &config, sim->now_us), OK);
}

void bus_sim_init(struct bus_sim *sim, int count, uint64_t seed)
{
    memset(sim, 0, sizeof(*sim));
    sim->seed = seed;
    sim->count = count;
    sim->now_us = 1000 * 1000;
    sim->next_stream = 1;
    sim->delay_us = 1000;
    sim->nodes = nodes;
    sim->ends = ends;
    memset(ends, 0, sizeof(ends));
    for (int i = 0; i < count; i++) {
        init_node(sim, i);
    }
}

void bus_sim_free(struct bus_sim *sim)
{
    while (sim->heap_len > 0) {
        free(pop(sim));
    }
    free(sim->heap);
}

void bus_sim_pin(struct bus_sim *sim, int a, int b)
{
    for (int i = 0; i < 2; i++) {
        struct bus_name name = bus_sim_name(i == 0 ? b : a);
        struct node *node = &sim->nodes[i == 0 ? a : b];
        struct node *other = &sim->nodes[i == 0 ? b : a];
        assert_int_equal(trust_pin(&node->trust, &name, node_public_key(other)), OK);
    }
}

bool bus_sim_has_session(struct bus_sim *sim, int from, int to)
{
    struct bus_name name = bus_sim_name(to);
    return node_has_session(&sim->nodes[from], &name);
}

/* --- streams --- */

/* A packet for the other end, behind all that was sent before. */
static void send_on(struct bus_sim *sim, int node, int link, struct bus_sim_packet *packet)
{
    struct bus_sim_end *end = &sim->ends[node][link];
    uint64_t due_us = sim->now_us + delay(sim);
    end->due_us = due_us > end->due_us ? due_us : end->due_us;
    packet->due_us = end->due_us;
    packet->stream = end->stream;
    packet->from = node;
    packet->from_link = link;
    packet->to = end->node;
    packet->to_link = end->link;
    push(sim, packet);
}

/* This end is gone; the other learns of it in time. */
static void hang_up(struct bus_sim *sim, int node, int link)
{
    struct bus_sim_end *end = &sim->ends[node][link];
    struct bus_sim_packet packet = {.kind = PACKET_END};
    if (end->stream != 0 && end->is_up) {
        send_on(sim, node, link, &packet);
    }
    memset(end, 0, sizeof(*end));
}

static void break_stream(struct bus_sim *sim, int node, int link)
{
    hang_up(sim, node, link);
    node_closed(&sim->nodes[node], link, sim->now_us);
}

/* Moves what waits at a link into the stream, in pieces. */
static void pump(struct bus_sim *sim, int node, int link)
{
    struct bus_sim_end *end = &sim->ends[node][link];
    while (end->is_up && !end->is_stuck) {
        struct crypto_span out = node_output(&sim->nodes[node], link);
        struct bus_sim_packet packet = {.kind = PACKET_BYTES_OF_STREAM};
        if (out.len == 0) {
            break;
        }
        if (draw(sim, 10000) < sim->breaking) {
            break_stream(sim, node, link);
            break;
        }
        size_t most = out.len < PIECE_MAX ? out.len : PIECE_MAX;
        packet.len = draw(sim, 4) == 0 ? 1 + draw(sim, most) : most;
        memcpy(packet.bytes, out.bytes, packet.len);
        if (draw(sim, 10000) < sim->spoiling) {
            packet.bytes[draw(sim, packet.len)] ^= (uint8_t)(1 << draw(sim, 8));
            sim->spoilt++;
        }
        send_on(sim, node, link, &packet);
        node_sent(&sim->nodes[node], link, packet.len, sim->now_us);
    }
}

static void connect_link(struct bus_sim *sim, int node, const struct node_action *action)
{
    struct bus_sim_end *end = &sim->ends[node][action->link];
    *end = (struct bus_sim_end){.stream = sim->next_stream++};
    uint32_t index = action->address - BUS_SIM_ADDRESS;
    if (index >= (uint32_t)sim->count || action->port != BUS_SIM_PORT) {
        return; /* nobody answers */
    }
    struct bus_sim_packet packet = {.kind = PACKET_CONNECT};
    end->node = (int)index;
    send_on(sim, node, action->link, &packet);
}

static void accept_stream(struct bus_sim *sim, const struct bus_sim_packet *connect)
{
    int link;
    uint32_t address = BUS_SIM_ADDRESS + (uint32_t)connect->from;
    int error = node_accept(&sim->nodes[connect->to], address, 50000, sim->now_us, &link);
    if (error != OK) {
        struct bus_sim_packet refusal = {.kind = PACKET_END, .stream = connect->stream};
        refusal.to = connect->from;
        refusal.to_link = connect->from_link;
        refusal.due_us = sim->now_us + delay(sim);
        push(sim, &refusal);
        return;
    }
    struct bus_sim_packet answer = {.kind = PACKET_CONNECTED};
    sim->ends[connect->to][link] = (struct bus_sim_end){
        .stream = connect->stream,
        .node = connect->from,
        .link = connect->from_link,
        .is_up = true,
    };
    send_on(sim, connect->to, link, &answer);
}

/* --- the loop --- */

static void announce(struct bus_sim *sim, int from, struct crypto_span bytes)
{
    sim->datagrams++;
    sim->datagram_bytes += bytes.len;
    for (int to = 0; to < sim->count; to++) {
        int copies = 1 + (draw(sim, 100) < sim->doubling);
        for (int i = 0; i < copies && draw(sim, 100) >= sim->loss; i++) { /* we hear ourselves */
            struct bus_sim_packet packet = {.kind = PACKET_DATAGRAM, .from = from, .to = to};
            packet.len = bytes.len;
            memcpy(packet.bytes, bytes.bytes, bytes.len);
            packet.due_us = sim->now_us + delay(sim);
            push(sim, &packet);
        }
    }
}

void bus_sim_serve(struct bus_sim *sim, int node)
{
    struct node_action action;
    struct node_event event;
    bool is_busy = true;
    while (is_busy) {
        is_busy = false;
        while (node_next_action(&sim->nodes[node], sim->now_us, &action)) {
            is_busy = true;
            if (action.kind == ACTION_ANNOUNCE) {
                announce(sim, node, action.bytes);
            } else if (action.kind == ACTION_CONNECT) {
                connect_link(sim, node, &action);
            } else {
                hang_up(sim, node, action.link);
            }
        }
        for (int link = 0; link < NODE_LINKS; link++) {
            pump(sim, node, link);
        }
        while (node_next_event(&sim->nodes[node], &event)) {
            is_busy = true;
            if (sim->on_event != NULL) {
                sim->on_event(sim->context, node, &event);
            }
        }
    }
    sim->next_us[node] = node_next_us(&sim->nodes[node]);
}

static void deliver(struct bus_sim *sim, const struct bus_sim_packet *packet)
{
    struct node *node = &sim->nodes[packet->to];
    struct bus_sim_end *end = &sim->ends[packet->to][packet->to_link];
    uint32_t address = BUS_SIM_ADDRESS + (uint32_t)packet->from;
    if (packet->kind == PACKET_DATAGRAM) {
        (void)node_hear(node, address, packet->bytes, packet->len, sim->now_us);
    } else if (packet->kind == PACKET_CONNECT) {
        accept_stream(sim, packet);
    } else if (end->stream != packet->stream) {
        return; /* of a stream that is no more */
    } else if (packet->kind == PACKET_CONNECTED) {
        end->is_up = true;
        end->link = packet->from_link;
        node_connected(node, packet->to_link, sim->now_us);
    } else if (packet->kind == PACKET_BYTES_OF_STREAM) {
        node_input(node, packet->to_link, packet->bytes, packet->len, sim->now_us);
    } else {
        memset(end, 0, sizeof(*end));
        node_closed(node, packet->to_link, sim->now_us);
    }
    bus_sim_serve(sim, packet->to);
}

void bus_sim_restart(struct bus_sim *sim, int node)
{
    struct trust trust = sim->nodes[node].trust;
    struct services services = sim->nodes[node].services;
    for (int link = 0; link < NODE_LINKS; link++) {
        hang_up(sim, node, link);
    }
    init_node(sim, node);
    sim->nodes[node].trust = trust;
    sim->nodes[node].services = services;
}

void bus_sim_run(struct bus_sim *sim, uint64_t span_us)
{
    uint64_t until_us = sim->now_us + span_us;
    for (int i = 0; i < sim->count; i++) {
        bus_sim_serve(sim, i);
    }
    for (;;) {
        uint64_t next_us = sim->heap_len > 0 ? sim->heap[0]->due_us : UINT64_MAX;
        int due = -1;
        for (int i = 0; i < sim->count; i++) {
            if (sim->next_us[i] < next_us) {
                next_us = sim->next_us[i];
                due = i;
            }
        }
        if (next_us > until_us) {
            break;
        }
        sim->now_us = next_us > sim->now_us ? next_us : sim->now_us;
        if (due >= 0) {
            node_tick(&sim->nodes[due], sim->now_us);
            bus_sim_serve(sim, due);
            assert_true(sim->next_us[due] > sim->now_us); /* it makes progress */
        } else {
            struct bus_sim_packet *packet = pop(sim);
            deliver(sim, packet);
            free(packet);
        }
    }
    sim->now_us = until_us;
}
