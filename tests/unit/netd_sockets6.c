/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets over IPv6, and sockets for both versions, through an arena.
 */
#include <errno.h>

#include "test.h"

#include <base/bytes.h>

#include "tests/sim/arena.h"

enum { PORT = 7, ETHERTYPE_IP6 = 0x86dd, ICMP6 = 58, UDP = 17 };

static struct arena client;
static struct arena server;

static const uint8_t any[16];
static const uint8_t loopback[16] = {[15] = 1};
static const uint8_t router[16] = {0xfe, 0x80, [15] = 2};
static const uint8_t group[16] = {0xff, 0x02, [14] = 0x12, [15] = 0x34};

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim->router6.is_there = true;
    sim_run(sim, 5 * SIM_S);
    arena_start(&client, sim, 0, &facts);
    arena_start(&server, sim, 1, &facts);
    *state = sim;
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    arena_free(&client);
    arena_free(&server);
    return 0;
}

static uint32_t wire(const struct sim *sim)
{
    return netif_get_index(&sim->stack.link[0].interface.netif);
}

static uint32_t make(struct arena *arena, enum socket_type type)
{
    assert_int_equal(ARENA_ASK(arena, SOCKET_MAKE, 0, SOCKET_IP6, type, 0), 0);
    return (uint32_t)arena->reply[1];
}

static int ask(struct arena *arena, uint64_t label, uint32_t slot, const uint8_t *address,
               uint16_t port, uint32_t interface)
{
    uint64_t words[2];
    memcpy(words, address, sizeof(words));
    return ARENA_ASK(arena, label, slot, words[0], words[1],
                     socket_place(port, (uint16_t)interface));
}

static uint32_t listen6(bool is_only)
{
    uint32_t slot = make(&server, SOCKET_STREAM);
    assert_int_equal(ARENA_ASK(&server, SOCKET_SET, slot, SOCKET_V6ONLY, is_only), 0);
    assert_int_equal(ask(&server, SOCKET_BIND, slot, any, PORT, 0), 0);
    assert_int_equal(ARENA_ASK(&server, SOCKET_LISTEN, slot, 4), 0);
    return slot;
}

static bool send6(struct arena *arena, uint32_t number, const uint8_t *address, uint16_t port,
                  uint32_t interface, const void *bytes, uint32_t len)
{
    struct socket_slot *slot = arena_slot(arena, number);
    struct socket_record record = {.bytes = len};
    uint8_t *data = socket_tx_data(arena->memory, arena->shape, number);
    uint32_t tail = atomic_load(&slot->tx_tail);
    memcpy(record.name.address, address, 16);
    record.name.port = port;
    record.name.interface = (uint16_t)interface;
    socket_ring_put(data, arena->shape.tx_bytes, tail, &record, sizeof(record));
    socket_ring_put(data, arena->shape.tx_bytes, tail + (uint32_t)sizeof(record), bytes, len);
    atomic_store(&slot->tx_tail, tail + socket_record_bytes(len));
    arena_kick(arena, number);
    return true;
}

static void a_stream_goes_both_ways_over_the_loopback_address(void **state)
{
    struct sim *sim = *state;
    char text[8];
    uint32_t listener = listen6(true);
    uint32_t here = make(&client, SOCKET_STREAM);
    assert_int_equal(ask(&client, SOCKET_CONNECT, here, loopback, PORT, 0), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, here), SOCKET_CONNECTED);
    assert_memory_equal(arena_slot(&client, here)->peer.address, loopback, 16);
    uint32_t there = (uint32_t)arena_accept(&server, listener);
    assert_int_equal(arena_send(&client, here, "hello", 5), 5);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&server, there, text, sizeof(text)), 5);
    assert_int_equal(arena_send(&server, there, "you", 3), 3);
    sim_run(sim, 1000);
    assert_int_equal(arena_receive(&client, here, text, sizeof(text)), 3);
}

/* A connection from that port, which the server ends first, so that its side waits. */
static void end_by_server(struct sim *sim, uint32_t listener, uint16_t port)
{
    uint32_t here = make(&client, SOCKET_STREAM);
    assert_int_equal(ask(&client, SOCKET_BIND, here, any, port, 0), 0);
    assert_int_equal(ask(&client, SOCKET_CONNECT, here, loopback, PORT, 0), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, here), SOCKET_CONNECTED);
    assert_int_equal(arena_close(&server, (uint32_t)arena_accept(&server, listener)), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_close(&client, here), 0);
    sim_run(sim, 1000);
}

static void ports_of_a_waiting_connection_are_used_again(void **state)
{
    uint32_t listener = listen6(true);
    end_by_server(*state, listener, 5000);
    end_by_server(*state, listener, 5000);
    end_by_server(*state, listener, 5000);
}

