/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of sockets [libc/socket_options.c]: what a program may give in which form, what netd is
 * told of it, and addresses as programs have them.
 */
#include "socket_calls.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/time.h>

#include "libc/interfaces.h"
#include "libc/socket_address.h"

static long set(long fd, int level, int name, const void *value, size_t bytes)
{
    return ask(SYS_setsockopt, fd, level, name, (long)value, (long)bytes, 0);
}

static long set_int(long fd, int level, int name, int value)
{
    return set(fd, level, name, &value, sizeof(value));
}

static int get_int(long fd, int level, int name)
{
    int value = -1;
    socklen_t bytes = sizeof(value);
    assert_int_equal(ask(SYS_getsockopt, fd, level, name, (long)&value, (long)&bytes, 0), 0);
    assert_int_equal(bytes, sizeof(value));
    return value;
}

TEST(numbers_reach_netd_in_their_form)
{
    static const struct {
        int level, name, given;
        uint32_t option, told;
    } cases[] = {
        {SOL_SOCKET, SO_REUSEADDR, 5, SOCKET_REUSE, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1, SOCKET_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_NODELAY, -1, SOCKET_NODELAY, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60, SOCKET_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 5, SOCKET_KEEPINTVL, 5},
        {IPPROTO_TCP, TCP_KEEPCNT, 3, SOCKET_KEEPCNT, 3},
        {IPPROTO_IP, IP_TTL, 9, SOCKET_HOPS, 9},
        {IPPROTO_IP, IP_TTL, -1, SOCKET_HOPS, 64},
        {IPPROTO_IP, IP_TOS, 0x10, SOCKET_TRAFFIC_CLASS, 0x10},
        {IPPROTO_IP, IP_MULTICAST_TTL, 0, SOCKET_GROUP_HOPS, 0},
        {IPPROTO_IP, IP_MULTICAST_LOOP, 0, SOCKET_GROUP_LOOP, 0},
    };
    long fd = stream(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(set_int(fd, cases[i].level, cases[i].name, cases[i].given), 0);
        assert_int_equal(fake.last[SOCKET_SET][2], cases[i].option);
        assert_int_equal(fake.last[SOCKET_SET][3], cases[i].told);
        assert_int_equal(get_int(fd, cases[i].level, cases[i].name), cases[i].told);
    }
    assert_int_equal(set(fd, IPPROTO_IP, IP_MULTICAST_TTL, &(uint8_t){7}, 1), 0);
    assert_int_equal(fake.last[SOCKET_SET][3], 7);
}

TEST(numbers_that_cannot_be_are_refused_before_netd_hears_of_them)
{
    static const struct {
        int level, name, given;
    } cases[] = {
        {IPPROTO_TCP, TCP_KEEPIDLE, 0}, {IPPROTO_TCP, TCP_KEEPCNT, -1},
        {IPPROTO_IP, IP_TTL, 0},        {IPPROTO_IP, IP_TTL, 256},
        {IPPROTO_IP, IP_TOS, 256},      {IPPROTO_IP, IP_MULTICAST_TTL, -2},
    };
    long fd = stream(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(set_int(fd, cases[i].level, cases[i].name, cases[i].given), -EINVAL);
    }
    assert_int_equal(set(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 3), -EINVAL);
    assert_int_equal(set(fd, SOL_SOCKET, SO_REUSEADDR, NULL, 4), -EFAULT);
    assert_int_equal(set(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, SIZE_MAX), -EINVAL);
    assert_int_equal(set_int(fd, SOL_SOCKET, 12345, 1), -ENOPROTOOPT);
    assert_int_equal(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), -ENOPROTOOPT); /* it is IPv4 */
    assert_int_equal(set_int(datagram(), IPPROTO_TCP, TCP_NODELAY, 1), -ENOPROTOOPT);
    assert_int_equal(fake.calls[SOCKET_SET], 0);
    fake.refuse[SOCKET_SET] = -EINVAL;
    assert_int_equal(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1), -EINVAL);
}

