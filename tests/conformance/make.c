/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket and close; what every call says of a descriptor that is none, or no socket, and of NULL.
 */
#include "conformance.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum { UNKNOWN_FAMILY = 99, UNKNOWN_TYPE = 99 };

static void a_stream_socket_is_made(void)
{
    int made = keep(socket(family, SOCK_STREAM, 0));
    CHECK(made >= 0);
    CHECK(get_int(made, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
}

static void a_datagram_socket_is_made(void)
{
    int made = keep(socket(family, SOCK_DGRAM, 0));
    CHECK(made >= 0);
    CHECK(get_int(made, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
}

static void the_protocol_may_be_named(void)
{
    CHECK(keep(socket(family, SOCK_STREAM, IPPROTO_TCP)) >= 0);
    CHECK(keep(socket(family, SOCK_DGRAM, IPPROTO_UDP)) >= 0);
}

static void an_unknown_family_is_eafnosupport(void)
{
    CHECK_ERROR(socket(UNKNOWN_FAMILY, SOCK_STREAM, 0), EAFNOSUPPORT);
}

static void a_negative_family_is_eafnosupport(void)
{
    CHECK_ERROR(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
}

static void an_unknown_type_is_einval(void)
{
    CHECK_ERROR(socket(family, UNKNOWN_TYPE, 0), EINVAL);
}

static void a_type_without_protocol_is_refused(void)
{
    CHECK_EITHER(socket(family, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT, EPROTOTYPE);
}

static void a_stream_over_udp_is_eprotonosupport(void)
{
    CHECK_ERROR(socket(family, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
}

static void a_datagram_over_tcp_is_eprotonosupport(void)
{
    CHECK_ERROR(socket(family, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
}

static void sock_nonblock_makes_it_nonblocking(void)
{
    int made = keep(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
    CHECK(made >= 0);
    CHECK((fcntl(made, F_GETFL) & O_NONBLOCK) != 0);
}

static void without_sock_nonblock_it_blocks(void)
{
    int made = keep(socket(family, SOCK_STREAM, 0));
    CHECK(made >= 0);
    CHECK((fcntl(made, F_GETFL) & O_NONBLOCK) == 0);
}

static void sock_cloexec_sets_the_flag_of_the_descriptor(void)
{
    int made = keep(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    int plain = keep(socket(family, SOCK_DGRAM, 0));
    CHECK(made >= 0 && plain >= 0);
    CHECK(fcntl(made, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(plain, F_GETFD) == 0);
}

static void a_new_socket_takes_the_lowest_number(void)
{
    int first = make(SOCK_DGRAM);
    int second = make(SOCK_DGRAM);
    CHECK(first >= 0 && second > first);
    CHECK(drop(first) == 0);
    CHECK(make(SOCK_DGRAM) == first);
}

static void a_closed_descriptor_closes_only_once(void)
{
    int made = make(SOCK_STREAM);
    CHECK(made >= 0);
    CHECK(drop(made) == 0);
    CHECK_ERROR(close(made), EBADF);
}

static void many_sockets_may_be_open(void)
{
    enum { MANY = 32 };
    for (int i = 0; i < MANY; i++) {
        CHECK(make(i % 2 == 0 ? SOCK_STREAM : SOCK_DGRAM) >= 0);
    }
}

static void sockets_can_be_made_and_closed_for_ever(void)
{
    enum { ROUNDS = 1000 };
    for (int i = 0; i < ROUNDS; i++) {
        int made = socket(family, i % 2 == 0 ? SOCK_STREAM : SOCK_DGRAM, 0);
        CHECK(made >= 0);
        CHECK(close(made) == 0);
    }
}

/* --- a descriptor that is none ---------------------------------------------------------------- */

/* What the calls are tried with. */
static union address some_address;
static socklen_t some_bytes = sizeof(some_address);
static char some_byte;
static int some_int;
static struct iovec some_part = {&some_byte, 1};
static struct msghdr some_message = {.msg_iov = &some_part, .msg_iovlen = 1};

#define EACH_CALL(X)                                                                               \
    X(bind, bind(fd, &some_address.any, some_bytes))                                               \
    X(listen, listen(fd, 1))                                                                       \
    X(accept, accept(fd, NULL, NULL))                                                              \
    X(accept4, accept4(fd, NULL, NULL, 0))                                                         \
    X(connect, connect(fd, &some_address.any, some_bytes))                                         \
    X(send, send(fd, &some_byte, 1, 0))                                                            \
    X(sendto, sendto(fd, &some_byte, 1, 0, &some_address.any, some_bytes))                         \
    X(sendmsg, sendmsg(fd, &some_message, 0))                                                      \
    X(recv, recv(fd, &some_byte, 1, MSG_DONTWAIT))                                                 \
    X(recvfrom, recvfrom(fd, &some_byte, 1, MSG_DONTWAIT, NULL, NULL))                             \
    X(recvmsg, recvmsg(fd, &some_message, MSG_DONTWAIT))                                           \
    X(shutdown, shutdown(fd, SHUT_RDWR))                                                           \
    X(getsockname, getsockname(fd, &some_address.any, &some_bytes))                                \
    X(getpeername, getpeername(fd, &some_address.any, &some_bytes))                                \
    X(getsockopt, getsockopt(fd, SOL_SOCKET, SO_TYPE, &some_int, &some_bytes))                     \
    X(setsockopt, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &some_int, sizeof(some_int)))

#define EACH_FILE_CALL(X)                                                                          \
    X(read, read(fd, &some_byte, 1))                                                               \
    X(write, write(fd, &some_byte, 1))                                                             \
    X(readv, readv(fd, &some_part, 1))                                                             \
    X(writev, writev(fd, &some_part, 1))                                                           \
    X(fcntl, fcntl(fd, F_GETFL))                                                                   \
    X(ioctl, ioctl(fd, FIONREAD, &some_int))                                                       \
    X(dup, dup(fd))

#define ON_CLOSED(name, call)                                                                      \
    static void name##_of_a_closed_descriptor_is_ebadf(void)                                       \
    {                                                                                              \
        int fd = closed_descriptor();                                                              \
        CHECK_ERROR(call, EBADF);                                                                  \
        fd = -1;                                                                                   \
        CHECK_ERROR(call, EBADF);                                                                  \
    }

/* Descriptor 0 is no socket: the console, or nothing. */
#define ON_CONSOLE(name, call)                                                                     \
    static void name##_of_what_is_no_socket_is_enotsock(void)                                      \
    {                                                                                              \
        int fd = 0;                                                                                \
        CHECK_ERROR(call, ENOTSOCK);                                                               \
    }

EACH_CALL(ON_CLOSED)
EACH_FILE_CALL(ON_CLOSED)
EACH_CALL(ON_CONSOLE)

/* --- NULL where an address is required -------------------------------------------------------- */

static void bind_to_null_is_efault(void)
{
    CHECK_ERROR(bind(make(SOCK_STREAM), nowhere(), address_bytes()), EFAULT);
}

static void connect_to_null_is_efault(void)
{
    CHECK_ERROR(connect(make(SOCK_STREAM), nowhere(), address_bytes()), EFAULT);
}

static void getsockname_into_null_is_efault(void)
{
    socklen_t bytes = sizeof(union address);
    int made = make_bound(SOCK_DGRAM);
    CHECK_ERROR(getsockname(made, nowhere(), &bytes), EFAULT);
    union address name;
    CHECK_ERROR(getsockname(made, &name.any, nowhere()), EFAULT);
}

static void getpeername_into_null_is_efault(void)
{
    struct pair pair;
    socklen_t bytes = sizeof(union address);
    CHECK(make_datagrams(&pair));
    CHECK_ERROR(getpeername(pair.client, nowhere(), &bytes), EFAULT);
}

static void getsockopt_into_null_is_efault(void)
{
    int made = make(SOCK_STREAM), value;
    socklen_t bytes = sizeof(value);
    CHECK_ERROR(getsockopt(made, SOL_SOCKET, SO_TYPE, nowhere(), &bytes), EFAULT);
    CHECK_ERROR(getsockopt(made, SOL_SOCKET, SO_TYPE, &value, nowhere()), EFAULT);
}

static void setsockopt_from_null_is_efault(void)
{
    CHECK_ERROR(setsockopt(make(SOCK_STREAM), SOL_SOCKET, SO_REUSEADDR, nowhere(), sizeof(int)),
                EFAULT);
}

static void sendmsg_of_null_is_efault(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(sendmsg(pair.client, nowhere(), MSG_NOSIGNAL), EFAULT);
}

static void recvmsg_into_null_is_efault(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(recvmsg(pair.client, nowhere(), MSG_DONTWAIT), EFAULT);
}

static void send_from_null_is_efault(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK_ERROR(send(pair.client, nowhere(), 1, MSG_NOSIGNAL), EFAULT);
}

static void recv_into_null_is_efault(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.server, "x"));
    CHECK(wait_for(pair.client, POLLIN) != 0);
    CHECK_ERROR(recv(pair.client, nowhere(), 1, MSG_DONTWAIT), EFAULT);
}

#define LIST_CLOSED(name, call)  CASE(#name, name##_of_a_closed_descriptor_is_ebadf),
#define LIST_CONSOLE(name, call) CASE(#name, name##_of_what_is_no_socket_is_enotsock),

static const struct conform_case making[] = {
    CASE_BOTH("socket", a_stream_socket_is_made),
    CASE_BOTH("socket", a_datagram_socket_is_made),
    CASE_BOTH("socket", the_protocol_may_be_named),
    CASE("socket", an_unknown_family_is_eafnosupport),
    CASE("socket", a_negative_family_is_eafnosupport),
    CASE("socket", an_unknown_type_is_einval),
    CASE("socket", a_type_without_protocol_is_refused),
    CASE_BOTH("socket", a_stream_over_udp_is_eprotonosupport),
    CASE_BOTH("socket", a_datagram_over_tcp_is_eprotonosupport),
    CASE("socket", sock_nonblock_makes_it_nonblocking),
    CASE("socket", without_sock_nonblock_it_blocks),
    CASE("socket", sock_cloexec_sets_the_flag_of_the_descriptor),
    CASE("socket", a_new_socket_takes_the_lowest_number),
    CASE("socket", many_sockets_may_be_open),
    CASE("close", a_closed_descriptor_closes_only_once),
    CASE("close", sockets_can_be_made_and_closed_for_ever),
    EACH_CALL(LIST_CLOSED) EACH_FILE_CALL(LIST_CLOSED) EACH_CALL(LIST_CONSOLE)
        CASE("bind", bind_to_null_is_efault),
    CASE("connect", connect_to_null_is_efault),
    CASE("getsockname", getsockname_into_null_is_efault),
    CASE("getpeername", getpeername_into_null_is_efault),
    CASE("getsockopt", getsockopt_into_null_is_efault),
    CASE("setsockopt", setsockopt_from_null_is_efault),
    CASE("sendmsg", sendmsg_of_null_is_efault),
    CASE("recvmsg", recvmsg_into_null_is_efault),
    CASE("send", send_from_null_is_efault),
    CASE("recv", recv_into_null_is_efault),
};
const struct conform_subject make_subject = SUBJECT(making);
