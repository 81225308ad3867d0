/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of a known flow: the same on the wire and in the ring as lwIP would have made them, and
 * no longer known once anything may have changed.
 */
#include <errno.h>

#include "test.h"

#include <base/bytes.h>
#include <proto/netd.h>

#include "servers/netd/checksum.h"
#include "servers/netd/flow.h"
#include "tests/sim/arena.h"
#include "tests/sim/segment.h"

enum {
    PORT = 5000,
    PEER_PORT = 9,
    TCP = 6,
    UDP = 17,
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    IP_AT = 14,
    UDP_AT = 34,
    DATA_AT = 42,
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

/* netd's own side of a slot of the first client. */
static struct socket *socket_at(struct sim *sim, uint32_t slot)
{
    return &sim->stack.sockets.client[0].first[slot];
}

static bool knows_way(struct sim *sim, uint32_t slot)
{
    struct socket_name to = {.port = PEER_PORT};
    arena_address(SIM_GATEWAY, to.address);
    return flow_find_way(socket_at(sim, slot), &to) != NULL;
}

static size_t make_udp(uint8_t *frame, const void *bytes, size_t len)
{
    uint8_t udp[1480] = {0};
    bytes_put_be16(udp, PEER_PORT);
    bytes_put_be16(udp + 2, PORT);
    bytes_put_be16(udp + 4, (uint16_t)(8 + len));
    memcpy(udp + 8, bytes, len);
    return sim_make_ip4(frame, UDP, SIM_GATEWAY, SIM_CLIENT, udp, 8 + len);
}

static bool is_known(struct sim *sim)
{
    alignas(8) uint8_t room[FRAMES_OFFSET + 1514];
    (void)make_udp(room + FRAMES_OFFSET, "x", 1);
    return flow_find_socket(&sim->stack.link[0].interface, room + FRAMES_OFFSET) != NULL;
}

static void receive(struct sim *sim, const void *bytes, size_t len)
{
    uint8_t frame[1514];
    sim_receive(sim, frame, make_udp(frame, bytes, len));
    sim_run(sim, 1000);
}

static const struct sim_sent *send(struct sim *sim, uint32_t slot, const void *bytes, uint32_t len)
{
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, PEER_PORT, bytes, len));
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 1);
    return &sim->sent[sim->sent_count - 1];
}

/* A bound socket whose way to the gateway, and back, is known. */
static uint32_t make_known(struct sim *sim)
{
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    struct socket_record record;
    char text[16];
    assert_int_equal(arena_bind(&client, slot, 0, PORT), 0);
    (void)send(sim, slot, "x", 1); /* the neighbour is asked for first */
    (void)send(sim, slot, "x", 1);
    receive(sim, "first", 5);
    assert_int_equal(arena_receive_from(&client, slot, &record, text, sizeof(text)), 5);
    assert_true(knows_way(sim, slot));
    assert_true(is_known(sim));
    return slot;
}

static void check_sums(const uint8_t *head, uint32_t len)
{
    uint16_t sum = checksum_add(checksum_partial(head + IP_AT + 12, 8), checksum_wire16(UDP));
    sum = checksum_add(sum, checksum_wire16((uint16_t)(len - UDP_AT)));
    sum = checksum_add(sum, checksum_partial(head + UDP_AT, len - UDP_AT));
    assert_true(checksum_is_good(sum));
    assert_true(checksum_is_good(checksum_partial(head + IP_AT, 20)));
    assert_int_not_equal(bytes_get_be16(head + UDP_AT + 6), 0);
}

static void what_goes_directly_is_what_lwip_would_have_sent(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_int_equal(arena_bind(&client, slot, 0, PORT), 0);
    (void)send(sim, slot, "x", 1);
    for (uint32_t len = 0; len < 20; len++) {
        uint8_t heads[2][SIM_HEAD_BYTES];
        flows_forget();
        for (int i = 0; i < 2; i++) {
            assert_int_equal(knows_way(sim, slot), i == 1);
            const struct sim_sent *sent = send(sim, slot, "abcdefghijklmnopqrst", len);
            assert_int_equal(sent->len, DATA_AT + len);
            check_sums(sent->head, sent->len);
            memcpy(heads[i], sent->head, DATA_AT + len);
            memset(heads[i] + IP_AT + 4, 0, 2);  /* each packet has an id of its own */
            memset(heads[i] + IP_AT + 10, 0, 2); /* and so a sum */
        }
        assert_memory_equal(heads[0], heads[1], DATA_AT + len);
    }
}

