/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getsockopt and setsockopt: each option is what was set, and refuses what it cannot be.
 */
#include "conformance.h"

#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/time.h>

/*
 * X(name, type of socket, level, option, what it is at first, another value, flags of the case);
 * INT_MIN: no standard says what it is at first.
 */
#define EACH_OPTION(X)                                                                             \
    X(so_reuseaddr, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR, 0, 1, 0)                                \
    X(so_keepalive, SOCK_STREAM, SOL_SOCKET, SO_KEEPALIVE, 0, 1, 0)                                \
    X(so_broadcast, SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST, 0, 1, 0)                                 \
    X(tcp_nodelay, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, 0, 1, 0)                                 \
    X(tcp_keepidle, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPIDLE, 7200, 60, 0)                           \
    X(tcp_keepintvl, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPINTVL, 75, 10, 0)                           \
    X(tcp_keepcnt, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPCNT, 9, 4, 0)                                 \
    X(ip_ttl, SOCK_DGRAM, IPPROTO_IP, IP_TTL, 64, 33, 0)                                           \
    X(ip_tos, SOCK_DGRAM, IPPROTO_IP, IP_TOS, 0, 0x10, 0)                                          \
    X(ip_multicast_ttl, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_TTL, 1, 5, 0)                         \
    X(ip_multicast_loop, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_LOOP, 1, 0, 0)                       \
    X(ip_pktinfo, SOCK_DGRAM, IPPROTO_IP, IP_PKTINFO, 0, 1, 0)                                     \
    X(ip_recvttl, SOCK_DGRAM, IPPROTO_IP, IP_RECVTTL, 0, 1, 0)                                     \
    X(ip_recvtos, SOCK_DGRAM, IPPROTO_IP, IP_RECVTOS, 0, 1, 0)                                     \
    X(ipv6_v6only, SOCK_STREAM, IPPROTO_IPV6, IPV6_V6ONLY, INT_MIN, 1, IP6_ALONE)                  \
    X(ipv6_unicast_hops, SOCK_DGRAM, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64, 33, IP6_ALONE)           \
    X(ipv6_multicast_hops, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1, 5, IP6_ALONE)         \
    X(ipv6_multicast_loop, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, 0, IP6_ALONE)         \
    X(ipv6_multicast_if, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0, 1, IP6_ALONE)             \
    X(ipv6_tclass, SOCK_DGRAM, IPPROTO_IPV6, IPV6_TCLASS, 0, 0x20, IP6_ALONE)                      \
    X(ipv6_recvpktinfo, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVPKTINFO, 0, 1, IP6_ALONE)               \
    X(ipv6_recvhoplimit, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0, 1, IP6_ALONE)             \
    X(ipv6_recvtclass, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVTCLASS, 0, 1, IP6_ALONE)

#define IS_WHAT_WAS_SET(name, type, level, option, first, other, flags)                            \
    static void name##_is_what_was_set(void)                                                       \
    {                                                                                              \
        int made = make(type), before = get_int(made, level, option);                              \
        CHECK((first) == INT_MIN ? before != INT_MIN : before == (first));                         \
        CHECK(set_int(made, level, option, other));                                                \
        CHECK(get_int(made, level, option) == (other));                                            \
        CHECK(before == INT_MIN || set_int(made, level, option, before));                          \
        CHECK(get_int(made, level, option) == before);                                             \
    }

/* Linux takes one byte at IPPROTO_IP; elsewhere a value is an int. */
#define REFUSES_A_SHORT_VALUE(name, type, level, option, first, other, flags)                      \
    static void name##_refuses_a_short_value(void)                                                 \
    {                                                                                              \
        char byte = 1;                                                                             \
        int made = make(type);                                                                     \
        if ((level) == IPPROTO_IP) {                                                               \
            CHECK(set_option(made, level, option, &byte, 1));                                 \
            CHECK(get_int(made, level, option) == 1);                                              \
        } else {                                                                                   \
            CHECK_ERROR(setsockopt(made, level, option, &byte, 1), EINVAL);                        \
        }                                                                                          \
    }

EACH_OPTION(IS_WHAT_WAS_SET)
EACH_OPTION(REFUSES_A_SHORT_VALUE)

