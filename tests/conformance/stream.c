/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes of a stream: send and recv with their flags, and the calls with several parts.
 */
#include "conformance.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

/* --- send, recv ------------------------------------------------------------------------------- */

static void bytes_come_as_they_were_sent(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "to the server"));
    CHECK(takes_text(pair.server, "to the server"));
    CHECK(send_text(pair.server, "to the client"));
    CHECK(takes_text(pair.client, "to the client"));
}

static void read_and_write_do_the_same(void)
{
    struct pair pair;
    char text[8];
    CHECK(make_pair(&pair));
    CHECK(write(pair.client, "written", 7) == 7);
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(read(pair.server, text, sizeof(text)) == 7);
    CHECK(memcmp(text, "written", 7) == 0);
}

static void recv_takes_what_is_there_and_no_more(void)
{
    struct pair pair;
    char text[32];
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "five!"));
    CHECK(recv(pair.server, text, sizeof(text), 0) == 5);
}

static void the_rest_stays_for_the_next_recv(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "abcdef"));
    CHECK(takes_text(pair.server, "ab"));
    CHECK(takes_text(pair.server, "c"));
    CHECK(takes_text(pair.server, "def"));
}

static void a_stream_has_no_boundaries(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "one"));
    CHECK(send_text(pair.client, "two"));
    CHECK(takes_text(pair.server, "onetw"));
    CHECK(takes_text(pair.server, "o"));
}

static void receiving_nothing_is_0_and_takes_nothing(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "x"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(recv(pair.server, &byte, 0, 0) == 0);
    CHECK(takes_text(pair.server, "x"));
}

static void sending_nothing_is_0_and_no_end(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(send(pair.client, "", 0, MSG_NOSIGNAL) == 0);
    CHECK(look_for(pair.server, POLLIN) == 0);
    CHECK(send_text(pair.client, "after"));
    CHECK(takes_text(pair.server, "after"));
}

static void msg_peek_leaves_the_bytes(void)
{
    struct pair pair;
    char text[8];
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "peeked"));
    CHECK(recv(pair.server, text, 6, MSG_PEEK | MSG_WAITALL) == 6);
    CHECK(recv(pair.server, text, sizeof(text), MSG_PEEK) == 6);
    CHECK(memcmp(text, "peeked", 6) == 0);
    CHECK(takes_text(pair.server, "peeked"));
}

static void msg_peek_does_not_skip_the_end(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(recv(pair.server, &byte, 1, MSG_PEEK) == 0);
    CHECK(takes_end(pair.server));
}

static void msg_dontwait_of_nothing_is_eagain(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK_ERROR(recv(pair.client, &byte, 1, MSG_DONTWAIT), EAGAIN);
    CHECK((fcntl(pair.client, F_GETFL) & O_NONBLOCK) == 0);
}

static void o_nonblock_of_nothing_is_eagain(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK(set_nonblocking(pair.client));
    CHECK_ERROR(recv(pair.client, &byte, 1, 0), EAGAIN);
    CHECK_ERROR(read(pair.client, &byte, 1), EAGAIN);
}

static void eagain_and_ewouldblock_are_one(void)
{
    CHECK(EAGAIN == EWOULDBLOCK);
}

static void msg_waitall_gathers_several_sends(void)
{
    struct pair pair;
    char text[6];
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "abc"));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(send_text(pair.client, "def"));
    CHECK(recv(pair.server, text, sizeof(text), MSG_WAITALL) == 6);
    CHECK(memcmp(text, "abcdef", 6) == 0);
}

static void msg_waitall_is_short_at_the_end(void)
{
    struct pair pair;
    char text[8];
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "abc"));
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    CHECK(recv(pair.server, text, sizeof(text), MSG_WAITALL) == 3);
    CHECK(takes_end(pair.server));
}

static void msg_waitall_of_a_nonblocking_socket_takes_what_is_there(void)
{
    struct pair pair;
    char text[8];
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "abc"));
    CHECK(set_nonblocking(pair.server));
    CHECK(wait_for(pair.server, POLLIN) == POLLIN);
    CHECK(recv(pair.server, text, sizeof(text), MSG_WAITALL) == 3);
}

static void msg_oob_without_urgent_data_is_einval(void)
{
    struct pair pair;
    char byte;
    CHECK(make_pair(&pair));
    CHECK_ERROR(recv(pair.client, &byte, 1, MSG_OOB), EINVAL);
}

