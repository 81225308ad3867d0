/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen, accept, connect.
 */
#include "conformance.h"

#include <fcntl.h>
#include <poll.h>

/* --- listen, accept --------------------------------------------------------------------------- */

/* A client that has connected to the listener, whose connection waits there. */
static int pending_client(int listener)
{
    union address name = name_of(listener);
    int client = make(SOCK_STREAM);
    return connect(client, &name.any, address_bytes()) == 0 ? client : -1;
}

static void an_unbound_listener_gets_a_port(void)
{
    int made = make(SOCK_STREAM);
    CHECK(listen(made, 1) == 0);
    union address name = name_of(made);
    CHECK(port_of(&name) != 0);
}

static void a_datagram_socket_cannot_listen(void)
{
    CHECK_ERROR(listen(make_bound(SOCK_DGRAM), 1), EOPNOTSUPP);
}

static void listening_twice_is_allowed(void)
{
    struct pair pair;
    int listener = make_listener(1);
    CHECK(listen(listener, 4) == 0);
    CHECK(join_listener(listener, &pair));
}

static void a_connected_socket_cannot_listen(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(listen(pair.client, 1), EINVAL);
}

static void so_acceptconn_tells_who_listens(void)
{
    CHECK(get_int(make_listener(1), SOL_SOCKET, SO_ACCEPTCONN) == 1);
    CHECK(get_int(make_bound(SOCK_STREAM), SOL_SOCKET, SO_ACCEPTCONN) == 0);
}

static void a_negative_backlog_still_listens(void)
{
    struct pair pair;
    CHECK(join_listener(make_listener(-1), &pair));
}

static void backlog_0_still_takes_a_connection(void)
{
    struct pair pair;
    CHECK(join_listener(make_listener(0), &pair));
}

static void accepting_without_listening_is_einval(void)
{
    CHECK_ERROR(accept(make_bound(SOCK_STREAM), NULL, NULL), EINVAL);
}

static void accepting_on_a_datagram_socket_is_eopnotsupp(void)
{
    CHECK_ERROR(accept(make_bound(SOCK_DGRAM), NULL, NULL), EOPNOTSUPP);
}

static void accepting_on_a_connection_is_einval(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(accept(pair.server, NULL, NULL), EINVAL);
}

static void a_nonblocking_accept_of_nobody_is_eagain(void)
{
    int listener = make_listener(1);
    CHECK(set_nonblocking(listener));
    CHECK_ERROR(accept(listener, NULL, NULL), EAGAIN);
}

static void accept_tells_who_connected(void)
{
    union address peer;
    socklen_t bytes = sizeof(peer);
    int listener = make_listener(1), client = pending_client(listener);
    CHECK(client >= 0);
    CHECK(keep(accept(listener, &peer.any, &bytes)) >= 0);
    union address name = name_of(client);
    CHECK(bytes == address_bytes());
    CHECK(is_same_address(&peer, &name));
}

static void accept_cuts_the_address_and_tells_its_length(void)
{
    union address peer;
    socklen_t bytes = 2;
    int listener = make_listener(1);
    memset(&peer, 0x5a, sizeof(peer));
    CHECK(pending_client(listener) >= 0);
    CHECK(keep(accept(listener, &peer.any, &bytes)) >= 0);
    CHECK(bytes == address_bytes());
    CHECK(((const uint8_t *)&peer)[2] == 0x5a);
}

static void connections_are_accepted_in_their_order(void)
{
    enum { CLIENTS = 4 };
    int listener = make_listener(CLIENTS), clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = pending_client(listener);
        CHECK(clients[i] >= 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        int server = keep(accept(listener, NULL, NULL));
        union address peer = peer_of(server), name = name_of(clients[i]);
        CHECK(is_same_address(&peer, &name));
    }
}

