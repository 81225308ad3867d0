/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select, pselect, epoll.
 */
#include "conformance.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

/* --- select, pselect -------------------------------------------------------------------------- */

static const struct timeval no_time;

/* Looks at one descriptor in all three sets; gives what select gives. */
static int select_one(int descriptor, bool *reads, bool *writes, bool *excepts)
{
    fd_set read_set, write_set, except_set;
    struct timeval time = no_time;
    FD_ZERO(&read_set);
    FD_ZERO(&write_set);
    FD_ZERO(&except_set);
    FD_SET(descriptor, &read_set);
    FD_SET(descriptor, &write_set);
    FD_SET(descriptor, &except_set);
    int found = select(descriptor + 1, &read_set, &write_set, &except_set, &time);
    *reads = FD_ISSET(descriptor, &read_set);
    *writes = FD_ISSET(descriptor, &write_set);
    *excepts = FD_ISSET(descriptor, &except_set);
    return found;
}

static void select_tells_who_can_be_read_and_written(void)
{
    struct pair pair;
    bool reads, writes, excepts;
    CHECK(make_pair(&pair));
    CHECK(select_one(pair.server, &reads, &writes, &excepts) == 1);
    CHECK(!reads && writes && !excepts);
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(select_one(pair.server, &reads, &writes, &excepts) == 2); /* bits, not descriptors */
    CHECK(reads && writes && !excepts);
}

static void select_tells_the_end_as_readable(void)
{
    struct pair pair;
    bool reads, writes, excepts;
    CHECK(make_pair(&pair));
    CHECK(drop(pair.client) == 0);
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(select_one(pair.server, &reads, &writes, &excepts) >= 1);
    CHECK(reads && !excepts);
}

static void select_tells_a_waiting_connection_as_readable(void)
{
    int listener = make_listener(1);
    union address to = name_of(listener);
    bool reads, writes, excepts;
    CHECK(connect(make(SOCK_STREAM), &to.any, address_bytes()) == 0);
    CHECK(wait_for(listener, POLLIN) == POLLIN);
    CHECK(select_one(listener, &reads, &writes, &excepts) == 1);
    CHECK(reads && !writes && !excepts);
}

static void select_empties_the_sets_at_its_time_out(void)
{
    fd_set reads;
    struct timeval time = {.tv_usec = 20000};
    int made = make_bound(SOCK_DGRAM);
    FD_ZERO(&reads);
    FD_SET(made, &reads);
    CHECK(select(made + 1, &reads, NULL, NULL, &time) == 0);
    CHECK(!FD_ISSET(made, &reads));
}

static void select_of_nothing_is_a_wait(void)
{
    struct timeval time = {.tv_usec = 10000};
    CHECK(select(0, NULL, NULL, NULL, &time) == 0);
}

static void select_without_time_waits_until_something_comes(void)
{
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address to = name_of(b);
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(b, &reads);
    CHECK(sendto(a, "x", 1, 0, &to.any, address_bytes()) == 1);
    CHECK(select(b + 1, &reads, NULL, NULL, NULL) == 1);
    CHECK(FD_ISSET(b, &reads));
}

static void select_of_a_closed_descriptor_is_ebadf(void)
{
    int closed = closed_descriptor();
    struct timeval time = no_time;
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(closed, &reads);
    CHECK_ERROR(select(closed + 1, &reads, NULL, NULL, &time), EBADF);
}

static void select_of_a_negative_number_is_einval(void)
{
    struct timeval time = no_time;
    volatile int count = -1;
    CHECK_ERROR(select(count, NULL, NULL, NULL, &time), EINVAL);
}

static void select_of_a_negative_time_is_einval(void)
{
    struct timeval time = {.tv_sec = -1};
    CHECK_ERROR(select(0, NULL, NULL, NULL, &time), EINVAL);
}

static void select_does_not_look_beyond_its_number(void)
{
    int made = make(SOCK_DGRAM);
    struct timeval time = no_time;
    fd_set writes;
    FD_ZERO(&writes);
    FD_SET(made, &writes);
    CHECK(select(made, NULL, &writes, NULL, &time) == 0);
}

static void pselect_leaves_its_time_alone(void)
{
    struct timespec time = {.tv_nsec = 10000000};
    fd_set reads;
    int made = make_bound(SOCK_DGRAM);
    FD_ZERO(&reads);
    FD_SET(made, &reads);
    CHECK(pselect(made + 1, &reads, NULL, NULL, &time, NULL) == 0);
    CHECK(time.tv_sec == 0 && time.tv_nsec == 10000000);
}

