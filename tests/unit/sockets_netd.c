/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A netd that ends, is started again, or writes what cannot be [libc/network.c, slot.c]: the
 * program sees errors, loses what must be lost, and never hangs or leaves its memory.
 */
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>

#include "libc/epoll_file.h"

/* --- started again ---------------------------------------------------------------------------- */

TEST(a_blocked_receive_ends_when_netd_is_another)
{
    char bytes[4];
    long fd = stream(0);
    fake_at_sleep(fake_restart);
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -ECONNRESET);
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -ECONNRESET);
    assert_int_equal(send_bytes(fd, bytes, 4, 0), -ECONNRESET);
    short found;
    assert_int_equal(poll_one(fd, POLLIN, -1, &found), 1);
    assert_int_equal(found & POLLERR, POLLERR);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    assert_int_equal(fake.calls[SOCKET_CLOSE], 0); /* there was nothing to close */
}

TEST(sending_to_a_netd_that_is_another_is_found_out_before_a_byte_is_written)
{
    long fd = stream(0);
    fake_restart();
    uint32_t before = atomic_load(&fake_slot(0)->tx_tail);
    assert_int_equal(send_bytes(fd, "x", 1, 0), -ECONNRESET);
    assert_int_equal(atomic_load(&fake_slot(0)->tx_tail), before);
}

TEST(a_listening_socket_listens_again_with_its_options)
{
    int one = 1;
    long fd = listener(SOCK_NONBLOCK);
    assert_int_equal(ask(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof(one), 0),
                     0);
    fake_restart();
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -EAGAIN);
    assert_int_equal(fake.calls[SOCKET_LISTEN], 2);
    assert_int_equal(fake.last[SOCKET_BIND][4], PORT);
    assert_int_equal(fake.options[0][SOCKET_REUSE], 1);
    struct socket_name name = fake_ip4(PEER, 1);
    fake_connection(0, &name);
    assert_true(ask(SYS_accept, fd, 0, 0, 0, 0, 0) > fd);
}

TEST(a_datagram_socket_keeps_its_place_its_peer_and_its_groups)
{
    struct sockaddr_in own = at(INADDR_ANY, 0);
    struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe0000063), .imr_ifindex = 2};
    long fd = datagram();
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), 0);
    assert_int_equal(
        ask(SYS_setsockopt, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, (long)&group, sizeof(group), 0), 0);
    assert_int_equal(connect_to(fd, PEER, PORT), 0);
    fake_restart();
    assert_int_equal(send_bytes(fd, "x", 1, 0), 1);
    assert_int_equal(fake.calls[SOCKET_BIND], 2);
    assert_int_equal(fake.last[SOCKET_BIND][4], 50000); /* the port that it had */
    assert_int_equal(fake.calls[SOCKET_CONNECT], 2);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_JOIN);
    assert_int_equal(fake.last[SOCKET_SET][5], 2);
}

TEST(what_cannot_be_made_again_is_down)
{
    char bytes[4];
    long fd = datagram();
    struct sockaddr_in own = at(0x0a00020f, PORT);
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), 0);
    fake_restart();
    fake.refuse[SOCKET_BIND] = -EADDRNOTAVAIL;
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -ENETDOWN);
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -ENETDOWN);
    assert_true(datagram() > fd);
}

TEST(a_netd_that_stays_away_is_an_error_and_not_a_wait)
{
    char bytes[4];
    short found;
    long fd = stream(0), other = datagram();
    fake_restart();
    fake.is_dead = true;
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -ECONNRESET);
    assert_int_equal(receive_bytes(other, bytes, 4, 0), -ENETDOWN);
    assert_int_equal(socket_make(AF_INET, SOCK_STREAM, 0), -ENETDOWN);
    assert_int_equal(poll_one(1, POLLIN, 100, &found), 0); /* nor does it spin */
    fake_restart();
    assert_true(datagram() > other);
}

TEST(epoll_tells_of_sockets_that_a_new_netd_has_lost)
{
    struct epoll_event event = {.events = EPOLLIN}, got;
    long fd = stream(0), epoll = epoll_make(0);
    assert_int_equal(epoll_change((int)epoll, EPOLL_CTL_ADD, (int)fd, &event), 0);
    assert_int_equal(epoll_look((int)epoll, &got, 1, 0), 0);
    fake_at_sleep(fake_restart);
    assert_int_equal(epoll_look((int)epoll, &got, 1, -1), 1);
    assert_int_equal(got.events, EPOLLIN | EPOLLERR | EPOLLHUP);
}

