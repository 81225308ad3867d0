/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multicast, raw and ICMP sockets, all over lo.
 */
#include "conformance.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

enum { GROUP = 0xef2a0009u, OTHER_GROUP = 0xef2a000au }; /* 239.42.0.9 and .10 */

/* --- multicast -------------------------------------------------------------------------------- */

static struct ip_mreq membership(uint32_t group)
{
    struct ip_mreq request = {.imr_multiaddr = {htonl(group)},
                              .imr_interface = {htonl(INADDR_LOOPBACK)}};
    return request;
}

static bool join(int descriptor, uint32_t group)
{
    struct ip_mreq request = membership(group);
    return set_option(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request));
}

static bool leave(int descriptor, uint32_t group)
{
    struct ip_mreq request = membership(group);
    return set_option(descriptor, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request));
}

/* A socket on the wildcard, and one that sends to groups over lo. */
static bool make_group_pair(int *receiver, int *sender, uint16_t *port)
{
    union address any = wildcard(0);
    struct in_addr lo = {htonl(INADDR_LOOPBACK)};
    *receiver = make(SOCK_DGRAM);
    *sender = make(SOCK_DGRAM);
    if (*receiver < 0 || *sender < 0 || bind(*receiver, &any.any, address_bytes()) != 0 ||
        !set_option(*sender, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo))) {
        return false;
    }
    any = name_of(*receiver);
    *port = port_of(&any);
    return true;
}

static bool send_to_group(int sender, uint32_t group, uint16_t port, const char *text)
{
    union address to = ip4_address(group, port);
    return sendto(sender, text, strlen(text), 0, &to.any, sizeof(to.ip4)) == (ssize_t)strlen(text);
}

static void a_member_hears_its_group(void)
{
    int receiver, sender;
    uint16_t port;
    CHECK(make_group_pair(&receiver, &sender, &port));
    CHECK(join(receiver, GROUP));
    CHECK(send_to_group(sender, GROUP, port, "group"));
    CHECK(takes_text(receiver, "group"));
}

static void a_member_hears_no_other_group(void)
{
    int receiver, sender;
    uint16_t port;
    CHECK(make_group_pair(&receiver, &sender, &port));
    CHECK(join(receiver, GROUP));
    CHECK(send_to_group(sender, OTHER_GROUP, port, "other"));
    CHECK(send_to_group(sender, GROUP, port, "mine"));
    CHECK(takes_text(receiver, "mine"));
    CHECK(look_for(receiver, POLLIN) == 0);
}

static void who_left_hears_nothing(void)
{
    int receiver, sender;
    uint16_t port;
    CHECK(make_group_pair(&receiver, &sender, &port));
    CHECK(join(receiver, GROUP) && join(receiver, OTHER_GROUP));
    CHECK(leave(receiver, GROUP));
    CHECK(send_to_group(sender, GROUP, port, "left"));
    CHECK(send_to_group(sender, OTHER_GROUP, port, "other"));
    CHECK(takes_text(receiver, "other"));
    CHECK(look_for(receiver, POLLIN) == 0);
}

static void joining_twice_is_eaddrinuse(void)
{
    struct ip_mreq request = membership(GROUP);
    int made = make(SOCK_DGRAM);
    CHECK(join(made, GROUP));
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                EADDRINUSE);
}

static void more_groups_than_a_socket_may_have_are_enobufs(void)
{
    enum { MANY = 64 };
    uint32_t group = GROUP;
    int made = make(SOCK_DGRAM);
    while (join(made, group) && group < GROUP + MANY) {
        group++;
    }
    struct ip_mreq request = membership(group);
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                ENOBUFS);
}

static void leaving_what_was_not_joined_is_eaddrnotavail(void)
{
    struct ip_mreq request = membership(GROUP);
    int made = make(SOCK_DGRAM);
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request)),
                EADDRNOTAVAIL);
}

static void what_is_no_group_cannot_be_joined(void)
{
    struct ip_mreq request = membership(0x0a000001);
    int made = make(SOCK_DGRAM);
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)), EINVAL);
}