static void pselect_tells_who_can_be_written(void)
{
    struct timespec time = {0};
    fd_set writes;
    int made = make(SOCK_DGRAM);
    FD_ZERO(&writes);
    FD_SET(made, &writes);
    CHECK(pselect(made + 1, NULL, &writes, NULL, &time, NULL) == 1);
    CHECK(FD_ISSET(made, &writes));
}

static const struct conform_case selects[] = {
    CASE("select", select_tells_who_can_be_read_and_written),
    CASE("select", select_tells_the_end_as_readable),
    CASE("select", select_tells_a_waiting_connection_as_readable),
    CASE("select", select_empties_the_sets_at_its_time_out),
    CASE("select", select_of_nothing_is_a_wait),
    CASE("select", select_without_time_waits_until_something_comes),
    CASE("select", select_of_a_closed_descriptor_is_ebadf),
    CASE("select", select_of_a_negative_number_is_einval),
    CASE("select", select_of_a_negative_time_is_einval),
    CASE("select", select_does_not_look_beyond_its_number),
    CASE("pselect", pselect_leaves_its_time_alone),
    CASE("pselect", pselect_tells_who_can_be_written),
};
const struct conform_subject select_subject = SUBJECT(selects);

/* --- epoll ------------------------------------------------------------------------------------ */

enum { EVENTS = 8 };

static int make_epoll(void)
{
    return keep(epoll_create1(EPOLL_CLOEXEC));
}

static bool watch(int epoll, int descriptor, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* What the only event is about; 0: there is none. */
static uint32_t next_event(int epoll, int time_out_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, time_out_ms);
    return count == 1 ? events[0].events : 0;
}

static void epoll_is_made_in_two_ways(void)
{
    CHECK(keep(epoll_create(1)) >= 0);
    CHECK(keep(epoll_create1(0)) >= 0);
}

static void a_bad_epoll_is_einval(void)
{
    CHECK_ERROR(epoll_create(0), EINVAL);
    CHECK_ERROR(epoll_create1(1), EINVAL);
}

static void epoll_tells_the_data_of_who_is_ready(void)
{
    struct pair pair;
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = 0x123456789abcdef0}};
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event) == 0);
    CHECK(send_text(pair.client, "x"));
    memset(&event, 0, sizeof(event));
    CHECK(epoll_wait(epoll, &event, 1, -1) == 1);
    CHECK(event.events == EPOLLIN);
    CHECK(event.data.u64 == 0x123456789abcdef0);
}

static void level_triggered_it_tells_until_it_was_taken(void)
{
    struct pair pair;
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN));
    CHECK(next_event(epoll, 0) == 0);
    CHECK(send_text(pair.client, "ab"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
    CHECK(next_event(epoll, 0) == EPOLLIN);
    CHECK(takes_text(pair.server, "a"));
    CHECK(next_event(epoll, 0) == EPOLLIN);
    CHECK(takes_text(pair.server, "b"));
    CHECK(next_event(epoll, 0) == 0);
}

static void edge_triggered_it_tells_news_once(void)
{
    struct pair pair;
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN | EPOLLET));
    CHECK(send_text(pair.client, "ab"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
    CHECK(next_event(epoll, 0) == 0);
    CHECK(takes_text(pair.server, "a")); /* some is left; that is no news */
    CHECK(next_event(epoll, 0) == 0);
    CHECK(send_text(pair.client, "c"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
}

static void edge_triggered_it_tells_what_held_when_it_was_added(void)
{
    struct pair pair;
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(watch(epoll, pair.server, EPOLLIN | EPOLLET));
    CHECK(next_event(epoll, 0) == EPOLLIN);
    CHECK(next_event(epoll, 0) == 0);
}

static void edge_triggered_it_tells_each_datagram(void)
{
    int epoll = make_epoll();
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN | EPOLLET));
    CHECK(send_text(pair.client, "one"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
    CHECK(send_text(pair.client, "two"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
    CHECK(next_event(epoll, 0) == 0);
}

static void one_shot_tells_once_until_it_is_armed_again(void)
{
    struct pair pair;
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN | EPOLLONESHOT));
    CHECK(send_text(pair.client, "x"));
    CHECK(next_event(epoll, -1) == EPOLLIN);
    CHECK(next_event(epoll, 0) == 0);
    CHECK(send_text(pair.client, "y"));
    CHECK(next_event(epoll, 0) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event) == 0);
    CHECK(next_event(epoll, 0) == EPOLLIN);
}

static void a_changed_watch_asks_for_something_else(void)
{
    struct pair pair;
    struct epoll_event event = {.events = EPOLLOUT};
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.client, EPOLLIN));
    CHECK(next_event(epoll, 0) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.client, &event) == 0);
    CHECK(next_event(epoll, 0) == EPOLLOUT);
}