static void fionread_counts_what_can_be_received(void)
{
    struct pair pair;
    int count = -1;
    CHECK(make_pair(&pair));
    CHECK(ioctl(pair.server, FIONREAD, &count) == 0 && count == 0);
    CHECK(send_text(pair.client, "12345"));
    char byte;
    CHECK(recv(pair.server, &byte, 1, MSG_WAITALL) == 1);
    CHECK(ioctl(pair.server, FIONREAD, &count) == 0 && count == 4);
}

/* --- much ------------------------------------------------------------------------------------- */

enum { CHUNK = 1021 }; /* a prime, so that it meets every place of a ring */

/* The byte at that place of the stream. */
static uint8_t pattern_at(size_t place)
{
    return (uint8_t)(place * 31 + place / 251);
}

/* Sends as much of a chunk as goes; -1 with EAGAIN: none. */
static ssize_t send_chunk(int descriptor, size_t place, size_t most)
{
    uint8_t bytes[CHUNK];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = pattern_at(place + i);
    }
    return send(descriptor, bytes, most < CHUNK ? most : CHUNK, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Takes some of what is there and compares; gives the bytes, 0 at the end, -1 when it differs. */
static ssize_t take_chunk(int descriptor, size_t place)
{
    uint8_t bytes[2 * CHUNK];
    ssize_t taken = recv(descriptor, bytes, sizeof(bytes), 0);
    for (ssize_t i = 0; i < taken; i++) {
        if (bytes[i] != pattern_at(place + (size_t)i)) {
            return -1;
        }
    }
    return taken;
}

/* Fills both buffers; gives what went in, 0 on any other error. */
static size_t fill(int descriptor)
{
    enum { PAUSE_MS = 20 };
    size_t sent = 0, before;
    do { /* what lies in between moves on for a while */
        ssize_t now;
        before = sent;
        while ((now = send_chunk(descriptor, sent, CHUNK)) > 0) {
            sent += (size_t)now;
        }
        if (errno != EAGAIN) {
            return 0;
        }
        (void)poll(NULL, 0, PAUSE_MS);
    } while (sent != before);
    return sent;
}

static void a_full_connection_is_eagain(void)
{
    struct pair pair;
    ssize_t now;
    CHECK(make_pair(&pair));
    CHECK(fill(pair.client) > 0);
    do { /* what lies in between may have moved on once more */
        now = send_chunk(pair.client, 0, CHUNK);
    } while (now > 0);
    CHECK_FAILED("send", now, EAGAIN);
    CHECK(look_for(pair.client, POLLOUT) == 0);
}

static void what_filled_a_connection_comes_whole(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    size_t sent = fill(pair.client), taken = 0;
    CHECK(sent > 0);
    CHECK(shutdown(pair.client, SHUT_WR) == 0);
    ssize_t now;
    while ((now = take_chunk(pair.server, taken)) > 0) {
        taken += (size_t)now;
    }
    CHECK(now == 0);
    CHECK(taken == sent);
}

static void a_full_connection_is_writable_when_it_was_read(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    size_t sent = fill(pair.client), taken = 0;
    while (taken < sent) {
        ssize_t now = take_chunk(pair.server, taken);
        CHECK(now > 0);
        taken += (size_t)now;
    }
    CHECK(wait_for(pair.client, POLLOUT) == POLLOUT);
    CHECK(send_chunk(pair.client, sent, CHUNK) > 0);
}

static void a_megabyte_comes_unchanged(void)
{
    enum { ALL = 1 << 20 };
    struct pair pair;
    size_t sent = 0, taken = 0;
    CHECK(make_pair(&pair));
    while (taken < ALL) {
        ssize_t now = sent < ALL ? send_chunk(pair.client, sent, ALL - sent) : 0;
        CHECK(now >= 0 || errno == EAGAIN);
        sent += now > 0 ? (size_t)now : 0;
        if (look_for(pair.server, POLLIN) != 0 || now <= 0) {
            ssize_t got = take_chunk(pair.server, taken);
            CHECK(got > 0);
            taken += (size_t)got;
        }
    }
    CHECK(taken == ALL);
}

static void both_directions_are_independent(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    CHECK(fill(pair.client) > 0);
    CHECK(send_text(pair.server, "other way"));
    CHECK(takes_text(pair.client, "other way"));
}

static void a_thousand_single_bytes_come_in_order(void)
{
    enum { BYTES = 1000 };
    struct pair pair;
    uint8_t all[BYTES];
    CHECK(make_pair(&pair));
    for (int i = 0; i < BYTES; i++) {
        CHECK(send(pair.client, &(uint8_t){pattern_at((size_t)i)}, 1, MSG_NOSIGNAL) == 1);
    }
    CHECK(recv(pair.server, all, BYTES, MSG_WAITALL) == BYTES);
    for (int i = 0; i < BYTES; i++) {
        CHECK(all[i] == pattern_at((size_t)i));
    }
}

static void connections_do_not_mix(void)
{
    enum { PAIRS = 4 };
    struct pair pairs[PAIRS];
    char digit[2] = {0};
    for (int i = 0; i < PAIRS; i++) {
        CHECK(make_pair(&pairs[i]));
    }
    for (int i = 0; i < PAIRS; i++) {
        digit[0] = (char)('0' + i);
        CHECK(send_text(pairs[i].client, digit));
    }
    for (int i = PAIRS - 1; i >= 0; i--) {
        digit[0] = (char)('0' + i);
        CHECK(takes_text(pairs[i].server, digit));
    }
}

static const struct conform_case streaming[] = {
    CASE_BOTH("send", bytes_come_as_they_were_sent),
    CASE("read", read_and_write_do_the_same),
    CASE("recv", recv_takes_what_is_there_and_no_more),
    CASE("recv", the_rest_stays_for_the_next_recv),
    CASE("recv", a_stream_has_no_boundaries),
    CASE("recv", receiving_nothing_is_0_and_takes_nothing),
    CASE("send", sending_nothing_is_0_and_no_end),
    CASE_BOTH("MSG_PEEK", msg_peek_leaves_the_bytes),
    CASE("MSG_PEEK", msg_peek_does_not_skip_the_end),
    CASE("MSG_DONTWAIT", msg_dontwait_of_nothing_is_eagain),
    CASE("O_NONBLOCK", o_nonblock_of_nothing_is_eagain),
    CASE("O_NONBLOCK", eagain_and_ewouldblock_are_one),
    CASE_BOTH("MSG_WAITALL", msg_waitall_gathers_several_sends),
    CASE("MSG_WAITALL", msg_waitall_is_short_at_the_end),
    CASE("MSG_WAITALL", msg_waitall_of_a_nonblocking_socket_takes_what_is_there),
    CASE("MSG_OOB", msg_oob_without_urgent_data_is_einval),
    CASE("FIONREAD", fionread_counts_what_can_be_received),
    CASE_BOTH("send", a_full_connection_is_eagain),
    CASE_BOTH("send", what_filled_a_connection_comes_whole),
    CASE("send", a_full_connection_is_writable_when_it_was_read),
    CASE_BOTH("send", a_megabyte_comes_unchanged),
    CASE("send", both_directions_are_independent),
    CASE("send", a_thousand_single_bytes_come_in_order),
    CASE("send", connections_do_not_mix),
};
const struct conform_subject stream_subject = SUBJECT(streaming);

/* --- several parts ---------------------------------------------------------------------------- */

static void writev_sends_its_parts_in_order(void)
{
    struct pair pair;
    struct iovec parts[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    CHECK(make_pair(&pair));
    CHECK(writev(pair.client, parts, 3) == 5);
    CHECK(takes_text(pair.server, "abcde"));
}

static void readv_fills_its_parts_in_order(void)
{
    struct pair pair;
    char first[2], second[4];
    struct iovec parts[] = {{first, sizeof(first)}, {NULL, 0}, {second, sizeof(second)}};
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "abcde"));
    CHECK(recv(pair.server, &(char[5]){0}, 5, MSG_PEEK | MSG_WAITALL) == 5);
    CHECK(readv(pair.server, parts, 3) == 5);
    CHECK(memcmp(first, "ab", 2) == 0 && memcmp(second, "cde", 3) == 0);
}