TEST(ipv6_options_are_for_ipv6_sockets)
{
    long fd = socket_make(AF_INET6, SOCK_DGRAM, 0);
    assert_int_equal(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_V6ONLY);
    assert_int_equal(set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 3), 0);
    assert_int_equal(set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, -1), 0);
    assert_int_equal(fake.last[SOCKET_SET][3], 1);
    assert_int_equal(set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 2), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_GROUP_DEVICE);
    struct ipv6_mreq group = {.ipv6mr_interface = 2};
    group.ipv6mr_multiaddr.s6_addr[0] = 0xff;
    assert_int_equal(set(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_JOIN);
    assert_int_equal(fake.last[SOCKET_SET][3], 0xff);
    assert_int_equal(fake.last[SOCKET_SET][5], 2);
    assert_int_equal(set(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &group, sizeof(group)), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_LEAVE);
}

TEST(groups_are_joined_in_every_form)
{
    struct ip_mreq old = {.imr_multiaddr.s_addr = htonl(0xe0000063),
                          .imr_interface.s_addr = htonl(0x0a00020f)};
    struct ip_mreqn new = {.imr_multiaddr = old.imr_multiaddr, .imr_ifindex = 2};
    struct group_req any = {.gr_interface = 2};
    struct sockaddr_in group = at(0xe0000063, 0);
    memcpy(&any.gr_group, &group, sizeof(group));
    long fd = datagram();
    assert_int_equal(set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &old, sizeof(old)), 0);
    assert_int_equal(fake.last[SOCKET_SET][5], 2); /* the interface with that address */
    assert_int_equal(set(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &new, sizeof(new)), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_LEAVE);
    assert_int_equal(fake.last[SOCKET_SET][5], 2);
    assert_int_equal(set(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &any, sizeof(any)), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_JOIN);
    assert_int_equal(set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &old, 7), -EINVAL);
    old.imr_interface.s_addr = htonl(0x01020304);
    assert_int_equal(set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &old, sizeof(old)), -ENODEV);
    any.gr_group.ss_family = AF_INET6;
    assert_int_equal(set(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &any, sizeof(any)), -EAFNOSUPPORT);
}

TEST(interfaces_are_named_and_found)
{
    char name[16] = {0};
    struct in_addr address = {.s_addr = htonl(0x0a00020f)}, got;
    socklen_t bytes = sizeof(name);
    struct interface interface;
    long fd = datagram();
    assert_int_equal(interfaces_find_name("en0"), 2);
    assert_int_equal(interfaces_find_name("en1"), 0);
    assert_true(interfaces_get(2, &interface));
    assert_int_equal(ntohl(interface.netmask.s_addr), 0xffffff00);
    assert_false(interfaces_get(0, &interface));
    assert_false(interfaces_get(3, &interface));
    assert_int_equal(set(fd, SOL_SOCKET, SO_BINDTODEVICE, "en0", 4), 0);
    assert_int_equal(fake.last[SOCKET_SET][3], 2);
    long n = SO_BINDTODEVICE;
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)name, (long)&bytes, 0), 0);
    assert_string_equal(name, "en0");
    assert_int_equal(set(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth7", 5), -ENODEV);
    assert_int_equal(set(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0), 0);
    assert_int_equal(fake.last[SOCKET_SET][3], 0);
    assert_int_equal(set(fd, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof(address)), 0);
    bytes = sizeof(got);
    n = IP_MULTICAST_IF;
    assert_int_equal(ask(SYS_getsockopt, fd, IPPROTO_IP, n, (long)&got, (long)&bytes, 0), 0);
    assert_int_equal(got.s_addr, address.s_addr);
}

TEST(addresses_of_all_interfaces_are_listed_but_those_not_in_use)
{
    struct ifaddrs *all;
    int four = 0, six = 0;
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        assert_string_equal(at->ifa_name, four + six == 0 ? "lo" : "en0");
        if (at->ifa_addr->sa_family == AF_INET) {
            four++;
            continue;
        }
        struct sockaddr_in6 name, mask;
        memcpy(&name, at->ifa_addr, sizeof(name));
        memcpy(&mask, at->ifa_netmask, sizeof(mask));
        assert_int_equal(name.sin6_addr.s6_addr[0], six == 0 ? 0xfe : 0x20);
        assert_int_equal(name.sin6_scope_id, six == 0 ? 2 : 0);
        assert_int_equal(mask.sin6_addr.s6_addr[7], 0xff);
        assert_int_equal(mask.sin6_addr.s6_addr[8], 0);
        six++;
    }
    assert_int_equal(four, 2);
    assert_int_equal(six, 2);
    freeifaddrs(all);
}

