/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket calls of a program [libc/socket_file.h] against a netd that does what the test says:
 * what blocks and what does not, what goes over the rings, what each end looks like.
 */
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

/* --- making ----------------------------------------------------------------------------------- */

TEST(a_socket_is_of_a_family_and_type_that_exist)
{
    assert_int_equal(socket_make(AF_UNIX, SOCK_STREAM, 0), -EAFNOSUPPORT);
    assert_int_equal(socket_make(AF_INET, SOCK_SEQPACKET, 0), -ESOCKTNOSUPPORT);
    assert_int_equal(socket_make(AF_INET, 77, 0), -EINVAL);
    assert_int_equal(socket_make(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
    assert_int_equal(socket_make(AF_INET, SOCK_DGRAM, IPPROTO_TCP), -EPROTONOSUPPORT);
    assert_int_equal(socket_make(AF_INET6, SOCK_DGRAM, IPPROTO_ICMP), -EPROTONOSUPPORT);
    assert_int_equal(fake.calls[SOCKET_MAKE], 0);
    assert_true(socket_make(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6) > 2);
    assert_int_equal(fake.last[SOCKET_MAKE][2], SOCKET_IP6);
    assert_int_equal(fake.last[SOCKET_MAKE][3], SOCKET_ICMP);
    assert_true(socket_make(AF_INET, SOCK_RAW, 89) > 2);
    assert_int_equal(fake.last[SOCKET_MAKE][3], SOCKET_RAW);
    assert_int_equal(fake.last[SOCKET_MAKE][4], 89);
}

TEST(flags_of_a_new_socket_are_its_descriptor_s)
{
    long fd = socket_make(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(ask(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0), O_RDWR | O_NONBLOCK);
    assert_int_equal(ask(SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0), FD_CLOEXEC);
    fd = socket_make(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(ask(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0), O_RDWR);
    assert_int_equal(ask(SYS_ioctl, fd, FIONBIO, (long)&(int){1}, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0), O_RDWR | O_NONBLOCK);
}

TEST(what_netd_refuses_is_the_errno_of_the_call)
{
    fake.refuse[SOCKET_MAKE] = -EACCES;
    assert_int_equal(socket_make(AF_INET, SOCK_RAW, IPPROTO_ICMP), -EACCES);
    for (int i = 0; i < FAKE_SLOTS; i++) {
        assert_true(socket_make(AF_INET, SOCK_DGRAM, 0) > 2);
    }
    assert_int_equal(socket_make(AF_INET, SOCK_DGRAM, 0), -EMFILE);
    fake.refuse[SOCKET_BIND] = -EADDRINUSE;
    struct sockaddr_in own = at(INADDR_ANY, PORT);
    assert_int_equal(ask(SYS_bind, 3, (long)&own, sizeof(own), 0, 0, 0), -EADDRINUSE);
}

TEST(a_closed_socket_gives_its_slot_back_when_its_last_descriptor_goes)
{
    long fd = datagram();
    long other = ask(SYS_dup, fd, 0, 0, 0, 0, 0);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    assert_int_equal(fake.calls[SOCKET_CLOSE], 0);
    assert_int_equal(ask(SYS_close, other, 0, 0, 0, 0, 0), 0);
    assert_int_equal(fake.calls[SOCKET_CLOSE], 1);
    assert_int_equal(fake.last[SOCKET_CLOSE][2], SOCKET_CLOSE_GENTLE);
    assert_int_equal(ask(SYS_close, other, 0, 0, 0, 0, 0), -EBADF);
}

TEST(addresses_that_are_none_are_refused_before_netd_hears_of_them)
{
    struct sockaddr_in own = at(INADDR_ANY, PORT);
    long fd = datagram();
    assert_int_equal(ask(SYS_bind, fd, 0, sizeof(own), 0, 0, 0), -EFAULT);
    assert_int_equal(ask(SYS_bind, fd, (long)&own, 1, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own) - 1, 0, 0, 0), -EINVAL);
    own.sin_family = AF_INET6;
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), -EAFNOSUPPORT);
    assert_int_equal(ask(SYS_bind, 1, (long)&own, sizeof(own), 0, 0, 0), -ENOTSOCK);
    assert_int_equal(ask(SYS_bind, 99, (long)&own, sizeof(own), 0, 0, 0), -EBADF);
    assert_int_equal(fake.calls[SOCKET_BIND], 0);
}

TEST(names_are_what_netd_says_and_are_cut_to_the_buffer)
{
    struct sockaddr_in own = at(0x0a00020f, 0), got = {0};
    socklen_t bytes = sizeof(got);
    long fd = datagram();
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), 0);
    assert_int_equal(ask(SYS_getsockname, fd, (long)&got, (long)&bytes, 0, 0, 0), 0);
    assert_int_equal(got.sin_family, AF_INET);
    assert_int_equal(ntohs(got.sin_port), 50000);
    assert_int_equal(ntohl(got.sin_addr.s_addr), 0x0a00020f);
    bytes = 4;
    got.sin_addr.s_addr = 0;
    assert_int_equal(ask(SYS_getsockname, fd, (long)&got, (long)&bytes, 0, 0, 0), 0);
    assert_int_equal(bytes, sizeof(got));
    assert_int_equal(got.sin_addr.s_addr, 0);
    assert_int_equal(ask(SYS_getpeername, fd, (long)&got, (long)&bytes, 0, 0, 0), -ENOTCONN);
    assert_int_equal(ask(SYS_getsockname, fd, (long)&got, 0, 0, 0, 0), -EFAULT);
}