static void a_listener_for_both_versions_takes_both(void **state)
{
    struct sim *sim = *state;
    uint8_t mapped[16];
    uint32_t listener = listen6(false);
    uint32_t six = make(&client, SOCKET_STREAM);
    uint32_t four = (uint32_t)arena_make(&client, SOCKET_STREAM);
    uint32_t both = make(&client, SOCKET_STREAM);
    assert_int_equal(ask(&client, SOCKET_CONNECT, six, loopback, PORT, 0), 0);
    assert_int_equal(arena_connect(&client, four, ARENA_LOOPBACK, PORT), 0);
    arena_address(ARENA_LOOPBACK, mapped);
    assert_int_equal(ask(&client, SOCKET_CONNECT, both, mapped, PORT, 0), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&client, six), SOCKET_CONNECTED);
    assert_int_equal(arena_state(&client, four), SOCKET_CONNECTED);
    assert_int_equal(arena_state(&client, both), SOCKET_CONNECTED);
    for (int i = 0; i < 3; i++) {
        assert_true(arena_accept(&server, listener) >= 0);
    }
}

static void a_listener_for_one_version_refuses_the_other(void **state)
{
    struct sim *sim = *state;
    uint8_t mapped[16];
    (void)listen6(true);
    uint32_t four = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(arena_connect(&client, four, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, four), ECONNREFUSED);
    uint32_t only = make(&client, SOCKET_STREAM);
    arena_address(ARENA_LOOPBACK, mapped);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, only, SOCKET_V6ONLY, 1), 0);
    assert_int_equal(ask(&client, SOCKET_CONNECT, only, mapped, PORT, 0), -ENETUNREACH);
    uint32_t old = (uint32_t)arena_make(&client, SOCKET_STREAM);
    assert_int_equal(ask(&client, SOCKET_CONNECT, old, loopback, PORT, 0), -EAFNOSUPPORT);
}

static void a_datagram_to_a_link_local_address_leaves_by_its_interface(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make(&client, SOCKET_DATAGRAM);
    (void)send6(&client, slot, router, 9, wire(sim), "x", 1);
    sim_run(sim, SIM_S);
    const uint8_t *head = sim->sent[sim->sent_count - 1].head;
    assert_int_equal(arena_error(&client, slot), 0);
    assert_int_equal(bytes_get_be16(head + 12), ETHERTYPE_IP6);
    assert_int_equal(head[20], UDP);
    assert_memory_equal(head + 38, router, 16);
    assert_int_not_equal(bytes_get_be16(head + 60), 0); /* the sum */
}

static void a_group_is_heard_by_members_and_left(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint64_t words[2];
    uint32_t member = make(&server, SOCKET_DATAGRAM);
    uint32_t sender = make(&client, SOCKET_DATAGRAM);
    memcpy(words, group, sizeof(words));
    assert_int_equal(ask(&server, SOCKET_BIND, member, any, PORT, 0), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_GROUP_DEVICE, wire(sim)), 0);
    assert_int_equal(
        ARENA_ASK(&server, SOCKET_SET, member, SOCKET_JOIN, words[0], words[1], wire(sim)), 0);
    (void)send6(&client, sender, group, PORT, wire(sim), "grp", 3);
    sim_run(sim, SIM_S);
    assert_int_equal(arena_error(&client, sender), 0);
    assert_int_equal(arena_receive_from(&server, member, &record, text, sizeof(text)), 3);
    assert_memory_equal(record.destination, group, 16);
    assert_int_equal(record.name.interface, wire(sim));
    assert_int_equal(
        ARENA_ASK(&server, SOCKET_SET, member, SOCKET_LEAVE, words[0], words[1], wire(sim)), 0);
    (void)send6(&client, sender, group, PORT, wire(sim), "grp", 3);
    sim_run(sim, SIM_S);
    assert_int_equal(arena_receive_from(&server, member, &record, text, sizeof(text)), -1);
}

static void an_echo_through_an_icmp_socket_is_answered(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t request[16] = {128, [6] = 0, [7] = 1, [8] = 0x5a};
    uint8_t reply[16];
    uint32_t slot = make(&client, SOCKET_ICMP);
    (void)send6(&client, slot, loopback, 0, 0, request, sizeof(request));
    sim_run(sim, SIM_S);
    assert_int_equal(arena_error(&client, slot), 0);
    assert_int_equal(arena_receive_from(&client, slot, &record, reply, sizeof(reply)), 16);
    assert_int_equal(reply[0], 129);
    assert_int_equal(reply[8], 0x5a);
}

static void a_datagram_nobody_wants_is_told_to_a_connected_socket(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make(&client, SOCKET_DATAGRAM);
    assert_int_equal(ask(&client, SOCKET_CONNECT, slot, loopback, 9, 0), 0);
    assert_true(arena_send_to(&client, slot, 0, 0, "x", 1));
    sim_run(sim, SIM_S);
    assert_int_equal(arena_error(&client, slot), ECONNREFUSED);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(a_stream_goes_both_ways_over_the_loopback_address),
        CASE(ports_of_a_waiting_connection_are_used_again),
        CASE(a_listener_for_both_versions_takes_both),
        CASE(a_listener_for_one_version_refuses_the_other),
        CASE(a_datagram_to_a_link_local_address_leaves_by_its_interface),
        CASE(a_group_is_heard_by_members_and_left),
        CASE(an_echo_through_an_icmp_socket_is_answered),
        CASE(a_datagram_nobody_wants_is_told_to_a_connected_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