TEST(names_and_numbers_of_interfaces_belong_together)
{
    char name[IF_NAMESIZE];
    struct if_nameindex *all = if_nameindex();
    assert_non_null(all);
    assert_string_equal(all[0].if_name, "lo");
    assert_string_equal(all[1].if_name, "en0");
    assert_int_equal(all[1].if_index, 2);
    assert_int_equal(all[2].if_index, 0);
    free(all); /* one block, as musl frees it */
    assert_int_equal(if_nametoindex("en0"), 2);
    assert_int_equal(if_nametoindex("en7"), 0);
    assert_string_equal(if_indextoname(1, name), "lo");
    assert_null(if_indextoname(3, name));
}

TEST(what_a_socket_is_is_told_without_netd)
{
    long fd = stream(0), other = socket_make(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6),
         third = datagram();
    uint64_t before = fake.calls[SOCKET_GET];
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    assert_int_equal(get_int(other, SOL_SOCKET, SO_TYPE), SOCK_RAW);
    assert_int_equal(get_int(other, SOL_SOCKET, SO_DOMAIN), AF_INET6);
    assert_int_equal(get_int(other, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMPV6);
    assert_int_equal(get_int(third, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
    assert_int_equal(get_int(third, SOL_SOCKET, SO_ERROR), 0);
    assert_int_equal(fake.calls[SOCKET_GET], before);
}

TEST(buffers_are_as_long_as_asked_within_the_rings)
{
    static uint8_t bytes[FAKE_TX_BYTES];
    long fd = stream(0);
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_SNDBUF), FAKE_TX_BYTES);
    assert_int_equal(set_int(fd, SOL_SOCKET, SO_SNDBUF, 1 << 20), 0);
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_SNDBUF), FAKE_TX_BYTES);
    assert_int_equal(send_bytes(fd, bytes, sizeof(bytes), MSG_DONTWAIT), FAKE_TX_BYTES);
    assert_int_equal(set_int(fd, SOL_SOCKET, SO_RCVBUF, 3000), 0);
    assert_int_equal(fake.last[SOCKET_SET][2], SOCKET_RX_LIMIT);
    assert_int_equal(fake.last[SOCKET_SET][3], 3000);
    assert_int_equal(set_int(fd, SOL_SOCKET, SO_RCVBUF, 1), 0);
    assert_int_equal(get_int(fd, SOL_SOCKET, SO_RCVBUF), SOCKET_RING_BYTES_MIN);
}

TEST(times_are_kept_and_checked)
{
    struct timeval time = {.tv_sec = 3, .tv_usec = 500000}, got;
    socklen_t bytes = sizeof(got);
    long fd = stream(0), n = SO_SNDTIMEO;
    assert_int_equal(set(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)), 0);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)&got, (long)&bytes, 0), 0);
    assert_int_equal(got.tv_sec, 3);
    assert_int_equal(got.tv_usec, 500000);
    time.tv_usec = 1000000;
    assert_int_equal(set(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)), -EDOM);
    assert_int_equal(set(fd, SOL_SOCKET, SO_SNDTIMEO, &time, 8), -EINVAL);
    static uint8_t full[FAKE_TX_BYTES];
    assert_int_equal(send_bytes(fd, full, sizeof(full), 0), FAKE_TX_BYTES);
    ticks_t before = fake.now;
    assert_int_equal(send_bytes(fd, full, 1, 0), -EAGAIN);
    assert_int_equal(fake.slept_until - before, 3500000000);
}

static void take_all(void)
{
    uint8_t bytes[FAKE_TX_BYTES];
    uint32_t taken = fake_sent(0, bytes, sizeof(bytes));
    assert_true(taken > 0);
}

