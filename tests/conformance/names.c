/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getsockname, getpeername, bind.
 */
#include "conformance.h"

#include <poll.h>

enum { EPHEMERAL_FIRST = 1024, SENTINEL = 0x5a };

/* --- names ------------------------------------------------------------------------------------ */

static void a_new_socket_has_the_wildcard_and_no_port(void)
{
    union address name = name_of(make(SOCK_STREAM)), any = wildcard(0);
    CHECK(is_same_address(&name, &any));
    name = name_of(make(SOCK_DGRAM));
    CHECK(is_same_address(&name, &any));
}

static void a_name_has_the_length_of_its_family(void)
{
    union address name;
    socklen_t bytes = sizeof(name);
    CHECK(getsockname(make(SOCK_STREAM), &name.any, &bytes) == 0);
    CHECK(bytes == address_bytes());
    CHECK(name.any.sa_family == family);
}

static void a_name_is_cut_and_its_whole_length_told(void)
{
    union address name;
    socklen_t bytes = 4;
    memset(&name, SENTINEL, sizeof(name));
    CHECK(getsockname(make_bound(SOCK_STREAM), &name.any, &bytes) == 0);
    CHECK(bytes == address_bytes());
    CHECK(name.any.sa_family == family);
    CHECK(((const uint8_t *)&name)[4] == SENTINEL);
}

static void a_name_of_negative_length_is_einval(void)
{
    union address name;
    socklen_t bytes = (socklen_t)-1;
    CHECK_ERROR(getsockname(make(SOCK_STREAM), &name.any, &bytes), EINVAL);
}

static void a_bound_socket_has_the_address_it_was_given(void)
{
    union address name = name_of(make_bound(SOCK_STREAM)), asked = loopback(port_of(&name));
    CHECK(port_of(&name) != 0);
    CHECK(is_same_address(&name, &asked));
}

static void a_listener_keeps_its_name(void)
{
    int made = make_bound(SOCK_STREAM);
    union address before = name_of(made);
    CHECK(listen(made, 1) == 0);
    union address after = name_of(made);
    CHECK(is_same_address(&before, &after));
}

static void both_ends_of_a_connection_name_each_other(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    union address client = name_of(pair.client), server = name_of(pair.server);
    union address client_peer = peer_of(pair.client), server_peer = peer_of(pair.server);
    CHECK(is_same_address(&client, &server_peer));
    CHECK(is_same_address(&server, &client_peer));
}

static void an_accepted_socket_has_the_address_of_the_listener(void)
{
    struct pair pair;
    int listener = make_listener(1);
    CHECK(join_listener(listener, &pair));
    union address name = name_of(pair.server), expected = name_of(listener);
    CHECK(is_same_address(&name, &expected));
}

static void connect_gives_a_port_and_the_address_of_the_route(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    union address name = name_of(pair.client), expected = loopback(port_of(&name));
    CHECK(port_of(&name) >= EPHEMERAL_FIRST);
    CHECK(is_same_address(&name, &expected));
}

static void connecting_a_datagram_socket_names_it(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    int made = make(SOCK_DGRAM);
    CHECK(connect(made, &to.any, address_bytes()) == 0);
    union address name = name_of(made), peer = peer_of(made), expected = loopback(port_of(&name));
    CHECK(port_of(&name) != 0);
    CHECK(is_same_address(&name, &expected));
    CHECK(is_same_address(&peer, &to));
}

static void a_peer_s_name_of_nobody_is_enotconn(void)
{
    union address name;
    socklen_t bytes = sizeof(name);
    CHECK_ERROR(getpeername(make(SOCK_STREAM), &name.any, &bytes), ENOTCONN);
    CHECK_ERROR(getpeername(make_bound(SOCK_DGRAM), &name.any, &bytes), ENOTCONN);
}

static void a_listener_has_no_peer(void)
{
    union address name;
    socklen_t bytes = sizeof(name);
    CHECK_ERROR(getpeername(make_listener(1), &name.any, &bytes), ENOTCONN);
}

static void a_peer_s_name_is_cut_and_its_whole_length_told(void)
{
    struct pair pair;
    union address name;
    socklen_t bytes = 2;
    memset(&name, SENTINEL, sizeof(name));
    CHECK(make_pair(&pair));
    CHECK(getpeername(pair.client, &name.any, &bytes) == 0);
    CHECK(bytes == address_bytes());
    CHECK(((const uint8_t *)&name)[2] == SENTINEL);
}

