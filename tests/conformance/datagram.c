/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams: their boundaries, addresses and errors; and the messages that carry more.
 */
#include "conformance.h"

#include <poll.h>
#include <stdalign.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

/* Sends a text to the name of another socket. */
static bool send_text_to(int descriptor, const char *text, int to)
{
    union address name = name_of(to);
    return sendto(descriptor, text, strlen(text), MSG_NOSIGNAL, &name.any, address_bytes()) ==
           (ssize_t)strlen(text);
}

static void a_datagram_tells_whence_it_came(void)
{
    char text[8];
    union address from;
    socklen_t bytes = sizeof(from);
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "hello", b));
    CHECK(recvfrom(b, text, sizeof(text), 0, &from.any, &bytes) == 5);
    union address name = name_of(a);
    CHECK(bytes == address_bytes());
    CHECK(is_same_address(&from, &name));
    CHECK(memcmp(text, "hello", 5) == 0);
}

static void the_address_is_cut_and_its_whole_length_told(void)
{
    char text[8];
    union address from;
    socklen_t bytes = 2;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    memset(&from, 0x5a, sizeof(from));
    CHECK(send_text_to(a, "x", b));
    CHECK(recvfrom(b, text, sizeof(text), 0, &from.any, &bytes) == 1);
    CHECK(bytes == address_bytes());
    CHECK(((const uint8_t *)&from)[2] == 0x5a);
}

static void datagrams_keep_their_boundaries_and_order(void)
{
    char text[16];
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "one", b) && send_text_to(a, "three", b) && send_text_to(a, "", b));
    CHECK(recv(b, text, sizeof(text), 0) == 3);
    CHECK(recv(b, text, sizeof(text), 0) == 5);
    CHECK(recv(b, text, sizeof(text), 0) == 0);
}

static void what_does_not_fit_is_lost(void)
{
    char text[8];
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "abcdefgh", b) && send_text_to(a, "next", b));
    CHECK(recv(b, text, 3, 0) == 3);
    CHECK(memcmp(text, "abc", 3) == 0);
    CHECK(recv(b, text, sizeof(text), 0) == 4);
    CHECK(memcmp(text, "next", 4) == 0);
}

static void recvmsg_says_that_a_datagram_was_cut(void)
{
    char text[4];
    struct iovec part = {text, sizeof(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "abcdefgh", b) && send_text_to(a, "abcd", b));
    CHECK(recvmsg(b, &message, 0) == 4);
    CHECK((message.msg_flags & MSG_TRUNC) != 0);
    CHECK(recvmsg(b, &message, 0) == 4);
    CHECK((message.msg_flags & MSG_TRUNC) == 0);
}

static void msg_trunc_asks_for_the_real_length(void)
{
    char text[4];
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "abcdefgh", b));
    CHECK(recv(b, text, sizeof(text), MSG_TRUNC | MSG_PEEK) == 8);
    CHECK(recv(b, text, sizeof(text), MSG_TRUNC) == 8);
}

static void an_empty_datagram_is_a_datagram(void)
{
    char byte;
    union address from;
    socklen_t bytes = sizeof(from);
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "", b));
    CHECK(wait_for(b, POLLIN) == POLLIN);
    CHECK(recvfrom(b, &byte, 1, 0, &from.any, &bytes) == 0);
    union address name = name_of(a);
    CHECK(is_same_address(&from, &name));
    CHECK_ERROR(recv(b, &byte, 1, MSG_DONTWAIT), EAGAIN);
}

static void peeking_leaves_a_datagram_whole(void)
{
    char text[16];
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "peeked", b));
    CHECK(recv(b, text, 2, MSG_PEEK) == 2);
    CHECK(recv(b, text, sizeof(text), MSG_PEEK) == 6);
    CHECK(recv(b, text, sizeof(text), 0) == 6);
    CHECK_ERROR(recv(b, text, sizeof(text), MSG_DONTWAIT), EAGAIN);
}

static void sending_binds_to_a_port(void)
{
    int a = make(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "x", b));
    union address name = name_of(a);
    CHECK(port_of(&name) != 0);
    CHECK(takes_text(b, "x"));
}

static void without_destination_it_is_edestaddrreq(void)
{
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int a = make_bound(SOCK_DGRAM);
    CHECK_ERROR(send(a, "x", 1, MSG_NOSIGNAL), EDESTADDRREQ);
    CHECK_ERROR(write(a, "x", 1), EDESTADDRREQ);
    CHECK_ERROR(sendmsg(a, &message, MSG_NOSIGNAL), EDESTADDRREQ);
}

