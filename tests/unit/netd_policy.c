/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the manifest lets a client do with sockets, and how much of them it may have.
 */
#include <errno.h>

#include "test.h"

#include "tests/sim/arena.h"

static struct arena client; /* one port, one group, and it may connect */
static struct arena greedy;
static struct arena third;

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim_run(sim, 1 * SIM_S);
    facts.flags = MAY_CONNECT;
    facts.ports[0] = 80;
    facts.groups[0] = 0xef2a0001;
    arena_start(&client, sim, 2, &facts);
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    arena_free(&client);
    arena_free(&greedy);
    arena_free(&third);
    greedy = third = (struct arena){0};
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

static void the_manifest_decides_on_ports_groups_and_raw_sockets(void **state)
{
    struct sim *sim = *state;
    uint32_t stream = (uint32_t)arena_make(&client, SOCKET_STREAM);
    uint32_t datagram = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    uint64_t group[2];
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    assert_int_equal(arena_bind(&client, stream, 0, 81), -EACCES);
    assert_int_equal(arena_bind(&client, stream, 0, 80), 0);
    assert_int_equal(arena_bind(&client, datagram, 0, 0), 0);
    assert_int_equal(arena_make(&client, SOCKET_RAW), -EACCES);
    assert_int_equal(arena_make(&client, SOCKET_ICMP), -EACCES);
    arena_address(0xef2a0002, bytes);
    memcpy(group, bytes, sizeof(group));
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, datagram, SOCKET_JOIN, group[0], group[1], 0),
                     -EACCES);
    arena_address(0xef2a0001, bytes);
    memcpy(group, bytes, sizeof(group));
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, datagram, SOCKET_JOIN, group[0], group[1], 0),
                     0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, datagram, SOCKET_BROADCAST, 1), -EACCES);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, datagram, SOCKET_BROADCAST, 0), 0);
    assert_int_equal(counted(sim, COUNTER_socket_denied), 5);
}

static void who_may_not_bind_a_port_does_not_listen_there(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(ARENA_ASK(&client, SOCKET_LISTEN, slot, 4), -EACCES); /* at any port */
    assert_int_equal(arena_bind(&client, slot, 0, SOCKET_EPHEMERAL_FIRST), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_LISTEN, slot, 4), -EACCES);
    assert_int_equal(counted(sim, COUNTER_socket_denied), 2);
    (void)arena_listen(&client, 80, 4);
}

static void take_all(struct arena *taker, enum socket_type type)
{
    for (uint32_t i = 0; i < taker->shape.slots; i++) {
        int slot = arena_make(taker, type);
        assert_true(slot >= 0);
        assert_int_equal(arena_bind(taker, (uint32_t)slot, 0, 0), 0);
        if (type == SOCKET_STREAM) {
            assert_int_equal(ARENA_ASK(taker, SOCKET_LISTEN, (uint32_t)slot, 1), 0);
        }
    }
    assert_int_equal(arena_make(taker, type), -EMFILE);
}

static void a_client_that_takes_all_it_can_leaves_the_others_theirs(void **state)
{
    const enum socket_type types[] = {SOCKET_STREAM, SOCKET_DATAGRAM, SOCKET_RAW};
    struct sim *sim = *state;
    struct init_client facts = arena_facts();
    facts.shape = (struct socket_shape){SOCKET_SLOTS_MAX, 2048, 2048};
    arena_start(&greedy, sim, 3, &facts);
    facts.shape.slots = SOCKETS_MAX - sim->stack.sockets.used;
    arena_start(&third, sim, 4, &facts);
    for (int i = 0; i < 3; i++) {
        take_all(&greedy, types[i]);
        take_all(&third, types[i]);
        assert_int_equal(arena_open(&greedy), 0); /* they have none */
        assert_int_equal(arena_open(&third), 0);
    }
}

static void who_may_not_connect_reaches_nobody(void **state)
{
    struct sim *sim = *state;
    sim->stack.sockets.client[2].facts.flags = 0;
    uint32_t stream = (uint32_t)arena_make(&client, SOCKET_STREAM);
    uint32_t datagram = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_int_equal(arena_connect(&client, stream, ARENA_LOOPBACK, 7), -EACCES);
    assert_int_equal(arena_connect(&client, datagram, SIM_GATEWAY, 9), -EACCES);
    assert_true(arena_send_to(&client, datagram, SIM_GATEWAY, 9, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, datagram), EACCES);
    assert_int_equal(counted(sim, COUNTER_datagram_not_sent), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(the_manifest_decides_on_ports_groups_and_raw_sockets),
        CASE(who_may_not_bind_a_port_does_not_listen_there),
        CASE(a_client_that_takes_all_it_can_leaves_the_others_theirs),
        CASE(who_may_not_connect_reaches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