static void the_name_stays_after_the_peer_has_closed(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    union address before = name_of(pair.client);
    CHECK(drop(pair.server) == 0);
    CHECK(takes_end(pair.client));
    union address after = name_of(pair.client);
    CHECK(is_same_address(&before, &after));
}

static const struct conform_case naming[] = {
    CASE_BOTH("getsockname", a_new_socket_has_the_wildcard_and_no_port),
    CASE_BOTH("getsockname", a_name_has_the_length_of_its_family),
    CASE_BOTH("getsockname", a_name_is_cut_and_its_whole_length_told),
    CASE("getsockname", a_name_of_negative_length_is_einval),
    CASE_BOTH("getsockname", a_bound_socket_has_the_address_it_was_given),
    CASE("getsockname", a_listener_keeps_its_name),
    CASE_BOTH("getsockname", an_accepted_socket_has_the_address_of_the_listener),
    CASE_BOTH("getsockname", connect_gives_a_port_and_the_address_of_the_route),
    CASE("getsockname", the_name_stays_after_the_peer_has_closed),
    CASE_BOTH("getpeername", both_ends_of_a_connection_name_each_other),
    CASE_BOTH("getpeername", connecting_a_datagram_socket_names_it),
    CASE("getpeername", a_peer_s_name_of_nobody_is_enotconn),
    CASE("getpeername", a_listener_has_no_peer),
    CASE("getpeername", a_peer_s_name_is_cut_and_its_whole_length_told),
};
const struct conform_subject name_subject = SUBJECT(naming);

/* --- bind ------------------------------------------------------------------------------------- */

/* A socket that is not bound, with or without SO_REUSEADDR. */
static int make_reusing(int type, bool reuses)
{
    int made = make(type);
    return set_int(made, SOL_SOCKET, SO_REUSEADDR, reuses) ? made : -1;
}

/* That port of the loopback, until the next one is asked for. */
static const struct sockaddr *at_port(uint16_t port)
{
    static union address name;
    name = loopback(port);
    return &name.any;
}

static uint16_t own_port(int descriptor)
{
    union address name = name_of(descriptor);
    return port_of(&name);
}

static void port_0_gives_an_ephemeral_port(void)
{
    CHECK(own_port(make_bound(SOCK_STREAM)) >= EPHEMERAL_FIRST);
    CHECK(own_port(make_bound(SOCK_DGRAM)) >= EPHEMERAL_FIRST);
}

static void ephemeral_ports_differ(void)
{
    enum { SOCKETS = 16 };
    uint16_t ports[SOCKETS];
    for (int i = 0; i < SOCKETS; i++) {
        ports[i] = own_port(make_bound(SOCK_DGRAM));
        for (int j = 0; j < i; j++) {
            CHECK(ports[i] != ports[j]);
        }
    }
}

static void the_wildcard_can_be_bound(void)
{
    union address any = wildcard(0);
    int made = make(SOCK_STREAM);
    CHECK(bind(made, &any.any, address_bytes()) == 0);
    CHECK(own_port(made) != 0);
}

static void a_socket_is_bound_only_once(void)
{
    union address name = loopback(0);
    CHECK_ERROR(bind(make_bound(SOCK_STREAM), &name.any, address_bytes()), EINVAL);
    CHECK_ERROR(bind(make_bound(SOCK_DGRAM), &name.any, address_bytes()), EINVAL);
}

static void a_connected_socket_cannot_be_bound(void)
{
    struct pair pair;
    union address name = loopback(0);
    CHECK(make_pair(&pair));
    CHECK_ERROR(bind(pair.client, &name.any, address_bytes()), EINVAL);
}

static void a_stream_port_in_use_is_eaddrinuse(void)
{
    int made = make_bound(SOCK_STREAM);
    CHECK(made >= 0);
    CHECK_ERROR(bind(make_reusing(SOCK_STREAM, false), at_port(own_port(made)), address_bytes()),
                EADDRINUSE);
}

static void a_datagram_port_in_use_is_eaddrinuse(void)
{
    int made = make_bound(SOCK_DGRAM);
    CHECK(made >= 0);
    CHECK_ERROR(bind(make_reusing(SOCK_DGRAM, false), at_port(own_port(made)), address_bytes()),
                EADDRINUSE);
}