static void a_connected_socket_needs_no_destination(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    CHECK(send_text(pair.client, "here"));
    CHECK(takes_text(pair.server, "here"));
    CHECK(write(pair.server, "back", 4) == 4);
    CHECK(takes_text(pair.client, "back"));
}

static void a_connected_socket_may_send_elsewhere(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    int other = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(pair.client, "aside", other));
    CHECK(takes_text(other, "aside"));
    CHECK(send_text(pair.client, "peer"));
    CHECK(takes_text(pair.server, "peer"));
}

static void a_connected_socket_hears_its_peer_alone(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    int other = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(other, "stranger", pair.client));
    CHECK(send_text(pair.server, "peer"));
    CHECK(takes_text(pair.client, "peer"));
    CHECK(look_for(pair.client, POLLIN) == 0);
}

static void connecting_again_changes_the_peer(void)
{
    struct pair pair;
    CHECK(make_datagrams(&pair));
    int other = make_bound(SOCK_DGRAM);
    union address name = name_of(other);
    CHECK(connect(pair.client, &name.any, address_bytes()) == 0);
    CHECK(send_text(pair.client, "new"));
    CHECK(takes_text(other, "new"));
}

static void connecting_to_af_unspec_removes_the_peer(void)
{
    struct pair pair;
    union address name = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t bytes = sizeof(name);
    CHECK(make_datagrams(&pair));
    CHECK(connect(pair.client, &name.any, address_bytes()) == 0);
    CHECK_ERROR(getpeername(pair.client, &name.any, &bytes), ENOTCONN);
    CHECK_ERROR(send(pair.client, "x", 1, MSG_NOSIGNAL), EDESTADDRREQ);
}

static void a_peer_that_is_not_there_is_econnrefused(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    char byte;
    int a = make(SOCK_DGRAM);
    CHECK(connect(a, &to.any, address_bytes()) == 0);
    CHECK(send_text(a, "x"));
    CHECK_ERROR(recv(a, &byte, 1, 0), ECONNREFUSED);
}

static void refusal_of_a_datagram_stands_in_so_error_once(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    int a = make(SOCK_DGRAM);
    CHECK(connect(a, &to.any, address_bytes()) == 0);
    CHECK(send_text(a, "x"));
    CHECK((wait_for(a, 0) & POLLERR) != 0);
    CHECK(get_int(a, SOL_SOCKET, SO_ERROR) == ECONNREFUSED);
    CHECK(get_int(a, SOL_SOCKET, SO_ERROR) == 0);
    CHECK(look_for(a, POLLIN) == 0);
}