static void as_many_connect_as_the_backlog_says(void)
{
    enum { CLIENTS = 8 };
    int listener = make_listener(CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(pending_client(listener) >= 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(keep(accept(listener, NULL, NULL)) >= 0);
    }
}

static void what_was_sent_before_accept_is_there(void)
{
    int listener = make_listener(1), client = pending_client(listener);
    CHECK(client >= 0 && send_text(client, "early"));
    int server = keep(accept(listener, NULL, NULL));
    CHECK(takes_text(server, "early"));
}

static void a_client_that_left_before_accept_leaves_its_bytes(void)
{
    int listener = make_listener(1), client = pending_client(listener);
    CHECK(client >= 0 && send_text(client, "gone"));
    CHECK(drop(client) == 0);
    int server = keep(accept(listener, NULL, NULL));
    CHECK(takes_text(server, "gone"));
    CHECK(takes_end(server));
}

static void accept4_sets_both_flags(void)
{
    int listener = make_listener(1);
    CHECK(pending_client(listener) >= 0);
    int server = keep(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    CHECK(server >= 0);
    CHECK((fcntl(server, F_GETFL) & O_NONBLOCK) != 0);
    CHECK(fcntl(server, F_GETFD) == FD_CLOEXEC);
}

static void accept4_refuses_other_flags(void)
{
    CHECK_ERROR(accept4(make_listener(1), NULL, NULL, 1 << 30), EINVAL);
}

static void an_accepted_socket_blocks_though_its_listener_does_not(void)
{
    int listener = make_listener(1);
    CHECK(set_nonblocking(listener));
    CHECK(pending_client(listener) >= 0);
    CHECK(wait_for(listener, POLLIN) == POLLIN);
    int server = keep(accept(listener, NULL, NULL));
    CHECK(server >= 0);
    CHECK((fcntl(server, F_GETFL) & O_NONBLOCK) == 0);
}

static void an_accepted_socket_outlives_its_listener(void)
{
    struct pair pair;
    int listener = make_listener(1);
    CHECK(join_listener(listener, &pair));
    CHECK(drop(listener) == 0);
    CHECK(send_text(pair.client, "still here"));
    CHECK(takes_text(pair.server, "still here"));
}

static void the_end_of_a_listener_resets_who_waits(void)
{
    char byte;
    int listener = make_listener(1), client = pending_client(listener);
    CHECK(client >= 0);
    CHECK(drop(listener) == 0);
    CHECK_ERROR(recv(client, &byte, 1, 0), ECONNRESET);
}

static void nobody_connects_to_a_closed_listener(void)
{
    int listener = make_listener(1);
    union address name = name_of(listener);
    CHECK(drop(listener) == 0);
    CHECK_ERROR(connect(make(SOCK_STREAM), &name.any, address_bytes()), ECONNREFUSED);
}

static void a_listener_cannot_connect(void)
{
    union address to = loopback(free_port(SOCK_STREAM));
    CHECK_EITHER(connect(make_listener(1), &to.any, address_bytes()), EISCONN, EOPNOTSUPP);
}

static void a_listener_neither_sends_nor_receives(void)
{
    char byte = 0;
    int listener = make_listener(1);
    CHECK_EITHER(send(listener, &byte, 1, MSG_NOSIGNAL), EPIPE, ENOTCONN);
    CHECK_ERROR(recv(listener, &byte, 1, 0), ENOTCONN);
}

static const struct conform_case listening[] = {
    CASE("listen", an_unbound_listener_gets_a_port),
    CASE("listen", a_datagram_socket_cannot_listen),
    CASE("listen", listening_twice_is_allowed),
    CASE("listen", a_connected_socket_cannot_listen),
    CASE("listen", a_negative_backlog_still_listens),
    CASE("listen", backlog_0_still_takes_a_connection),
    CASE("listen", as_many_connect_as_the_backlog_says),
    CASE("listen", the_end_of_a_listener_resets_who_waits),
    CASE("listen", nobody_connects_to_a_closed_listener),
    CASE("listen", a_listener_cannot_connect),
    CASE("listen", a_listener_neither_sends_nor_receives),
    CASE("SO_ACCEPTCONN", so_acceptconn_tells_who_listens),
    CASE("accept", accepting_without_listening_is_einval),
    CASE("accept", accepting_on_a_datagram_socket_is_eopnotsupp),
    CASE("accept", accepting_on_a_connection_is_einval),
    CASE("accept", a_nonblocking_accept_of_nobody_is_eagain),
    CASE_BOTH("accept", accept_tells_who_connected),
    CASE("accept", accept_cuts_the_address_and_tells_its_length),
    CASE("accept", connections_are_accepted_in_their_order),
    CASE("accept", what_was_sent_before_accept_is_there),
    CASE("accept", a_client_that_left_before_accept_leaves_its_bytes),
    CASE("accept", an_accepted_socket_blocks_though_its_listener_does_not),
    CASE("accept", an_accepted_socket_outlives_its_listener),
    CASE("accept4", accept4_sets_both_flags),
    CASE("accept4", accept4_refuses_other_flags),
};
const struct conform_subject listen_subject = SUBJECT(listening);

/* --- connect ---------------------------------------------------------------------------------- */

static void a_client_meets_its_server(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "question"));
    CHECK(takes_text(pair.server, "question"));
    CHECK(send_text(pair.server, "answer"));
    CHECK(takes_text(pair.client, "answer"));
}

