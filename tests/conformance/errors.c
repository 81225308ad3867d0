/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors that no other case is about: each call that may fail so, and what it leaves behind.
 */
#include "conformance.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* --- sending and receiving -------------------------------------------------------------------- */

static char byte;
static char much[65536]; /* more than a datagram holds */

/* One part, and a message of it, until the next one is asked for. */
static struct iovec *part(void *bytes, size_t count)
{
    static struct iovec one;
    one = (struct iovec){bytes, count};
    return &one;
}

static struct msghdr *message(void *bytes, size_t count)
{
    static struct msghdr whole;
    whole = (struct msghdr){.msg_iov = part(bytes, count), .msg_iovlen = 1};
    return &whole;
}

/* The same, of one byte and with a destination. */
static struct msghdr *message_to(union address *to, socklen_t bytes)
{
    struct msghdr *whole = message(&byte, 1);
    whole->msg_name = to;
    whole->msg_namelen = bytes;
    return whole;
}

/* Every way to send fails so; `fd` is evaluated for each. */
#define CHECK_EVERY_SEND(fd, from, count, error)                                                   \
    CHECK_ERROR(send(fd, from, count, MSG_NOSIGNAL), error);                                       \
    CHECK_ERROR(sendto(fd, from, count, MSG_NOSIGNAL, NULL, 0), error);                            \
    CHECK_ERROR(sendmsg(fd, message(from, count), MSG_NOSIGNAL), error);                           \
    CHECK_ERROR(write(fd, from, count), error);                                                    \
    CHECK_ERROR(writev(fd, part(from, count), 1), error)

/* Every way to receive a byte fails so. */
#define CHECK_EVERY_RECEIVE(fd, to, error)                                                         \
    CHECK_ERROR(recv(fd, to, 1, 0), error);                                                        \
    CHECK_ERROR(recvfrom(fd, to, 1, 0, NULL, NULL), error);                                        \
    CHECK_ERROR(recvmsg(fd, message(to, 1), 0), error);                                            \
    CHECK_ERROR(read(fd, to, 1), error);                                                           \
    CHECK_ERROR(readv(fd, part(to, 1), 1), error)

/* One end of a connection that takes no more; it does not wait. */
static int full_client(void)
{
    enum { PAUSE_MS = 100 };
    struct pair pair = {-1, -1};
    bool has_room = make_pair(&pair) && set_nonblocking(pair.client);
    while (has_room) { /* what lies in between moves on for a while */
        has_room = false;
        (void)poll(NULL, 0, PAUSE_MS);
        while (send(pair.client, much, sizeof(much), MSG_NOSIGNAL) > 0) {
            has_room = true;
        }
    }
    return pair.client;
}

/* One end of a connection that the other has reset. */
static int reset_client(void)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    struct pair pair;
    bool is_reset = make_pair(&pair) &&
                    set_option(pair.server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) &&
                    drop(pair.server) == 0 && (wait_for(pair.client, POLLIN) & POLLERR) != 0;
    return is_reset ? pair.client : -1;
}

/* A datagram socket that was told that nobody has the port of its peer. */
static int refused_client(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    int made = make(SOCK_DGRAM);
    bool is_told = connect(made, &to.any, address_bytes()) == 0 && send_text(made, "x") &&
                   (wait_for(made, 0) & POLLERR) != 0;
    return is_told ? made : -1;
}

static void a_full_connection_is_eagain_to_every_send(void)
{
    int full = full_client();
    CHECK(full >= 0);
    CHECK_EVERY_SEND(full, much, sizeof(much), EAGAIN);
}

static void an_empty_connection_is_eagain_to_every_receive(void)
{
    struct pair pair;
    CHECK(make_pair(&pair) && set_nonblocking(pair.client));
    CHECK_EVERY_RECEIVE(pair.client, &byte, EAGAIN);
}

static void an_ended_direction_is_epipe_to_every_send(void)
{
    struct pair pair;
    CHECK(make_pair(&pair) && shutdown(pair.client, SHUT_WR) == 0);
    CHECK_EVERY_SEND(pair.client, &byte, 1, EPIPE);
}

static void a_reset_is_econnreset_to_every_send(void)
{
    CHECK_EVERY_SEND(reset_client(), &byte, 1, ECONNRESET);
}

static void a_reset_is_econnreset_to_every_receive(void)
{
    CHECK_EVERY_RECEIVE(reset_client(), &byte, ECONNRESET);
}

