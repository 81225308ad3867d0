/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll [libc/epoll_file.c] over sockets and pipes: which events, how often, and that only files
 * with news are looked at.
 */
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>

#include <wherry/poll_serve.h>

#include "libc/epoll_file.h"
#include "libc/pipe_file.h"

static struct epoll_event got[FAKE_SLOTS];

static long epoll_with(long fd, uint32_t events)
{
    long epoll = epoll_make(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = events, .data.u64 = 0x1234567890};
    assert_true(epoll > 2);
    assert_int_equal(epoll_change((int)epoll, EPOLL_CTL_ADD, (int)fd, &event), 0);
    return epoll;
}

static long look(long epoll, int ms)
{
    return epoll_look((int)epoll, got, FAKE_SLOTS, ms);
}

TEST(level_triggered_readiness_is_told_as_long_as_it_holds)
{
    char bytes[8];
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN);
    assert_int_equal(look(epoll, 0), 0);
    fake_receive(0, "ab", 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(look(epoll, 0), 1);
        assert_int_equal(got[0].events, EPOLLIN);
        assert_int_equal(got[0].data.u64, 0x1234567890);
    }
    assert_int_equal(receive_bytes(fd, bytes, 8, 0), 2);
    assert_int_equal(look(epoll, 0), 0);
    fake_receive(0, "c", 1);
    assert_int_equal(look(epoll, 0), 1);
}

TEST(edge_triggered_readiness_is_told_once_for_each_news)
{
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN | EPOLLET);
    fake_receive(0, "ab", 2);
    assert_int_equal(look(epoll, -1), 1);
    assert_int_equal(look(epoll, 0), 0);
    fake_receive(0, "c", 1);
    assert_int_equal(look(epoll, -1), 1);
    assert_int_equal(look(epoll, 0), 0);
}

TEST(one_shot_is_told_once_until_it_is_armed_again)
{
    struct epoll_event again = {.events = EPOLLIN | EPOLLONESHOT};
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN | EPOLLONESHOT);
    fake_receive(0, "ab", 2);
    assert_int_equal(look(epoll, -1), 1);
    fake_receive(0, "c", 1);
    assert_int_equal(look(epoll, 0), 0);
    assert_int_equal(epoll_change((int)epoll, EPOLL_CTL_MOD, (int)fd, &again), 0);
    assert_int_equal(look(epoll, -1), 1);
}

static void receive_on_slot_0(void)
{
    fake_receive(0, "x", 1);
}

TEST(a_wait_ends_with_news_or_with_its_time)
{
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN);
    ticks_t before = fake.now;
    assert_int_equal(look(epoll, 250), 0);
    assert_int_equal(fake.slept_until - before, 250 * 1000 * 1000);
    fake_at_sleep(receive_on_slot_0);
    assert_int_equal(look(epoll, -1), 1);
}

TEST(room_to_send_is_news_when_it_is_wanted)
{
    static uint8_t bytes[FAKE_TX_BYTES];
    long fd = stream(O_NONBLOCK), epoll = epoll_with(fd, EPOLLOUT);
    assert_int_equal(look(epoll, 0), 1);
    assert_int_equal(send_bytes(fd, bytes, sizeof(bytes), 0), FAKE_TX_BYTES);
    fake_at_sleep(take_some);
    assert_int_equal(look(epoll, -1), 1);
    assert_int_equal(got[0].events, EPOLLOUT);
}

TEST(a_peer_that_ends_is_told_as_such)
{
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN | EPOLLRDHUP);
    fake_state(0, SOCKET_EOF, 0);
    assert_int_equal(look(epoll, 0), 1);
    assert_int_equal(got[0].events, EPOLLIN | EPOLLRDHUP);
    fake_error(0, ECONNRESET);
    fake_state(0, SOCKET_FAILED, 0);
    assert_int_equal(look(epoll, 0), 1);
    assert_int_equal(got[0].events, EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
}

TEST(those_that_are_ready_take_turns)
{
    long first = stream(0), epoll = epoll_with(first, EPOLLIN);
    long second = datagram();
    struct socket_name from = fake_ip4(PEER, 9);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 2};
    assert_int_equal(epoll_change((int)epoll, EPOLL_CTL_ADD, (int)second, &event), 0);
    fake_receive(0, "x", 1);
    fake_datagram(1, &from, "y", 1);
    assert_int_equal(epoll_look((int)epoll, got, 1, 0), 1);
    uint64_t one = got[0].data.u64;
    assert_int_equal(epoll_look((int)epoll, got, 1, 0), 1);
    assert_true(one != got[0].data.u64);
    assert_int_equal(look(epoll, 0), 2);
}

