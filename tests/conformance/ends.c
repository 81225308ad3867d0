/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How connections end: shutdown, close, reset, SO_LINGER, and what the other side sees of it.
 */
#include "conformance.h"

#include <poll.h>

/* --- shutdown --------------------------------------------------------------------------------- */

static void the_end_of_one_direction_leaves_the_other(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "last"));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(takes_text(pair.server, "last"));
    CHECK(takes_end(pair.server));
    CHECK(send_text(pair.server, "answer"));
    CHECK(takes_text(pair.client, "answer"));
}

static void the_end_is_told_again_and_again(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(takes_end(pair.server));
    CHECK(takes_end(pair.server));
}

static void sending_after_shut_wr_is_epipe(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_ERROR(write(pair.client, "x", 1), EPIPE); /* SIGPIPE is blocked */
}

static void receiving_after_shut_rd_is_the_end(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_RD) == 0);
    CHECK(takes_end(pair.client));
    CHECK(send_text(pair.client, "still"));
    CHECK(takes_text(pair.server, "still"));
}

static void shut_rd_does_not_drop_what_is_there(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.server, "here"));
    CHECK(wait_for(pair.client, POLLIN) == POLLIN);
    CHECK(shutdown(pair.client, SHUT_RD) == 0);
    CHECK(takes_text(pair.client, "here"));
    CHECK(takes_end(pair.client));
}

static void shut_rdwr_ends_both_directions(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_RDWR) == 0);
    CHECK(takes_end(pair.client));
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(takes_end(pair.server));
}

static void both_sides_may_end_each_direction(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(takes_end(pair.server));
    CHECK(shutdown(pair.server, SHUT_WR) == 0);
    CHECK(takes_end(pair.client));
}

static void shut_wr_twice_is_allowed(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
}

static void an_unknown_side_is_einval(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(shutdown(pair.client, 3), EINVAL);
    CHECK_ERROR(shutdown(pair.client, -1), EINVAL);
}

static void shutdown_of_an_unconnected_stream_is_enotconn(void)
{
    CHECK_ERROR(shutdown(make(SOCK_STREAM), SHUT_RDWR), ENOTCONN);
    CHECK_ERROR(shutdown(make_bound(SOCK_STREAM), SHUT_WR), ENOTCONN);
}

static void shutdown_of_an_unconnected_datagram_socket_is_enotconn(void)
{
    CHECK_ERROR(shutdown(make_bound(SOCK_DGRAM), SHUT_WR), ENOTCONN);
}

static void a_connected_datagram_socket_can_be_shut(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(send_text(pair.server, "x"));
    CHECK(takes_text(pair.client, "x"));
}

static void a_datagram_socket_shut_for_reading_is_at_its_end(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK(shutdown(pair.client, SHUT_RD) == 0);
    CHECK(takes_end(pair.client));
}

static void shutdown_ends_the_connection_of_every_descriptor(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    int copy = keep(dup(pair.client));
    CHECK(shutdown(copy, SHUT_WR) == 0);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(takes_end(pair.server));
}

static void closing_one_of_two_descriptors_ends_nothing(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    int copy = keep(dup(pair.client));
    CHECK(drop(pair.client) == 0);
    CHECK(send_text(copy, "open"));
    CHECK(takes_text(pair.server, "open"));
    CHECK(drop(copy) == 0);
    CHECK(takes_end(pair.server));
}

static void close_sends_what_was_sent_and_then_the_end(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "before the end"));
    CHECK(drop(pair.client) == 0);
    CHECK(takes_text(pair.server, "before the end"));
    CHECK(takes_end(pair.server));
}

