/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    US_PER_S = 1000 * 1000,
    DATAGRAM_MAX = 2048, /* longer than any announce: what is cut is refused all the same */
    PIECE_MAX = 4096,
    TURN_MAX = 64, /* datagrams or connections taken in one turn */
    GOODBYE_STEPS = 20,
    GOODBYE_STEP_US = 10 * 1000,
};

uint64_t host_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

static int random_bytes(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    return getrandom(bytes, len, 0) == (ssize_t)len ? OK : E_UNSUPPORTED; /* <= 256 bytes: whole */
}

static bool is_group(const struct sockaddr_in *address)
{
    return IN_MULTICAST(ntohl(address->sin_addr.s_addr));
}

/* --- opening --- */

static bool refuse(const char *what)
{
    fprintf(stderr, "dsoftbus-node: %s: %s\n", what, strerror(errno));
    return false;
}

static bool bind_to(int fd, struct in_addr address, uint16_t port)
{
    const int yes = 1;
    const struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(port)};
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
           bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0;
}

static bool open_udp(struct host *host)
{
    const struct in_addr any = {.s_addr = htonl(INADDR_ANY)};
    const int yes = 1;
    const struct ip_mreq join = {host->config.group.sin_addr, host->config.interface};
    host->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!bind_to(host->udp, any, host->config.listen_port)) {
        return refuse("the socket for announces");
    }
    if (is_group(&host->config.group)) {
        if (setsockopt(host->udp, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) != 0 ||
            setsockopt(host->udp, IPPROTO_IP, IP_MULTICAST_IF, &join.imr_interface,
                       sizeof(join.imr_interface)) != 0) {
            return refuse("joining the group");
        }
    } else if (setsockopt(host->udp, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) != 0) {
        return refuse("broadcast");
    }
    return true;
}

static bool open_listener(struct host *host)
{
    struct sockaddr_in here;
    socklen_t len = sizeof(here);
    host->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!bind_to(host->listener, host->config.interface, host->config.node.port) ||
        listen(host->listener, NODE_IN_MAX) != 0 ||
        getsockname(host->listener, (struct sockaddr *)&here, &len) != 0) {
        return refuse("the socket for sessions");
    }
    host->config.node.port = ntohs(here.sin_port); /* of port 0 the system made one */
    return true;
}

bool host_open(struct host *host, const struct host_config *config)
{
    host->config = *config;
    host->config.node.random = random_bytes;
    for (int i = 0; i < NODE_LINKS; i++) {
        host->streams[i] = -1;
    }
    if (!open_udp(host) || !open_listener(host)) {
        return false;
    }
    if (node_init(&host->node, &host->config.node, host_now_us()) != OK) {
        fprintf(stderr, "dsoftbus-node: a node needs an id of 1 to 64 bytes of UTF-8\n");
        return false;
    }
    return true;
}

/* --- streams --- */

static void close_stream(struct host *host, int link)
{
    if (host->streams[link] >= 0) {
        (void)close(host->streams[link]);
        host->streams[link] = -1;
        host->is_connecting[link] = false;
    }
}

/* The stream of a link has ended by itself. */
static void lose_stream(struct host *host, int link, uint64_t now_us)
{
    close_stream(host, link);
    node_closed(&host->node, link, now_us);
}

static void connect_stream(struct host *host, const struct node_action *action, uint64_t now_us)
{
    const struct sockaddr_in there = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(action->address),
        .sin_port = htons(action->port),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    host->streams[action->link] = fd;
    host->is_connecting[action->link] = true;
    if (fd < 0 || (connect(fd, (const struct sockaddr *)&there, sizeof(there)) != 0 &&
                   errno != EINPROGRESS)) {
        lose_stream(host, action->link, now_us);
    }
}

