/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagram sockets through an arena: UDP, groups, broadcast, ICMP echo and raw IP, over loopback
 * and over the wire.
 */
#include <errno.h>

#include "test.h"

#include <lwip/memp.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "tests/sim/arena.h"

enum {
    PORT = 5000,
    UDP = 17,
    ICMP = 1,
    IGMP = 2,
    ETHERTYPE_IP4 = 0x0800,
    GROUP = (int)0xef2a0001, /* 239.42.0.1 */
};

static struct arena client;
static struct arena server;

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim_run(sim, 1 * SIM_S);
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

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

/* The number of the interface to the wire. */
static uint32_t wire(const struct sim *sim)
{
    return netif_get_index(&sim->stack.link[0].interface.netif);
}

/* Has the gateway's MAC asked for, since few datagrams wait for that. */
static void meet_gateway(struct sim *sim, uint32_t slot)
{
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 9, "x", 1));
    sim_run(sim, 1000);
}

static uint32_t make_bound(struct arena *arena, uint32_t ip4, uint16_t port)
{
    int slot = arena_make(arena, SOCKET_DATAGRAM);
    assert_true(slot >= 0);
    assert_int_equal(arena_bind(arena, (uint32_t)slot, ip4, port), 0);
    return (uint32_t)slot;
}

/* A UDP datagram from the gateway's port 9 to one of ours. */
static void receive_udp(struct sim *sim, uint32_t destination, uint16_t port, const void *bytes,
                        size_t len)
{
    uint8_t frame[1514];
    uint8_t udp[1480] = {0};
    bytes_put_be16(udp, 9);
    bytes_put_be16(udp + 2, port);
    bytes_put_be16(udp + 4, (uint16_t)(8 + len));
    memcpy(udp + 8, bytes, len);
    size_t whole = sim_make_ip4(frame, UDP, SIM_GATEWAY, destination, udp, 8 + len);
    if (destination >> 28 == 14) {
        const uint8_t mac[6] = {1,
                                0,
                                0x5e,
                                (uint8_t)(destination >> 16 & 127),
                                (uint8_t)(destination >> 8),
                                (uint8_t)destination};
        memcpy(frame, mac, sizeof(mac));
    } else if (destination == UINT32_MAX) {
        memset(frame, 0xff, 6);
    }
    sim_receive(sim, frame, whole);
    sim_run(sim, 1000);
}

static void what_stands_behind_a_datagram_is_no_part_of_it(void **state)
{
    struct sim *sim = *state;
    uint8_t udp[] = {0, 9, PORT >> 8, PORT & 255, 0, 12, 0, 0, 'f', 'o', 'u', 'r', '!'}, frame[64];
    uint32_t slot = make_bound(&client, 0, PORT);
    struct socket_record record;
    char text[16];
    sim_receive(sim, frame, sim_make_ip4(frame, UDP, SIM_GATEWAY, SIM_CLIENT, udp, sizeof(udp)));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, slot, &record, text, sizeof(text)), 4);
    assert_memory_equal(text, "four", 4);
}

static void datagrams_go_both_ways_and_keep_their_borders(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[16];
    uint32_t there = make_bound(&server, 0, PORT);
    uint32_t here = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_true(arena_send_to(&client, here, ARENA_LOOPBACK, PORT, "one", 3));
    assert_true(arena_send_to(&client, here, ARENA_LOOPBACK, PORT, "", 0));
    assert_true(arena_send_to(&client, here, ARENA_LOOPBACK, PORT, "three", 5));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&server, there, &record, text, sizeof(text)), 3);
    assert_memory_equal(text, "one", 3);
    assert_int_equal(arena_receive_from(&server, there, &record, text, sizeof(text)), 0);
    assert_int_equal(arena_receive_from(&server, there, &record, text, sizeof(text)), 5);
    assert_int_equal(record.hops, 64);
    assert_int_equal(record.name.interface, 1);
    assert_int_equal(bytes_get_be32(record.destination + 12), ARENA_LOOPBACK);
    assert_true(arena_send_to(&server, there, ARENA_LOOPBACK, record.name.port, "back", 4));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, here, &record, text, sizeof(text)), 4);
    assert_int_equal(record.name.port, PORT);
    assert_int_equal(arena_receive_from(&client, here, &record, text, sizeof(text)), -1);
}