#define LIST_SET(name, type, level, option, first, other, flags)                                   \
    {#name "_is_what_was_set", #option, name##_is_what_was_set, flags},
#define LIST_SHORT(name, type, level, option, first, other, flags)                                 \
    {#name "_refuses_a_short_value", #option, name##_refuses_a_short_value, flags},

static const struct conform_case options[] = {EACH_OPTION(LIST_SET) EACH_OPTION(LIST_SHORT)};
const struct conform_subject option_subject = SUBJECT(options);

/* --- values and levels ------------------------------------------------------------------------ */

static void an_unknown_option_is_enoprotoopt(void)
{
    int made = make(SOCK_STREAM), value = 1;
    socklen_t bytes = sizeof(value);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, 9999, &value, sizeof(value)), ENOPROTOOPT);
    CHECK_ERROR(getsockopt(made, SOL_SOCKET, 9999, &value, &bytes), ENOPROTOOPT);
    CHECK_ERROR(setsockopt(made, IPPROTO_TCP, 9999, &value, sizeof(value)), ENOPROTOOPT);
    CHECK_ERROR(getsockopt(made, IPPROTO_TCP, 9999, &value, &bytes), ENOPROTOOPT);
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, 9999, &value, sizeof(value)), ENOPROTOOPT);
    CHECK_ERROR(getsockopt(made, IPPROTO_IP, 9999, &value, &bytes), ENOPROTOOPT);
}

static void an_unknown_level_is_refused(void)
{
    int made = make(SOCK_STREAM), value = 1;
    socklen_t bytes = sizeof(value);
    CHECK_EITHER(setsockopt(made, 9999, 1, &value, sizeof(value)), ENOPROTOOPT, EOPNOTSUPP);
    CHECK_EITHER(getsockopt(made, 9999, 1, &value, &bytes), ENOPROTOOPT, EOPNOTSUPP);
}

static void options_of_tcp_are_not_for_datagrams(void)
{
    int made = make(SOCK_DGRAM), value = 1;
    socklen_t bytes = sizeof(value);
    CHECK_EITHER(setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)), ENOPROTOOPT,
                 EOPNOTSUPP);
    CHECK_EITHER(getsockopt(made, IPPROTO_TCP, TCP_NODELAY, &value, &bytes), ENOPROTOOPT,
                 EOPNOTSUPP);
}

static void options_of_ip6_are_not_for_ip4(void)
{
    int made = make(SOCK_STREAM), value = 1;
    CHECK_EITHER(setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)), ENOPROTOOPT,
                 EOPNOTSUPP);
}

static void a_value_is_cut_to_the_length_asked_for(void)
{
    uint8_t value[4] = {0x5a, 0x5a, 0x5a, 0x5a};
    socklen_t bytes = 2;
    CHECK(get_option(make(SOCK_STREAM), SOL_SOCKET, SO_TYPE, value, &bytes));
    CHECK(bytes == 2);
    CHECK(value[2] == 0x5a);
}

static void a_longer_value_is_told_its_length(void)
{
    int values[4] = {0};
    socklen_t bytes = sizeof(values);
    CHECK(get_option(make(SOCK_STREAM), SOL_SOCKET, SO_TYPE, values, &bytes));
    CHECK(bytes == sizeof(int));
    CHECK(values[0] == SOCK_STREAM);
}

static void a_negative_length_is_einval(void)
{
    int value = 1;
    socklen_t bytes = (socklen_t)-1;
    int made = make(SOCK_STREAM);
    CHECK_ERROR(getsockopt(made, SOL_SOCKET, SO_TYPE, &value, &bytes), EINVAL);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &value, (socklen_t)-1), EINVAL);
}

static void any_number_switches_on(void)
{
    int made = make(SOCK_STREAM);
    CHECK(set_int(made, SOL_SOCKET, SO_KEEPALIVE, 77));
    CHECK(get_int(made, SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(set_int(made, IPPROTO_TCP, TCP_NODELAY, -1));
    CHECK(get_int(made, IPPROTO_TCP, TCP_NODELAY) == 1);
}

static void so_error_so_type_and_so_acceptconn_cannot_be_set(void)
{
    int made = make(SOCK_STREAM), value = 1;
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_ERROR, &value, sizeof(value)), ENOPROTOOPT);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_TYPE, &value, sizeof(value)), ENOPROTOOPT);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_ACCEPTCONN, &value, sizeof(value)), ENOPROTOOPT);
}

static void so_error_of_a_new_socket_is_0(void)
{
    CHECK(get_int(make(SOCK_STREAM), SOL_SOCKET, SO_ERROR) == 0);
    CHECK(get_int(make(SOCK_DGRAM), SOL_SOCKET, SO_ERROR) == 0);
}

static void so_domain_and_so_protocol_tell_what_it_is(void)
{
    int stream = make(SOCK_STREAM), datagram = make(SOCK_DGRAM);
    CHECK(get_int(stream, SOL_SOCKET, SO_DOMAIN) == family);
    CHECK(get_int(stream, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
    CHECK(get_int(datagram, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP);
}

static void the_ttl_is_1_to_255(void)
{
    int made = make(SOCK_DGRAM), value = 0;
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_TTL, &value, sizeof(value)), EINVAL);
    value = 256;
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_TTL, &value, sizeof(value)), EINVAL);
    CHECK(set_int(made, IPPROTO_IP, IP_TTL, 255));
    CHECK(set_int(made, IPPROTO_IP, IP_TTL, -1)); /* what it was at first */
    CHECK(get_int(made, IPPROTO_IP, IP_TTL) == 64);
}