TEST(lingering_waits_for_the_peer_or_resets)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 5}, got;
    socklen_t bytes = sizeof(got);
    long fd = stream(0), n = SO_LINGER;
    assert_int_equal(set(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)&got, (long)&bytes, 0), 0);
    assert_int_equal(got.l_linger, 5);
    assert_int_equal(send_bytes(fd, "bye", 3, 0), 3);
    fake.sleeps = 0;
    fake_at_sleep(take_all);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    assert_int_equal(fake.sleeps, 1);
    assert_int_equal(fake.last[SOCKET_CLOSE][2], SOCKET_CLOSE_GENTLE);
    fd = stream(0);
    linger.l_linger = 0;
    assert_int_equal(set(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
    assert_int_equal(send_bytes(fd, "bye", 3, 0), 3);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    assert_int_equal(fake.last[SOCKET_CLOSE][2], SOCKET_CLOSE_RESET);
}

TEST(values_are_cut_to_the_buffer)
{
    long fd = stream(0);
    uint8_t byte = 0xaa;
    socklen_t bytes = 1, negative = (socklen_t)-1;
    long n = SO_TYPE;
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)&byte, (long)&bytes, 0), 0);
    assert_int_equal(byte, SOCK_STREAM);
    assert_int_equal(bytes, 1);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, 0, (long)&bytes, 0), -EFAULT);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)&byte, 0, 0), -EFAULT);
    assert_int_equal(ask(SYS_getsockopt, fd, SOL_SOCKET, n, (long)&byte, (long)&negative, 0),
                     -EINVAL);
    assert_int_equal(ask(SYS_getsockopt, fd, 77, n, (long)&byte, (long)&bytes, 0), -ENOPROTOOPT);
}

TEST(addresses_go_there_and_back)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_scope_id = 2};
    struct sockaddr_in6 back;
    struct sockaddr_in four = at(0x01020304, 99), four_back;
    struct socket_name name;
    socklen_t bytes = sizeof(back);
    const struct sockaddr *a6 = (const struct sockaddr *)&six;
    memcpy(six.sin6_addr.s6_addr, "\xfe\x80\0\0\0\0\0\0\1\2\3\4\5\6\7\x8", 16);
    assert_int_equal(socket_address_decode(SOCKET_IP6, false, a6, sizeof(six), &name), 0);
    assert_int_equal(name.interface, 2);
    assert_int_equal(name.port, 80);
    assert_int_equal(socket_address_give(SOCKET_IP6, &name, (struct sockaddr *)&back, &bytes), 0);
    assert_memory_equal(&back, &six, sizeof(six));
    six.sin6_addr.s6_addr[0] = 0x20; /* not link-local: the interface says nothing */
    assert_int_equal(socket_address_decode(SOCKET_IP6, false, a6, sizeof(six), &name), 0);
    assert_int_equal(socket_address_give(SOCKET_IP6, &name, (struct sockaddr *)&back, &bytes), 0);
    assert_int_equal(back.sin6_scope_id, 0);
    six.sin6_scope_id = 1 << 16;
    assert_int_equal(socket_address_decode(SOCKET_IP6, false, a6, sizeof(six), &name), -EINVAL);
    assert_int_equal(socket_address_decode(SOCKET_IP6, false, a6, sizeof(six) - 1, &name), -EINVAL);
    const struct sockaddr *a4 = (const struct sockaddr *)&four;
    assert_int_equal(socket_address_decode(SOCKET_IP4, false, a4, sizeof(four), &name), 0);
    struct socket_name mapped = fake_ip4(0x01020304, 99);
    assert_memory_equal(&name, &mapped, sizeof(name));
    bytes = sizeof(four_back);
    assert_int_equal(socket_address_give(SOCKET_IP4, &name, (struct sockaddr *)&four_back, &bytes),
                     0);
    assert_memory_equal(&four_back, &four, sizeof(four));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers_reach_netd_in_their_form, start),
        cmocka_unit_test_setup(numbers_that_cannot_be_are_refused_before_netd_hears_of_them, start),
        cmocka_unit_test_setup(ipv6_options_are_for_ipv6_sockets, start),
        cmocka_unit_test_setup(groups_are_joined_in_every_form, start),
        cmocka_unit_test_setup(interfaces_are_named_and_found, start),
        cmocka_unit_test_setup(addresses_of_all_interfaces_are_listed_but_those_not_in_use, start),
        cmocka_unit_test_setup(names_and_numbers_of_interfaces_belong_together, start),
        cmocka_unit_test_setup(what_a_socket_is_is_told_without_netd, start),
        cmocka_unit_test_setup(buffers_are_as_long_as_asked_within_the_rings, start),
        cmocka_unit_test_setup(times_are_kept_and_checked, start),
        cmocka_unit_test_setup(lingering_waits_for_the_peer_or_resets, start),
        cmocka_unit_test_setup(values_are_cut_to_the_buffer, start),
        cmocka_unit_test_setup(addresses_go_there_and_back, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