static void a_datagram_leaves_on_the_wire_and_its_answer_comes_back(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[16];
    uint32_t slot = make_bound(&client, 0, PORT);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 9, "ask", 3));
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 1);
    const struct sim_sent *sent = &sim->sent[sim->sent_count - 1];
    assert_int_equal(sent->len, 14 + 20 + 8 + 3);
    assert_memory_equal(sent->head + 42, "ask", 3);
    receive_udp(sim, SIM_CLIENT, PORT, "answer", 6);
    assert_int_equal(arena_receive_from(&client, slot, &record, text, sizeof(text)), 6);
    assert_int_equal(bytes_get_be32(record.name.address + 12), SIM_GATEWAY);
    assert_int_equal(record.name.port, 9);
    assert_int_equal(record.name.interface, wire(sim));
}

static void both_rings_wrap_in_the_middle_of_a_datagram(void **state)
{
    struct sim *sim = *state;
    uint32_t there = make_bound(&server, 0, PORT);
    uint32_t here = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    for (uint32_t i = 0; i < 200; i++) {
        struct socket_record record;
        uint8_t out[1001];
        uint8_t in[1001];
        uint32_t len = 1 + i * 37 % 1000;
        for (uint32_t j = 0; j < len; j++) {
            out[j] = (uint8_t)(i + j * 7);
        }
        assert_true(arena_send_to(&client, here, ARENA_LOOPBACK, PORT, out, len));
        sim_run(sim, 1000);
        assert_int_equal(arena_receive_from(&server, there, &record, in, sizeof(in)), len);
        assert_memory_equal(in, out, len);
    }
}

static void a_datagram_without_room_is_dropped_whole_and_counted(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t bytes[1400] = {0};
    uint32_t slot = make_bound(&server, 0, PORT);
    for (int i = 0; i < 10; i++) {
        receive_udp(sim, SIM_CLIENT, PORT, bytes, sizeof(bytes));
    }
    assert_int_equal(atomic_load(&arena_slot(&server, slot)->drops), 5);
    assert_int_equal(counted(sim, COUNTER_datagram_no_room), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(arena_receive_from(&server, slot, &record, bytes, sizeof(bytes)), 1400);
    }
    receive_udp(sim, SIM_CLIENT, PORT, bytes, sizeof(bytes));
    assert_int_equal(arena_receive_from(&server, slot, &record, bytes, sizeof(bytes)), 1400);
}

static void a_connected_socket_hears_its_peer_alone(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[16];
    uint32_t here = make_bound(&client, 0, PORT);
    uint32_t peer = make_bound(&server, ARENA_LOOPBACK, PORT + 1);
    uint32_t other = make_bound(&server, ARENA_LOOPBACK, PORT + 2);
    assert_int_equal(arena_connect(&client, here, ARENA_LOOPBACK, PORT + 1), 0);
    assert_int_equal(arena_state(&client, here), SOCKET_CONNECTED);
    assert_true(arena_send_to(&server, other, ARENA_LOOPBACK, PORT, "no", 2));
    assert_true(arena_send_to(&server, peer, ARENA_LOOPBACK, PORT, "yes", 3));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, here, &record, text, sizeof(text)), 3);
    assert_int_equal(arena_receive_from(&client, here, &record, text, sizeof(text)), -1);
    assert_true(arena_send_to(&client, here, 0, 0, "to the peer", 11));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&server, peer, &record, text, sizeof(text)), 11);
    assert_int_equal(ARENA_ASK(&client, SOCKET_CONNECT, here), 0); /* and no peer any more */
    assert_int_equal(arena_state(&client, here), 0);
    assert_true(arena_send_to(&client, here, 0, 0, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, here), EDESTADDRREQ);
}