static void close_sends_a_full_buffer_to_its_end(void)
{
    struct pair pair;
    char bytes[1000];
    size_t sent = 0, taken = 0;
    ssize_t now;
    CHECK(make_pair(&pair));
    memset(bytes, 'x', sizeof(bytes));
    while ((now = send(pair.client, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) {
        sent += (size_t)now;
    }
    CHECK(drop(pair.client) == 0);
    while ((now = recv(pair.server, bytes, sizeof(bytes), 0)) > 0) {
        taken += (size_t)now;
    }
    CHECK(now == 0);
    CHECK(taken == sent);
}

static const struct conform_case endings[] = {
    CASE_BOTH("shutdown", the_end_of_one_direction_leaves_the_other),
    CASE("shutdown", the_end_is_told_again_and_again),
    CASE_BOTH("shutdown", sending_after_shut_wr_is_epipe),
    CASE("shutdown", receiving_after_shut_rd_is_the_end),
    CASE("shutdown", shut_rd_does_not_drop_what_is_there),
    CASE("shutdown", shut_rdwr_ends_both_directions),
    CASE("shutdown", both_sides_may_end_each_direction),
    CASE("shutdown", shut_wr_twice_is_allowed),
    CASE("shutdown", an_unknown_side_is_einval),
    CASE("shutdown", shutdown_of_an_unconnected_stream_is_enotconn),
    CASE("shutdown", shutdown_of_an_unconnected_datagram_socket_is_enotconn),
    CASE("shutdown", a_connected_datagram_socket_can_be_shut),
    CASE("shutdown", a_datagram_socket_shut_for_reading_is_at_its_end),
    CASE("shutdown", shutdown_ends_the_connection_of_every_descriptor),
    CASE("close", closing_one_of_two_descriptors_ends_nothing),
    CASE_BOTH("close", close_sends_what_was_sent_and_then_the_end),
    CASE("close", close_sends_a_full_buffer_to_its_end),
};
const struct conform_subject end_subject = SUBJECT(endings);

/* --- reset ------------------------------------------------------------------------------------ */

/* The server ends its side by force. */
static bool reset_by_server(struct pair *pair)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return set_option(pair->server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) &&
           drop(pair->server) == 0;
}

static void linger_0_resets(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(reset_by_server(&pair));
    CHECK_ERROR(recv(pair.client, &byte, 1, 0), ECONNRESET);
}

static void a_reset_is_told_once_then_the_end(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(reset_by_server(&pair));
    CHECK_ERROR(recv(pair.client, &byte, 1, 0), ECONNRESET);
    CHECK(takes_end(pair.client));
}

static void a_reset_stands_in_so_error_once(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(reset_by_server(&pair));
    CHECK((wait_for(pair.client, POLLIN) & POLLERR) != 0);
    CHECK(get_int(pair.client, SOL_SOCKET, SO_ERROR) == ECONNRESET);
    CHECK(get_int(pair.client, SOL_SOCKET, SO_ERROR) == 0);
    CHECK(takes_end(pair.client));
}

static void sending_after_a_reset_is_an_error(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(reset_by_server(&pair));
    CHECK((wait_for(pair.client, POLLIN) & POLLHUP) != 0);
    CHECK_EITHER(send(pair.client, "x", 1, MSG_NOSIGNAL), ECONNRESET, EPIPE);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void a_reset_connection_has_no_peer(void)
{
    struct pair pair;
    union address name;
    socklen_t bytes = sizeof(name);
    CHECK(make_pair(&pair));
    CHECK(reset_by_server(&pair));
    CHECK((wait_for(pair.client, POLLIN) & POLLHUP) != 0);
    CHECK_ERROR(getpeername(pair.client, &name.any, &bytes), ENOTCONN);
}

static void closing_with_bytes_unread_resets(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "never read"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(drop(pair.server) == 0);
    CHECK_ERROR(recv(pair.client, &byte, 1, 0), ECONNRESET);
}

static void sending_to_who_has_closed_ends_in_epipe(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(drop(pair.server) == 0);
    CHECK(takes_end(pair.client));
    CHECK(send_text(pair.client, "x")); /* it may only have ended its direction */
    CHECK((wait_for(pair.client, 0) & (POLLHUP | POLLERR)) != 0);
    CHECK_EITHER(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE, ECONNRESET);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void after_both_ends_sending_is_epipe_and_receiving_the_end(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(shutdown(pair.server, SHUT_WR) == 0);
    CHECK(takes_end(pair.client));
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void linger_is_off_at_first(void)
{
    struct linger linger = {.l_onoff = 7};
    socklen_t bytes = sizeof(linger);
    CHECK(get_option(make(SOCK_STREAM), SOL_SOCKET, SO_LINGER, &linger, &bytes));
    CHECK(bytes == sizeof(linger));
    CHECK(linger.l_onoff == 0);
}

static void linger_is_what_was_set(void)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 5}, got = {0};
    socklen_t bytes = sizeof(got);
    int made = make(SOCK_STREAM);
    CHECK(set_option(made, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    CHECK(get_option(made, SOL_SOCKET, SO_LINGER, &got, &bytes));
    CHECK(got.l_onoff == 1 && got.l_linger == 5);
}

static void a_short_linger_is_einval(void)
{
    struct linger linger = {.l_onoff = 1};
    CHECK_ERROR(setsockopt(make(SOCK_STREAM), SOL_SOCKET, SO_LINGER, &linger, sizeof(int)), EINVAL);
}

static void a_lingering_close_sends_everything(void)
{
    struct pair pair;
    struct linger linger = {.l_onoff = 1, .l_linger = 5};
    CHECK(make_pair(&pair));
    CHECK(set_option(pair.client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    CHECK(send_text(pair.client, "lingering"));
    CHECK(drop(pair.client) == 0);
    CHECK(takes_text(pair.server, "lingering"));
    CHECK(takes_end(pair.server));
}

static const struct conform_case resets[] = {
    CASE_BOTH("SO_LINGER", linger_0_resets),
    CASE("SO_LINGER", linger_is_off_at_first),
    CASE("SO_LINGER", linger_is_what_was_set),
    CASE("SO_LINGER", a_short_linger_is_einval),
    CASE("SO_LINGER", a_lingering_close_sends_everything),
    CASE("recv", a_reset_is_told_once_then_the_end),
    CASE("SO_ERROR", a_reset_stands_in_so_error_once),
    CASE("send", sending_after_a_reset_is_an_error),
    CASE("getpeername", a_reset_connection_has_no_peer),
    CASE("close", closing_with_bytes_unread_resets),
    CASE_BOTH("send", sending_to_who_has_closed_ends_in_epipe),
    CASE("send", after_both_ends_sending_is_epipe_and_receiving_the_end),
};
const struct conform_subject reset_subject = SUBJECT(resets);