static void a_removed_watch_tells_nothing(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    CHECK(watch(epoll, made, EPOLLOUT));
    CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, made, NULL) == 0);
    CHECK(next_event(epoll, 0) == 0);
}

static void a_closed_socket_leaves_its_epoll(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    CHECK(watch(epoll, made, EPOLLOUT));
    CHECK(drop(made) == 0);
    CHECK(next_event(epoll, 0) == 0);
}

static void the_number_of_a_closed_socket_can_be_watched_again(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    CHECK(watch(epoll, made, EPOLLOUT));
    CHECK(drop(made) == 0);
    CHECK(make(SOCK_DGRAM) == made);
    CHECK(next_event(epoll, 0) == 0);
    CHECK(watch(epoll, made, EPOLLOUT));
    CHECK(next_event(epoll, 0) == EPOLLOUT);
}

static void a_watch_lasts_as_long_as_the_socket_is_open(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    CHECK(watch(epoll, made, EPOLLOUT));
    int copy = keep(dup(made));
    CHECK(drop(made) == 0);
    CHECK(next_event(epoll, 0) == EPOLLOUT);
    CHECK(drop(copy) == 0);
    CHECK(next_event(epoll, 0) == 0);
}

static void watching_twice_is_eexist(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(watch(epoll, made, EPOLLIN));
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, made, &event), EEXIST);
}

static void changing_what_is_not_watched_is_enoent(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_MOD, made, &event), ENOENT);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_DEL, made, &event), ENOENT);
}

static void bad_descriptors_of_epoll_are_refused(void)
{
    int epoll = make_epoll(), made = make(SOCK_DGRAM);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, closed_descriptor(), &event), EBADF);
    CHECK_ERROR(epoll_ctl(closed_descriptor(), EPOLL_CTL_ADD, made, &event), EBADF);
    CHECK_ERROR(epoll_ctl(made, EPOLL_CTL_ADD, epoll, &event), EINVAL);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
    CHECK_ERROR(epoll_ctl(epoll, 99, made, &event), EINVAL);
}

static void bad_waits_are_refused(void)
{
    int epoll = make_epoll();
    struct epoll_event event;
    volatile int none = 0;
    CHECK_ERROR(epoll_wait(epoll, &event, none, 0), EINVAL);
    CHECK_ERROR(epoll_wait(closed_descriptor(), &event, 1, 0), EBADF);
    CHECK_ERROR(epoll_wait(make(SOCK_DGRAM), &event, 1, 0), EINVAL);
}

static void an_epoll_time_out_of_0_never_waits(void)
{
    enum { ROUNDS = 100 };
    int epoll = make_epoll();
    CHECK(watch(epoll, make_bound(SOCK_DGRAM), EPOLLIN));
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(next_event(epoll, 0) == 0);
    }
}

static void epoll_wait_ends_at_its_time_out(void)
{
    struct epoll_event event;
    int epoll = make_epoll();
    CHECK(watch(epoll, make_bound(SOCK_DGRAM), EPOLLIN));
    CHECK(epoll_wait(epoll, &event, 1, 20) == 0);
    CHECK(epoll_wait(make_epoll(), &event, 1, 10) == 0);
}

static void epoll_tells_the_end_of_the_peer(void)
{
    struct pair pair;
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN | EPOLLRDHUP));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(next_event(epoll, -1) == (EPOLLIN | EPOLLRDHUP));
}

static void epoll_tells_a_reset_unasked(void)
{
    struct pair pair;
    struct linger linger = {.l_onoff = 1};
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.client, 0));
    CHECK(set_option(pair.server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    CHECK(drop(pair.server) == 0);
    CHECK((next_event(epoll, -1) & (EPOLLERR | EPOLLHUP)) == (EPOLLERR | EPOLLHUP));
}

static void epoll_gives_no_more_than_asked_and_then_the_others(void)
{
    enum { SOCKETS = 3 };
    int epoll = make_epoll(), seen = 0;
    struct epoll_event events[SOCKETS];
    for (int i = 0; i < SOCKETS; i++) {
        int made = make(SOCK_DGRAM);
        struct epoll_event event = {.events = EPOLLOUT, .data = {.u32 = (uint32_t)i}};
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, made, &event) == 0);
    }
    for (int i = 0; i < SOCKETS; i++) {
        CHECK(epoll_wait(epoll, events, 1, 0) == 1);
        seen |= 1 << events[0].data.u32;
    }
    CHECK(seen == 7); /* each had its turn */
    CHECK(epoll_wait(epoll, events, SOCKETS, 0) == SOCKETS);
}

