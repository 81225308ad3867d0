/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting: time-outs of calls, poll and ppoll. select and epoll are in events.c.
 */
#include "conformance.h"

#include <poll.h>
#include <sys/time.h>
#include <time.h>

/* --- time-outs of calls ----------------------------------------------------------------------- */

/* A wait of some milliseconds; how long it really is, no case asks. */
static bool set_time_out(int descriptor, int option)
{
    struct timeval short_time = {.tv_usec = 20000};
    return set_option(descriptor, SOL_SOCKET, option, &short_time, sizeof(short_time));
}

static void recv_ends_with_eagain(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(set_time_out(pair.client, SO_RCVTIMEO));
    CHECK_ERROR(recv(pair.client, &byte, 1, 0), EAGAIN);
    CHECK(send_text(pair.server, "later") && takes_text(pair.client, "later"));
}

static void recvfrom_ends_with_eagain(void)
{
    char byte;
    int made = make_bound(SOCK_DGRAM);
    CHECK(set_time_out(made, SO_RCVTIMEO));
    CHECK_ERROR(recvfrom(made, &byte, 1, 0, NULL, NULL), EAGAIN);
}

static void accept_ends_with_eagain(void)
{
    struct pair pair;
    int listener = make_listener(1);
    CHECK(set_time_out(listener, SO_RCVTIMEO));
    CHECK_ERROR(accept(listener, NULL, NULL), EAGAIN);
    CHECK(join_listener(listener, &pair));
}

