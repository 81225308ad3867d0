/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagram sockets and poll [libc/socket_transfer.c, polling.c], as sockets.c has streams.
 */
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

/* --- datagrams -------------------------------------------------------------------------------- */

TEST(a_datagram_goes_out_with_its_destination_which_is_checked_once)
{
    struct {
        struct socket_record record;
        char bytes[8];
    } sent;
    long fd = datagram();
    assert_int_equal(send_to(fd, "ping", 4, PEER, PORT), 4);
    assert_int_equal(fake_sent(0, &sent, sizeof(sent)), sizeof(sent));
    assert_int_equal(sent.record.bytes, 4);
    assert_int_equal(sent.record.name.port, PORT);
    assert_memory_equal(sent.bytes, "ping\0\0\0", 4);
    struct socket_name name = fake_ip4(PEER, PORT);
    assert_memory_equal(&sent.record.name, &name, sizeof(name));
    assert_int_equal(send_to(fd, "", 0, PEER, PORT), 0);
    assert_int_equal(fake.calls[SOCKET_CHECK], 1);
    fake.refuse[SOCKET_CHECK] = -ENETUNREACH;
    assert_int_equal(send_to(fd, "x", 1, PEER + 1, PORT), -ENETUNREACH);
    assert_int_equal(send_to(fd, "x", 1, PEER + 1, PORT), 1);
    assert_int_equal(fake.calls[SOCKET_CHECK], 3);
}

TEST(a_datagram_needs_a_destination_and_a_size_that_fits)
{
    static uint8_t bytes[70000];
    long fd = datagram();
    assert_int_equal(send_bytes(fd, "x", 1, 0), -EDESTADDRREQ);
    assert_int_equal(connect_to(fd, PEER, PORT), 0);
    assert_int_equal(send_bytes(fd, "x", 1, 0), 1);
    assert_int_equal(send_bytes(fd, bytes, FAKE_TX_BYTES, 0), -EMSGSIZE);
    assert_int_equal(send_bytes(fd, bytes, sizeof(bytes), 0), -EMSGSIZE);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    assert_int_equal(ask(SYS_connect, fd, (long)&none, sizeof(none), 0, 0, 0), 0);
    assert_int_equal(send_bytes(fd, "x", 1, 0), -EDESTADDRREQ);
}

TEST(a_datagram_is_taken_whole_or_its_rest_is_lost)
{
    struct socket_name from = fake_ip4(PEER, 99);
    struct sockaddr_in name;
    socklen_t bytes = sizeof(name);
    char got[8];
    long fd = datagram();
    fake_datagram(0, &from, "abcdef", 6);
    fake_datagram(0, &from, "", 0);
    fake_datagram(0, &from, "second", 6);
    assert_int_equal(receive_bytes(fd, got, 3, MSG_PEEK | MSG_TRUNC), 6);
    assert_int_equal(ask(SYS_recvfrom, fd, (long)got, 3, 0, (long)&name, (long)&bytes), 3);
    assert_int_equal(ntohs(name.sin_port), 99);
    assert_int_equal(bytes, sizeof(name));
    assert_int_equal(receive_bytes(fd, got, 8, 0), 0);
    assert_int_equal(receive_bytes(fd, got, 8, 0), 6);
    assert_memory_equal(got, "second", 6);
    assert_int_equal(receive_bytes(fd, got, 8, MSG_DONTWAIT), -EAGAIN);
}