TEST(a_request_that_a_new_netd_does_not_know_is_asked_again)
{
    struct sockaddr_in own = at(INADDR_ANY, PORT);
    long fd = datagram();
    fake.refuse[SOCKET_BIND] = -ESTALE;
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), 0);
    assert_int_equal(fake.calls[SOCKET_BIND], 2);
}

/* --- what cannot be --------------------------------------------------------------------------- */

TEST(an_impossible_receive_index_is_an_error_of_that_socket_alone)
{
    char bytes[4];
    short found;
    long fd = stream(0), other = datagram();
    atomic_fetch_add(fake_rx_tail(0), FAKE_RX_BYTES + 1);
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -EIO);
    assert_int_equal(send_bytes(fd, bytes, 4, 0), -EIO);
    assert_int_equal(poll_one(fd, POLLIN, -1, &found), 1);
    assert_int_equal(found & POLLERR, POLLERR);
    struct socket_name from = fake_ip4(PEER, 1);
    fake_datagram(1, &from, "x", 1);
    assert_int_equal(receive_bytes(other, bytes, 4, 0), 1);
}

TEST(a_receive_index_that_goes_back_is_an_error)
{
    char bytes[4];
    long fd = stream(0);
    fake_receive(0, "abcdef", 6);
    assert_int_equal(receive_bytes(fd, bytes, 4, MSG_PEEK), 4);
    atomic_fetch_sub(fake_rx_tail(0), 1);
    assert_int_equal(receive_bytes(fd, bytes, 4, 0), -EIO);
}

TEST(an_impossible_send_index_is_an_error)
{
    long fd = stream(0);
    assert_int_equal(send_bytes(fd, "abc", 3, 0), 3);
    atomic_fetch_add(fake_tx_head(0), 4);
    assert_int_equal(send_bytes(fd, "abc", 3, 0), -EIO);
    long other = datagram();
    atomic_fetch_sub(fake_tx_head(1), 1);
    assert_int_equal(send_to(other, "abc", 3, PEER, PORT), -EIO);
}

TEST(a_record_longer_than_what_is_there_is_an_error)
{
    char bytes[FAKE_RX_BYTES];
    static const uint32_t lengths[] = {1, 200, FAKE_RX_BYTES, UINT32_MAX - 7, UINT32_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct socket_record record = {.bytes = lengths[i]};
        long fd = datagram();
        uint32_t slot = (uint32_t)i;
        uint32_t tail = atomic_load(fake_rx_tail(slot));
        socket_ring_put(socket_rx_data(fake.arena, fake.shape, slot), FAKE_RX_BYTES, tail, &record,
                        sizeof(record));
        atomic_store(fake_rx_tail(slot), tail + (uint32_t)sizeof(record));
        assert_int_equal(receive_bytes(fd, bytes, sizeof(bytes), 0), -EIO);
    }
    long fd = datagram();
    atomic_fetch_add(fake_rx_tail(5), 8); /* less than a record */
    assert_int_equal(receive_bytes(fd, bytes, sizeof(bytes), 0), -EIO);
}

TEST(a_slot_that_begins_with_impossible_indexes_is_not_taken)
{
    fake.refuse[SOCKET_MAKE] = 0;
    long fd = datagram();
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    fake.is_mistaken = true;
    assert_int_equal(socket_make(AF_INET, SOCK_DGRAM, 0), -EIO);
    fake.is_mistaken = false;
    assert_true(datagram() > 2);
}

TEST(a_broken_ready_ring_is_opened_anew)
{
    short found;
    long fd = datagram();
    atomic_fetch_add(&fake.arena->ready.shared.tail, SOCKET_SLOTS_MAX + 1);
    assert_int_equal(poll_one(fd, POLLIN, 100, &found), 0);
    assert_int_equal(fake.calls[SOCKET_OPEN], 2);
    assert_int_equal(fake.calls[SOCKET_MAKE], 2);
}

TEST(a_number_of_no_slot_in_the_ready_ring_is_passed_over)
{
    short found;
    struct socket_name from = fake_ip4(PEER, 1);
    long fd = datagram();
    fake_push_ready(FAKE_SLOTS);
    fake_push_ready(100000); /* far outside the arena */
    fake_push_ready(UINT64_MAX);
    fake_datagram(0, &from, "x", 1);
    assert_int_equal(poll_one(fd, POLLIN, -1, &found), 1);
    char byte;
    assert_int_equal(receive_bytes(fd, &byte, 1, 0), 1);
    assert_int_equal(poll_one(fd, POLLIN, 100, &found), 0); /* takes the news */
    assert_int_equal(fake.calls[SOCKET_OPEN], 1);
}

