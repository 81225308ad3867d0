/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs over the wire, and what must not be guessed: ports.
 */
#include "conformance.h"

#include <poll.h>
#include <sys/time.h>

/* --- ports ------------------------------------------------------------------------------------ */

enum { CONNECTIONS = 1000 };

static uint16_t ports[CONNECTIONS];

/* Whether the last half of the list is the first half again, or one step is the rule. */
static bool has_pattern(void)
{
    unsigned same_step = 0, seen_before = 0;
    for (int i = 2; i < CONNECTIONS; i++) {
        int step = ports[i] - ports[i - 1];
        same_step += step == ports[i - 1] - ports[i - 2] ? 1 : 0;
        for (int j = 1; j < i && j < 100; j++) { /* a step that came lately, at the same place */
            if (ports[i] == ports[i - j]) {
                seen_before++;
                break;
            }
        }
    }
    /* Of 16,384 ports in free order: one in 16,384 and about six in 1,000. */
    return same_step > 20 || seen_before > 60;
}

static void the_ports_of_a_thousand_connections_have_no_pattern(void)
{
    struct linger reset = {.l_onoff = 1}; /* leaves no port behind in TIME-WAIT */
    int listener = make_listener(8);
    union address to = name_of(listener);
    for (int i = 0; i < CONNECTIONS; i++) {
        int client = make(SOCK_STREAM);
        CHECK(connect(client, &to.any, address_bytes()) == 0);
        int server = keep(accept(listener, NULL, NULL));
        CHECK(server >= 0);
        union address name = name_of(client);
        ports[i] = port_of(&name);
        CHECK(set_option(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
        CHECK(drop(client) == 0 && drop(server) == 0);
    }
    if (!has_wire()) {
        conform_skip("Linux steps through its ports");
        return;
    }
    CHECK(!has_pattern());
}

static void the_ports_of_a_thousand_datagram_sockets_have_no_pattern(void)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        ports[i] = free_port(SOCK_DGRAM);
        CHECK(ports[i] != 0);
    }
    CHECK(!has_pattern());
}

static const struct conform_case randomness[] = {
    CASE("connect", the_ports_of_a_thousand_connections_have_no_pattern),
    CASE("bind", the_ports_of_a_thousand_datagram_sockets_have_no_pattern),
};
const struct conform_subject random_subject = SUBJECT(randomness);

/* --- over the wire ---------------------------------------------------------------------------- */

enum { ECHO_ADDRESS = 0x0a000264, NOBODY = 0x0a00024d, ECHO_PORT = 7 }; /* 10.0.2.100, .77 */

static bool reach_echo(int *client)
{
    union address to = ip4_address(ECHO_ADDRESS, ECHO_PORT);
    *client = make(SOCK_STREAM);
    return connect(*client, &to.any, sizeof(to.ip4)) == 0;
}

/* True: skipped. */
static bool is_without_wire(void)
{
    if (!has_wire()) {
        conform_skip("nothing is at the other end of the wire");
        return true;
    }
    return false;
}

static void over_the_wire_bytes_come_back(void)
{
    int client;
    if (is_without_wire()) {
        return;
    }
    CHECK(reach_echo(&client));
    CHECK(send_text(client, "over the wire"));
    CHECK(takes_text(client, "over the wire"));
}

static void over_the_wire_the_address_is_that_of_the_route(void)
{
    int client;
    if (is_without_wire()) {
        return;
    }
    CHECK(reach_echo(&client));
    union address name = name_of(client), peer = peer_of(client);
    union address echo = ip4_address(ECHO_ADDRESS, ECHO_PORT);
    CHECK((ntohl(name.ip4.sin_addr.s_addr) & 0xffffff00) == (ECHO_ADDRESS & 0xffffff00));
    CHECK(is_same_address(&peer, &echo));
}

static void over_the_wire_connect_is_in_progress_and_then_done(void)
{
    union address to = ip4_address(ECHO_ADDRESS, ECHO_PORT);
    int client = make(SOCK_STREAM);
    if (is_without_wire()) {
        return;
    }
    CHECK(set_nonblocking(client));
    CHECK(connect(client, &to.any, sizeof(to.ip4)) == 0 || errno == EINPROGRESS);
    CHECK(wait_for(client, POLLOUT) == POLLOUT);
    CHECK(get_int(client, SOL_SOCKET, SO_ERROR) == 0);
}

static void over_the_wire_much_comes_back_unchanged(void)
{
    enum { ALL = 64 * 1024, CHUNK = 1021 };
    uint8_t bytes[CHUNK];
    int client;
    size_t sent = 0, taken = 0;
    if (is_without_wire()) {
        return;
    }
    CHECK(reach_echo(&client));
    while (taken < ALL) {
        struct pollfd entry = {.fd = client,
                               .events = (short)(POLLIN | (sent < ALL ? POLLOUT : 0))};
        CHECK(poll(&entry, 1, 10000) == 1);
        if ((entry.revents & POLLOUT) != 0) {
            size_t most = ALL - sent < CHUNK ? ALL - sent : CHUNK;
            for (size_t i = 0; i < most; i++) {
                bytes[i] = (uint8_t)((sent + i) * 31 + (sent + i) / 251);
            }
            ssize_t now = send(client, bytes, most, MSG_NOSIGNAL | MSG_DONTWAIT);
            CHECK(now > 0);
            sent += (size_t)now;
        }
        if ((entry.revents & POLLIN) != 0) {
            ssize_t now = recv(client, bytes, sizeof(bytes), 0);
            CHECK(now > 0);
            for (ssize_t i = 0; i < now; i++, taken++) {
                CHECK(bytes[i] == (uint8_t)(taken * 31 + taken / 251));
            }
        }
    }
}

static void over_the_wire_an_address_of_nobody_keeps_connect_waiting(void)
{
    union address to = ip4_address(NOBODY, ECHO_PORT);
    struct timeval short_time = {.tv_usec = 50000};
    int client = make(SOCK_STREAM);
    if (is_without_wire()) {
        return;
    }
    CHECK(set_option(client, SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof(short_time)));
    CHECK_ERROR(connect(client, &to.any, sizeof(to.ip4)), EINPROGRESS);
    CHECK_ERROR(connect(client, &to.any, sizeof(to.ip4)), EALREADY);
    CHECK(drop(client) == 0);
}

static void over_the_wire_a_broadcast_may_be_sent_with_leave(void)
{
    union address to = ip4_address(INADDR_BROADCAST, 9);
    int made = make(SOCK_DGRAM);
    if (is_without_wire()) {
        return;
    }
    CHECK(set_int(made, SOL_SOCKET, SO_BROADCAST, 1));
    CHECK(sendto(made, "all", 3, 0, &to.any, sizeof(to.ip4)) == 3);
}

static const struct conform_case wire[] = {
    CASE("send", over_the_wire_bytes_come_back),
    CASE("getsockname", over_the_wire_the_address_is_that_of_the_route),
    CASE("connect", over_the_wire_connect_is_in_progress_and_then_done),
    CASE("send", over_the_wire_much_comes_back_unchanged),
    CASE("connect", over_the_wire_an_address_of_nobody_keeps_connect_waiting),
    CASE("SO_BROADCAST", over_the_wire_a_broadcast_may_be_sent_with_leave),
};
const struct conform_subject wire_subject = SUBJECT(wire);