static void what_was_sent_before_a_close_still_leaves(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_bound(&client, 0, PORT);
    meet_gateway(sim, slot);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    for (int i = 0; i < 100; i++) {
        assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 9, "x", 1));
    }
    assert_int_equal(arena_close(&client, slot), 0);
    sim_run(sim, SIM_S);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 100);
    assert_int_equal(sim->stack.sockets.client[0].first[slot].life, LIFE_FREE);
}

static void a_sender_waits_for_frames_and_loses_nothing(void **state)
{
    struct sim *sim = *state;
    uint32_t slot[4];
    for (int i = 0; i < 4; i++) {
        slot[i] = make_bound(&client, 0, (uint16_t)(PORT + i));
    }
    meet_gateway(sim, slot[0]);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 140; j++) {
            assert_true(arena_send_to(&client, slot[i], SIM_GATEWAY, 9, "x", 1));
        }
    }
    sim_run(sim, SIM_S);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 4 * 140);
    assert_int_equal(counted(sim, COUNTER_datagram_not_sent), 0);
}

static void broadcast_needs_the_option(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_bound(&client, 0, PORT);
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    uint64_t words[2];
    arena_address(0x0a0002ff, bytes);
    memcpy(words, bytes, sizeof(words));
    assert_int_equal(ARENA_ASK(&client, SOCKET_CHECK, slot, words[0], words[1], socket_place(9, 0)),
                     -EACCES);
    assert_true(arena_send_to(&client, slot, 0x0a0002ff, 9, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, slot), EACCES);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_BROADCAST, 1), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_CHECK, slot, words[0], words[1], socket_place(9, 0)),
                     0);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    assert_true(arena_send_to(&client, slot, 0x0a0002ff, 9, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 1);
}

static void a_broadcast_is_for_every_socket_of_its_port(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint32_t slot[2];
    for (int i = 0; i < 2; i++) {
        slot[i] = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
        assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot[i], SOCKET_REUSE, 1), 0);
        assert_int_equal(arena_bind(&client, slot[i], 0, PORT), 0);
    }
    receive_udp(sim, UINT32_MAX, PORT, "all", 3);
    assert_int_equal(arena_receive_from(&client, slot[0], &record, text, sizeof(text)), 3);
    assert_int_equal(arena_receive_from(&client, slot[1], &record, text, sizeof(text)), 3);
}

static void a_broadcast_leaves_once_and_is_heard_here_too(void **state)
{
    static const uint32_t everybody[] = {UINT32_MAX, 0x0a0002ff};
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint32_t sender = make_bound(&client, 0, PORT);
    uint32_t receiver = make_bound(&server, 0, PORT + 1);
    uint32_t other = make_bound(&server, 0, PORT + 2);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_BROADCAST, 1), 0);
    for (size_t i = 0; i < sizeof(everybody) / sizeof(everybody[0]); i++) {
        int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
        assert_true(arena_send_to(&client, sender, everybody[i], PORT + 1, "all", 3));
        sim_run(sim, 1000);
        assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 1);
        assert_int_equal(arena_receive_from(&server, receiver, &record, text, sizeof(text)), 3);
        assert_memory_equal(text, "all", 3);
        assert_int_equal(bytes_get_be32(record.name.address + 12), SIM_CLIENT);
        assert_int_equal(bytes_get_be32(record.destination + 12), everybody[i]);
        assert_int_equal(record.name.interface, wire(sim));
        assert_int_equal(arena_receive_from(&server, receiver, &record, text, sizeof(text)), -1);
        assert_int_equal(arena_receive_from(&server, other, &record, text, sizeof(text)), -1);
    }
    assert_true(arena_send_to(&client, sender, UINT32_MAX, PORT, "me", 2));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, sender, &record, text, sizeof(text)), 2);
}

/* It leaves in fragments, and is whole here. */
static void a_long_broadcast_is_heard_whole(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t out[4000], in[4001];
    uint32_t sender = make_bound(&client, 0, PORT);
    uint32_t receiver = make_bound(&server, 0, PORT + 1);
    memset(out, 0x5a, sizeof(out));
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_BROADCAST, 1), 0);
    assert_true(arena_send_to(&client, sender, UINT32_MAX, PORT + 1, out, sizeof(out)));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&server, receiver, &record, in, sizeof(in)), sizeof(out));
    assert_memory_equal(in, out, sizeof(out));
}