static void a_port_without_listener_refuses(void)
{
    union address to = loopback(free_port(SOCK_STREAM));
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), ECONNREFUSED);
}

static void a_bound_socket_that_does_not_listen_refuses(void)
{
    union address to = name_of(make_bound(SOCK_STREAM));
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), ECONNREFUSED);
}

static void connecting_again_is_eisconn(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    union address to = peer_of(pair.client);
    CHECK_ERROR(connect(pair.client, &to.any, address_bytes()), EISCONN);
    CHECK_ERROR(connect(pair.server, &to.any, address_bytes()), EISCONN);
}

static void connect_keeps_the_port_that_was_bound(void)
{
    int listener = make_listener(1), client = make_bound(SOCK_STREAM);
    union address before = name_of(client), to = name_of(listener);
    CHECK(connect(client, &to.any, address_bytes()) == 0);
    union address after = name_of(client);
    CHECK(is_same_address(&before, &after));
}

/* Begins to connect, which may also end at once, well or not. */
static bool begin_connect(int client, const union address *to)
{
    int result = connect(client, &to->any, address_bytes());
    return result == 0 || errno == EINPROGRESS;
}

static void a_nonblocking_connect_is_in_progress_and_then_done(void)
{
    int listener = make_listener(1), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(set_nonblocking(client));
    CHECK(begin_connect(client, &to));
    CHECK((wait_for(client, POLLOUT) & (POLLOUT | POLLERR | POLLHUP)) == POLLOUT);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
    union address peer = peer_of(client);
    CHECK(is_same_address(&peer, &to));
    (void)connect(client, &to.any, address_bytes()); /* Linux tells success once more */
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EISCONN);
}

static void a_nonblocking_connect_tells_refusal_in_so_error(void)
{
    union address to = loopback(free_port(SOCK_STREAM));
    int client = make(SOCK_STREAM);
    CHECK(set_nonblocking(client));
    if (!begin_connect(client, &to)) {
        CHECK_FAILED("connect", -1, ECONNREFUSED); /* told at once, and not again */
        CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
        return;
    }
    CHECK((wait_for(client, POLLOUT) & (POLLERR | POLLHUP)) != 0);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == ECONNREFUSED);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
}

static void a_refused_nonblocking_connect_tells_the_reader(void)
{
    char byte;
    union address to = loopback(free_port(SOCK_STREAM));
    int client = make(SOCK_STREAM);
    CHECK(set_nonblocking(client));
    if (!begin_connect(client, &to)) {
        CHECK_FAILED("connect", -1, ECONNREFUSED); /* told at once, and not again */
        CHECK(takes_end(client) || errno == ENOTCONN);
        return;
    }
    CHECK(wait_for(client, POLLIN) != 0);
    CHECK_ERROR(recv(client, &byte, 1, 0), ECONNREFUSED);
}