static void the_wildcard_takes_the_port_of_every_address(void)
{
    union address any = wildcard(0);
    int made = make(SOCK_STREAM);
    CHECK(bind(made, &any.any, address_bytes()) == 0);
    CHECK_ERROR(bind(make_reusing(SOCK_STREAM, false), at_port(own_port(made)), address_bytes()),
                EADDRINUSE);
}

static void an_address_takes_the_port_from_the_wildcard(void)
{
    int made = make_bound(SOCK_DGRAM);
    union address any = wildcard(own_port(made));
    CHECK_ERROR(bind(make(SOCK_DGRAM), &any.any, address_bytes()), EADDRINUSE);
}

static void streams_and_datagrams_have_ports_of_their_own(void)
{
    int made = make_bound(SOCK_STREAM);
    CHECK(made >= 0);
    CHECK(bind(make_reusing(SOCK_DGRAM, false), at_port(own_port(made)), address_bytes()) == 0);
}

static void a_failed_bind_leaves_the_socket_unbound(void)
{
    int made = make_bound(SOCK_STREAM), other = make(SOCK_STREAM);
    union address taken = name_of(made), free = loopback(0);
    CHECK_ERROR(bind(other, &taken.any, address_bytes()), EADDRINUSE);
    CHECK(own_port(other) == 0);
    CHECK(bind(other, &free.any, address_bytes()) == 0);
}

static void a_closed_socket_gives_its_port_back(void)
{
    uint16_t stream = free_port(SOCK_STREAM), datagram = free_port(SOCK_DGRAM);
    CHECK(bind(make_reusing(SOCK_STREAM, false), at_port(stream), address_bytes()) == 0);
    CHECK(bind(make_reusing(SOCK_DGRAM, false), at_port(datagram), address_bytes()) == 0);
}

static void an_address_of_others_is_eaddrnotavail(void)
{
    union address other = ip4_address(0xc0000201, 0); /* 192.0.2.1, of no machine [RFC 5737] */
    CHECK_ERROR(bind(make(SOCK_STREAM), &other.any, address_bytes()), EADDRNOTAVAIL);
    CHECK_ERROR(bind(make(SOCK_DGRAM), &other.any, address_bytes()), EADDRNOTAVAIL);
}

static void an_ip6_address_of_others_is_eaddrnotavail(void)
{
    union address other = loopback(0);
    memcpy(&other.ip6.sin6_addr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16); /* [RFC 3849] */
    CHECK_ERROR(bind(make(SOCK_STREAM), &other.any, address_bytes()), EADDRNOTAVAIL);
}

static void an_address_of_another_family_is_refused(void)
{
    union address name = loopback(0);
    name.any.sa_family = family == AF_INET ? AF_INET6 : AF_INET;
    CHECK_EITHER(bind(make(SOCK_STREAM), &name.any, sizeof(name)), EAFNOSUPPORT, EINVAL);
    CHECK_EITHER(bind(make(SOCK_DGRAM), &name.any, sizeof(name)), EAFNOSUPPORT, EINVAL);
}

static void a_short_address_is_einval(void)
{
    union address name = loopback(0);
    CHECK_ERROR(bind(make(SOCK_STREAM), &name.any, 4), EINVAL);
    CHECK_ERROR(bind(make(SOCK_DGRAM), &name.any, 0), EINVAL);
}

static void a_longer_address_is_taken(void)
{
    union address name = loopback(0);
    CHECK(bind(make(SOCK_STREAM), &name.any, sizeof(name)) == 0);
}