static void finish_connect(struct host *host, int link, uint64_t now_us)
{
    int error = 0;
    socklen_t len = sizeof(error);
    host->is_connecting[link] = false;
    if (getsockopt(host->streams[link], SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        lose_stream(host, link, now_us);
    } else {
        node_connected(&host->node, link, now_us);
    }
}

static void read_stream(struct host *host, int link, uint64_t now_us)
{
    uint8_t bytes[PIECE_MAX];
    ssize_t len = recv(host->streams[link], bytes, sizeof(bytes), 0);
    if (len > 0) {
        node_input(&host->node, link, bytes, (size_t)len, now_us);
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        lose_stream(host, link, now_us);
    }
}

static void write_stream(struct host *host, int link, uint64_t now_us)
{
    struct crypto_span out = node_output(&host->node, link);
    if (host->streams[link] < 0 || host->is_connecting[link] || out.len == 0) {
        return;
    }
    ssize_t len = send(host->streams[link], out.bytes, out.len, MSG_NOSIGNAL);
    if (len > 0) {
        node_sent(&host->node, link, (size_t)len, now_us);
    } else if (errno != EAGAIN && errno != EINTR) {
        lose_stream(host, link, now_us);
    }
}

static void accept_streams(struct host *host, uint64_t now_us)
{
    for (int i = 0; i < TURN_MAX; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        int link;
        int fd =
            accept4(host->listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        if (node_accept(&host->node, ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), now_us,
                        &link) == OK) {
            host->streams[link] = fd;
            host->is_connecting[link] = false;
        } else {
            (void)close(fd);
        }
    }
}

static void read_announces(struct host *host, uint64_t now_us)
{
    for (int i = 0; i < TURN_MAX; i++) {
        uint8_t bytes[DATAGRAM_MAX];
        struct sockaddr_in from;
        socklen_t from_len = sizeof(from);
        ssize_t len =
            recvfrom(host->udp, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
        if (len < 0) {
            return;
        }
        (void)node_hear(&host->node, ntohl(from.sin_addr.s_addr), bytes, (size_t)len, now_us);
    }
}

/* --- the loop --- */

static void act(struct host *host, uint64_t now_us)
{
    struct node_action action;
    while (node_next_action(&host->node, now_us, &action)) {
        if (action.kind == ACTION_CONNECT) {
            connect_stream(host, &action, now_us);
        } else if (action.kind == ACTION_CLOSE) {
            close_stream(host, action.link);
        } else if (sendto(host->udp, action.bytes.bytes, action.bytes.len, MSG_NOSIGNAL,
                          (const struct sockaddr *)&host->config.group,
                          sizeof(host->config.group)) < 0) {
            (void)refuse("sending an announce"); /* the next may go */
        }
    }
    for (int link = 0; link < NODE_LINKS; link++) {
        write_stream(host, link, now_us);
    }
}

/* Milliseconds to wait, rounded up, so that something is due afterwards. */
static int wait_ms(const struct host *host, uint64_t until_us, uint64_t now_us)
{
    uint64_t next_us = node_next_us(&host->node);
    next_us = next_us < until_us ? next_us : until_us;
    uint64_t span_us = next_us > now_us ? next_us - now_us : 0;
    return span_us > US_PER_S ? 1000 : (int)((span_us + 999) / 1000);
}

void host_step(struct host *host, uint64_t until_us)
{
    struct pollfd fds[NODE_LINKS + 2] = {{host->udp, POLLIN, 0}, {host->listener, POLLIN, 0}};
    act(host, host_now_us());
    for (int i = 0; i < NODE_LINKS; i++) {
        bool wants_out = host->is_connecting[i] || node_output(&host->node, i).len != 0;
        bool wants_in = !host->is_connecting[i];
        fds[2 + i] = (struct pollfd){
            .fd = host->streams[i],
            .events = (short)((wants_in ? POLLIN : 0) | (wants_out ? POLLOUT : 0)),
        };
    }
    (void)poll(fds, NODE_LINKS + 2, wait_ms(host, until_us, host_now_us()));
    uint64_t now_us = host_now_us();
    if (fds[0].revents != 0) {
        read_announces(host, now_us);
    }
    for (int i = 0; i < NODE_LINKS; i++) {
        bool is_same = fds[2 + i].fd >= 0 && host->streams[i] == fds[2 + i].fd;
        if (is_same && fds[2 + i].revents != 0 && host->is_connecting[i]) {
            finish_connect(host, i, now_us);
        } else if (is_same && (fds[2 + i].revents & ~POLLOUT) != 0) {
            read_stream(host, i, now_us);
        }
    }
    if (fds[1].revents != 0) {
        accept_streams(host, now_us);
    }
    node_tick(&host->node, now_us);
    act(host, now_us);
}

void host_close(struct host *host)
{
    bool is_busy = true;
    node_close(&host->node, host_now_us());
    for (int i = 0; i < GOODBYE_STEPS && is_busy; i++) {
        host_step(host, host_now_us() + GOODBYE_STEP_US);
        is_busy = false;
        for (int link = 0; link < NODE_LINKS; link++) {
            is_busy |= host->streams[link] >= 0;
        }
    }
}