/* A listener whose queue is full: who comes now waits. */
static int full_listener(void)
{
    enum { MORE_THAN_WAIT = 8, SOME_MS = 100 };
    int listener = make_listener(0);
    union address to = name_of(listener);
    for (int i = 0; i < MORE_THAN_WAIT; i++) {
        int client = keep(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
        struct pollfd entry = {.fd = client, .events = POLLOUT};
        if (connect(client, &to.any, address_bytes()) == 0) {
            continue;
        }
        if (poll(&entry, 1, SOME_MS) == 0) {
            return listener;
        }
    }
    return -1;
}

static void connecting_while_in_progress_is_ealready(void)
{
    int listener = full_listener(), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(listener >= 0 && set_nonblocking(client));
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EINPROGRESS);
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EALREADY);
}

static void while_in_progress_nothing_is_ready(void)
{
    char byte = 0;
    int listener = full_listener(), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(listener >= 0 && set_nonblocking(client));
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EINPROGRESS);
    CHECK(look_for(client, POLLIN | POLLOUT) == 0);
    CHECK_ERROR(send(client, &byte, 1, MSG_NOSIGNAL), EAGAIN);
    CHECK_ERROR(recv(client, &byte, 1, 0), EAGAIN);
}

static void an_attempt_can_be_given_up(void)
{
    int listener = full_listener(), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(listener >= 0 && set_nonblocking(client));
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EINPROGRESS);
    CHECK(drop(client) == 0);
}

static void a_full_queue_takes_more_when_it_was_emptied(void)
{
    int listener = full_listener(), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(listener >= 0 && set_nonblocking(client));
    CHECK_ERROR(connect(client, &to.any, address_bytes()), EINPROGRESS);
    struct pollfd both[] = {{.fd = client, .events = POLLOUT}, {.fd = listener, .events = POLLIN}};
    while (both[0].revents == 0) { /* the next attempt comes by itself, some time */
        CHECK(poll(both, 2, -1) > 0);
        if (both[1].revents != 0) {
            CHECK(keep(accept(listener, NULL, NULL)) >= 0);
        }
    }
    CHECK(both[0].revents == POLLOUT);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
}

static void an_address_of_another_family_cannot_be_connected_to(void)
{
    union address to = loopback(free_port(SOCK_STREAM));
    to.any.sa_family = 99;
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), EAFNOSUPPORT);
    CHECK_ERROR(connect(make(SOCK_DGRAM), &to.any, address_bytes()), EAFNOSUPPORT);
}

static void a_short_address_cannot_be_connected_to(void)
{
    union address to = loopback(free_port(SOCK_STREAM));
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, 8), EINVAL);
    CHECK_ERROR(connect(make(SOCK_DGRAM), &to.any, 8), EINVAL);
}

static void a_stream_to_a_group_is_enetunreach(void)
{
    union address to = ip4_address(0xef010203, 80); /* 239.1.2.3 */
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), ENETUNREACH);
}

static void a_network_without_route_is_enetunreach(void)
{
    union address to = ip4_address(0xc0000201, 80); /* 192.0.2.1, of no machine [RFC 5737] */
    if (!is_alone()) {
        conform_skip("this machine has other routes");
        return;
    }
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), ENETUNREACH);
    CHECK_ERROR(connect(make(SOCK_DGRAM), &to.any, address_bytes()), ENETUNREACH);
    CHECK_ERROR(sendto(make(SOCK_DGRAM), "x", 1, 0, &to.any, address_bytes()), ENETUNREACH);
}

static void an_ip6_network_without_route_is_enetunreach(void)
{
    union address to = loopback(80);
    memcpy(&to.ip6.sin6_addr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16); /* [RFC 3849] */
    if (!is_alone() || has_wire()) {
        conform_skip("a router has told of itself");
        return;
    }
    CHECK_ERROR(connect(make(SOCK_STREAM), &to.any, address_bytes()), ENETUNREACH);
    CHECK_ERROR(sendto(make(SOCK_DGRAM), "x", 1, 0, &to.any, address_bytes()), ENETUNREACH);
}