static void what_comes_directly_is_what_lwip_would_have_given(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_known(sim);
    for (uint32_t len = 0; len < 20; len++) {
        struct socket_record records[2];
        char texts[2][32] = {{0}};
        flows_forget();
        for (int i = 0; i < 2; i++) {
            assert_int_equal(is_known(sim), i == 1);
            receive(sim, "abcdefghijklmnopqrst", len);
            assert_int_equal(
                arena_receive_from(&client, slot, &records[i], texts[i], sizeof(texts[i])), len);
        }
        assert_memory_equal(&records[0], &records[1], sizeof(records[0]));
        assert_memory_equal(texts[0], texts[1], sizeof(texts[0]));
    }
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
}

static void a_wrong_sum_is_dropped_though_the_flow_is_known(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    uint8_t frame[1514];
    char text[16];
    uint32_t slot = make_known(sim);
    size_t len = make_udp(frame, "bad", 3);
    bytes_put_be16(frame + UDP_AT + 6, 0x1234);
    sim_receive(sim, frame, len);
    sim_run(sim, 1000);
    assert_int_equal(sim->stack.stats.value[COUNTER_udp_checksum], 1);
    assert_int_equal(arena_receive_from(&client, slot, &record, text, sizeof(text)), -1);
}

static void a_known_flow_without_room_drops_and_counts(void **state)
{
    struct sim *sim = *state;
    uint8_t bytes[1400] = {0};
    uint32_t slot = make_known(sim);
    for (int i = 0; i < 10; i++) {
        receive(sim, bytes, sizeof(bytes));
    }
    assert_int_equal(atomic_load(&arena_slot(&client, slot)->drops), 5);
    assert_int_equal(sim->stack.stats.value[COUNTER_datagram_no_room], 5);
}

static void a_socket_that_was_closed_hears_and_sends_nothing_more(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[16];
    uint32_t slot = make_known(sim);
    assert_int_equal(arena_close(&client, slot), 0);
    assert_false(is_known(sim));
    assert_false(knows_way(sim, slot));
    uint32_t next = (uint32_t)arena_make(&client, SOCKET_DATAGRAM);
    assert_int_equal(next, slot);
    assert_int_equal(arena_bind(&client, next, 0, PORT + 1), 0);
    receive(sim, "for the other", 13);
    assert_int_equal(arena_receive_from(&client, next, &record, text, sizeof(text)), -1);
}

static void a_raw_socket_hears_what_a_flow_would_carry(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[64];
    uint32_t slot = make_known(sim);
    assert_int_equal(ARENA_ASK(&server, SOCKET_MAKE, 0, SOCKET_IP4, SOCKET_RAW, UDP), 0);
    uint32_t raw = (uint32_t)server.reply[1];
    assert_int_equal(arena_bind(&server, raw, 0, 0), 0);
    for (int i = 0; i < 3; i++) {
        receive(sim, "both", 4);
        assert_false(is_known(sim));
        assert_int_equal(arena_receive_from(&client, slot, &record, text, sizeof(text)), 4);
        assert_int_equal(arena_receive_from(&server, raw, &record, text, sizeof(text)), 32);
    }
}

static void an_option_counts_from_the_next_datagram_on(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_known(sim);
    assert_int_equal(send(sim, slot, "x", 1)->head[IP_AT + 8], 64);
    assert_int_equal(ARENA_ASK(&client, SOCKET_SET, slot, SOCKET_HOPS, 7), 0);
    assert_int_equal(send(sim, slot, "x", 1)->head[IP_AT + 8], 7);
}

static const uint8_t moved[6] = {2, 0, 0, 0, 0, 0x77};