TEST(a_file_that_is_closed_leaves_its_epolls)
{
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN), other = epoll_with(fd, EPOLLOUT);
    fake_receive(0, "x", 1);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    assert_int_equal(look(epoll, 0), 0);
    assert_int_equal(look(other, 0), 0);
    long again = stream(0);
    assert_int_equal(again, fd);
    assert_int_equal(ask(SYS_close, epoll, 0, 0, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_close, other, 0, 0, 0, 0, 0), 0);
}

TEST(an_epoll_that_is_closed_leaves_its_files)
{
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN);
    assert_int_equal(ask(SYS_close, epoll, 0, 0, 0, 0, 0), 0);
    fake_receive(0, "x", 1);
    short found;
    assert_int_equal(poll_one(fd, POLLIN, -1, &found), 1);
}

TEST(an_epoll_is_itself_polled)
{
    short found;
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN);
    assert_int_equal(poll_one(epoll, POLLIN, 0, &found), 0);
    fake_at_sleep(receive_on_slot_0);
    assert_int_equal(poll_one(epoll, POLLIN, -1, &found), 1);
    assert_int_equal(found, POLLIN);
    assert_int_equal(look(epoll, 0), 1);
}

TEST(changes_that_cannot_be_are_refused)
{
    struct epoll_event event = {.events = EPOLLIN};
    long fd = stream(0), epoll = epoll_with(fd, EPOLLIN);
    int e = (int)epoll, f = (int)fd;
    assert_int_equal(epoll_change(e, EPOLL_CTL_ADD, f, &event), -EEXIST);
    assert_int_equal(epoll_change(e, EPOLL_CTL_ADD, 99, &event), -EBADF);
    assert_int_equal(epoll_change(99, EPOLL_CTL_ADD, f, &event), -EBADF);
    assert_int_equal(epoll_change(f, EPOLL_CTL_ADD, f, &event), -EINVAL);
    assert_int_equal(epoll_change(e, EPOLL_CTL_ADD, e, &event), -EINVAL);
    assert_int_equal(epoll_change(e, 77, f, &event), -EINVAL);
    assert_int_equal(epoll_change(e, EPOLL_CTL_MOD, f, NULL), -EFAULT);
    assert_int_equal(epoll_change(e, EPOLL_CTL_DEL, f, NULL), 0);
    assert_int_equal(epoll_change(e, EPOLL_CTL_DEL, f, NULL), -ENOENT);
    assert_int_equal(epoll_change(e, EPOLL_CTL_MOD, f, &event), -ENOENT);
    long file = ask(SYS_openat, AT_FDCWD, (long)"/etc/hosts", O_RDONLY, 0, 0, 0);
    assert_int_equal(epoll_change(e, EPOLL_CTL_ADD, (int)file, &event), -EPERM);
    assert_int_equal(epoll_look(e, got, 0, 0), -EINVAL);
    assert_int_equal(epoll_look(e, NULL, 1, 0), -EFAULT);
    assert_int_equal(epoll_look(f, got, 1, 0), -EINVAL);
    assert_int_equal(epoll_make(1), -EINVAL);
}

TEST(only_what_has_news_is_looked_at)
{
    long epoll = epoll_make(0), fds[FAKE_SLOTS];
    struct epoll_event event = {.events = EPOLLIN};
    struct socket_name from = fake_ip4(PEER, 9);
    for (int i = 0; i < FAKE_SLOTS; i++) {
        fds[i] = datagram();
        event.data.u64 = (uint64_t)i;
        assert_int_equal(epoll_change((int)epoll, EPOLL_CTL_ADD, (int)fds[i], &event), 0);
    }
    assert_int_equal(look(epoll, 0), 0);
    fake_datagram(5, &from, "x", 1);
    /* What stands in a slot that netd said nothing about is not seen: nobody looked. */
    struct socket_record silent = {.bytes = 0};
    memcpy(socket_rx_data(fake.arena, fake.shape, 3), &silent, sizeof(silent));
    atomic_fetch_add(fake_rx_tail(3), sizeof(silent));
    assert_int_equal(look(epoll, 0), 1);
    assert_int_equal(got[0].data.u64, 5);
}

/* --- pipes ------------------------------------------------------------------------------------ */

TEST(a_pipe_wakes_the_loop_of_its_own_program)
{
    int ends[2];
    char bytes[8];
    assert_int_equal(pipe_make(ends, O_NONBLOCK), 0);
    long epoll = epoll_with(ends[0], EPOLLIN);
    assert_int_equal(look(epoll, 0), 0);
    assert_int_equal(ask(SYS_write, ends[1], (long)"wake", 4, 0, 0, 0), 4);
    assert_int_equal(look(epoll, -1), 1);
    assert_int_equal(ask(SYS_read, ends[0], (long)bytes, 8, 0, 0, 0), 4);
    assert_memory_equal(bytes, "wake", 4);
    assert_int_equal(look(epoll, 0), 0);
    assert_int_equal(ask(SYS_close, ends[1], 0, 0, 0, 0, 0), 0);
    assert_int_equal(look(epoll, -1), 1);
    assert_int_equal(got[0].events, EPOLLHUP);
    assert_int_equal(ask(SYS_read, ends[0], (long)bytes, 8, 0, 0, 0), 0);
}