static void sendmsg_sends_its_parts_in_order(void)
{
    struct pair pair;
    struct iovec parts[] = {{"one", 3}, {"two", 3}, {"three", 5}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    CHECK(make_pair(&pair));
    CHECK(sendmsg(pair.client, &message, MSG_NOSIGNAL) == 11);
    CHECK(takes_text(pair.server, "onetwothree"));
}

static void recvmsg_fills_its_parts_in_order(void)
{
    struct pair pair;
    char first[3], second[8];
    struct iovec parts[] = {{first, sizeof(first)}, {second, sizeof(second)}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "onetwo"));
    CHECK(recv(pair.server, &(char[6]){0}, 6, MSG_PEEK | MSG_WAITALL) == 6);
    CHECK(recvmsg(pair.server, &message, 0) == 6);
    CHECK(memcmp(first, "one", 3) == 0 && memcmp(second, "two", 3) == 0);
    CHECK((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0);
}

static void recvmsg_waits_for_all_its_parts(void)
{
    struct pair pair;
    char first[3], second[3];
    struct iovec parts[] = {{first, sizeof(first)}, {second, sizeof(second)}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    CHECK(make_pair(&pair));
    CHECK(send_text(pair.client, "one"));
    CHECK(send_text(pair.client, "two"));
    CHECK(recvmsg(pair.server, &message, MSG_WAITALL) == 6);
    CHECK(memcmp(second, "two", 3) == 0);
}

static void a_message_without_parts_is_0(void)
{
    struct pair pair;
    struct msghdr message = {.msg_iovlen = 0};
    CHECK(make_pair(&pair));
    CHECK(sendmsg(pair.client, &message, MSG_NOSIGNAL) == 0);
    CHECK(look_for(pair.server, POLLIN) == 0);
}

static void a_negative_count_of_parts_is_einval(void)
{
    struct pair pair;
    struct iovec part = {"x", 1};
    volatile int count = -1;
    CHECK(make_pair(&pair));
    CHECK_ERROR(writev(pair.client, &part, count), EINVAL);
    CHECK_ERROR(readv(pair.client, &part, count), EINVAL);
}

enum { PARTS = 1024 }; /* IOV_MAX */
static struct iovec many[PARTS + 1];

static void too_many_parts_are_refused(void)
{
    struct pair pair;
    volatile int count = PARTS + 1;
    struct msghdr message = {.msg_iov = many, .msg_iovlen = PARTS + 1};
    CHECK(make_pair(&pair));
    CHECK_ERROR(writev(pair.client, many, count), EINVAL);
    CHECK_ERROR(sendmsg(pair.client, &message, MSG_NOSIGNAL), EMSGSIZE);
}

static void as_many_parts_as_iov_max_are_taken(void)
{
    struct pair pair;
    char text[PARTS];
    CHECK(make_pair(&pair));
    char digits[] = "0123456789";
    for (int i = 0; i < PARTS; i++) {
        many[i] = (struct iovec){&digits[i % 10], 1};
    }
    CHECK(writev(pair.client, many, PARTS) == PARTS);
    CHECK(recv(pair.server, text, sizeof(text), MSG_WAITALL) == PARTS);
    for (int i = 0; i < PARTS; i++) {
        CHECK(text[i] == '0' + i % 10);
    }
}

/* Zeros to send. */
static char much[1 << 20];

static void parts_fill_a_nonblocking_connection_as_far_as_it_goes(void)
{
    struct pair pair;
    struct iovec parts[] = {{much, sizeof(much)}, {much, sizeof(much)}, {much, sizeof(much)},
                            {much, sizeof(much)}, {much, sizeof(much)}, {much, sizeof(much)}};
    CHECK(make_pair(&pair));
    CHECK(set_nonblocking(pair.client));
    CHECK(set_int(pair.client, SOL_SOCKET, SO_SNDBUF, 16384));
    ssize_t sent = writev(pair.client, parts, 6);
    CHECK(sent > 0 && sent < (ssize_t)(6 * sizeof(much)));
    CHECK(fill(pair.client) == 0 || errno == EAGAIN);
}

static const struct conform_case vectors[] = {
    CASE_BOTH("writev", writev_sends_its_parts_in_order),
    CASE("writev", a_negative_count_of_parts_is_einval),
    CASE("writev", too_many_parts_are_refused),
    CASE("writev", as_many_parts_as_iov_max_are_taken),
    CASE("writev", parts_fill_a_nonblocking_connection_as_far_as_it_goes),
    CASE_BOTH("readv", readv_fills_its_parts_in_order),
    CASE_BOTH("sendmsg", sendmsg_sends_its_parts_in_order),
    CASE("sendmsg", a_message_without_parts_is_0),
    CASE_BOTH("recvmsg", recvmsg_fills_its_parts_in_order),
    CASE("recvmsg", recvmsg_waits_for_all_its_parts),
};
const struct conform_subject vector_subject = SUBJECT(vectors);