static void refusal_of_a_datagram_fails_one_send(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    int a = make(SOCK_DGRAM);
    CHECK(connect(a, &to.any, address_bytes()) == 0);
    CHECK(send_text(a, "x"));
    CHECK((wait_for(a, 0) & POLLERR) != 0);
    CHECK_ERROR(send(a, "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
    CHECK(send_text(a, "x"));
}

static void an_unconnected_socket_is_not_told_of_refusal(void)
{
    union address to = loopback(free_port(SOCK_DGRAM));
    char byte;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(sendto(a, "x", 1, 0, &to.any, address_bytes()) == 1);
    CHECK(send_text_to(a, "y", b) && takes_text(b, "y")); /* so the answer to the first has come */
    CHECK_ERROR(recv(a, &byte, 1, MSG_DONTWAIT), EAGAIN);
}

static void a_broadcast_without_leave_is_eacces(void)
{
    union address to = ip4_address(has_wire() ? INADDR_BROADCAST : 0x7fffffff, 9);
    CHECK_ERROR(sendto(make_bound(SOCK_DGRAM), "x", 1, 0, &to.any, address_bytes()), EACCES);
    CHECK_ERROR(connect(make(SOCK_DGRAM), &to.any, address_bytes()), EACCES);
}

/* As far as there is a link; lo has a broadcast address where there is none. */
static void a_broadcast_is_heard_by_every_socket_of_its_port_here(void)
{
    union address any = wildcard(0);
    int sender = make(SOCK_DGRAM), a = make(SOCK_DGRAM), b = make(SOCK_DGRAM);
    int other = make_bound(SOCK_DGRAM);
    CHECK(set_int(a, SOL_SOCKET, SO_REUSEADDR, 1) && set_int(b, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(a, &any.any, address_bytes()) == 0);
    any = name_of(a);
    CHECK(bind(b, &any.any, address_bytes()) == 0);
    union address to = ip4_address(has_wire() ? INADDR_BROADCAST : 0x7fffffff, port_of(&any));
    CHECK(set_int(sender, SOL_SOCKET, SO_BROADCAST, 1));
    CHECK(sendto(sender, "all", 3, 0, &to.any, address_bytes()) == 3);
    CHECK(takes_text(a, "all") && takes_text(b, "all"));
    CHECK(look_for(a, POLLIN) == 0 && look_for(other, POLLIN) == 0);
    CHECK_ERROR(sendto(a, "no", 2, 0, &to.any, address_bytes()), EACCES);
    CHECK(set_int(a, SOL_SOCKET, SO_BROADCAST, 1));
    CHECK(sendto(a, "me too", 6, 0, &to.any, address_bytes()) == 6);
    CHECK(takes_text(a, "me too") && takes_text(b, "me too"));
}

/* Longer than any datagram. */
static char much[65536];

static void a_datagram_that_is_too_long_is_emsgsize(void)
{
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address to = name_of(b);
    CHECK_ERROR(sendto(a, much, sizeof(much), 0, &to.any, address_bytes()), EMSGSIZE);
    CHECK(look_for(b, POLLIN) == 0);
}

/* Longer than a frame: it goes in fragments, or lo carries it whole. */
static void a_datagram_of_eight_kilobytes_comes_whole(void)
{
    enum { BYTES = 8192 };
    char *bytes = much, *got = much + BYTES;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address to = name_of(b);
    for (int i = 0; i < BYTES; i++) {
        bytes[i] = (char)(i * 7);
    }
    CHECK(sendto(a, bytes, BYTES, 0, &to.any, address_bytes()) == BYTES);
    CHECK(recv(b, got, BYTES, 0) == BYTES);
    CHECK(memcmp(bytes, got, BYTES) == 0);
}

static void nothing_there_is_eagain(void)
{
    char byte;
    CHECK_ERROR(recv(make_bound(SOCK_DGRAM), &byte, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_ERROR(recv(make(SOCK_DGRAM), &byte, 1, MSG_DONTWAIT), EAGAIN);
}

static void port_0_is_no_destination(void)
{
    union address to = loopback(0);
    CHECK_EITHER(sendto(make_bound(SOCK_DGRAM), "x", 1, 0, &to.any, address_bytes()), EINVAL,
                 EADDRNOTAVAIL);
}

static void a_destination_of_another_family_is_refused(void)
{
    union address to = loopback(9);
    to.any.sa_family = 99;
    CHECK_EITHER(sendto(make_bound(SOCK_DGRAM), "x", 1, 0, &to.any, address_bytes()), EAFNOSUPPORT,
                 EINVAL);
}

static void a_short_destination_is_einval(void)
{
    union address to = loopback(9);
    CHECK_ERROR(sendto(make_bound(SOCK_DGRAM), "x", 1, 0, &to.any, 4), EINVAL);
}

static void what_finds_no_room_is_dropped_and_the_rest_kept(void)
{
    enum { SENT = 2000, BYTES = 512 };
    char bytes[BYTES] = {0};
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM), taken = 0, last = -1;
    union address to = name_of(b);
    CHECK(set_int(b, SOL_SOCKET, SO_RCVBUF, 4096));
    for (int i = 0; i < SENT; i++) {
        memcpy(bytes, &i, sizeof(i));
        CHECK(sendto(a, bytes, sizeof(bytes), 0, &to.any, address_bytes()) == BYTES);
    }
    struct pollfd entry = {.fd = b, .events = POLLIN};
    while (poll(&entry, 1, 100) == 1) { /* some may still be on their way */
        int number;
        CHECK(recv(b, bytes, sizeof(bytes), 0) == BYTES);
        memcpy(&number, bytes, sizeof(number));
        CHECK(number > last); /* those that came are in order */
        CHECK(taken > 0 || number == 0);
        last = number;
        taken++;
    }
    CHECK(taken > 0 && taken < SENT);
    CHECK(send_text_to(a, "room", b) && takes_text(b, "room"));
}

static void the_wildcard_hears_its_address(void)
{
    union address any = wildcard(0);
    int a = make_bound(SOCK_DGRAM), b = make(SOCK_DGRAM);
    CHECK(bind(b, &any.any, address_bytes()) == 0);
    any = name_of(b);
    union address to = loopback(port_of(&any));
    CHECK(sendto(a, "any", 3, 0, &to.any, address_bytes()) == 3);
    CHECK(takes_text(b, "any"));
}

static void a_socket_can_send_to_itself(void)
{
    int a = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "self", a));
    CHECK(takes_text(a, "self"));
}

static void fionread_gives_the_length_of_the_next_datagram(void)
{
    int count = -1;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(ioctl(b, FIONREAD, &count) == 0 && count == 0);
    CHECK(send_text_to(a, "four", b) && send_text_to(a, "seventh", b));
    CHECK(wait_for(b, POLLIN) == POLLIN);
    CHECK(ioctl(b, FIONREAD, &count) == 0 && count == 4);
}

static const struct conform_case datagrams[] = {
    CASE_BOTH("recvfrom", a_datagram_tells_whence_it_came),
    CASE_BOTH("recvfrom", the_address_is_cut_and_its_whole_length_told),
    CASE_BOTH("recvfrom", datagrams_keep_their_boundaries_and_order),
    CASE_BOTH("recvfrom", what_does_not_fit_is_lost),
    CASE("recvmsg", recvmsg_says_that_a_datagram_was_cut),
    CASE("MSG_TRUNC", msg_trunc_asks_for_the_real_length),
    CASE_BOTH("recvfrom", an_empty_datagram_is_a_datagram),
    CASE("MSG_PEEK", peeking_leaves_a_datagram_whole),
    CASE("recv", nothing_there_is_eagain),
    CASE("recv", what_finds_no_room_is_dropped_and_the_rest_kept),
    CASE_BOTH("sendto", sending_binds_to_a_port),
    CASE_BOTH("sendto", without_destination_it_is_edestaddrreq),
    CASE("sendto", a_connected_socket_may_send_elsewhere),
    CASE("sendto", an_unconnected_socket_is_not_told_of_refusal),
    CASE("sendto", a_datagram_that_is_too_long_is_emsgsize),
    CASE_BOTH("sendto", a_datagram_of_eight_kilobytes_comes_whole),
    CASE("sendto", port_0_is_no_destination),
    CASE_BOTH("sendto", a_destination_of_another_family_is_refused),
    CASE("sendto", a_short_destination_is_einval),
    CASE_BOTH("sendto", the_wildcard_hears_its_address),
    CASE("sendto", a_socket_can_send_to_itself),
    CASE("SO_BROADCAST", a_broadcast_without_leave_is_eacces),
    CASE("SO_BROADCAST", a_broadcast_is_heard_by_every_socket_of_its_port_here),
    CASE_BOTH("connect", a_connected_socket_needs_no_destination),
    CASE_BOTH("connect", a_connected_socket_hears_its_peer_alone),
    CASE("connect", connecting_again_changes_the_peer),
    CASE_BOTH("connect", connecting_to_af_unspec_removes_the_peer),
    CASE_BOTH("connect", a_peer_that_is_not_there_is_econnrefused),
    CASE("SO_ERROR", refusal_of_a_datagram_stands_in_so_error_once),
    CASE("send", refusal_of_a_datagram_fails_one_send),
    CASE("FIONREAD", fionread_gives_the_length_of_the_next_datagram),
};
const struct conform_subject datagram_subject = SUBJECT(datagrams);

/* --- messages --------------------------------------------------------------------------------- */

/* A datagram over IPv4 or IPv6 with what came beside it. */
struct received {
    char text[16];
    struct iovec part;
    alignas(struct cmsghdr) char control[128];
    union address from;
    struct msghdr message;
};

static void prepare(struct received *received)
{
    memset(received, 0, sizeof(*received));
    received->part = (struct iovec){received->text, sizeof(received->text)};
    received->message.msg_name = &received->from;
    received->message.msg_namelen = sizeof(received->from);
    received->message.msg_iov = &received->part;
    received->message.msg_iovlen = 1;
    received->message.msg_control = received->control;
    received->message.msg_controllen = sizeof(received->control);
}

/* The data of the first control message, which is of that type; NULL: it is not. */
static const void *control_of(struct received *received, int level, int type)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(&received->message);
    return header != NULL && header->cmsg_level == level && header->cmsg_type == type
               ? CMSG_DATA(header)
               : NULL;
}

static void a_datagram_is_gathered_from_its_parts(void)
{
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    union address to = name_of(b);
    char text[8];
    struct iovec parts[] = {{"ab", 2}, {"cde", 3}};
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = address_bytes(), .msg_iov = parts, .msg_iovlen = 2};
    CHECK(sendmsg(a, &message, 0) == 5);
    CHECK(recv(b, text, sizeof(text), 0) == 5);
    CHECK(memcmp(text, "abcde", 5) == 0);
}