static void the_ttl_of_groups_is_0_to_255(void)
{
    int made = make(SOCK_DGRAM), value = 256;
    CHECK_ERROR(setsockopt(made, IPPROTO_IP, IP_MULTICAST_TTL, &value, sizeof(value)), EINVAL);
    CHECK(set_int(made, IPPROTO_IP, IP_MULTICAST_TTL, 0));
    CHECK(get_int(made, IPPROTO_IP, IP_MULTICAST_TTL) == 0);
}

static void the_hops_of_ip6_are_0_to_255_or_minus_1(void)
{
    int made = make(SOCK_DGRAM), value = 256;
    CHECK_ERROR(setsockopt(made, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof(value)), EINVAL);
    value = -2;
    CHECK_ERROR(setsockopt(made, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof(value)), EINVAL);
    CHECK(set_int(made, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
    CHECK(get_int(made, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 64);
}

static void keepalive_times_are_at_least_1(void)
{
    int made = make(SOCK_STREAM), value = 0;
    CHECK_ERROR(setsockopt(made, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof(value)), EINVAL);
    CHECK_ERROR(setsockopt(made, IPPROTO_TCP, TCP_KEEPINTVL, &value, sizeof(value)), EINVAL);
    CHECK_ERROR(setsockopt(made, IPPROTO_TCP, TCP_KEEPCNT, &value, sizeof(value)), EINVAL);
}

static void v6only_is_set_before_bind(void)
{
    int made = make_bound(SOCK_STREAM), value = 1;
    CHECK_ERROR(setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)), EINVAL);
}

static void a_buffer_holds_at_least_what_was_asked(void)
{
    int made = make(SOCK_STREAM);
    CHECK(set_int(made, SOL_SOCKET, SO_RCVBUF, 4096));
    CHECK(get_int(made, SOL_SOCKET, SO_RCVBUF) >= 4096);
    CHECK(set_int(made, SOL_SOCKET, SO_SNDBUF, 8192));
    CHECK(get_int(made, SOL_SOCKET, SO_SNDBUF) >= 8192);
}

static void a_buffer_of_any_size_is_taken(void)
{
    int made = make(SOCK_DGRAM);
    CHECK(set_int(made, SOL_SOCKET, SO_RCVBUF, 1));
    CHECK(get_int(made, SOL_SOCKET, SO_RCVBUF) >= 1);
    CHECK(set_int(made, SOL_SOCKET, SO_SNDBUF, INT_MAX / 4));
    CHECK(get_int(made, SOL_SOCKET, SO_SNDBUF) >= 1);
}

static void an_accepted_socket_has_the_options_of_its_listener(void)
{
    struct pair pair;
    int listener = make_listener(1);
    CHECK(set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
    CHECK(set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1));
    CHECK(set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 99));
    CHECK(join_listener(listener, &pair));
    CHECK(get_int(pair.server, SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(get_int(pair.server, IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(get_int(pair.server, IPPROTO_TCP, TCP_KEEPIDLE) == 99);
    CHECK(get_int(pair.client, SOL_SOCKET, SO_KEEPALIVE) == 0);
}

static void options_are_of_the_socket_and_not_of_the_descriptor(void)
{
    int made = make(SOCK_STREAM), copy = keep(dup(made));
    CHECK(set_int(copy, SOL_SOCKET, SO_KEEPALIVE, 1));
    CHECK(get_int(made, SOL_SOCKET, SO_KEEPALIVE) == 1);
}

static void options_can_be_changed_while_connected(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(set_int(pair.client, IPPROTO_TCP, TCP_NODELAY, 1));
    CHECK(set_int(pair.client, SOL_SOCKET, SO_KEEPALIVE, 1));
    CHECK(set_int(pair.client, IPPROTO_TCP, TCP_KEEPIDLE, 1));
    CHECK(send_text(pair.client, "alive") && takes_text(pair.server, "alive"));
}

static void a_time_out_is_what_was_set(void)
{
    struct timeval set = {.tv_sec = 2, .tv_usec = 500000}, got = {0};
    socklen_t bytes = sizeof(got);
    int made = keep(socket(family, SOCK_STREAM, 0));
    CHECK(get_option(made, SOL_SOCKET, SO_RCVTIMEO, &got, &bytes));
    CHECK(bytes == sizeof(got) && got.tv_sec == 0 && got.tv_usec == 0);
    CHECK(set_option(made, SOL_SOCKET, SO_RCVTIMEO, &set, sizeof(set)));
    CHECK(get_option(made, SOL_SOCKET, SO_RCVTIMEO, &got, &bytes));
    CHECK(got.tv_sec == 2 && got.tv_usec == 500000);
    CHECK(get_option(made, SOL_SOCKET, SO_SNDTIMEO, &got, &bytes));
    CHECK(got.tv_sec == 0 && got.tv_usec == 0);
}

static void a_time_out_of_more_than_a_second_in_microseconds_is_edom(void)
{
    struct timeval set = {.tv_sec = 0, .tv_usec = 1000000};
    int made = make(SOCK_STREAM);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &set, sizeof(set)), EDOM);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &set, sizeof(set)), EDOM);
}