static void an_interface_that_is_not_there_is_enodev(void)
{
    struct ip_mreq request = membership(GROUP);
    request.imr_interface.s_addr = htonl(0xc0000201);
    CHECK_ERROR(
        setsockopt(make(SOCK_DGRAM), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
        ENODEV);
}

static void a_short_membership_is_einval(void)
{
    struct ip_mreq request = membership(GROUP);
    CHECK_ERROR(setsockopt(make(SOCK_DGRAM), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, 4), EINVAL);
}

static void an_interface_may_be_named_by_its_number(void)
{
    int receiver, sender;
    uint16_t port;
    struct ip_mreqn request = {.imr_multiaddr = {htonl(GROUP)},
                               .imr_ifindex = (int)if_nametoindex("lo")};
    CHECK(make_group_pair(&receiver, &sender, &port));
    CHECK(set_option(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)));
    CHECK(set_option(sender, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)));
    CHECK(send_to_group(sender, GROUP, port, "number"));
    CHECK(takes_text(receiver, "number"));
}

static void ip_multicast_if_is_what_was_set(void)
{
    struct in_addr lo = {htonl(INADDR_LOOPBACK)}, got = {1};
    socklen_t bytes = sizeof(got);
    int made = make(SOCK_DGRAM);
    CHECK(get_option(made, IPPROTO_IP, IP_MULTICAST_IF, &got, &bytes));
    CHECK(got.s_addr == htonl(INADDR_ANY));
    CHECK(set_option(made, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
    bytes = sizeof(got);
    CHECK(get_option(made, IPPROTO_IP, IP_MULTICAST_IF, &got, &bytes));
    CHECK(got.s_addr == lo.s_addr);
}

static void ip_multicast_if_of_others_is_eaddrnotavail(void)
{
    struct in_addr other = {htonl(0xc0000201)};
    CHECK_ERROR(setsockopt(make(SOCK_DGRAM), IPPROTO_IP, IP_MULTICAST_IF, &other, sizeof(other)),
                EADDRNOTAVAIL);
}

/* Over lo it always hears, because lo gives back what it is sent. */
static void without_loop_a_member_here_hears_nothing(void)
{
    int receiver, sender;
    uint16_t port;
    if (!has_wire()) {
        conform_skip("nothing is at the other end of the wire");
        return;
    }
    CHECK(make_group_pair(&receiver, &sender, &port));
    union address gateway = ip4_address(0x0a000202, 9);
    int probe = make(SOCK_DGRAM);
    CHECK(connect(probe, &gateway.any, sizeof(gateway.ip4)) == 0);
    union address own = name_of(probe);
    struct ip_mreq request = {.imr_multiaddr = {htonl(GROUP)}, .imr_interface = own.ip4.sin_addr};
    CHECK(set_option(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)));
    CHECK(set_option(sender, IPPROTO_IP, IP_MULTICAST_IF, &own.ip4.sin_addr,
                     sizeof(own.ip4.sin_addr)));
    CHECK(set_int(sender, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
    CHECK(send_to_group(sender, GROUP, port, "mute"));
    CHECK(set_int(sender, IPPROTO_IP, IP_MULTICAST_LOOP, 1));
    CHECK(send_to_group(sender, GROUP, port, "loud"));
    CHECK(takes_text(receiver, "loud"));
}

static void every_member_hears_its_group(void)
{
    int receiver, sender, other = make(SOCK_DGRAM);
    union address any = wildcard(0);
    struct in_addr lo = {htonl(INADDR_LOOPBACK)};
    receiver = make(SOCK_DGRAM);
    sender = make(SOCK_DGRAM);
    CHECK(set_int(receiver, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(set_int(other, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(receiver, &any.any, address_bytes()) == 0);
    any = name_of(receiver);
    CHECK(bind(other, &any.any, address_bytes()) == 0);
    CHECK(join(receiver, GROUP) && join(other, GROUP));
    CHECK(set_option(sender, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
    CHECK(send_to_group(sender, GROUP, port_of(&any), "all"));
    CHECK(takes_text(receiver, "all"));
    CHECK(takes_text(other, "all"));
}

static void the_end_of_a_member_is_its_leave(void)
{
    int receiver, sender;
    uint16_t port;
    CHECK(make_group_pair(&receiver, &sender, &port));
    int member = make(SOCK_DGRAM);
    CHECK(join(member, GROUP));
    CHECK(drop(member) == 0);
    CHECK(join(receiver, GROUP));
    CHECK(send_to_group(sender, GROUP, port, "after"));
    CHECK(takes_text(receiver, "after"));
}

/* The form that is of no family. */
static void a_group_can_be_joined_by_its_address(void)
{
    int receiver, sender;
    uint16_t port;
    struct group_req request = {.gr_interface = if_nametoindex("lo")};
    union address group = ip4_address(GROUP, 0);
    memcpy(&request.gr_group, &group, sizeof(group.ip4));
    CHECK(make_group_pair(&receiver, &sender, &port));
    CHECK(set_option(receiver, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof(request)));
    CHECK(send_to_group(sender, GROUP, port, "joined"));
    CHECK(takes_text(receiver, "joined"));
    CHECK(set_option(receiver, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof(request)));
    CHECK_ERROR(setsockopt(receiver, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof(request)),
                EADDRNOTAVAIL);
}

static void a_stream_joins_no_group(void)
{
    struct ip_mreq request = membership(GROUP);
    int made = make(SOCK_STREAM);
    CHECK_EITHER(setsockopt(made, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)), EPROTO,
                 EOPNOTSUPP);
}

static void an_ip6_group_can_be_joined_and_left(void)
{
    struct ipv6_mreq request = {.ipv6mr_interface = if_nametoindex("lo")};
    int made = make(SOCK_DGRAM);
    memcpy(&request.ipv6mr_multiaddr, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\x12\x34", 16);
    CHECK(set_option(made, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)));
    CHECK_ERROR(setsockopt(made, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)),
                EADDRINUSE);
    CHECK(set_option(made, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof(request)));
    CHECK_ERROR(setsockopt(made, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof(request)),
                EADDRNOTAVAIL);
}

static void what_is_no_ip6_group_cannot_be_joined(void)
{
    struct ipv6_mreq request = {.ipv6mr_multiaddr = in6addr_loopback,
                                .ipv6mr_interface = if_nametoindex("lo")};
    CHECK_ERROR(
        setsockopt(make(SOCK_DGRAM), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)),
        EINVAL);
}

static const struct conform_case groups[] = {
    CASE("IP_ADD_MEMBERSHIP", a_member_hears_its_group),
    CASE("IP_ADD_MEMBERSHIP", a_member_hears_no_other_group),
    CASE("IP_ADD_MEMBERSHIP", joining_twice_is_eaddrinuse),
    CASE("IP_ADD_MEMBERSHIP", more_groups_than_a_socket_may_have_are_enobufs),
    CASE("IP_ADD_MEMBERSHIP", what_is_no_group_cannot_be_joined),
    CASE("IP_ADD_MEMBERSHIP", an_interface_that_is_not_there_is_enodev),
    CASE("IP_ADD_MEMBERSHIP", a_short_membership_is_einval),
    CASE("IP_ADD_MEMBERSHIP", an_interface_may_be_named_by_its_number),
    CASE("IP_ADD_MEMBERSHIP", every_member_hears_its_group),
    CASE("IP_ADD_MEMBERSHIP", a_stream_joins_no_group),
    CASE("MCAST_JOIN_GROUP", a_group_can_be_joined_by_its_address),
    CASE("IP_DROP_MEMBERSHIP", who_left_hears_nothing),
    CASE("IP_DROP_MEMBERSHIP", leaving_what_was_not_joined_is_eaddrnotavail),
    CASE("IP_DROP_MEMBERSHIP", the_end_of_a_member_is_its_leave),
    CASE("IP_MULTICAST_IF", ip_multicast_if_is_what_was_set),
    CASE("IP_MULTICAST_IF", ip_multicast_if_of_others_is_eaddrnotavail),
    CASE("IP_MULTICAST_LOOP", without_loop_a_member_here_hears_nothing),
    CASE_IP6("IPV6_JOIN_GROUP", an_ip6_group_can_be_joined_and_left),
    CASE_IP6("IPV6_JOIN_GROUP", what_is_no_ip6_group_cannot_be_joined),
};
const struct conform_subject group_subject = SUBJECT(groups);

/* --- raw and ICMP ----------------------------------------------------------------------------- */

enum { EXPERIMENT = 253 }; /* a protocol of nobody [RFC 3692 §2.1] */

/* A raw socket; -1 and skipped: this user may not have one. */
static int make_raw(int type, int protocol)
{
    int made = keep(socket(family, type, protocol));
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        conform_skip("this user may have no raw sockets");
    }
    return made;
}

static void a_raw_socket_hears_its_protocol(void)
{
    int made = make_raw(SOCK_RAW, EXPERIMENT);
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        return;
    }
    uint8_t packet[64];
    union address to = loopback(0);
    CHECK(sendto(made, "raw", 3, 0, &to.any, address_bytes()) == 3);
    CHECK(wait_for(made, POLLIN) == POLLIN);
    CHECK(recv(made, packet, sizeof(packet), 0) == 23); /* with the header, over IPv4 */
    CHECK(packet[0] == 0x45 && packet[9] == EXPERIMENT);
    CHECK(memcmp(packet + 20, "raw", 3) == 0);
}

static void a_raw_socket_of_ip6_hears_no_header(void)
{
    int made = make_raw(SOCK_RAW, EXPERIMENT);
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        return;
    }
    uint8_t packet[64];
    union address to = loopback(0);
    CHECK(sendto(made, "raw", 3, 0, &to.any, address_bytes()) == 3);
    CHECK(wait_for(made, POLLIN) == POLLIN);
    CHECK(recv(made, packet, sizeof(packet), 0) == 3);
    CHECK(memcmp(packet, "raw", 3) == 0);
}

static void a_raw_socket_without_protocol_is_refused(void)
{
    CHECK_EITHER(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT, EPERM);
}

static void an_icmp_socket_pings(void)
{
    int made = make_raw(SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        return;
    }
    bool is_ip4 = family == AF_INET;
    uint8_t request[12] = {is_ip4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST}, answer[64];
    union address to = loopback(0), from;
    socklen_t bytes = sizeof(from);
    request[7] = 9; /* sequence */
    memcpy(request + 8, "ping", 4);
    CHECK(sendto(made, request, sizeof(request), 0, &to.any, address_bytes()) == 12);
    CHECK(wait_for(made, POLLIN) == POLLIN);
    CHECK(recvfrom(made, answer, sizeof(answer), 0, &from.any, &bytes) == 12);
    CHECK(answer[0] == (is_ip4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY));
    CHECK(answer[7] == 9 && memcmp(answer + 8, "ping", 4) == 0);
    from.ip4.sin_port = 0;
    CHECK(is_same_address(&from, &to));
}

static void an_icmp_socket_sends_echo_alone(void)
{
    int made = make_raw(SOCK_DGRAM, IPPROTO_ICMP);
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        return;
    }
    uint8_t redirect[8] = {ICMP_REDIRECT};
    union address to = loopback(0);
    CHECK_ERROR(sendto(made, redirect, sizeof(redirect), 0, &to.any, address_bytes()), EINVAL);
}

static const struct conform_case raw[] = {
    CASE("SOCK_RAW", a_raw_socket_hears_its_protocol),
    CASE_IP6("SOCK_RAW", a_raw_socket_of_ip6_hears_no_header),
    CASE("SOCK_RAW", a_raw_socket_without_protocol_is_refused),
    CASE_BOTH("ICMP datagram", an_icmp_socket_pings),
    CASE("ICMP datagram", an_icmp_socket_sends_echo_alone),
};
const struct conform_subject raw_subject = SUBJECT(raw);