static void a_raw_broadcast_is_heard_here_once(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t bytes[64];
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_RAW);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_BROADCAST, 1), 0);
    assert_true(arena_send_to(&client, slot, UINT32_MAX, 0, "raw", 3));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, slot, &record, bytes, sizeof(bytes)), 23);
    assert_int_equal(arena_receive_from(&client, slot, &record, bytes, sizeof(bytes)), -1);
}

static int change_group(struct arena *arena, uint32_t slot, enum socket_option option,
                        uint32_t group, uint32_t interface)
{
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    uint64_t words[2];
    arena_address(group, bytes);
    memcpy(words, bytes, sizeof(words));
    return ARENA_ASK(arena, SOCKET_SET, slot, option, words[0], words[1], interface);
}

static void a_group_is_reported_heard_and_left(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint32_t member = make_bound(&client, 0, PORT);
    int reports = sim_count_sent(sim, ETHERTYPE_IP4, IGMP);
    assert_int_equal(change_group(&client, member, SOCKET_JOIN, (uint32_t)GROUP, 0), 0);
    assert_int_equal(change_group(&client, member, SOCKET_JOIN, (uint32_t)GROUP, 0), -EADDRINUSE);
    sim_run(sim, 2 * SIM_S);
    assert_true(sim_count_sent(sim, ETHERTYPE_IP4, IGMP) > reports);
    receive_udp(sim, (uint32_t)GROUP, PORT, "grp", 3);
    assert_int_equal(arena_receive_from(&client, member, &record, text, sizeof(text)), 3);
    assert_int_equal(bytes_get_be32(record.destination + 12), (uint32_t)GROUP);
    assert_int_equal(change_group(&client, member, SOCKET_LEAVE, (uint32_t)GROUP, 0), 0);
    assert_int_equal(change_group(&client, member, SOCKET_LEAVE, (uint32_t)GROUP, 0),
                     -EADDRNOTAVAIL);
    receive_udp(sim, (uint32_t)GROUP, PORT, "grp", 3);
    assert_int_equal(arena_receive_from(&client, member, &record, text, sizeof(text)), -1);
}

static void a_socket_that_did_not_join_hears_nothing_of_a_group(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint32_t member = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    uint32_t other = (uint32_t)arena_make(&server, SOCKET_DATAGRAM);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, member, SOCKET_REUSE, 1), 0);
    assert_int_equal(ARENA_ASK(&server, SOCKET_SET, other, SOCKET_REUSE, 1), 0);
    assert_int_equal(arena_bind(&client, member, 0, PORT), 0);
    assert_int_equal(arena_bind(&server, other, 0, PORT), 0);
    assert_int_equal(change_group(&client, member, SOCKET_JOIN, (uint32_t)GROUP, wire(sim)), 0);
    receive_udp(sim, (uint32_t)GROUP, PORT, "grp", 3);
    assert_int_equal(arena_receive_from(&client, member, &record, text, sizeof(text)), 3);
    assert_int_equal(arena_receive_from(&server, other, &record, text, sizeof(text)), -1);
}

/* Nobody is asked for the address of a group, so nothing is to be asked again. */
static void datagrams_to_groups_and_to_everybody_leave_netd_asleep(void **state)
{
    struct sim *sim = *state;
    uint32_t sender = make_bound(&client, 0, PORT);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_BROADCAST, 1), 0);
    meet_gateway(sim, sender);
    sim_run(sim, 20 * SIM_S);
    uint64_t steps = sim->steps;
    for (int i = 0; i < 10; i++) {
        assert_true(arena_send_to(&client, sender, (uint32_t)GROUP, 9, "x", 1));
        assert_true(arena_send_to(&client, sender, UINT32_MAX, 9, "x", 1));
        sim_run(sim, 5 * SIM_S);
    }
    assert_true(sim->steps - steps <= 2 * 10 + 4);
}