static void a_short_time_out_is_einval(void)
{
    int value = 1, made = make(SOCK_STREAM);
    CHECK_ERROR(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value)), EINVAL);
}

static void bound_to_lo_it_is_reached_over_lo(void)
{
    int a = make(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address name = loopback(0), to;
    CHECK(set_option(a, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    CHECK(bind(a, &name.any, address_bytes()) == 0);
    to = name_of(a);
    CHECK(sendto(b, "lo", 2, 0, &to.any, address_bytes()) == 2);
    CHECK(takes_text(a, "lo"));
}

static void a_device_s_name_can_be_asked_for_and_removed(void)
{
    char name[IFNAMSIZ] = {0};
    socklen_t bytes = sizeof(name);
    int made = make(SOCK_DGRAM);
    CHECK(set_option(made, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    CHECK(get_option(made, SOL_SOCKET, SO_BINDTODEVICE, name, &bytes));
    CHECK(strcmp(name, "lo") == 0);
    if (setsockopt(made, SOL_SOCKET, SO_BINDTODEVICE, "", 0) != 0 && errno == EPERM) {
        conform_skip("may not remove a device");
        return;
    }
    bytes = sizeof(name);
    CHECK(get_option(made, SOL_SOCKET, SO_BINDTODEVICE, name, &bytes));
    CHECK(bytes == 0 || name[0] == '\0');
}

static void an_unknown_device_is_enodev(void)
{
    CHECK_ERROR(setsockopt(make(SOCK_DGRAM), SOL_SOCKET, SO_BINDTODEVICE, "nothere0", 9), ENODEV);
}

static const struct conform_case values[] = {
    CASE("setsockopt", an_unknown_option_is_enoprotoopt),
    CASE("setsockopt", an_unknown_level_is_refused),
    CASE("setsockopt", options_of_tcp_are_not_for_datagrams),
    CASE("setsockopt", options_of_ip6_are_not_for_ip4),
    CASE("getsockopt", a_value_is_cut_to_the_length_asked_for),
    CASE("getsockopt", a_longer_value_is_told_its_length),
    CASE("getsockopt", a_negative_length_is_einval),
    CASE("setsockopt", any_number_switches_on),
    CASE("setsockopt", so_error_so_type_and_so_acceptconn_cannot_be_set),
    CASE("setsockopt", an_accepted_socket_has_the_options_of_its_listener),
    CASE("setsockopt", options_are_of_the_socket_and_not_of_the_descriptor),
    CASE("setsockopt", options_can_be_changed_while_connected),
    CASE("SO_ERROR", so_error_of_a_new_socket_is_0),
    CASE_BOTH("SO_DOMAIN, SO_PROTOCOL", so_domain_and_so_protocol_tell_what_it_is),
    CASE("IP_TTL", the_ttl_is_1_to_255),
    CASE("IP_MULTICAST_TTL", the_ttl_of_groups_is_0_to_255),
    CASE_IP6("IPV6_UNICAST_HOPS", the_hops_of_ip6_are_0_to_255_or_minus_1),
    CASE("TCP_KEEPIDLE", keepalive_times_are_at_least_1),
    CASE_IP6("IPV6_V6ONLY", v6only_is_set_before_bind),
    CASE("SO_RCVBUF, SO_SNDBUF", a_buffer_holds_at_least_what_was_asked),
    CASE("SO_RCVBUF, SO_SNDBUF", a_buffer_of_any_size_is_taken),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", a_time_out_is_what_was_set),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", a_time_out_of_more_than_a_second_in_microseconds_is_edom),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", a_short_time_out_is_einval),
    CASE("SO_BINDTODEVICE", bound_to_lo_it_is_reached_over_lo),
    CASE("SO_BINDTODEVICE", a_device_s_name_can_be_asked_for_and_removed),
    CASE("SO_BINDTODEVICE", an_unknown_device_is_enodev),
};
const struct conform_subject value_subject = SUBJECT(values);