/* --- connect ---------------------------------------------------------------------------------- */

TEST(a_blocking_connect_returns_when_the_connection_is_there)
{
    long fd = stream(0);
    assert_int_equal(fake.sleeps, 1);
    assert_int_equal(fake.last[SOCKET_CONNECT][4], PORT);
    assert_int_equal(connect_to(fd, PEER, PORT), 0); /* netd here does not know better */
}

static void refuse_slot_0(void)
{
    fake_error(0, ECONNREFUSED);
    fake_state(0, SOCKET_FAILED | SOCKET_EOF, SOCKET_CONNECTING);
}

TEST(a_refused_connect_says_so_and_may_be_tried_again)
{
    long fd = socket_make(AF_INET, SOCK_STREAM, 0);
    fake_at_sleep(refuse_slot_0);
    assert_int_equal(connect_to(fd, PEER, PORT), -ECONNREFUSED);
    fake_at_sleep(connect_slot_0);
    assert_int_equal(connect_to(fd, PEER, PORT + 1), 0);
    assert_int_equal(fake.calls[SOCKET_MAKE], 2);
    assert_int_equal(fake.calls[SOCKET_CLOSE], 1);
}

TEST(a_nonblocking_connect_is_in_progress_then_already_then_done)
{
    short found;
    long fd = socket_make(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    fake.refuse[SOCKET_CONNECT] = 0;
    assert_int_equal(connect_to(fd, PEER, PORT), -EINPROGRESS);
    fake_state(0, SOCKET_CONNECTING, 0);
    assert_int_equal(connect_to(fd, PEER, PORT), -EALREADY);
    assert_int_equal(poll_one(fd, POLLOUT, 0, &found), 0);
    connect_slot_0();
    assert_int_equal(poll_one(fd, POLLOUT, 0, &found), 1);
    assert_int_equal(found, POLLOUT);
    assert_int_equal(connect_to(fd, PEER, PORT), 0);
    assert_int_equal(fake.calls[SOCKET_CONNECT], 1);
    assert_int_equal(fake.sleeps, 0);
}

TEST(the_reason_of_a_failed_connect_is_taken_once)
{
    short found;
    int error;
    socklen_t bytes = sizeof(error);
    long fd = socket_make(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect_to(fd, PEER, PORT), -EINPROGRESS);
    refuse_slot_0();
    assert_int_equal(poll_one(fd, POLLOUT, -1, &found), 1);
    assert_int_equal(found, POLLOUT | POLLERR | POLLHUP);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, (long)&error, (long)&bytes, 0),
                     0);
    assert_int_equal(error, ECONNREFUSED);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, (long)&error, (long)&bytes, 0),
                     0);
    assert_int_equal(error, 0);
}

/* --- streams ---------------------------------------------------------------------------------- */

TEST(sent_bytes_are_in_the_ring_and_netd_is_told_once)
{
    char got[8];
    long fd = stream(0);
    fake.kicked = fake.signals = 0;
    assert_int_equal(send_bytes(fd, "hello", 5, 0), 5);
    assert_int_equal(fake.kicked, 1);
    assert_int_equal(fake.signals, 1);
    assert_int_equal(fake_sent(0, got, sizeof(got)), 5);
    assert_memory_equal(got, "hello", 5);
}