static void an_epoll_can_be_polled(void)
{
    struct pair pair;
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(watch(epoll, pair.server, EPOLLIN));
    CHECK(look_for(epoll, POLLIN) == 0);
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(epoll, POLLIN) == POLLIN);
    CHECK(takes_text(pair.server, "x"));
    CHECK(look_for(epoll, POLLIN) == 0);
}

static void epoll_tells_a_finished_connect(void)
{
    int epoll = make_epoll(), listener = make_listener(1), client = make(SOCK_STREAM);
    union address to = name_of(listener);
    CHECK(set_nonblocking(client));
    CHECK(connect(client, &to.any, address_bytes()) == 0 || errno == EINPROGRESS);
    CHECK(watch(epoll, client, EPOLLOUT | EPOLLET));
    CHECK(next_event(epoll, -1) == EPOLLOUT);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
}

static void epoll_tells_when_there_is_room_again(void)
{
    struct pair pair;
    char bytes[4096] = {0};
    int epoll = make_epoll();
    CHECK(make_pair(&pair));
    CHECK(set_nonblocking(pair.client) && set_nonblocking(pair.server));
    do {
        while (send(pair.client, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0) {
        }
        CHECK_FAILED("send", -1, EAGAIN);
        struct pollfd entry = {.fd = pair.client, .events = POLLOUT};
        if (poll(&entry, 1, 50) == 0) {
            break;
        }
    } while (true);
    CHECK(watch(epoll, pair.client, EPOLLOUT | EPOLLET));
    CHECK(next_event(epoll, 0) == 0);
    for (int i = 0; next_event(epoll, 20) == 0; i++) {
        CHECK(i < 1000);
        while (recv(pair.server, bytes, sizeof(bytes), 0) > 0) {
        }
        CHECK_FAILED("recv", -1, EAGAIN);
    }
    CHECK(send(pair.client, bytes, 1, MSG_NOSIGNAL) == 1);
}

static const struct conform_case epolls[] = {
    CASE("epoll_create", epoll_is_made_in_two_ways),
    CASE("epoll_create", a_bad_epoll_is_einval),
    CASE("epoll_ctl", watching_twice_is_eexist),
    CASE("epoll_ctl", changing_what_is_not_watched_is_enoent),
    CASE("epoll_ctl", bad_descriptors_of_epoll_are_refused),
    CASE("epoll_ctl", a_changed_watch_asks_for_something_else),
    CASE("epoll_ctl", a_removed_watch_tells_nothing),
    CASE("epoll_ctl", a_closed_socket_leaves_its_epoll),
    CASE("epoll_ctl", the_number_of_a_closed_socket_can_be_watched_again),
    CASE("epoll_ctl", a_watch_lasts_as_long_as_the_socket_is_open),
    CASE("epoll_wait", epoll_tells_the_data_of_who_is_ready),
    CASE("epoll_wait", bad_waits_are_refused),
    CASE("epoll_wait", an_epoll_time_out_of_0_never_waits),
    CASE("epoll_wait", epoll_wait_ends_at_its_time_out),
    CASE_BOTH("epoll_wait", level_triggered_it_tells_until_it_was_taken),
    CASE("epoll_wait", epoll_tells_the_end_of_the_peer),
    CASE("epoll_wait", epoll_tells_a_reset_unasked),
    CASE("epoll_wait", epoll_gives_no_more_than_asked_and_then_the_others),
    CASE("epoll_wait", an_epoll_can_be_polled),
    CASE("epoll_wait", epoll_tells_a_finished_connect),
    CASE_BOTH("EPOLLET", edge_triggered_it_tells_news_once),
    CASE("EPOLLET", edge_triggered_it_tells_what_held_when_it_was_added),
    CASE("EPOLLET", edge_triggered_it_tells_each_datagram),
    CASE("EPOLLET", epoll_tells_when_there_is_room_again),
    CASE("EPOLLONESHOT", one_shot_tells_once_until_it_is_armed_again),
};
const struct conform_subject epoll_subject = SUBJECT(epolls);