TEST(what_came_with_a_datagram_is_told_if_asked_for)
{
    union {
        struct cmsghdr header;
        char bytes[256];
    } control;
    char got[4];
    struct iovec part = {got, sizeof(got)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
    struct socket_name from = fake_ip4(PEER, 99);
    from.interface = 2;
    long fd = datagram();
    int one = 1;
    static const int options[] = {IP_PKTINFO, IP_RECVTTL, IP_RECVTOS};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            ask(SYS_setsockopt, fd, IPPROTO_IP, options[i], (long)&one, sizeof(one), 0), 0);
    }
    fake_datagram(0, &from, "abcdef", 6);
    fake_datagram(0, &from, "abcdef", 6);
    message.msg_controllen = sizeof(control);
    assert_int_equal(ask(SYS_recvmsg, fd, (long)&message, 0, 0, 0, 0), 4);
    assert_int_equal(message.msg_flags, MSG_TRUNC);
    int seen = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at != NULL; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo place;
            memcpy(&place, CMSG_DATA(at), sizeof(place));
            assert_int_equal(place.ipi_ifindex, 2);
            assert_int_equal(ntohl(place.ipi_addr.s_addr), 0x0a00020f);
        } else if (at->cmsg_type == IP_TTL) {
            assert_int_equal(*(int *)CMSG_DATA(at), 63);
        } else {
            assert_int_equal(at->cmsg_type, IP_TOS);
            assert_int_equal(*CMSG_DATA(at), 8);
        }
        seen++;
    }
    assert_int_equal(seen, 3);
    message.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
    assert_int_equal(ask(SYS_recvmsg, fd, (long)&message, 0, 0, 0, 0), 4);
    assert_int_equal(message.msg_flags, MSG_TRUNC | MSG_CTRUNC);
}

TEST(an_error_of_a_datagram_is_told_once)
{
    char got[4];
    struct socket_name from = fake_ip4(PEER, 99);
    long fd = datagram();
    fake_datagram(0, &from, "x", 1);
    fake_error(0, ECONNREFUSED);
    assert_int_equal(receive_bytes(fd, got, 4, 0), -ECONNREFUSED);
    assert_int_equal(receive_bytes(fd, got, 4, 0), 1);
    fake_error(0, ECONNREFUSED);
    assert_int_equal(send_to(fd, "x", 1, PEER, PORT), -ECONNREFUSED);
    assert_int_equal(send_to(fd, "x", 1, PEER, PORT), 1);
}