TEST(received_bytes_come_in_pieces_and_peeking_leaves_them)
{
    char got[8];
    long fd = stream(0);
    fake_receive(0, "abcdef", 6);
    assert_int_equal(receive_bytes(fd, got, 4, MSG_PEEK), 4);
    assert_int_equal(receive_bytes(fd, got, 4, 0), 4);
    assert_memory_equal(got, "abcd", 4);
    int pending;
    assert_int_equal(ask(SYS_ioctl, fd, FIONREAD, (long)&pending, 0, 0, 0), 0);
    assert_int_equal(pending, 2);
    assert_int_equal(receive_bytes(fd, got, 4, 0), 2);
    assert_memory_equal(got, "ef", 2);
    assert_int_equal(receive_bytes(fd, got, 4, MSG_DONTWAIT), -EAGAIN);
}

TEST(a_stream_passes_many_times_around_both_rings_unchanged)
{
    uint8_t out[1500], in[1500], seen[1500];
    uint64_t seed = 1;
    long fd = stream(0);
    for (int round = 0; round < 200; round++) {
        uint32_t count = 1 + (uint32_t)(test_random(&seed) % sizeof(out));
        for (uint32_t i = 0; i < count; i++) {
            out[i] = (uint8_t)test_random(&seed);
        }
        assert_int_equal(send_bytes(fd, out, count, 0), count);
        assert_int_equal(fake_sent(0, seen, sizeof(seen)), count);
        assert_memory_equal(seen, out, count);
        fake_receive(0, out, count);
        assert_int_equal(receive_bytes(fd, in, sizeof(in), 0), count);
        assert_memory_equal(in, out, count);
    }
}

TEST(indexes_pass_2_to_the_32)
{
    char got[12];
    atomic_store(&fake_slot(0)->rx_head, UINT32_MAX - 7);
    atomic_store(&fake_slot(0)->tx_tail, UINT32_MAX - 7);
    long fd = stream(0);
    fake_receive(0, "over the end", 12);
    assert_int_equal(receive_bytes(fd, got, 12, 0), 12);
    assert_memory_equal(got, "over the end", 12);
    assert_int_equal(atomic_load(&fake_slot(0)->rx_head), 4);
    assert_int_equal(send_bytes(fd, "over the end", 12, 0), 12);
    assert_int_equal(fake_sent(0, got, 12), 12);
    assert_memory_equal(got, "over the end", 12);
}

TEST(a_socket_begins_on_a_word_wherever_the_last_one_ended)
{
    char got[4];
    for (uint32_t left = 0; left < 8; left++) {
        atomic_store(&fake_slot(0)->rx_head, 1000 + left);
        atomic_store(&fake_slot(0)->tx_tail, UINT32_MAX - left);
        long fd = stream(0);
        fake_receive(0, "word", 4);
        assert_int_equal(atomic_load(&fake_slot(0)->rx_tail), (left == 0 ? 1000 : 1008) + 4);
        assert_int_equal(receive_bytes(fd, got, 4, 0), 4);
        assert_memory_equal(got, "word", 4);
        assert_int_equal(send_bytes(fd, "sent", 4, 0), 4);
        assert_int_equal(atomic_load(&fake_slot(0)->tx_tail), left == 7 ? UINT32_MAX - 3 : 4);
        assert_int_equal(fake_sent(0, got, 4), 4);
        assert_memory_equal(got, "sent", 4);
        assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    }
}

TEST(a_blocking_receive_sleeps_until_bytes_come)
{
    char got[8];
    long fd = stream(0);
    fake.sleeps = 0;
    fake_at_sleep(receive_on_0);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 4);
    assert_int_equal(fake.sleeps, 1);
}

TEST(wait_all_waits_for_all_and_takes_less_at_the_end)
{
    char got[16];
    long fd = stream(0);
    fake_at_sleep(receive_on_0);
    fake_at_sleep(receive_on_0);
    assert_int_equal(receive_bytes(fd, got, 8, MSG_WAITALL), 8);
    assert_memory_equal(got, "latelate", 8);
    receive_on_0();
    fake_state(0, SOCKET_EOF, 0);
    assert_int_equal(receive_bytes(fd, got, 16, MSG_WAITALL), 4);
    assert_int_equal(receive_bytes(fd, got, 16, MSG_WAITALL), 0);
}

TEST(a_receive_time_out_ends_the_wait_and_nothing_else)
{
    char got[4];
    struct timeval time = {.tv_sec = 2, .tv_usec = 5};
    long fd = stream(0);
    assert_int_equal(ask(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&time, sizeof(time), 0),
                     0);
    ticks_t before = fake.now;
    assert_int_equal(receive_bytes(fd, got, 4, 0), -EAGAIN);
    assert_int_equal(fake.slept_until - before, 2000005000);
    fake_receive(0, "x", 1);
    assert_int_equal(receive_bytes(fd, got, 4, MSG_WAITALL), 1); /* what came by then */
}