static void a_refusal_is_econnrefused_to_every_send(void)
{
    CHECK_EVERY_SEND(refused_client(), &byte, 1, ECONNREFUSED);
}

static void a_refusal_is_econnrefused_to_every_receive(void)
{
    CHECK_EVERY_RECEIVE(refused_client(), &byte, ECONNREFUSED);
}

static void an_unconnected_stream_is_enotconn_to_every_receive(void)
{
    CHECK_EVERY_RECEIVE(make(SOCK_STREAM), &byte, ENOTCONN);
}

static void no_destination_is_edestaddrreq_to_every_send(void)
{
    CHECK_EVERY_SEND(make_bound(SOCK_DGRAM), &byte, 1, EDESTADDRREQ);
}

static void too_long_a_datagram_is_emsgsize_to_every_send(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK_ERROR(send(pair.client, much, sizeof(much), 0), EMSGSIZE);
    CHECK_ERROR(sendto(pair.client, much, sizeof(much), 0, NULL, 0), EMSGSIZE);
    CHECK_ERROR(sendmsg(pair.client, message(much, sizeof(much)), 0), EMSGSIZE);
    CHECK_ERROR(write(pair.client, much, sizeof(much)), EMSGSIZE);
    CHECK_ERROR(writev(pair.client, part(much, sizeof(much)), 1), EMSGSIZE);
}

static void bytes_at_null_are_efault_to_every_send(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_EVERY_SEND(pair.client, nowhere(), 1, EFAULT);
}

static void room_at_null_is_efault_to_every_receive(void)
{
    struct pair pair;
    CHECK(make_pair(&pair) && send_text(pair.server, "kept"));
    CHECK(wait_for(pair.client, POLLIN) == POLLIN);
    CHECK_EVERY_RECEIVE(pair.client, nowhere(), EFAULT);
    CHECK(takes_text(pair.client, "kept"));
}

static void urgent_data_is_not_for_datagrams(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK_ERROR(send(pair.client, &byte, 1, MSG_OOB), EOPNOTSUPP);
    CHECK_ERROR(sendto(pair.client, &byte, 1, MSG_OOB, NULL, 0), EOPNOTSUPP);
    CHECK_ERROR(sendmsg(pair.client, message(&byte, 1), MSG_OOB), EOPNOTSUPP);
}