static void msg_waitall_that_times_out_gives_what_came(void)
{
    struct pair pair;
    char text[8];
    CHECK(make_pair(&pair));
    CHECK(set_time_out(pair.server, SO_RCVTIMEO));
    CHECK(send_text(pair.client, "abc"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(recv(pair.server, text, sizeof(text), MSG_WAITALL) == 3);
}

/* Much at once, so that it cannot go whole. */
static char much[1 << 20];

static void send_ends_with_eagain_when_nothing_went(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(set_time_out(pair.client, SO_SNDTIMEO));
    ssize_t sent;
    do {
        sent = send(pair.client, much, sizeof(much), MSG_NOSIGNAL);
    } while (sent > 0);
    CHECK_FAILED("send", sent, EAGAIN);
}

static void send_that_times_out_gives_what_went(void)
{
    struct pair pair;
    ssize_t sent, all = 0;
    CHECK(make_pair(&pair));
    CHECK(set_time_out(pair.client, SO_SNDTIMEO));
    while ((sent = send(pair.client, much, sizeof(much), MSG_NOSIGNAL)) == sizeof(much)) {
        all += sent;
    }
    CHECK(sent != 0);
    all += sent > 0 ? sent : 0;
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    ssize_t taken = 0;
    while ((sent = recv(pair.server, much, sizeof(much), 0)) > 0) {
        taken += sent;
    }
    CHECK(sent == 0 && taken == all);
}

static void connect_ends_with_einprogress(void)
{
    enum { TRIES = 8 };
    int listener = make_listener(0), result = 0;
    union address to = name_of(listener);
    for (int i = 0; i < TRIES && result == 0; i++) { /* until the queue is full */
        int client = make(SOCK_STREAM);
        CHECK(set_time_out(client, SO_SNDTIMEO));
        errno = 0;
        result = connect(client, &to.any, address_bytes());
    }
    CHECK_FAILED("connect", result, EINPROGRESS);
}

static void a_time_out_of_0_waits_for_ever_again(void)
{
    struct timeval none = {0};
    struct pair pair;
    char byte;
    int listener = make_listener(0);
    union address to = name_of(listener);
    int late = -1;
    CHECK(set_time_out(listener, SO_RCVTIMEO));
    do { /* until the queue is full; this attempt comes some seconds later, by itself */
        struct pollfd entry = {.events = POLLOUT};
        late = keep(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
        CHECK(connect(late, &to.any, address_bytes()) == 0 || errno == EINPROGRESS);
        entry.fd = late;
        if (poll(&entry, 1, 100) == 0) {
            break;
        }
    } while (true);
    int first;
    while ((first = keep(accept(listener, NULL, NULL))) >= 0) {
    }
    CHECK_FAILED("accept", first, EAGAIN);
    CHECK(set_option(listener, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
    pair.server = keep(accept(listener, NULL, NULL));
    CHECK(pair.server >= 0);
    CHECK(wait_for(late, POLLOUT) == POLLOUT);
    CHECK(send(late, "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(recv(pair.server, &byte, 1, 0) == 1);
}

static const struct conform_case time_outs[] = {
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", recv_ends_with_eagain),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", recvfrom_ends_with_eagain),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", accept_ends_with_eagain),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", msg_waitall_that_times_out_gives_what_came),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", send_ends_with_eagain_when_nothing_went),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", send_that_times_out_gives_what_went),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", connect_ends_with_einprogress),
    CASE("SO_RCVTIMEO, SO_SNDTIMEO", a_time_out_of_0_waits_for_ever_again),
};
const struct conform_subject time_out_subject = SUBJECT(time_outs);

/* --- poll, ppoll ------------------------------------------------------------------------------ */

static void a_new_connection_is_writable_and_no_more(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(look_for(pair.client, POLLIN | POLLOUT) == POLLOUT);
    CHECK(look_for(pair.client, POLLIN) == 0);
}

static void what_can_be_received_is_pollin(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(look_for(pair.server, POLLIN | POLLOUT) == (POLLIN | POLLOUT));
    CHECK(takes_text(pair.server, "x"));
    CHECK(look_for(pair.server, POLLIN) == 0);
}

static void only_what_was_asked_for_is_told(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(look_for(pair.server, POLLOUT) == POLLOUT);
    CHECK(look_for(pair.server, 0) == 0);
}

static void a_waiting_connection_makes_a_listener_readable(void)
{
    int listener = make_listener(1);
    union address to = name_of(listener);
    CHECK(look_for(listener, POLLIN | POLLOUT) == 0);
    CHECK(connect(make(SOCK_STREAM), &to.any, address_bytes()) == 0);
    CHECK(wait_for(listener, POLLIN) == POLLIN);
    CHECK(keep(accept(listener, NULL, NULL)) >= 0);
    CHECK(look_for(listener, POLLIN) == 0);
}

static void a_datagram_socket_is_writable_from_the_start(void)
{
    CHECK(look_for(make(SOCK_DGRAM), POLLIN | POLLOUT) == POLLOUT);
    CHECK(look_for(make_bound(SOCK_DGRAM), POLLIN | POLLOUT) == POLLOUT);
}

static void an_unconnected_stream_is_hung_up(void)
{
    CHECK((look_for(make(SOCK_STREAM), POLLIN | POLLOUT) & (POLLHUP | POLLIN)) == POLLHUP);
}

static void the_end_of_the_peer_is_pollin_and_pollrdhup(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(wait_for(pair.server, POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
    CHECK(look_for(pair.server, POLLIN) == POLLIN);
    CHECK(takes_end(pair.server));
    CHECK(look_for(pair.server, POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
}

static void the_end_of_both_directions_is_pollhup(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(takes_end(pair.server));
    CHECK(shutdown(pair.server, SHUT_WR) == 0);
    CHECK(takes_end(pair.client));
    CHECK((look_for(pair.client, POLLIN) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP));
    CHECK((look_for(pair.client, 0) & POLLHUP) != 0);
}

static void a_reset_is_pollerr_and_pollhup(void)
{
    struct pair pair;
    struct linger linger = {.l_onoff = 1};
    CHECK(make_pair(&pair));
    CHECK(set_option(pair.server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    CHECK(drop(pair.server) == 0);
    CHECK((wait_for(pair.client, 0) & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP));
}

static void a_negative_descriptor_is_passed_over(void)
{
    struct pollfd entries[] = {{.fd = -1, .events = POLLIN, .revents = POLLIN},
                               {.fd = make(SOCK_DGRAM), .events = POLLOUT}};
    CHECK(poll(entries, 2, 0) == 1);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == POLLOUT);
}

static void a_closed_descriptor_is_pollnval(void)
{
    CHECK(look_for(closed_descriptor(), POLLIN) == POLLNVAL);
}

static void pollnval_ends_every_wait(void)
{
    struct pollfd entries[] = {{.fd = make_bound(SOCK_DGRAM), .events = POLLIN},
                               {.fd = closed_descriptor(), .events = POLLIN}};
    CHECK(poll(entries, 2, -1) == 1);
    CHECK(entries[0].revents == 0 && entries[1].revents == POLLNVAL);
}

static void poll_counts_the_entries_that_have_something(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    struct pollfd entries[] = {{.fd = pair.client, .events = POLLIN},
                               {.fd = pair.client, .events = POLLOUT},
                               {.fd = pair.server, .events = POLLIN | POLLOUT}};
    CHECK(poll(entries, 3, 0) == 2);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == POLLOUT);
    CHECK(entries[2].revents == (POLLIN | POLLOUT));
}

static void one_descriptor_may_stand_in_several_entries(void)
{
    int made = make(SOCK_DGRAM);
    struct pollfd entries[] = {{.fd = made, .events = POLLOUT}, {.fd = made, .events = POLLOUT}};
    CHECK(poll(entries, 2, -1) == 2);
}

static void a_time_out_of_0_never_waits(void)
{
    enum { ROUNDS = 100 };
    struct pollfd entry = {.fd = make_bound(SOCK_DGRAM), .events = POLLIN};
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(poll(&entry, 1, 0) == 0);
    }
}

static void poll_ends_at_its_time_out(void)
{
    struct pollfd entry = {.fd = make_bound(SOCK_DGRAM), .events = POLLIN, .revents = POLLIN};
    CHECK(poll(&entry, 1, 20) == 0);
    CHECK(entry.revents == 0);
}

static void poll_of_nothing_is_a_wait(void)
{
    CHECK(poll(NULL, 0, 0) == 0);
    CHECK(poll(NULL, 0, 10) == 0);
}

static void a_negative_time_out_waits_until_something_comes(void)
{
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address to = name_of(b);
    struct pollfd entry = {.fd = b, .events = POLLIN};
    CHECK(sendto(a, "x", 1, 0, &to.any, address_bytes()) == 1);
    CHECK(poll(&entry, 1, -1) == 1);
    CHECK(entry.revents == POLLIN);
}

static void poll_of_null_is_efault(void)
{
    struct pollfd *volatile null = NULL;
    CHECK_ERROR(poll(null, 1, 0), EFAULT);
}

static void poll_sees_many_sockets_at_once(void)
{
    enum { SOCKETS = 24 };
    struct pollfd entries[SOCKETS];
    int sender = make_bound(SOCK_DGRAM);
    for (int i = 0; i < SOCKETS; i++) {
        entries[i] = (struct pollfd){.fd = make_bound(SOCK_DGRAM), .events = POLLIN};
    }
    for (int i = 0; i < SOCKETS; i += 3) {
        union address to = name_of(entries[i].fd);
        CHECK(sendto(sender, "x", 1, 0, &to.any, address_bytes()) == 1);
        CHECK(wait_for(entries[i].fd, POLLIN) == POLLIN);
    }
    CHECK(poll(entries, SOCKETS, 0) == SOCKETS / 3);
    for (int i = 0; i < SOCKETS; i++) {
        CHECK(entries[i].revents == (i % 3 == 0 ? POLLIN : 0));
    }
}

static void ppoll_of_0_never_waits(void)
{
    struct timespec none = {0};
    struct pollfd entry = {.fd = make_bound(SOCK_DGRAM), .events = POLLIN | POLLOUT};
    CHECK(ppoll(&entry, 1, &none, NULL) == 1);
    CHECK(entry.revents == POLLOUT);
    entry.events = POLLIN;
    CHECK(ppoll(&entry, 1, &none, NULL) == 0);
}

static void ppoll_without_time_waits_until_something_comes(void)
{
    struct pollfd entry = {.fd = make(SOCK_DGRAM), .events = POLLOUT};
    CHECK(ppoll(&entry, 1, NULL, NULL) == 1);
    CHECK(entry.revents == POLLOUT);
}

static void a_negative_time_of_ppoll_is_einval(void)
{
    struct timespec time = {.tv_sec = -1};
    struct pollfd entry = {.fd = make(SOCK_DGRAM), .events = POLLIN};
    CHECK_ERROR(ppoll(&entry, 1, &time, NULL), EINVAL);
    time = (struct timespec){.tv_nsec = 1000000000};
    CHECK_ERROR(ppoll(&entry, 1, &time, NULL), EINVAL);
}

static const struct conform_case polls[] = {
    CASE_BOTH("poll", a_new_connection_is_writable_and_no_more),
    CASE_BOTH("poll", what_can_be_received_is_pollin),
    CASE("poll", only_what_was_asked_for_is_told),
    CASE_BOTH("poll", a_waiting_connection_makes_a_listener_readable),
    CASE("poll", a_datagram_socket_is_writable_from_the_start),
    CASE("poll", an_unconnected_stream_is_hung_up),
    CASE("poll", the_end_of_the_peer_is_pollin_and_pollrdhup),
    CASE("poll", the_end_of_both_directions_is_pollhup),
    CASE("poll", a_reset_is_pollerr_and_pollhup),
    CASE("poll", a_negative_descriptor_is_passed_over),
    CASE("poll", a_closed_descriptor_is_pollnval),
    CASE("poll", pollnval_ends_every_wait),
    CASE("poll", poll_counts_the_entries_that_have_something),
    CASE("poll", one_descriptor_may_stand_in_several_entries),
    CASE("poll", a_time_out_of_0_never_waits),
    CASE("poll", poll_ends_at_its_time_out),
    CASE("poll", poll_of_nothing_is_a_wait),
    CASE("poll", a_negative_time_out_waits_until_something_comes),
    CASE("poll", poll_of_null_is_efault),
    CASE("poll", poll_sees_many_sockets_at_once),
    CASE("ppoll", ppoll_of_0_never_waits),
    CASE("ppoll", ppoll_without_time_waits_until_something_comes),
    CASE("ppoll", a_negative_time_of_ppoll_is_einval),
};
const struct conform_subject poll_subject = SUBJECT(polls);
