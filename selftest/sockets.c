/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network inside the machine, by the C library's calls: loopback, IPv6 to ourselves, and the
 * servers that run from boot while others hold their connections. And random bytes, without which a
 * program has no secrets to talk with.
 */
#include "network.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <proto/netd.h>
#include <wherry/console.h>
#include <wherry/icmp.h>
#include <wherry/startup.h>

#include "selftest.h"

enum {
    WAIT_MS = 5000,
    LINK_LOCAL_WAIT_MS = 10000, /* it is asked for a second */
    PORT_HTTP = 8080,
    PORT_TELNET = 23,
    ANSWER_BYTES = 512,
    POLL_PAUSE_MS = 20,
};

static const char said[] = "over and back";

/* What failed first, and with which errno; NULL: nothing. */
static const char *failed;
static int failed_errno;

static bool must(bool holds, const char *what)
{
    if (!holds && failed == NULL) {
        failed = what;
        failed_errno = errno;
    }
    return holds;
}

static bool verdict(const char *line)
{
    if (failed == NULL) {
        console_print("SELFTEST: %s ok", line);
        return true;
    }
    console_print("SELFTEST: %s FAIL %s, errno %d", line, failed, failed_errno);
    failed = NULL;
    return false;
}

static bool is_ready(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    return poll(&wanted, 1, WAIT_MS) == 1;
}

/* --- loopback --------------------------------------------------------------------------------- */

static bool ping_loopback(void)
{
    uint64_t round_trip_us;
    int error = icmp_ping(INADDR_LOOPBACK, in_ms(WAIT_MS), &round_trip_us);
    if (error != OK) {
        console_print("SELFTEST: net lo ping FAIL %s", error_text(error));
        return false;
    }
    console_print("SELFTEST: net lo ping ok");
    return true;
}

/* --- IPv6 to ourselves ------------------------------------------------------------------------ */

/* Both ends are this program's; what one sends the other must get, and send back. */
static void exchange(int from, int to)
{
    char heard[sizeof(said)] = "";
    must(send(from, said, sizeof(said), MSG_NOSIGNAL) == (ssize_t)sizeof(said), "send");
    must(is_ready(to, POLLIN) && recv(to, heard, sizeof(heard), 0) == (ssize_t)sizeof(heard) &&
             memcmp(said, heard, sizeof(said)) == 0,
         "what came is not what was sent");
}

static void talk_tcp(const struct sockaddr_in6 *own)
{
    struct sockaddr_in6 at = *own;
    socklen_t bytes = sizeof(at);
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    int client = socket(AF_INET6, SOCK_STREAM, 0);
    int server = -1;
    if (must(listener >= 0 && client >= 0, "socket") &&
        must(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(listener, 1) == 0 &&
                 getsockname(listener, (struct sockaddr *)&at, &bytes) == 0,
             "listen") &&
        must(connect(client, (struct sockaddr *)&at, sizeof(at)) == 0, "connect") &&
        must((server = accept(listener, NULL, NULL)) >= 0, "accept")) {
        exchange(client, server);
        exchange(server, client);
    }
    (void)close(server);
    (void)close(client);
    (void)close(listener);
}

static void talk_udp(const struct sockaddr_in6 *own)
{
    struct sockaddr_in6 one = *own, other = *own;
    socklen_t bytes = sizeof(one);
    int left = socket(AF_INET6, SOCK_DGRAM, 0);
    int right = socket(AF_INET6, SOCK_DGRAM, 0);
    if (must(left >= 0 && right >= 0, "socket") &&
        must(bind(left, (struct sockaddr *)&one, sizeof(one)) == 0 &&
                 bind(right, (struct sockaddr *)&other, sizeof(other)) == 0 &&
                 getsockname(left, (struct sockaddr *)&one, &bytes) == 0 &&
                 getsockname(right, (struct sockaddr *)&other, &bytes) == 0 &&
                 connect(left, (struct sockaddr *)&other, sizeof(other)) == 0 &&
                 connect(right, (struct sockaddr *)&one, sizeof(one)) == 0,
             "datagrams")) {
        exchange(left, right);
        exchange(right, left);
    }
    (void)close(left);
    (void)close(right);
}