static void urgent_data_is_not_for_raw_sockets(void)
{
    int made = keep(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    if (made < 0 && (errno == EPERM || errno == EACCES)) {
        conform_skip("this user may have no raw sockets");
        return;
    }
    CHECK_ERROR(recv(made, &byte, 1, MSG_OOB), EOPNOTSUPP);
    CHECK_ERROR(recvfrom(made, &byte, 1, MSG_OOB, NULL, NULL), EOPNOTSUPP);
    CHECK_ERROR(recvmsg(made, message(&byte, 1), MSG_OOB), EOPNOTSUPP);
}

static void without_urgent_data_every_receive_of_it_is_einval(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(recvfrom(pair.client, &byte, 1, MSG_OOB, NULL, NULL), EINVAL);
    CHECK_ERROR(recvmsg(pair.client, message(&byte, 1), MSG_OOB), EINVAL);
}

static void sendmsg_refuses_the_destinations_that_sendto_refuses(void)
{
    union address to = loopback(9), broadcast = ip4_address(0x7fffffff, 9);
    if (has_wire()) {
        broadcast = ip4_address(INADDR_BROADCAST, 9);
    }
    CHECK_ERROR(sendmsg(make(SOCK_DGRAM), message_to(&to, 4), 0), EINVAL);
    CHECK_ERROR(sendmsg(make(SOCK_DGRAM), message_to(&broadcast, sizeof(broadcast.ip4)), 0),
                EACCES);
    to.any.sa_family = 99;
    CHECK_ERROR(sendmsg(make(SOCK_DGRAM), message_to(&to, address_bytes()), 0), EAFNOSUPPORT);
}

static void sendmsg_to_a_network_without_route_is_enetunreach(void)
{
    union address to = ip4_address(0xc0000201, 9); /* 192.0.2.1 [RFC 5737] */
    if (!is_alone()) {
        conform_skip("this machine may have a route");
        return;
    }
    CHECK_ERROR(sendmsg(make(SOCK_DGRAM), message_to(&to, sizeof(to.ip4)), 0), ENETUNREACH);
}

static void more_bytes_than_a_number_holds_are_einval(void)
{
    struct pair pair;
    struct iovec parts[] = {{&byte, 1}, {&byte, SIZE_MAX}};
    struct msghdr whole = {.msg_iov = parts, .msg_iovlen = 2};
    CHECK(make_pair(&pair));
    CHECK_ERROR(writev(pair.client, parts, 2), EINVAL);
    CHECK_ERROR(readv(pair.client, parts, 2), EINVAL);
    CHECK_ERROR(sendmsg(pair.client, &whole, MSG_NOSIGNAL), EINVAL);
    CHECK_ERROR(recvmsg(pair.client, &whole, 0), EINVAL);
}

static void recvmsg_of_too_many_parts_is_emsgsize(void)
{
    struct pair pair;
    struct msghdr whole = {.msg_iov = part(&byte, 1), .msg_iovlen = 1025}; /* > IOV_MAX */
    CHECK(make_pair(&pair));
    CHECK_ERROR(recvmsg(pair.client, &whole, 0), EMSGSIZE);
}

/* --- no descriptor is free -------------------------------------------------------------------- */

static void more_sockets_than_there_may_be_are_emfile(void)
{
    while (keep(socket(family, SOCK_DGRAM, 0)) >= 0) {
    }
    CHECK_ERROR(socket(family, SOCK_DGRAM, 0), EMFILE);
    CHECK_ERROR(socket(family, SOCK_STREAM, 0), EMFILE);
}

static void without_a_free_descriptor_no_socket_is_made(void)
{
    CHECK(take_all_descriptors());
    CHECK_ERROR(socket(family, SOCK_STREAM, 0), EMFILE);
}

/* And the connection waits until there is one. */
static void without_a_free_descriptor_none_is_accepted(void)
{
    int listener = make_listener(1), client = make(SOCK_STREAM), spare = keep(dup(0));
    union address name = name_of(listener);
    CHECK(connect(client, &name.any, address_bytes()) == 0);
    CHECK(wait_for(listener, POLLIN) == POLLIN);
    CHECK(take_all_descriptors());
    CHECK_ERROR(accept(listener, NULL, NULL), EMFILE);
    CHECK_ERROR(accept4(listener, NULL, NULL, SOCK_CLOEXEC), EMFILE);
    CHECK(drop(spare) == 0);
    CHECK(keep(accept(listener, NULL, NULL)) == spare);
}

static void without_a_free_descriptor_nothing_is_copied(void)
{
    CHECK(take_all_descriptors());
    CHECK_ERROR(dup(0), EMFILE);
    CHECK_ERROR(fcntl(0, F_DUPFD, 0), EMFILE);
    CHECK_ERROR(fcntl(0, F_DUPFD_CLOEXEC, 0), EMFILE);
}

static void without_a_free_descriptor_there_is_no_epoll(void)
{
    CHECK(take_all_descriptors());
    CHECK_ERROR(epoll_create(1), EMFILE);
    CHECK_ERROR(epoll_create1(EPOLL_CLOEXEC), EMFILE);
}

/* Nor with a single one; and that stays free. */
static void without_two_free_descriptors_there_is_no_pipe(void)
{
    int ends[2], spare = keep(dup(0));
    CHECK(take_all_descriptors());
    CHECK_ERROR(pipe(ends), EMFILE);
    CHECK_ERROR(pipe2(ends, O_CLOEXEC), EMFILE);
    CHECK(drop(spare) == 0);
    CHECK_ERROR(pipe(ends), EMFILE);
    CHECK(keep(dup(0)) == spare);
}

/* --- making and joining ----------------------------------------------------------------------- */

static void several_messages_fail_as_one_does(void)
{
    struct mmsghdr several[2] = {{.msg_hdr = *message(&byte, 1)}, {.msg_hdr = *message(&byte, 1)}};
    int made = make_bound(SOCK_DGRAM);
    CHECK_ERROR(recvmmsg(closed_descriptor(), several, 2, 0, NULL), EBADF);
    CHECK_ERROR(recvmmsg(0, several, 2, 0, NULL), ENOTSOCK);
    CHECK_ERROR(recvmmsg(made, several, 2, MSG_DONTWAIT, NULL), EAGAIN);
    CHECK_ERROR(sendmmsg(closed_descriptor(), several, 2, 0), EBADF);
    CHECK_ERROR(sendmmsg(0, several, 2, 0), ENOTSOCK);
    CHECK_ERROR(sendmmsg(made, several, 2, 0), EDESTADDRREQ);
}

static void there_are_no_pairs_of_sockets(void)
{
    int made[2];
    CHECK_ERROR(socketpair(AF_INET, SOCK_STREAM, 0, made), EOPNOTSUPP);
    CHECK_ERROR(socketpair(99, SOCK_STREAM, 0, made), EAFNOSUPPORT);
}

/* Two sockets of one port, as SO_REUSEADDR allows it. */
static bool make_twins(int *one, int *other)
{
    union address name = loopback(0);
    *one = make(SOCK_STREAM);
    *other = make(SOCK_STREAM);
    if (!set_int(*one, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !set_int(*other, SOL_SOCKET, SO_REUSEADDR, 1) ||
        bind(*one, &name.any, address_bytes()) != 0) {
        return false;
    }
    name = name_of(*one);
    return bind(*other, &name.any, address_bytes()) == 0;
}

static void one_of_two_at_a_port_listens(void)
{
    int one, other;
    CHECK(make_twins(&one, &other));
    CHECK(listen(one, 1) == 0);
    CHECK_ERROR(listen(other, 1), EADDRINUSE);
}

static void one_of_two_at_a_port_is_connected_to_the_same_peer(void)
{
    int one, other, listener = make_listener(2);
    union address to = name_of(listener);
    CHECK(make_twins(&one, &other));
    CHECK(connect(one, &to.any, address_bytes()) == 0);
    CHECK_EITHER(connect(other, &to.any, address_bytes()), EADDRINUSE, EADDRNOTAVAIL);
}

static void nobody_is_at_port_0(void)
{
    union address to = loopback(0);
    CHECK_EITHER(connect(make(SOCK_STREAM), &to.any, address_bytes()), EADDRNOTAVAIL, ECONNREFUSED);
}

static void accept_without_room_for_the_length_is_efault(void)
{
    union address peer, name;
    int listener = make_listener(2), one = make(SOCK_STREAM), other = make(SOCK_STREAM);
    name = name_of(listener);
    CHECK(connect(one, &name.any, address_bytes()) == 0);
    CHECK(connect(other, &name.any, address_bytes()) == 0);
    CHECK_ERROR(accept(listener, &peer.any, nowhere()), EFAULT);
    CHECK_ERROR(accept4(listener, &peer.any, nowhere(), 0), EFAULT);
}

static void accept4_fails_as_accept_does(void)
{
    int listener = make_listener(1);
    CHECK(set_nonblocking(listener));
    CHECK_ERROR(accept4(listener, NULL, NULL, 0), EAGAIN);
    CHECK_ERROR(accept4(make_bound(SOCK_STREAM), NULL, NULL, 0), EINVAL);
    CHECK_ERROR(accept4(make_bound(SOCK_DGRAM), NULL, NULL, 0), EOPNOTSUPP);
}

/* It stands in the queue already. */
static void who_has_reset_is_still_accepted(void)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    int listener = make_listener(1), client = make(SOCK_STREAM);
    union address name = name_of(listener);
    CHECK(connect(client, &name.any, address_bytes()) == 0);
    CHECK(wait_for(listener, POLLIN) == POLLIN);
    CHECK(set_option(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    CHECK(drop(client) == 0);
    int server = keep(accept(listener, NULL, NULL));
    CHECK(server >= 0);
    CHECK_ERROR(recv(server, &byte, 1, 0), ECONNRESET);
}

static void a_peer_s_name_of_negative_length_is_einval(void)
{
    struct pair pair;
    union address name;
    socklen_t bytes = (socklen_t)-1;
    CHECK(make_datagrams(&pair));
    CHECK_ERROR(getpeername(pair.client, &name.any, &bytes), EINVAL);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static void what_takes_a_number_refuses_one_that_is_none(void)
{
    struct stat status;
    int made = make(SOCK_DGRAM), closed = closed_descriptor();
    CHECK_ERROR(dup2(made, 1 << 20), EBADF);
    CHECK_ERROR(dup3(made, 1 << 20, 0), EBADF);
    CHECK_ERROR(dup3(closed, made, 0), EBADF);
    CHECK_ERROR(dup3(made, closed, 1), EINVAL);
    CHECK_ERROR(fstat(closed, &status), EBADF);
    CHECK_ERROR(lseek(closed, 0, SEEK_SET), EBADF);
    CHECK_ERROR(isatty(closed) == 0 ? -1 : 0, EBADF);
}

static void no_byte_is_at_a_mark_and_no_pipe_has_one(void)
{
    struct pair pair;
    int ends[2];
    CHECK(make_pair(&pair) && send_text(pair.server, "x"));
    CHECK(wait_for(pair.client, POLLIN) == POLLIN);
    CHECK(sockatmark(pair.client) == 0);
    CHECK(pipe(ends) == 0);
    (void)keep(ends[1]);
    CHECK_ERROR(sockatmark(keep(ends[0])), ENOTTY);
    CHECK_ERROR(sockatmark(closed_descriptor()), EBADF);
}

static void a_socket_is_enotty_to_isatty(void)
{
    CHECK_ERROR(isatty(make(SOCK_STREAM)) == 0 ? -1 : 0, ENOTTY);
}

static void requests_without_an_answer_are_refused(void)
{
    int value;
    CHECK_ERROR(ioctl(make(SOCK_DGRAM), FIONREAD, nowhere()), EFAULT);
    CHECK_ERROR(ioctl(make_listener(1), FIONREAD, &value), EINVAL);
}

static void an_epoll_has_no_bytes(void)
{
    int made = keep(epoll_create1(0));
    CHECK_ERROR(read(made, &byte, 1), EINVAL);
    CHECK_ERROR(write(made, &byte, 1), EINVAL);
}

static void pipes_are_made_of_two_ends_and_known_flags(void)
{
    int ends[2];
    CHECK_ERROR(pipe(nowhere()), EFAULT);
    CHECK_ERROR(pipe2(nowhere(), 0), EFAULT);
    CHECK_ERROR(pipe2(ends, 1 << 30), EINVAL);
}

/* The console belongs to another program. */
static void nobody_reads_the_console_of_others(void)
{
    if (!has_wire()) {
        conform_skip("here it is a terminal, or nothing");
        return;
    }
    CHECK_ERROR(read(0, &byte, 1), EIO);
    CHECK_ERROR(readv(0, part(&byte, 1), 1), EIO);
}

static void more_random_bytes_than_allowed_are_eio(void)
{
    CHECK_ERROR(getentropy(much, 257), EIO);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void poll_of_more_than_there_can_be_is_einval(void)
{
    enum { MANY = 2048 };
    static struct pollfd entries[MANY];
    struct timespec none = {0};
    CHECK_ERROR(poll(entries, MANY, 0), EINVAL);
    CHECK_ERROR(ppoll(entries, MANY, &none, NULL), EINVAL);
    CHECK_ERROR(ppoll(nowhere(), 1, &none, NULL), EFAULT);
}

static void pselect_fails_as_select_does(void)
{
    struct timespec none = {0}, negative = {.tv_sec = -1};
    int closed = closed_descriptor();
    volatile int count = -1;
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(closed, &reads);
    CHECK_ERROR(pselect(closed + 1, &reads, NULL, NULL, &none, NULL), EBADF);
    CHECK_ERROR(pselect(count, NULL, NULL, NULL, &none, NULL), EINVAL);
    CHECK_ERROR(pselect(0, NULL, NULL, NULL, &negative, NULL), EINVAL);
}

static void epoll_ctl_without_an_event_is_efault(void)
{
    int epoll = keep(epoll_create1(0)), made = make(SOCK_DGRAM);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, made, nowhere()), EFAULT);
}

static void an_event_without_room_for_it_is_efault(void)
{
    int epoll = keep(epoll_create1(0)), made = make(SOCK_DGRAM);
    struct epoll_event event = {.events = EPOLLOUT};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, made, &event) == 0);
    CHECK_ERROR(epoll_wait(epoll, nowhere(), 1, 0), EFAULT);
    CHECK_ERROR(epoll_pwait(epoll, nowhere(), 1, 0, NULL), EFAULT);
    CHECK(epoll_wait(epoll, &event, 1, 0) == 1);
}

static void epoll_pwait_fails_as_epoll_wait_does(void)
{
    struct epoll_event event;
    volatile int none = 0;
    CHECK_ERROR(epoll_pwait(closed_descriptor(), &event, 1, 0, NULL), EBADF);
    CHECK_ERROR(epoll_pwait(make(SOCK_DGRAM), &event, 1, 0, NULL), EINVAL);
    CHECK_ERROR(epoll_pwait(keep(epoll_create1(0)), &event, none, 0, NULL), EINVAL);
}

/* --- names ------------------------------------------------------------------------------------ */

static void a_service_of_a_type_without_ports_is_eai_service(void)
{
    struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST, .ai_family = AF_INET, .ai_socktype = SOCK_RAW};
    struct addrinfo *found;
    CHECK_GIVES(getaddrinfo("127.0.0.1", "80", &hints, &found), EAI_SERVICE);
}