static void reuse_does_not_take_the_port_of_a_listener(void)
{
    int made = make(SOCK_STREAM);
    union address name = loopback(0);
    CHECK(set_int(made, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(made, &name.any, address_bytes()) == 0);
    CHECK(listen(made, 1) == 0);
    CHECK_ERROR(bind(make_reusing(SOCK_STREAM, true), at_port(own_port(made)), address_bytes()),
                EADDRINUSE);
}

static void with_reuse_a_server_starts_again_beside_its_connections(void)
{
    struct pair pair;
    int listener = make(SOCK_STREAM);
    union address name = loopback(0);
    CHECK(set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(listener, &name.any, address_bytes()) == 0 && listen(listener, 1) == 0);
    uint16_t port = own_port(listener);
    CHECK(join_listener(listener, &pair));
    CHECK(drop(listener) == 0);
    CHECK(bind(make_reusing(SOCK_STREAM, true), at_port(port), address_bytes()) == 0);
}

static void without_reuse_connections_keep_the_port(void)
{
    struct pair pair;
    int listener = make_listener(1);
    uint16_t port = own_port(listener);
    CHECK(join_listener(listener, &pair));
    CHECK(drop(listener) == 0);
    CHECK_ERROR(bind(make_reusing(SOCK_STREAM, false), at_port(port), address_bytes()), EADDRINUSE);
}

/* The server closes first, so that its side waits. */
static bool leave_time_wait(bool reuses, uint16_t *port)
{
    struct pair pair;
    union address name = loopback(0);
    int listener = make(SOCK_STREAM);
    if (!set_int(listener, SOL_SOCKET, SO_REUSEADDR, reuses) ||
        bind(listener, &name.any, address_bytes()) != 0 || listen(listener, 1) != 0) {
        return false;
    }
    *port = own_port(listener);
    return join_listener(listener, &pair) && drop(listener) == 0 && drop(pair.server) == 0 &&
           takes_end(pair.client) && drop(pair.client) == 0;
}

static void without_reuse_time_wait_keeps_the_port(void)
{
    uint16_t port;
    CHECK(leave_time_wait(false, &port));
    CHECK_ERROR(bind(make_reusing(SOCK_STREAM, false), at_port(port), address_bytes()), EADDRINUSE);
}

static void with_reuse_time_wait_gives_the_port(void)
{
    uint16_t port;
    union address name;
    CHECK(leave_time_wait(true, &port));
    int made = make(SOCK_STREAM);
    name = loopback(port);
    CHECK(set_int(made, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(made, &name.any, address_bytes()) == 0);
    CHECK(listen(made, 1) == 0);
    struct pair pair;
    CHECK(join_listener(made, &pair));
}

static void with_reuse_datagram_sockets_share_a_port(void)
{
    int made = make(SOCK_DGRAM);
    union address name = wildcard(0);
    CHECK(set_int(made, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(made, &name.any, address_bytes()) == 0);
    int other = make(SOCK_DGRAM);
    name = wildcard(own_port(made));
    CHECK(set_int(other, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(other, &name.any, address_bytes()) == 0);
}

static void reuse_of_one_alone_shares_no_port(void)
{
    int made = make_bound(SOCK_DGRAM);
    CHECK(made >= 0);
    CHECK_ERROR(bind(make_reusing(SOCK_DGRAM, true), at_port(own_port(made)), address_bytes()),
                EADDRINUSE);
}

static const struct conform_case binding[] = {
    CASE_BOTH("bind", port_0_gives_an_ephemeral_port),
    CASE("bind", ephemeral_ports_differ),
    CASE_BOTH("bind", the_wildcard_can_be_bound),
    CASE("bind", a_socket_is_bound_only_once),
    CASE("bind", a_connected_socket_cannot_be_bound),
    CASE_BOTH("bind", a_stream_port_in_use_is_eaddrinuse),
    CASE_BOTH("bind", a_datagram_port_in_use_is_eaddrinuse),
    CASE("bind", the_wildcard_takes_the_port_of_every_address),
    CASE("bind", an_address_takes_the_port_from_the_wildcard),
    CASE("bind", streams_and_datagrams_have_ports_of_their_own),
    CASE("bind", a_failed_bind_leaves_the_socket_unbound),
    CASE("bind", a_closed_socket_gives_its_port_back),
    CASE("bind", an_address_of_others_is_eaddrnotavail),
    CASE_IP6("bind", an_ip6_address_of_others_is_eaddrnotavail),
    CASE_BOTH("bind", an_address_of_another_family_is_refused),
    CASE_BOTH("bind", a_short_address_is_einval),
    CASE_BOTH("bind", a_longer_address_is_taken),
    CASE("SO_REUSEADDR", reuse_does_not_take_the_port_of_a_listener),
    CASE("SO_REUSEADDR", with_reuse_a_server_starts_again_beside_its_connections),
    CASE("SO_REUSEADDR", without_reuse_connections_keep_the_port),
    CASE("SO_REUSEADDR", without_reuse_time_wait_keeps_the_port),
    CASE("SO_REUSEADDR", with_reuse_time_wait_gives_the_port),
    CASE("SO_REUSEADDR", with_reuse_datagram_sockets_share_a_port),
    CASE("SO_REUSEADDR", reuse_of_one_alone_shares_no_port),
};
const struct conform_subject bind_subject = SUBJECT(binding);