/* The link-local address of the first interface behind loopback, once it may be used. */
static bool find_link_local(struct sockaddr_in6 *own)
{
    const uint64_t interface = 1;
    ticks_t end = in_ms(LINK_LOCAL_WAIT_MS);
    while (time_now() < end) {
        struct message m = {.words = {NETD_ADDRESS6_GET, interface}};
        if (ipc_call(startup_handle(ROLE_NETD), &m, in_ms(WAIT_MS)) == OK && m.words[0] == OK &&
            m.words[3] >> 8 == NETD_ADDRESS6_PREFERRED) {
            *own = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                         .sin6_scope_id = (uint32_t)interface + 1};
            memcpy(&own->sin6_addr, &m.words[1], sizeof(own->sin6_addr));
            return IN6_IS_ADDR_LINKLOCAL(&own->sin6_addr);
        }
        sleep_ms(POLL_PAUSE_MS);
    }
    return false;
}

static bool talk_ip6(bool has_device)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    talk_tcp(&own);
    talk_udp(&own);
    if (!has_device) {
        return verdict("net ipv6 lo");
    }
    if (must(find_link_local(&own), "no link-local address")) {
        talk_tcp(&own);
        talk_udp(&own);
    }
    return verdict("net ipv6");
}

/* --- servers ---------------------------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0, "connect");
    return fd;
}

/* Whether what comes begins with, or contains, that text. */
static bool hears(int fd, const char *text)
{
    char answer[ANSWER_BYTES + 1];
    size_t got = 0;
    while (got < ANSWER_BYTES && is_ready(fd, POLLIN)) {
        ssize_t more = recv(fd, answer + got, ANSWER_BYTES - got, 0);
        if (more <= 0) {
            return false;
        }
        got += (size_t)more;
        answer[got] = '\0';
        if (strstr(answer, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void ask_page(int fd)
{
    static const char request[] = "GET /kib HTTP/1.1\r\nHost: x\r\n\r\n";
    must(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1 &&
             hears(fd, "HTTP/1.1 200"),
         "httpd does not answer");
}

static void ask_prompt(int fd)
{
    must(hears(fd, "wherry> "), "telnetd does not answer");
}

/* Each answers while a connection to the other is open and unserved, in both orders. */
static bool ask_servers(void)
{
    int page = connect_to(PORT_HTTP);
    int login = connect_to(PORT_TELNET);
    ask_prompt(login);
    ask_page(page);
    int second_login = connect_to(PORT_TELNET);
    int second_page = connect_to(PORT_HTTP);
    ask_page(second_page);
    ask_prompt(second_login);
    (void)close(page);
    (void)close(login);
    (void)close(second_login);
    (void)close(second_page);
    return verdict("httpd telnetd");
}

/* --- random bytes ----------------------------------------------------------------------------- */

/* There are some, never the same, or it is said that there are none. */
static bool draw_random(void)
{
    const char *lane = getenv("lane");
    bool has_some = lane == NULL || strcmp(lane, "no-entropy") != 0;
    uint8_t one[64] = {0}, other[64] = {0};
    const uint8_t none[sizeof(one)] = {0};
    ssize_t got = getrandom(one, sizeof(one), 0);
    if (has_some) {
        must(got == (ssize_t)sizeof(one) && getentropy(other, sizeof(other)) == 0, "getrandom");
        must(memcmp(one, other, sizeof(one)) != 0, "the same again");
    } else {
        must(got == -1 && errno == EAGAIN, "getrandom without entropy");
        must(getentropy(other, sizeof(other)) == -1 && errno == EAGAIN, "getentropy without");
        must(memcmp(one, none, sizeof(one)) == 0, "bytes all the same");
    }
    return verdict("getrandom");
}

/* --- all -------------------------------------------------------------------------------------- */

void network_warm_up(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd >= 0) {
        (void)close(fd);
    }
}

bool network_run_inside(bool has_device)
{
    bool is_passed = ping_loopback();
    is_passed = talk_ip6(has_device) && is_passed;
    is_passed = draw_random() && is_passed;
    return ask_servers() && is_passed;
}