TEST(a_pipe_passes_around_its_end_unchanged_and_says_when_it_is_full)
{
    int ends[2];
    uint8_t out[4096], in[4096];
    uint64_t seed = 7;
    assert_int_equal(pipe_make(ends, O_NONBLOCK), 0);
    for (int round = 0; round < 50; round++) {
        uint32_t count = 1 + (uint32_t)(test_random(&seed) % sizeof(out));
        for (uint32_t i = 0; i < count; i++) {
            out[i] = (uint8_t)test_random(&seed);
        }
        assert_int_equal(ask(SYS_write, ends[1], (long)out, count, 0, 0, 0), count);
        assert_int_equal(ask(SYS_read, ends[0], (long)in, sizeof(in), 0, 0, 0), count);
        assert_memory_equal(in, out, count);
    }
    assert_int_equal(ask(SYS_write, ends[1], (long)out, 4096, 0, 0, 0), 4096);
    assert_int_equal(ask(SYS_write, ends[1], (long)out, 4096, 0, 0, 0), -EAGAIN); /* whole or not */
    assert_int_equal(ask(SYS_fcntl, ends[1], F_SETFL, 0, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_write, ends[1], (long)out, 4096, 0, 0, 0), -EDEADLK);
    assert_int_equal(ask(SYS_read, ends[1], (long)in, 1, 0, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_write, ends[0], (long)in, 1, 0, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_close, ends[0], 0, 0, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_write, ends[1], (long)out, 1, 0, 0, 0), -EPIPE);
    assert_int_equal(pipe_make(ends, O_APPEND), -EINVAL);
    assert_int_equal(pipe_make(NULL, 0), -EFAULT);
}

/* --- a server's wait --- */

static struct message message;
static bool is_request;

static short serve(long fd, int ms)
{
    struct pollfd entry = {.fd = (int)fd, .events = POLLIN};
    assert_int_equal(poll_serve(&entry, 1, ms, 55, &message, &is_request), 0);
    return entry.revents;
}

static void send_request(void)
{
    fake.request = 21;
}

static void signal_bit_3(void)
{
    fake.bits |= 1 << 3;
}

TEST(a_server_waits_for_its_sockets_and_its_requests_at_once)
{
    char bytes[8];
    long fd = stream(0);
    fake_at_sleep(send_request);
    assert_int_equal(serve(fd, 1000), 0);
    assert_true(is_request);
    assert_int_equal(message.words[0], 21);
    message.words[0] = 42;
    fake_at_sleep(receive_on_0);
    assert_int_equal(serve(fd, 1000), POLLIN);
    assert_false(is_request);
    assert_int_equal(message.bits, 0);
    assert_int_equal(fake.answers, 1); /* it went before the sleep */
    assert_int_equal(fake.last_answer, 42);
    fake.request = 22; /* while a socket is ready all the time */
    assert_int_equal(serve(fd, 1000), POLLIN);
    assert_true(is_request);
    assert_int_equal(receive_bytes(fd, bytes, 8, 0), 4);
    fake_at_sleep(signal_bit_3);
    assert_int_equal(serve(fd, 1000), 0);
    assert_false(is_request);
    assert_int_equal(message.bits, 1 << 3); /* nobody's: the caller's */
    assert_int_equal(serve(fd, 0), 0);
    assert_false(is_request);
    assert_int_equal(fake.answers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_server_waits_for_its_sockets_and_its_requests_at_once, start),
        cmocka_unit_test_setup(level_triggered_readiness_is_told_as_long_as_it_holds, start),
        cmocka_unit_test_setup(edge_triggered_readiness_is_told_once_for_each_news, start),
        cmocka_unit_test_setup(one_shot_is_told_once_until_it_is_armed_again, start),
        cmocka_unit_test_setup(a_wait_ends_with_news_or_with_its_time, start),
        cmocka_unit_test_setup(room_to_send_is_news_when_it_is_wanted, start),
        cmocka_unit_test_setup(a_peer_that_ends_is_told_as_such, start),
        cmocka_unit_test_setup(those_that_are_ready_take_turns, start),
        cmocka_unit_test_setup(a_file_that_is_closed_leaves_its_epolls, start),
        cmocka_unit_test_setup(an_epoll_that_is_closed_leaves_its_files, start),
        cmocka_unit_test_setup(an_epoll_is_itself_polled, start),
        cmocka_unit_test_setup(changes_that_cannot_be_are_refused, start),
        cmocka_unit_test_setup(only_what_has_news_is_looked_at, start),
        cmocka_unit_test_setup(a_pipe_wakes_the_loop_of_its_own_program, start),
        cmocka_unit_test_setup(a_pipe_passes_around_its_end_unchanged_and_says_when_it_is_full,
                               start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
