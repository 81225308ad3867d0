/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hellonet: an ordinary C program that uses the network, over IPv4 and IPv6: it looks a name up, is
 * a client of TCP, sends a datagram, and is a server of TCP. Nothing but the C library is used, so
 * the same file runs on Linux: cc hellonet.c && ./a.out
 *
 * `host.test` must have an address of each family, where echo is answered over TCP and UDP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char host[] = "host.test";
static const char echo_port[] = "7";

enum { SERVER_PORT = 7070, TRIES = 20, WAIT_S = 5, GUESTS = 2 };

static const char *family_name(int family)
{
    return family == AF_INET ? "ipv4" : "ipv6";
}

static int fail(const char *what, int family)
{
    printf("hellonet: %s %s FAIL, %s\n", what, family_name(family), strerror(errno));
    return 1;
}

static int succeed(const char *what, int family)
{
    printf("hellonet: %s %s ok\n", what, family_name(family));
    return 0;
}

/* The name may not be known at once: the network has just come up. */
static struct addrinfo *look_up(int family, int type)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = type};
    struct addrinfo *found = NULL;
    int error = EAI_AGAIN;
    for (int i = 0; i < TRIES && error != 0; i++) {
        error = getaddrinfo(host, echo_port, &hints, &found);
        if (error != 0) {
            sleep(1);
        }
    }
    return error == 0 ? found : NULL;
}

static int lookup(int family)
{
    char text[INET6_ADDRSTRLEN];
    struct addrinfo *found = look_up(family, SOCK_STREAM);
    if (found == NULL || getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
                                     NI_NUMERICHOST) != 0) {
        return fail("lookup", family);
    }
    freeaddrinfo(found);
    return succeed("lookup", family);
}

/* Says something and must hear it back. */
static int greet(int fd)
{
    static const char hello[] = "hello, net";
    char heard[sizeof(hello)] = "";
    return send(fd, hello, sizeof(hello), 0) == (ssize_t)sizeof(hello) &&
                   recv(fd, heard, sizeof(heard), MSG_WAITALL) == (ssize_t)sizeof(heard) &&
                   memcmp(hello, heard, sizeof(hello)) == 0
               ? 0
               : -1;
}

static int be_client(int family, int type)
{
    const char *what = type == SOCK_STREAM ? "tcp client" : "udp";
    const struct timeval wait = {.tv_sec = WAIT_S};
    struct addrinfo *found = look_up(family, type);
    int fd = found == NULL ? -1 : socket(family, type, 0);
    int result = -1;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
        connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
        for (int i = 0; i < TRIES && result != 0; i++) { /* a datagram may be lost */
            result = greet(fd);
            i = type == SOCK_STREAM ? TRIES : i;
        }
    }
    int status = result == 0 ? succeed(what, family) : fail(what, family);
    if (found != NULL) {
        freeaddrinfo(found);
    }
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

/* One socket for both families; whoever comes is greeted and named by family. */
static int be_server(void)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT)};
    const int off = 0, on = 1;
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    if (listener < 0 || setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener, (struct sockaddr *)&own, sizeof(own)) != 0 ||
        listen(listener, GUESTS) != 0) {
        return fail("tcp server", AF_INET6);
    }
    printf("hellonet: tcp server listens on %d\n", SERVER_PORT);
    for (int i = 0; i < GUESTS; i++) {
        struct sockaddr_in6 guest;
        socklen_t bytes = sizeof(guest);
        int fd = accept(listener, (struct sockaddr *)&guest, &bytes);
        if (fd < 0) {
            return fail("tcp server", AF_INET6);
        }
        int family = IN6_IS_ADDR_V4MAPPED(&guest.sin6_addr) ? AF_INET : AF_INET6;
        if (dprintf(fd, "hello, %s\n", family_name(family)) < 0) {
            return fail("tcp server", family);
        }
        (void)succeed("tcp server", family);
        close(fd);
    }
    close(listener);
    return 0;
}

int main(void)
{
    static const int families[] = {AF_INET, AF_INET6};
    int failures = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < 2; i++) {
        failures += lookup(families[i]);
        failures += be_client(families[i], SOCK_STREAM);
        failures += be_client(families[i], SOCK_DGRAM);
    }
    failures += be_server();
    printf("hellonet: end%s\n", failures == 0 ? "" : " FAIL");
    return failures == 0 ? 0 : 1;
}