static const struct conform_case failing[] = {
    CASE("send", a_full_connection_is_eagain_to_every_send),
    CASE("send", an_ended_direction_is_epipe_to_every_send),
    CASE("send", a_reset_is_econnreset_to_every_send),
    CASE("send", a_refusal_is_econnrefused_to_every_send),
    CASE("send", no_destination_is_edestaddrreq_to_every_send),
    CASE("send", too_long_a_datagram_is_emsgsize_to_every_send),
    CASE("send", bytes_at_null_are_efault_to_every_send),
    CASE("sendmsg", sendmsg_refuses_the_destinations_that_sendto_refuses),
    CASE("sendmsg", sendmsg_to_a_network_without_route_is_enetunreach),
    CASE("recv", an_empty_connection_is_eagain_to_every_receive),
    CASE("recv", a_reset_is_econnreset_to_every_receive),
    CASE("recv", a_refusal_is_econnrefused_to_every_receive),
    CASE("recv", an_unconnected_stream_is_enotconn_to_every_receive),
    CASE("recv", room_at_null_is_efault_to_every_receive),
    CASE("recvmsg", recvmsg_of_too_many_parts_is_emsgsize),
    CASE("MSG_OOB", urgent_data_is_not_for_datagrams),
    CASE("MSG_OOB", urgent_data_is_not_for_raw_sockets),
    CASE("MSG_OOB", without_urgent_data_every_receive_of_it_is_einval),
    CASE("writev", more_bytes_than_a_number_holds_are_einval),
    CASE("socket", more_sockets_than_there_may_be_are_emfile),
    CASE("socket", without_a_free_descriptor_no_socket_is_made),
    CASE("sendmmsg, recvmmsg", several_messages_fail_as_one_does),
    CASE("socketpair", there_are_no_pairs_of_sockets),
    CASE("listen", one_of_two_at_a_port_listens),
    CASE("accept", without_a_free_descriptor_none_is_accepted),
    CASE("accept", accept_without_room_for_the_length_is_efault),
    CASE("accept", who_has_reset_is_still_accepted),
    CASE("accept4", accept4_fails_as_accept_does),
    CASE("connect", one_of_two_at_a_port_is_connected_to_the_same_peer),
    CASE("connect", nobody_is_at_port_0),
    CASE("getpeername", a_peer_s_name_of_negative_length_is_einval),
    CASE("dup", without_a_free_descriptor_nothing_is_copied),
    CASE("dup2", what_takes_a_number_refuses_one_that_is_none),
    CASE("sockatmark", no_byte_is_at_a_mark_and_no_pipe_has_one),
    CASE("isatty", a_socket_is_enotty_to_isatty),
    CASE("ioctl", requests_without_an_answer_are_refused),
    CASE("read", nobody_reads_the_console_of_others),
    CASE("pipe", without_two_free_descriptors_there_is_no_pipe),
    CASE("pipe", pipes_are_made_of_two_ends_and_known_flags),
    CASE("poll", poll_of_more_than_there_can_be_is_einval),
    CASE("pselect", pselect_fails_as_select_does),
    CASE("epoll_create", without_a_free_descriptor_there_is_no_epoll),
    CASE("epoll_ctl", epoll_ctl_without_an_event_is_efault),
    CASE("epoll_wait", an_event_without_room_for_it_is_efault),
    CASE("epoll_wait", epoll_pwait_fails_as_epoll_wait_does),
    CASE("epoll_wait", an_epoll_has_no_bytes),
    CASE("getentropy", more_random_bytes_than_allowed_are_eio),
    CASE("getaddrinfo", a_service_of_a_type_without_ports_is_eai_service),
};
const struct conform_subject failing_subject = SUBJECT(failing);
