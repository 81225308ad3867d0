/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two nodes on a thousand bad wires, and a hundred nodes on a good one; what they cost is printed.
 */
#include <stdio.h>

#include "test.h"

#include "tests/sim/bus_sim.h"

enum {
    S = 1000 * 1000,
    SEEDS = 1000,
    BAD_SECONDS = 5,
    CALM_SECONDS = 100, /* more than the longest pause between two attempts */
    CROWD = 100,
    CROWD_SECONDS = 20,
    FRIENDS = 8,
};

struct world {
    struct bus_sim sim;
    uint64_t seed; /* of what is asked */
    uint8_t request[CALL_BYTES_MAX];
    size_t request_len;
    uint32_t token;
    unsigned calls;
    unsigned answers;
    unsigned sessions;
};

static struct world world;

/* Both nodes have an answer that is not what was asked for: never. */
static void on_event(void *context, int node, const struct node_event *event)
{
    struct world *at = context;
    struct bus_name other = bus_sim_name(1 - node);
    if (event->kind == EVENT_AUTH_OK) {
        assert_true(bus_name_is_equal(&event->peer, &other));
        at->sessions++;
    }
    if (event->kind == EVENT_CALL_DONE) {
        uint8_t answer[CALL_BYTES_MAX];
        enum call_status status;
        size_t len;
        assert_int_equal(event->call, at->token);
        assert_int_equal(node_take_answer(&at->sim.nodes[node], at->token, &status, answer, &len),
                         OK);
        assert_true(status == CALL_OK || status == CALL_LOST || status == CALL_TIMEOUT);
        if (status == CALL_OK) {
            assert_int_equal(len, at->request_len);
            assert_memory_equal(answer, at->request, len);
            at->answers++;
        }
        at->token = 0;
    }
}

static void offer_echo(struct node *node)
{
    struct service service = {
        .policy = SERVICE_FOR_PEERS, .serve = service_echo, .request_max = CALL_BYTES_MAX};
    assert_true(bus_name_set(&service.name, "echo", 4));
    assert_int_equal(services_add(&node->services, &service), OK);
}

/* Node 0 asks node 1 for an echo of random bytes, if it can. */
static void ask(struct world *at)
{
    struct bus_name peer = bus_sim_name(1);
    struct bus_name echo;
    if (at->token != 0) {
        return;
    }
    at->request_len = test_random(&at->seed) % (CALL_BYTES_MAX + 1);
    for (size_t i = 0; i < at->request_len; i++) {
        at->request[i] = (uint8_t)test_random(&at->seed);
    }
    assert_true(bus_name_set(&echo, "echo", 4));
    const struct crypto_span request = {at->request, at->request_len};
    uint32_t token = 0;
    if (node_call(&at->sim.nodes[0], &peer, &echo, request, at->sim.now_us, &token) == OK) {
        at->token = token;
        at->calls++;
        bus_sim_serve(&at->sim, 0);
    }
}

static void run_seed(uint64_t seed)
{
    struct bus_sim *sim = &world.sim;
    bus_sim_init(sim, 2, seed);
    world.seed = seed;
    world.token = 0;
    sim->context = &world;
    sim->on_event = on_event;
    sim->loss = (unsigned)(test_random(&world.seed) % 60);
    sim->doubling = (unsigned)(test_random(&world.seed) % 30);
    sim->delay_us = test_random(&world.seed) % (300 * 1000);
    sim->breaking = (unsigned)(test_random(&world.seed) % 300);
    sim->spoiling = (unsigned)(test_random(&world.seed) % 300);
    bus_sim_pin(sim, 0, 1);
    offer_echo(&sim->nodes[1]);
    for (int i = 0; i < BAD_SECONDS; i++) {
        bus_sim_run(sim, 1 * S);
        ask(&world);
    }
    sim->loss = 0;
    sim->breaking = 0;
    sim->spoiling = 0;
    bus_sim_run(sim, CALM_SECONDS * (uint64_t)S);
    assert_true(bus_sim_has_session(sim, 0, 1));
    assert_true(bus_sim_has_session(sim, 1, 0));
    unsigned before = world.answers;
    ask(&world);
    bus_sim_run(sim, 2 * S);
    assert_int_equal(world.answers, before + 1);
}

TEST(on_a_thousand_bad_wires_nothing_false_is_taken_and_all_is_well_afterwards)
{
    uint64_t ended[BUS_COUNTER_COUNT] = {0};
    uint64_t spoilt = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        run_seed(seed);
        for (int i = 0; i < BUS_COUNTER_COUNT; i++) {
            ended[i] += world.sim.nodes[0].stats.value[i] + world.sim.nodes[1].stats.value[i];
        }
        spoilt += world.sim.spoilt;
        bus_sim_free(&world.sim);
    }
    printf("%d wires: %u sessions, %u calls, %u answered; %lu pieces spoilt, of which %lu frames, "
           "%lu handshakes and %lu lengths were refused; %lu streams broke\n",
           SEEDS, world.sessions, world.calls, world.answers, (unsigned long)spoilt,
           (unsigned long)ended[BUS_end_forged], (unsigned long)ended[BUS_end_handshake],
           (unsigned long)ended[BUS_end_length], (unsigned long)ended[BUS_end_lost]);
    assert_true(world.answers > SEEDS);
    assert_true(ended[BUS_end_forged] > 100 && ended[BUS_end_handshake] > 100);
}

static int count_used(const struct peers *peers)
{
    int used = 0;
    for (int i = 0; i < PEERS_MAX; i++) {
        used += peers->slot[i].is_used;
    }
    return used;
}

TEST(a_hundred_nodes_keep_their_tables_and_their_friends)
{
    struct bus_sim *sim = &world.sim;
    bus_sim_init(sim, CROWD, 11);
    sim->loss = 5;
    sim->doubling = 5;
    sim->delay_us = 5000;
    for (int i = 1; i <= FRIENDS; i++) { /* node 0 knows their keys; they do not know it */
        struct bus_name name = bus_sim_name(i);
        assert_int_equal(trust_pin(&sim->nodes[0].trust, &name, node_public_key(&sim->nodes[i])),
                         OK);
    }
    bus_sim_run(sim, 10 * S);
    uint64_t datagrams = sim->datagrams;
    uint64_t bytes = sim->datagram_bytes;
    for (int second = 0; second < CROWD_SECONDS; second++) {
        bus_sim_run(sim, 1 * S);
        for (int i = 1; i <= FRIENDS; i++) {
            struct bus_name name = bus_sim_name(i);
            assert_non_null(peers_find(&sim->nodes[0].peers, &name));
        }
    }
    uint64_t in_ten_seconds = (sim->datagrams - datagrams) * 10 / CROWD_SECONDS;
    printf("%d nodes: %.1f announces and %lu bytes of them a second\n", CROWD,
           (double)in_ten_seconds / 10.0,
           (unsigned long)((sim->datagram_bytes - bytes) / CROWD_SECONDS));
    assert_in_range(in_ten_seconds, 190, 210); /* one in five seconds of each */
    for (int i = 0; i < CROWD; i++) {
        const struct node *node = &sim->nodes[i];
        assert_int_equal(count_used(&node->peers), PEERS_MAX);
        assert_true(node->stats.value[BUS_announce_own] > 0);
        assert_int_equal(node->stats.value[BUS_auth_ok], 0);
    }
    bus_sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_thousand_bad_wires_nothing_false_is_taken_and_all_is_well_afterwards),
        cmocka_unit_test(a_hundred_nodes_keep_their_tables_and_their_friends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
