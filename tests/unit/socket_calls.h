/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a program on sockets, short, for tests of libc's side; fake_netd.h is the other side.
 */
#pragma once

#include "fake_netd.h"
#include "test.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "libc/personality.h"
#include "libc/socket_file.h"

enum { PEER = 0x0a000202, PORT = 7 };

static inline int start(void **state)
{
    (void)state;
    fake_start();
    return 0;
}

static inline long ask(long n, long a, long b, long c, long d, long e, long f)
{
    return wherry_syscall(n, a, b, c, d, e, f);
}

static inline struct sockaddr_in at(uint32_t address, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
}

static inline long connect_to(long fd, uint32_t address, uint16_t port)
{
    struct sockaddr_in to = at(address, port);
    return ask(SYS_connect, fd, (long)&to, sizeof(to), 0, 0, 0);
}

static inline long send_bytes(long fd, const void *bytes, size_t count, int flags)
{
    return ask(SYS_sendto, fd, (long)bytes, (long)count, flags, 0, 0);
}

static inline long receive_bytes(long fd, void *bytes, size_t count, int flags)
{
    return ask(SYS_recvfrom, fd, (long)bytes, (long)count, flags, 0, 0);
}

static inline long send_to(long fd, const void *bytes, size_t count, uint32_t address,
                           uint16_t port)
{
    struct sockaddr_in to = at(address, port);
    return ask(SYS_sendto, fd, (long)bytes, (long)count, 0, (long)&to, sizeof(to));
}

static inline long poll_one(long fd, short events, int ms, short *found)
{
    struct pollfd entry = {.fd = (int)fd, .events = events};
    struct timespec time_out = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    long count = ask(SYS_ppoll, (long)&entry, 1, ms < 0 ? 0 : (long)&time_out, 0, 0, 0);
    *found = entry.revents;
    return count;
}

static inline void connect_slot_0(void)
{
    fake_state(0, SOCKET_CONNECTED, SOCKET_CONNECTING);
}

/* A connected stream in slot 0. */
static inline long stream(int type)
{
    long fd = socket_make(AF_INET, SOCK_STREAM, 0);
    assert_true(fd > 2);
    fake_at_sleep(connect_slot_0);
    assert_int_equal(connect_to(fd, PEER, PORT), 0);
    if (type != 0) {
        assert_int_equal(ask(SYS_fcntl, fd, F_SETFL, type, 0, 0, 0), 0);
    }
    return fd;
}

static inline long datagram(void)
{
    long fd = socket_make(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd > 2);
    return fd;
}

static inline long listener(int flags)
{
    struct sockaddr_in own = at(INADDR_ANY, PORT);
    long fd = socket_make(AF_INET, SOCK_STREAM | flags, 0);
    assert_int_equal(ask(SYS_bind, fd, (long)&own, sizeof(own), 0, 0, 0), 0);
    assert_int_equal(ask(SYS_listen, fd, 5, 0, 0, 0, 0), 0);
    return fd;
}

static inline void receive_on_0(void)
{
    fake_receive(0, "late", 4);
}

static inline void take_some(void)
{
    uint8_t bytes[FAKE_TX_BYTES];
    assert_int_equal(fake_sent(0, bytes, 700), 700);
}