static void a_datagram_is_scattered_over_its_parts(void)
{
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    char first[2], second[8];
    union address from;
    struct iovec parts[] = {{first, sizeof(first)}, {second, sizeof(second)}};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = parts, .msg_iovlen = 2};
    CHECK(send_text_to(a, "abcde", b));
    CHECK(recvmsg(b, &message, 0) == 5);
    CHECK(memcmp(first, "ab", 2) == 0 && memcmp(second, "cde", 3) == 0);
    union address name = name_of(a);
    CHECK(message.msg_namelen == address_bytes());
    CHECK(is_same_address(&from, &name));
}

static void nothing_comes_beside_a_datagram_unasked(void)
{
    struct received received;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(send_text_to(a, "plain", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 5);
    CHECK(received.message.msg_controllen == 0);
}

static void ip_pktinfo_tells_where_a_datagram_arrived(void)
{
    struct received received;
    struct in_pktinfo info;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(b, IPPROTO_IP, IP_PKTINFO, 1));
    CHECK(send_text_to(a, "where", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 5);
    const void *data = control_of(&received, IPPROTO_IP, IP_PKTINFO);
    CHECK(data != NULL);
    memcpy(&info, data, sizeof(info));
    CHECK(info.ipi_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(info.ipi_ifindex > 0);
}

static void ip_recvttl_tells_the_ttl(void)
{
    struct received received;
    int ttl = 0;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(a, IPPROTO_IP, IP_TTL, 33));
    CHECK(set_int(b, IPPROTO_IP, IP_RECVTTL, 1));
    CHECK(send_text_to(a, "ttl", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 3);
    const void *data = control_of(&received, IPPROTO_IP, IP_TTL);
    CHECK(data != NULL);
    memcpy(&ttl, data, sizeof(ttl));
    CHECK(ttl == 33);
}

static void ip_recvtos_tells_the_class(void)
{
    struct received received;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(a, IPPROTO_IP, IP_TOS, 0x20));
    CHECK(set_int(b, IPPROTO_IP, IP_RECVTOS, 1));
    CHECK(send_text_to(a, "tos", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 3);
    const void *data = control_of(&received, IPPROTO_IP, IP_TOS);
    CHECK(data != NULL && *(const uint8_t *)data == 0x20);
}

static void ipv6_recvpktinfo_tells_where_a_datagram_arrived(void)
{
    struct received received;
    struct in6_pktinfo info;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(b, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    CHECK(send_text_to(a, "where", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 5);
    const void *data = control_of(&received, IPPROTO_IPV6, IPV6_PKTINFO);
    CHECK(data != NULL);
    memcpy(&info, data, sizeof(info));
    CHECK(IN6_IS_ADDR_LOOPBACK(&info.ipi6_addr));
    CHECK(info.ipi6_ifindex > 0);
}

static void ipv6_recvhoplimit_tells_the_hops(void)
{
    struct received received;
    int hops = 0;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(a, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33));
    CHECK(set_int(b, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
    CHECK(send_text_to(a, "hops", b));
    prepare(&received);
    CHECK(recvmsg(b, &received.message, 0) == 4);
    const void *data = control_of(&received, IPPROTO_IPV6, IPV6_HOPLIMIT);
    CHECK(data != NULL);
    memcpy(&hops, data, sizeof(hops));
    CHECK(hops == 33);
}

static void control_that_does_not_fit_is_told(void)
{
    struct received received;
    int a = make_bound(SOCK_DGRAM), b = make_bound(SOCK_DGRAM);
    CHECK(set_int(b, IPPROTO_IP, IP_PKTINFO, 1));
    CHECK(send_text_to(a, "cut", b));
    prepare(&received);
    received.message.msg_controllen = 4;
    CHECK(recvmsg(b, &received.message, 0) == 3);
    CHECK((received.message.msg_flags & MSG_CTRUNC) != 0);
}

static const struct conform_case messages[] = {
    CASE_BOTH("sendmsg", a_datagram_is_gathered_from_its_parts),
    CASE_BOTH("recvmsg", a_datagram_is_scattered_over_its_parts),
    CASE_BOTH("recvmsg", nothing_comes_beside_a_datagram_unasked),
    CASE("recvmsg", control_that_does_not_fit_is_told),
    CASE("IP_PKTINFO", ip_pktinfo_tells_where_a_datagram_arrived),
    CASE("IP_RECVTTL", ip_recvttl_tells_the_ttl),
    CASE("IP_RECVTOS", ip_recvtos_tells_the_class),
    CASE_IP6("IPV6_RECVPKTINFO", ipv6_recvpktinfo_tells_where_a_datagram_arrived),
    CASE_IP6("IPV6_RECVHOPLIMIT", ipv6_recvhoplimit_tells_the_hops),
};
const struct conform_subject message_subject = SUBJECT(messages);