static void a_group_is_looped_to_local_members_unless_told_otherwise(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[4];
    uint32_t member = make_bound(&server, 0, PORT);
    uint32_t sender = make_bound(&client, 0, PORT + 1);
    assert_int_equal(change_group(&server, member, SOCKET_JOIN, (uint32_t)GROUP, 0), 0);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    assert_true(arena_send_to(&client, sender, (uint32_t)GROUP, PORT, "grp", 3));
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 1);
    assert_int_equal(sim->sent[sim->sent_count - 1].head[0], 1);  /* a group's MAC */
    assert_int_equal(sim->sent[sim->sent_count - 1].head[22], 1); /* hops */
    assert_int_equal(arena_receive_from(&server, member, &record, text, sizeof(text)), 3);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_GROUP_LOOP, 0), 0);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, sender, SOCKET_GROUP_HOPS, 7), 0);
    assert_true(arena_send_to(&client, sender, (uint32_t)GROUP, PORT, "grp", 3));
    sim_run(sim, 1000);
    assert_int_equal(sim->sent[sim->sent_count - 1].head[22], 7);
    assert_int_equal(arena_receive_from(&server, member, &record, text, sizeof(text)), -1);
}

static void an_echo_through_an_icmp_socket_is_answered(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t request[64] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
    uint8_t reply[64];
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_ICMP);
    memset(request + 8, 0x5a, sizeof(request) - 8);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 0, request, sizeof(request)));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, slot, &record, reply, sizeof(reply)), 64);
    assert_int_equal(reply[0], 0);
    assert_int_equal(bytes_get_be16(reply + 6), 1);
    assert_memory_equal(reply + 8, request + 8, sizeof(request) - 8);
    assert_true(checksum_is_good(checksum_partial(reply, sizeof(reply))));
    request[0] = 5; /* a redirect is not an echo */
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 0, request, sizeof(request)));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, slot), EINVAL);
}

static void a_raw_socket_sends_without_and_receives_with_the_ip_header(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t bytes[64];
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_RAW);
    assert_true(arena_send_to(&client, slot, ARENA_LOOPBACK, 0, "raw", 3));
    sim_run(sim, 1000);
    assert_int_equal(arena_receive_from(&client, slot, &record, bytes, sizeof(bytes)), 23);
    assert_int_equal(bytes[0], 0x45);
    assert_int_equal(bytes[9], 253);
    assert_memory_equal(bytes + 20, "raw", 3);
}

static void a_datagram_larger_than_a_frame_is_sent_in_fragments(void **state)
{
    struct sim *sim = *state;
    uint8_t bytes[4000] = {0};
    uint32_t slot = make_bound(&client, 0, PORT);
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 9, bytes, sizeof(bytes)));
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 3);
    for (uint32_t i = 0; i < 3; i++) { /* the first has the header, with a sum over all */
        const uint8_t *head = sim->sent[sim->sent_count - 3 + i].head;
        if ((bytes_get_be16(head + 20) & 0x1fff) == 0) {
            assert_int_not_equal(bytes_get_be16(head + 40), 0);
        }
    }
}

/* More than loopback holds at once, and the receiver has room for all. */
static void a_burst_to_ourselves_arrives_whole(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t byte = 0;
    uint32_t there = make_bound(&server, 0, PORT);
    uint32_t here = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    for (int i = 0; i < 140; i++) {
        byte = (uint8_t)i;
        assert_true(arena_send_to(&client, here, ARENA_LOOPBACK, PORT, &byte, 1));
    }
    sim_run(sim, 1000);
    for (int i = 0; i < 140; i++) {
        assert_int_equal(arena_receive_from(&server, there, &record, &byte, 1), 1);
        assert_int_equal(byte, i);
    }
}

static void without_a_pcb_there_is_no_socket_until_there_is_one(void **state)
{
    struct sim *sim = *state;
    static void *taken[MEMP_NUM_UDP_PCB];
    uint32_t count = 0;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    while (count < MEMP_NUM_UDP_PCB && (taken[count] = memp_malloc(MEMP_UDP_PCB)) != NULL) {
        count++;
    }
    assert_int_equal(arena_bind(&client, slot, 0, PORT), -ENOBUFS);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, 9, "x", 1));
    sim_run(sim, 1000);
    assert_int_equal(arena_error(&client, slot), ENOBUFS);
    assert_int_equal(counted(sim, COUNTER_socket_no_memory), 2);
    while (count > 0) {
        memp_free(MEMP_UDP_PCB, taken[--count]);
    }
    assert_int_equal(arena_bind(&client, slot, 0, PORT), 0);
}