TEST(an_answer_that_is_no_shape_is_refused)
{
    static const struct socket_shape shapes[] = {
        {0, FAKE_RX_BYTES, FAKE_TX_BYTES},
        {FAKE_SLOTS, FAKE_RX_BYTES - 1, FAKE_TX_BYTES},
        {FAKE_SLOTS, FAKE_RX_BYTES, 1u << 30},
        {SOCKET_SLOTS_MAX, SOCKET_RING_BYTES_MAX, SOCKET_RING_BYTES_MAX}, /* too long for it */
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        fake_restart();
        fake.shape_told = shapes[i];
        assert_int_equal(socket_make(AF_INET, SOCK_DGRAM, 0), -EIO);
    }
    fake.shape_told = fake.shape;
    assert_true(datagram() > 2);
}

TEST(a_name_that_is_never_whole_is_empty)
{
    struct sockaddr_in name;
    socklen_t bytes = sizeof(name);
    long fd = datagram();
    struct socket_name own = fake_ip4(PEER, 1);
    fake_name(0, false, &own);
    atomic_fetch_add(&fake_slot(0)->named, 1);
    assert_int_equal(ask(SYS_getsockname, fd, (long)&name, (long)&bytes, 0, 0, 0), 0);
    assert_int_equal(name.sin_port, 0);
}

TEST(random_words_of_netd_never_lead_out_of_the_arena)
{
    char bytes[300];
    uint64_t seed = 5;
    for (int round = 0; round < 3000; round++) {
        long fd = round % 2 == 0 ? stream(O_NONBLOCK) : datagram();
        struct socket_slot *slot = fake_slot(0);
        uint8_t *rx = socket_rx_data(fake.arena, fake.shape, 0);
        for (int i = 0; i < 64; i++) {
            rx[test_random(&seed) % FAKE_RX_BYTES] = (uint8_t)test_random(&seed);
        }
        for (int step = 0; step < 6; step++) {
            uint32_t mask = UINT32_MAX >> test_random(&seed) % 32;
            atomic_fetch_add(&slot->rx_tail, (uint32_t)test_random(&seed) & mask);
            atomic_fetch_add(&slot->tx_head, (uint32_t)test_random(&seed) & mask & 15);
            atomic_store(&slot->state, (uint32_t)test_random(&seed) & 63);
            atomic_store(&slot->error, (uint32_t)test_random(&seed) & mask);
            long done = receive_bytes(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
            assert_true(done <= (long)sizeof(bytes));
            done = send_bytes(fd, bytes, test_random(&seed) % sizeof(bytes), MSG_DONTWAIT);
            assert_true(done <= (long)sizeof(bytes));
        }
        assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
        fake_start();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_blocked_receive_ends_when_netd_is_another, start),
        cmocka_unit_test_setup(
            sending_to_a_netd_that_is_another_is_found_out_before_a_byte_is_written, start),
        cmocka_unit_test_setup(a_listening_socket_listens_again_with_its_options, start),
        cmocka_unit_test_setup(a_datagram_socket_keeps_its_place_its_peer_and_its_groups, start),
        cmocka_unit_test_setup(what_cannot_be_made_again_is_down, start),
        cmocka_unit_test_setup(a_netd_that_stays_away_is_an_error_and_not_a_wait, start),
        cmocka_unit_test_setup(epoll_tells_of_sockets_that_a_new_netd_has_lost, start),
        cmocka_unit_test_setup(a_request_that_a_new_netd_does_not_know_is_asked_again, start),
        cmocka_unit_test_setup(an_impossible_receive_index_is_an_error_of_that_socket_alone, start),
        cmocka_unit_test_setup(a_receive_index_that_goes_back_is_an_error, start),
        cmocka_unit_test_setup(an_impossible_send_index_is_an_error, start),
        cmocka_unit_test_setup(a_record_longer_than_what_is_there_is_an_error, start),
        cmocka_unit_test_setup(a_slot_that_begins_with_impossible_indexes_is_not_taken, start),
        cmocka_unit_test_setup(a_broken_ready_ring_is_opened_anew, start),
        cmocka_unit_test_setup(a_number_of_no_slot_in_the_ready_ring_is_passed_over, start),
        cmocka_unit_test_setup(an_answer_that_is_no_shape_is_refused, start),
        cmocka_unit_test_setup(a_name_that_is_never_whole_is_empty, start),
        cmocka_unit_test_setup(random_words_of_netd_never_lead_out_of_the_arena, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