TEST(bytes_come_before_the_end_and_the_end_stays)
{
    char got[8];
    long fd = stream(0);
    fake_receive(0, "bye", 3);
    fake_state(0, SOCKET_EOF, 0);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 3);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 0);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 0);
    assert_int_equal(send_bytes(fd, "still", 5, 0), 5); /* half closed */
}

TEST(a_reset_is_told_once_then_it_is_the_end_and_a_broken_pipe)
{
    char got[8];
    long fd = stream(0);
    fake_error(0, ECONNRESET);
    fake_state(0, SOCKET_FAILED | SOCKET_EOF, SOCKET_CONNECTED);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), -ECONNRESET);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 0);
    assert_int_equal(send_bytes(fd, "x", 1, MSG_NOSIGNAL), -EPIPE);
}

TEST(after_shutdown_writing_is_a_broken_pipe_and_reading_goes_on)
{
    char got[8];
    long fd = stream(0);
    assert_int_equal(ask(SYS_shutdown, fd, 3, 0, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_shutdown, fd, SHUT_WR, 0, 0, 0, 0), 0);
    assert_int_equal(fake.last[SOCKET_SHUTDOWN][2], SOCKET_SIDE_TX);
    assert_int_equal(send_bytes(fd, "x", 1, 0), -EPIPE);
    fake_receive(0, "more", 4);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 4);
    assert_int_equal(ask(SYS_shutdown, fd, SHUT_RD, 0, 0, 0, 0), 0);
    assert_int_equal(receive_bytes(fd, got, sizeof(got), 0), 0);
}

TEST(a_full_send_ring_blocks_or_says_again)
{
    static uint8_t bytes[FAKE_TX_BYTES + 600];
    long fd = stream(O_NONBLOCK);
    assert_int_equal(send_bytes(fd, bytes, sizeof(bytes), 0), FAKE_TX_BYTES);
    assert_int_equal(send_bytes(fd, bytes, 1, 0), -EAGAIN);
    assert_int_equal(ask(SYS_fcntl, fd, F_SETFL, 0, 0, 0, 0), 0);
    fake_at_sleep(take_some);
    assert_int_equal(send_bytes(fd, bytes, 600, 0), 600);
    assert_int_equal(atomic_load(&fake_slot(0)->tx_tail) - atomic_load(&fake_slot(0)->tx_head),
                     FAKE_TX_BYTES - 100);
}

TEST(a_stream_that_was_never_connected_says_so)
{
    char got[4];
    short found;
    long fd = socket_make(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(receive_bytes(fd, got, 4, 0), -ENOTCONN);
    assert_int_equal(send_bytes(fd, got, 4, 0), -EPIPE);
    assert_int_equal(poll_one(fd, POLLIN | POLLOUT, -1, &found), 1);
    assert_int_equal(found, POLLOUT | POLLHUP);
}

TEST(no_byte_of_a_stream_is_at_a_mark_and_datagrams_have_none)
{
    int mark = 7;
    long fd = stream(0);
    assert_int_equal(ask(SYS_ioctl, fd, SIOCATMARK, (long)&mark, 0, 0, 0), 0);
    assert_int_equal(mark, 0);
    assert_int_equal(ask(SYS_ioctl, datagram(), SIOCATMARK, (long)&mark, 0, 0, 0), -ENOTTY);
}

TEST(netd_is_told_of_room_when_it_waits_for_that)
{
    char got[FAKE_RX_BYTES];
    long fd = stream(0);
    fake_receive(0, got, FAKE_RX_BYTES);
    fake.kicked = 0;
    assert_int_equal(receive_bytes(fd, got, 2000, 0), 2000);
    assert_int_equal(fake.kicked, 0);
    atomic_store(&fake_slot(0)->wants_room, 1);
    assert_int_equal(receive_bytes(fd, got, 2000, 0), 2000);
    assert_int_equal(fake.kicked, 1);
}

/* --- accept ----------------------------------------------------------------------------------- */

TEST(accept_gives_the_connection_and_its_peer)
{
    struct sockaddr_in peer;
    socklen_t bytes = sizeof(peer);
    char got[8];
    assert_false(fake.is_listening);
    long fd = listener(SOCK_NONBLOCK);
    assert_true(fake.is_listening); /* init can be told that it serves */
    assert_int_equal(fake.last[SOCKET_LISTEN][2], 5);
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -EAGAIN);
    struct socket_name name = fake_ip4(PEER, 1234);
    uint32_t slot = fake_connection(0, &name);
    fake_receive(slot, "early", 5);
    long taken = ask(SYS_accept4, fd, (long)&peer, (long)&bytes, SOCK_CLOEXEC, 0, 0);
    assert_true(taken > fd);
    assert_int_equal(ntohl(peer.sin_addr.s_addr), PEER);
    assert_int_equal(ntohs(peer.sin_port), 1234);
    assert_int_equal(ask(SYS_fcntl, taken, F_GETFL, 0, 0, 0, 0), O_RDWR);
    assert_int_equal(receive_bytes(taken, got, sizeof(got), 0), 5);
    assert_int_equal(ask(SYS_accept4, fd, 0, 0, 0x40, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_accept, taken, 0, 0, 0, 0, 0), -EINVAL);
    assert_int_equal(receive_bytes(fd, got, 1, 0), -ENOTCONN);
}