/* The gateway says that its address is another. Nothing happens until sim_run. */
static void queue_move(struct sim *sim)
{
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t *arp = frame + IP_AT;
    memcpy(frame + 6, moved, 6);
    bytes_put_be16(frame + 12, ETHERTYPE_ARP);
    memcpy(arp, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
    memcpy(arp + 8, moved, 6);
    bytes_put_be32(arp + 14, SIM_GATEWAY);
    bytes_put_be32(arp + 24, SIM_GATEWAY);
    sim_receive(sim, frame, sizeof(frame));
}

static void a_neighbour_that_moved_is_found_there(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_known(sim);
    queue_move(sim);
    sim_run(sim, 1000);
    assert_memory_equal(send(sim, slot, "x", 1)->head, moved, 6);
}

static void a_flow_is_asked_for_anew_every_second(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_known(sim);
    sim_run(sim, 1 * SIM_S + 1000);
    assert_false(knows_way(sim, slot));
    assert_false(is_known(sim));
}

/* The driver shares the frame, so its length may be another than the one that was checked. */
static void a_length_that_changed_after_the_check_is_dropped_and_counted(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = make_known(sim);
    struct socket *socket = socket_at(sim, slot);
    alignas(8) uint8_t ip[64] = {0x45};
    const uint16_t lengths[] = {0, 7, 45, 0xffff};
    uint32_t tail = socket->rx_tail;
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        bytes_put_be16(ip + 24, lengths[i]);
        datagram_receive(socket, ip, sizeof(ip), 1);
        assert_int_equal(socket->rx_tail, tail);
        assert_int_equal(sim->stack.stats.value[COUNTER_datagram_changed], i + 1);
    }
    bytes_put_be16(ip + 24, 44);
    datagram_receive(socket, ip, sizeof(ip), 1);
    assert_int_not_equal(socket->rx_tail, tail);
}

static void a_datagram_longer_than_the_mtu_in_force_leaves_in_fragments(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[1472];
    uint32_t slot = make_known(sim);
    sim->stack.link[0].interface.netif.mtu = 1000;
    assert_true(knows_way(sim, slot));
    int before = sim_count_sent(sim, ETHERTYPE_IP4, UDP);
    assert_true(arena_send_to(&client, slot, SIM_GATEWAY, PEER_PORT, bytes, sizeof(bytes)));
    sim_run(sim, 1000);
    assert_int_equal(sim_count_sent(sim, ETHERTYPE_IP4, UDP), before + 2);
}

/* --- streams ------------------------------------------------------------------------------- */

/* A connection from the gateway, whose next bytes are in order. */
struct stream {
    uint32_t slot;
    struct segment next;
};

static void queue_bytes(struct sim *sim, struct stream *stream, const char *bytes)
{
    stream->next.len = (uint32_t)strlen(bytes);
    stream->next.bytes = bytes;
    segment_receive(sim, &stream->next);
    stream->next.sequence += stream->next.len;
}

static struct stream accept_stream(struct sim *sim)
{
    struct stream stream = {.next = {.from = PEER_PORT, .to = PORT, .sequence = 1000}};
    uint32_t listener = arena_listen(&client, PORT, 4);
    stream.next.flags = SEGMENT_SYN;
    stream.next.window = 8192;
    segment_receive(sim, &stream.next);
    sim_run(sim, 1000);
    stream.next.sequence++;
    stream.next.acknowledged = segment_sent(sim, segment_count(sim) - 1).sequence + 1;
    stream.next.flags = SEGMENT_ACK;
    queue_bytes(sim, &stream, "");
    sim_run(sim, 1000);
    int slot = arena_accept(&client, listener);
    assert_true(slot >= 0);
    stream.slot = (uint32_t)slot;
    return stream;
}

static void check_bytes(struct stream *stream, const char *bytes)
{
    char text[64];
    assert_int_equal(arena_receive(&client, stream->slot, text, sizeof(text)), strlen(bytes));
    assert_memory_equal(text, bytes, strlen(bytes));
}

static bool knows_segments(struct sim *sim)
{
    alignas(8) uint8_t room[FRAMES_OFFSET + 1514];
    (void)make_udp(room + FRAMES_OFFSET, "x", 1);
    return flow_is_segment(&sim->stack.link[0].interface,
                           flow_hosts_of(room + FRAMES_OFFSET + IP_AT));
}

static bool knows_neighbour(struct sim *sim)
{
    uint8_t bytes[4];
    uint32_t address;
    bytes_put_be32(bytes, SIM_GATEWAY);
    memcpy(&address, bytes, sizeof(address));
    return flow_find_neighbour(&sim->stack.link[0].interface, address) != NULL;
}