static void an_unconnected_stream_neither_sends_nor_receives(void)
{
    char byte = 0;
    CHECK_EITHER(send(make(SOCK_STREAM), &byte, 1, MSG_NOSIGNAL), EPIPE, ENOTCONN);
    CHECK_ERROR(recv(make(SOCK_STREAM), &byte, 1, 0), ENOTCONN);
}

static void an_ip6_listener_takes_ip4_connections(void)
{
    union address any = wildcard(0);
    int listener = make(SOCK_STREAM);
    CHECK(set_int(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    CHECK(bind(listener, &any.any, address_bytes()) == 0 && listen(listener, 1) == 0);
    union address name = name_of(listener), to = ip4_address(INADDR_LOOPBACK, port_of(&name));
    int client = keep(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(connect(client, &to.any, sizeof(to.ip4)) == 0);
    int server = keep(accept(listener, NULL, NULL));
    CHECK(server >= 0);
    union address peer = peer_of(server);
    CHECK(peer.any.sa_family == AF_INET6);
    CHECK(IN6_IS_ADDR_V4MAPPED(&peer.ip6.sin6_addr));
    CHECK(send_text(client, "mapped") && takes_text(server, "mapped"));
}

static void with_v6only_ip4_is_refused(void)
{
    union address any = wildcard(0);
    int listener = make(SOCK_STREAM);
    CHECK(set_int(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    CHECK(bind(listener, &any.any, address_bytes()) == 0 && listen(listener, 1) == 0);
    union address name = name_of(listener), to = ip4_address(INADDR_LOOPBACK, port_of(&name));
    int client = keep(socket(AF_INET, SOCK_STREAM, 0));
    CHECK_ERROR(connect(client, &to.any, sizeof(to.ip4)), ECONNREFUSED);
}

static void a_mapped_address_reaches_an_ip4_listener(void)
{
    family = AF_INET;
    int listener = make_listener(1);
    union address name = name_of(listener);
    family = AF_INET6;
    union address to = loopback(port_of(&name));
    memcpy(&to.ip6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
    int client = make(SOCK_STREAM);
    CHECK(set_int(client, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    CHECK(connect(client, &to.any, address_bytes()) == 0);
    int server = keep(accept(listener, NULL, NULL));
    CHECK(send_text(server, "down") && takes_text(client, "down"));
}

static const struct conform_case connecting[] = {
    CASE_BOTH("connect", a_client_meets_its_server),
    CASE_BOTH("connect", a_port_without_listener_refuses),
    CASE("connect", a_bound_socket_that_does_not_listen_refuses),
    CASE("connect", connecting_again_is_eisconn),
    CASE("connect", connect_keeps_the_port_that_was_bound),
    CASE_BOTH("connect", a_nonblocking_connect_is_in_progress_and_then_done),
    CASE_BOTH("connect", a_nonblocking_connect_tells_refusal_in_so_error),
    CASE("connect", a_refused_nonblocking_connect_tells_the_reader),
    CASE("connect", connecting_while_in_progress_is_ealready),
    CASE("connect", while_in_progress_nothing_is_ready),
    CASE("connect", an_attempt_can_be_given_up),
    CASE("connect", a_full_queue_takes_more_when_it_was_emptied),
    CASE_BOTH("connect", an_address_of_another_family_cannot_be_connected_to),
    CASE_BOTH("connect", a_short_address_cannot_be_connected_to),
    CASE("connect", a_stream_to_a_group_is_enetunreach),
    CASE("connect", a_network_without_route_is_enetunreach),
    CASE_IP6("connect", an_ip6_network_without_route_is_enetunreach),
    CASE("connect", an_unconnected_stream_neither_sends_nor_receives),
    CASE_IP6("IPV6_V6ONLY", an_ip6_listener_takes_ip4_connections),
    CASE_IP6("IPV6_V6ONLY", with_v6only_ip4_is_refused),
    CASE_IP6("IPV6_V6ONLY", a_mapped_address_reaches_an_ip4_listener),
};
const struct conform_subject connect_subject = SUBJECT(connecting);