TEST(a_datagram_with_control_messages_is_not_sent_as_if_they_were_not_there)
{
    struct cmsghdr control = {.cmsg_len = sizeof(control), .cmsg_level = IPPROTO_IP};
    struct iovec part = {(void *)"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
    long fd = datagram();
    assert_int_equal(connect_to(fd, PEER, PORT), 0);
    message.msg_controllen = sizeof(control);
    assert_int_equal(ask(SYS_sendmsg, fd, (long)&message, 0, 0, 0, 0), -EOPNOTSUPP);
    message.msg_controllen = 0;
    assert_int_equal(ask(SYS_sendmsg, fd, (long)&message, 0, 0, 0, 0), 1);
    assert_int_equal(ask(SYS_sendmsg, fd, 0, 0, 0, 0, 0), -EFAULT);
    message.msg_iovlen = TRANSFER_PARTS_MAX + 1;
    assert_int_equal(ask(SYS_sendmsg, fd, (long)&message, 0, 0, 0, 0), -EMSGSIZE);
}

TEST(several_datagrams_are_taken_by_one_call)
{
    char bytes[3][4];
    struct iovec parts[3];
    struct mmsghdr messages[3] = {0};
    struct socket_name from = fake_ip4(PEER, 99);
    long fd = datagram();
    for (int i = 0; i < 3; i++) {
        parts[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    fake_datagram(0, &from, "ab", 2);
    fake_datagram(0, &from, "cde", 3);
    assert_int_equal(ask(SYS_recvmmsg, fd, (long)messages, 3, MSG_WAITFORONE, 0, 0), 2);
    assert_int_equal(messages[0].msg_len, 2);
    assert_int_equal(messages[1].msg_len, 3);
    assert_memory_equal(bytes[1], "cde", 3);
    assert_int_equal(ask(SYS_recvmmsg, fd, (long)messages, 3, MSG_DONTWAIT, 0, 0), -EAGAIN);
    assert_int_equal(ask(SYS_recvmmsg, fd, 0, 3, 0, 0, 0), -EFAULT);
    struct timespec second = {.tv_sec = 1};
    assert_int_equal(ask(SYS_recvmmsg, fd, (long)messages, 3, 0, (long)&second, 0), -EOPNOTSUPP);
}

TEST(there_are_no_pairs_of_sockets_and_no_other_families)
{
    assert_int_equal(ask(SYS_socketpair, AF_INET, SOCK_STREAM, 0, 0, 0, 0), -EOPNOTSUPP);
    assert_int_equal(ask(SYS_socketpair, AF_INET6, SOCK_STREAM, 0, 0, 0, 0), -EOPNOTSUPP);
    assert_int_equal(ask(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0), -EAFNOSUPPORT);
}

TEST(urgent_data_is_nothing_that_a_datagram_socket_could_receive)
{
    uint8_t byte;
    assert_int_equal(receive_bytes(stream(0), &byte, 1, MSG_OOB), -EINVAL);
    assert_int_equal(receive_bytes(datagram(), &byte, 1, MSG_OOB), -EOPNOTSUPP);
}

/* --- poll ------------------------------------------------------------------------------------- */

TEST(poll_without_time_looks_and_with_time_waits)
{
    short found;
    long fd = stream(0);
    fake.sleeps = 0;
    assert_int_equal(poll_one(fd, POLLIN, 0, &found), 0);
    assert_int_equal(fake.sleeps, 0);
    assert_int_equal(poll_one(fd, POLLIN, 250, &found), 0);
    assert_int_equal(fake.sleeps, 1);
    fake_at_sleep(receive_on_0);
    assert_int_equal(poll_one(fd, POLLIN, -1, &found), 1);
    assert_int_equal(found, POLLIN);
    assert_int_equal(poll_one(99, POLLIN, -1, &found), 1);
    assert_int_equal(found, POLLNVAL);
    assert_int_equal(poll_one(-1, POLLIN, 0, &found), 0);
}

TEST(poll_for_space_asks_netd_for_the_news)
{
    static uint8_t bytes[FAKE_TX_BYTES];
    short found;
    long fd = stream(O_NONBLOCK);
    assert_int_equal(send_bytes(fd, bytes, sizeof(bytes), 0), FAKE_TX_BYTES);
    fake_at_sleep(take_some);
    assert_int_equal(poll_one(fd, POLLOUT, -1, &found), 1);
    assert_int_equal(found, POLLOUT);
    assert_int_equal(atomic_load(&fake_slot(0)->wants_space), 0);
}

TEST(select_tells_the_same)
{
    fd_set readable, writable;
    struct timespec none = {0};
    long fd = stream(0);
    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    writable = readable;
    assert_int_equal(ask(SYS_pselect6, fd + 1, (long)&readable, (long)&writable, 0, 0, 0), 1);
    assert_false(FD_ISSET(fd, &readable));
    assert_true(FD_ISSET(fd, &writable));
    FD_SET(fd, &readable);
    assert_int_equal(ask(SYS_pselect6, fd + 1, (long)&readable, 0, 0, (long)&none, 0), 0);
    assert_false(FD_ISSET(fd, &readable));
    FD_SET(99, &readable);
    assert_int_equal(ask(SYS_pselect6, 100, (long)&readable, 0, 0, (long)&none, 0), -EBADF);
    assert_int_equal(ask(SYS_pselect6, -1, 0, 0, 0, 0, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_datagram_goes_out_with_its_destination_which_is_checked_once,
                               start),
        cmocka_unit_test_setup(a_datagram_needs_a_destination_and_a_size_that_fits, start),
        cmocka_unit_test_setup(a_datagram_is_taken_whole_or_its_rest_is_lost, start),
        cmocka_unit_test_setup(what_came_with_a_datagram_is_told_if_asked_for, start),
        cmocka_unit_test_setup(an_error_of_a_datagram_is_told_once, start),
        cmocka_unit_test_setup(
            a_datagram_with_control_messages_is_not_sent_as_if_they_were_not_there, start),
        cmocka_unit_test_setup(several_datagrams_are_taken_by_one_call, start),
        cmocka_unit_test_setup(there_are_no_pairs_of_sockets_and_no_other_families, start),
        cmocka_unit_test_setup(urgent_data_is_nothing_that_a_datagram_socket_could_receive, start),
        cmocka_unit_test_setup(poll_without_time_looks_and_with_time_waits, start),
        cmocka_unit_test_setup(poll_for_space_asks_netd_for_the_news, start),
        cmocka_unit_test_setup(select_tells_the_same, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