/* Joins groups from that on with one socket after the other; how many it could. */
static uint32_t join_all(struct arena *arena, uint32_t group)
{
    uint32_t count = 0;
    int error = 0;
    while (error == 0) {
        uint32_t slot = (uint32_t)arena_make(arena, SOCKET_DATAGRAM);
        for (int i = 0; i < SOCKET_GROUPS_MAX && error == 0; i++) {
            error = change_group(arena, slot, SOCKET_JOIN, group + count, 0);
            count += error == 0;
        }
    }
    assert_int_equal(error, -ENOBUFS);
    return count;
}

static void a_client_that_joins_all_it_can_leaves_the_others_theirs(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(join_all(&client, (uint32_t)GROUP), SOCKET_CLIENT_GROUPS_MAX);
        assert_int_equal(join_all(&server, (uint32_t)GROUP + 1000), SOCKET_CLIENT_GROUPS_MAX);
        assert_int_equal(change_group(&client, 0, SOCKET_LEAVE, (uint32_t)GROUP, 0), 0);
        assert_int_equal(change_group(&client, 0, SOCKET_JOIN, (uint32_t)GROUP + 99, 0), 0);
        assert_int_equal(arena_open(&client), 0); /* it has none, and can have as many again */
        assert_int_equal(arena_open(&server), 0);
    }
}

static void a_port_in_use_is_refused_unless_both_share(void **state)
{
    (void)state;
    uint32_t first = make_bound(&client, 0, PORT);
    uint32_t second = (uint32_t)arena_make(&server, SOCKET_DATAGRAM);
    assert_int_equal(arena_bind(&server, second, 0, PORT), -EADDRINUSE);
    assert_int_equal(arena_bind(&server, second, 0x01020304, PORT + 1), -EADDRNOTAVAIL);
    assert_int_equal(arena_bind(&server, second, 0, PORT + 1), 0);
    assert_int_equal(arena_bind(&server, second, 0, PORT + 2), -EINVAL);
    assert_int_equal(arena_close(&client, first), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(what_stands_behind_a_datagram_is_no_part_of_it),
        CASE(datagrams_go_both_ways_and_keep_their_borders),
        CASE(a_datagram_leaves_on_the_wire_and_its_answer_comes_back),
        CASE(both_rings_wrap_in_the_middle_of_a_datagram),
        CASE(a_datagram_without_room_is_dropped_whole_and_counted),
        CASE(a_connected_socket_hears_its_peer_alone),
        CASE(what_was_sent_before_a_close_still_leaves),
        CASE(a_sender_waits_for_frames_and_loses_nothing),
        CASE(broadcast_needs_the_option),
        CASE(a_broadcast_is_for_every_socket_of_its_port),
        CASE(a_broadcast_leaves_once_and_is_heard_here_too),
        CASE(a_long_broadcast_is_heard_whole),
        CASE(a_raw_broadcast_is_heard_here_once),
        CASE(a_group_is_reported_heard_and_left),
        CASE(a_socket_that_did_not_join_hears_nothing_of_a_group),
        CASE(datagrams_to_groups_and_to_everybody_leave_netd_asleep),
        CASE(a_group_is_looped_to_local_members_unless_told_otherwise),
        CASE(an_echo_through_an_icmp_socket_is_answered),
        CASE(a_raw_socket_sends_without_and_receives_with_the_ip_header),
        CASE(a_datagram_larger_than_a_frame_is_sent_in_fragments),
        CASE(a_burst_to_ourselves_arrives_whole),
        CASE(without_a_pcb_there_is_no_socket_until_there_is_one),
        CASE(a_client_that_joins_all_it_can_leaves_the_others_theirs),
        CASE(a_port_in_use_is_refused_unless_both_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