static void segments_come_and_go_directly_as_they_do_through_lwip(void **state)
{
    struct sim *sim = *state;
    struct stream stream = accept_stream(sim);
    for (int i = 0; i < 4; i++) {
        if (i % 2 == 0) {
            flows_forget();
        }
        assert_int_equal(knows_segments(sim), i % 2 == 1);
        assert_int_equal(knows_neighbour(sim), i % 2 == 1);
        queue_bytes(sim, &stream, "ping");
        sim_run(sim, 1000);
        check_bytes(&stream, "ping");
        assert_int_equal(arena_send(&client, stream.slot, "pong!", 5), 5);
        sim_run(sim, 1000);
        const struct sim_sent *sent = &sim->sent[sim->sent_count - 1];
        struct segment segment = segment_sent(sim, segment_count(sim) - 1);
        assert_int_equal(sent->len, IP_AT + 40 + 5);
        assert_int_equal(segment.sequence, stream.next.acknowledged);
        assert_int_equal(segment.acknowledged, stream.next.sequence);
        assert_true(checksum_is_good(checksum_partial(sent->head + IP_AT, 20)));
        stream.next.acknowledged += 5;
    }
    assert_int_equal(sim->stack.link[0].interface.rx_count, INTERFACE_RX_FRAMES);
}

static void a_raw_socket_hears_the_segments_of_a_known_host(void **state)
{
    struct sim *sim = *state;
    struct socket_record record;
    char text[64];
    struct stream stream = accept_stream(sim);
    queue_bytes(sim, &stream, "one");
    sim_run(sim, 1000);
    assert_true(knows_segments(sim));
    assert_int_equal(ARENA_ASK(&server, SOCKET_MAKE, 0, SOCKET_IP4, SOCKET_RAW, TCP), 0);
    uint32_t raw = (uint32_t)server.reply[1];
    assert_int_equal(arena_bind(&server, raw, 0, 0), 0);
    for (int i = 0; i < 3; i++) {
        queue_bytes(sim, &stream, "two");
        sim_run(sim, 1000);
        assert_false(knows_segments(sim));
        assert_int_equal(arena_receive_from(&server, raw, &record, text, sizeof(text)), 40 + 3);
    }
    check_bytes(&stream, "onetwotwotwo");
    assert_int_equal(arena_close(&server, raw), 0);
    sim_run(sim, 1000);
    queue_bytes(sim, &stream, "three");
    sim_run(sim, 1000);
    assert_true(knows_segments(sim));
}

/* What lwIP decided before the news of a burst does not hold for what comes behind them. */
static void news_behind_a_segment_in_one_burst_end_what_is_known(void **state)
{
    struct sim *sim = *state;
    struct stream stream = accept_stream(sim);
    queue_bytes(sim, &stream, "one,");
    sim_run(sim, 1000);
    assert_true(knows_segments(sim));
    queue_bytes(sim, &stream, "two,"); /* acknowledged at once */
    queue_move(sim);
    queue_bytes(sim, &stream, "three,");
    queue_bytes(sim, &stream, "four"); /* here again */
    int before = segment_count(sim);
    sim_run(sim, 1000);
    assert_int_equal(segment_count(sim), before + 2);
    assert_memory_not_equal(sim->sent[sim->sent_count - 2].head, moved, 6);
    assert_memory_equal(sim->sent[sim->sent_count - 1].head, moved, 6);
    assert_false(knows_segments(sim));
    check_bytes(&stream, "one,two,three,four");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(what_goes_directly_is_what_lwip_would_have_sent),
        CASE(what_comes_directly_is_what_lwip_would_have_given),
        CASE(a_wrong_sum_is_dropped_though_the_flow_is_known),
        CASE(a_known_flow_without_room_drops_and_counts),
        CASE(a_socket_that_was_closed_hears_and_sends_nothing_more),
        CASE(a_raw_socket_hears_what_a_flow_would_carry),
        CASE(an_option_counts_from_the_next_datagram_on),
        CASE(a_neighbour_that_moved_is_found_there),
        CASE(a_flow_is_asked_for_anew_every_second),
        CASE(a_length_that_changed_after_the_check_is_dropped_and_counted),
        CASE(a_datagram_longer_than_the_mtu_in_force_leaves_in_fragments),
        CASE(segments_come_and_go_directly_as_they_do_through_lwip),
        CASE(a_raw_socket_hears_the_segments_of_a_known_host),
        CASE(news_behind_a_segment_in_one_burst_end_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