TEST(a_connection_nobody_has_a_descriptor_for_stays_in_the_queue)
{
    long fd = listener(SOCK_NONBLOCK);
    struct socket_name name = fake_ip4(PEER, 1234);
    fake_connection(0, &name);
    while (ask(SYS_dup, fd, 0, 0, 0, 0, 0) >= 0) {
    }
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -EMFILE);
    assert_int_equal(ask(SYS_close, DESCRIPTORS_MAX - 1, 0, 0, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), DESCRIPTORS_MAX - 1);
}

TEST(an_accepted_slot_that_cannot_be_is_dropped)
{
    struct socket_accepted accepted = {.slot = FAKE_SLOTS};
    long fd = listener(SOCK_NONBLOCK);
    fake_receive(0, &accepted, sizeof(accepted));
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -ECONNABORTED);
    accepted.slot = 0; /* the listener's own */
    fake_receive(0, &accepted, sizeof(accepted));
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -ECONNABORTED);
    assert_int_equal(ask(SYS_accept, fd, 0, 0, 0, 0, 0), -EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_socket_is_of_a_family_and_type_that_exist, start),
        cmocka_unit_test_setup(flags_of_a_new_socket_are_its_descriptor_s, start),
        cmocka_unit_test_setup(what_netd_refuses_is_the_errno_of_the_call, start),
        cmocka_unit_test_setup(a_closed_socket_gives_its_slot_back_when_its_last_descriptor_goes,
                               start),
        cmocka_unit_test_setup(addresses_that_are_none_are_refused_before_netd_hears_of_them,
                               start),
        cmocka_unit_test_setup(names_are_what_netd_says_and_are_cut_to_the_buffer, start),
        cmocka_unit_test_setup(a_blocking_connect_returns_when_the_connection_is_there, start),
        cmocka_unit_test_setup(a_refused_connect_says_so_and_may_be_tried_again, start),
        cmocka_unit_test_setup(a_nonblocking_connect_is_in_progress_then_already_then_done, start),
        cmocka_unit_test_setup(the_reason_of_a_failed_connect_is_taken_once, start),
        cmocka_unit_test_setup(sent_bytes_are_in_the_ring_and_netd_is_told_once, start),
        cmocka_unit_test_setup(received_bytes_come_in_pieces_and_peeking_leaves_them, start),
        cmocka_unit_test_setup(a_stream_passes_many_times_around_both_rings_unchanged, start),
        cmocka_unit_test_setup(indexes_pass_2_to_the_32, start),
        cmocka_unit_test_setup(a_socket_begins_on_a_word_wherever_the_last_one_ended, start),
        cmocka_unit_test_setup(a_blocking_receive_sleeps_until_bytes_come, start),
        cmocka_unit_test_setup(wait_all_waits_for_all_and_takes_less_at_the_end, start),
        cmocka_unit_test_setup(a_receive_time_out_ends_the_wait_and_nothing_else, start),
        cmocka_unit_test_setup(bytes_come_before_the_end_and_the_end_stays, start),
        cmocka_unit_test_setup(a_reset_is_told_once_then_it_is_the_end_and_a_broken_pipe, start),
        cmocka_unit_test_setup(after_shutdown_writing_is_a_broken_pipe_and_reading_goes_on, start),
        cmocka_unit_test_setup(a_full_send_ring_blocks_or_says_again, start),
        cmocka_unit_test_setup(a_stream_that_was_never_connected_says_so, start),
        cmocka_unit_test_setup(no_byte_of_a_stream_is_at_a_mark_and_datagrams_have_none, start),
        cmocka_unit_test_setup(netd_is_told_of_room_when_it_waits_for_that, start),
        cmocka_unit_test_setup(accept_gives_the_connection_and_its_peer, start),
        cmocka_unit_test_setup(a_connection_nobody_has_a_descriptor_for_stays_in_the_queue, start),
        cmocka_unit_test_setup(an_accepted_slot_that_cannot_be_is_dropped, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
