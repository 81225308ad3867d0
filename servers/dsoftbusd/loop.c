/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000 * 1000,
    WAIT_MOST_S = 3600,
    DATAGRAM_MAX = 2048, /* longer than any announce: what is cut is refused all the same */
    PIECE_MAX = 4096,
    TURN_MAX = 64, /* datagrams or connections taken in one turn */
    GOODBYE_STEPS = 20,
    GOODBYE_STEP_US = 10 * 1000,
};

uint64_t loop_now_us(void)
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

static bool bind_to(int fd, struct in_addr address, uint16_t port)
{
    const int yes = 1;
    const struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(port)};
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
           bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0;
}

static bool is_on_device(int fd, const struct loop_config *config)
{
    return fd >= 0 &&
           (config->device == NULL || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, config->device,
                                                 (socklen_t)strlen(config->device)) == 0);
}

static bool join_group(int fd, const struct loop_config *config)
{
    const struct ip_mreq join = {config->group.sin_addr, config->interface};
    const int comes_back = !config->is_alone;
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &comes_back, sizeof(comes_back)) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &join.imr_interface,
                      sizeof(join.imr_interface)) == 0;
}

static bool may_broadcast(int fd)
{
    const int yes = 1;
    return setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) == 0;
}

/* Whether there is an interface by which such a datagram would leave. */
static bool has_way(const struct loop_config *config, const struct sockaddr_in *target)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = is_on_device(fd, config) && may_broadcast(fd) &&
               connect(fd, (const struct sockaddr *)target, sizeof(*target)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return has;
}

/* The socket of announces, and how they go. */
static enum loop_mode open_udp(struct loop *loop)
{
    const struct in_addr any = {.s_addr = htonl(INADDR_ANY)};
    bool is_for_all = is_group(&loop->config.group);
    loop->target = loop->config.group;
    loop->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!is_on_device(loop->udp, &loop->config) ||
        !bind_to(loop->udp, is_for_all ? any : loop->config.interface, loop->config.listen_port)) {
        return LOOP_NONE;
    }
    if (!is_for_all) { /* it is heard to come from where sessions are taken */
        return may_broadcast(loop->udp) ? LOOP_ADDRESS : LOOP_NONE;
    }
    if (join_group(loop->udp, &loop->config)) {
        return LOOP_GROUP;
    }
    loop->is_group_denied = errno == EACCES || errno == EPERM;
    loop->target.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    if (!may_broadcast(loop->udp)) {
        loop->is_broadcast_denied = errno == EACCES || errno == EPERM;
        return LOOP_NONE;
    }
    return has_way(&loop->config, &loop->target) ? LOOP_BROADCAST : LOOP_NONE;
}

static bool open_listener(struct loop *loop)
{
    struct sockaddr_in here;
    socklen_t len = sizeof(here);
    loop->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!is_on_device(loop->listener, &loop->config) ||
        !bind_to(loop->listener, loop->config.interface, loop->config.node.port) ||
        listen(loop->listener, NODE_IN_MAX) != 0 ||
        getsockname(loop->listener, (struct sockaddr *)&here, &len) != 0) {
        return false;
    }
    loop->config.node.port = ntohs(here.sin_port);
    return true;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

void loop_discover(struct loop *loop)
{
    if (loop->listener < 0 && !open_listener(loop)) {
        close_fd(&loop->listener);
    }
    loop->has_lost = loop->listener < 0;
    if (loop->mode == LOOP_NONE || loop->mode == LOOP_BROADCAST) {
        close_fd(&loop->udp);
        loop->mode = open_udp(loop);
        loop->node.is_silent = loop->mode == LOOP_NONE;
    }
}

int loop_open(struct loop *loop, const struct loop_config *config)
{
    int error = E_BUSY;
    loop->is_group_denied = false;
    loop->is_broadcast_denied = false;
    loop->has_lost = false;
    loop->config = *config;
    loop->config.node.random = random_bytes;
    for (int i = 0; i < NODE_LINKS; i++) {
        loop->streams[i] = -1;
        loop->is_connecting[i] = false;
    }
    loop->mode = open_udp(loop);
    if (open_listener(loop)) {
        error = node_init(&loop->node, &loop->config.node, loop_now_us());
    }
    crypto_wipe(loop->config.node.secret, CRYPTO_KEY_BYTES); /* the node has it */
    if (error != OK) {
        close_fd(&loop->udp);
        close_fd(&loop->listener);
        return error;
    }
    loop->node.is_silent = loop->mode == LOOP_NONE; /* node_init has cleared it */
    return OK;
}

/* --- streams --- */

static void close_stream(struct loop *loop, int link)
{
    close_fd(&loop->streams[link]);
    loop->is_connecting[link] = false;
}

/* The stream of a link has ended by itself. */
static void lose_stream(struct loop *loop, int link, uint64_t now_us)
{
    close_stream(loop, link);
    node_closed(&loop->node, link, now_us);
}

static void connect_stream(struct loop *loop, const struct node_action *action, uint64_t now_us)
{
    const struct sockaddr_in there = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(action->address),
        .sin_port = htons(action->port),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    loop->streams[action->link] = fd;
    loop->is_connecting[action->link] = true;
    if (!is_on_device(fd, &loop->config) ||
        (connect(fd, (const struct sockaddr *)&there, sizeof(there)) != 0 &&
         errno != EINPROGRESS)) {
        lose_stream(loop, action->link, now_us);
    }
}

static void finish_connect(struct loop *loop, int link, uint64_t now_us)
{
    int error = 0;
    socklen_t len = sizeof(error);
    loop->is_connecting[link] = false;
    if (getsockopt(loop->streams[link], SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        lose_stream(loop, link, now_us);
    } else {
        node_connected(&loop->node, link, now_us);
    }
}

static void read_stream(struct loop *loop, int link, uint64_t now_us)
{
    uint8_t bytes[PIECE_MAX];
    ssize_t len = recv(loop->streams[link], bytes, sizeof(bytes), 0);
    if (len > 0) {
        node_input(&loop->node, link, bytes, (size_t)len, now_us);
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        lose_stream(loop, link, now_us);
    }
}

static void write_stream(struct loop *loop, int link, uint64_t now_us)
{
    struct crypto_span out = node_output(&loop->node, link);
    if (loop->streams[link] < 0 || loop->is_connecting[link] || out.len == 0) {
        return;
    }
    ssize_t len = send(loop->streams[link], out.bytes, out.len, MSG_NOSIGNAL);
    if (len > 0) {
        node_sent(&loop->node, link, (size_t)len, now_us);
    } else if (errno != EAGAIN && errno != EINTR) {
        lose_stream(loop, link, now_us);
    }
}

/*
 * Whether this error says that the socket is one no more: netd died, and the next one did not give
 * it back, as it gives no group before it has an address. Such a socket is ready for ever.
 */
static bool is_taken_away(int error)
{
    return error == ENETDOWN || error == EIO;
}

static void accept_streams(struct loop *loop, uint64_t now_us)
{
    for (int i = 0; i < TURN_MAX; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        int link;
        int fd =
            accept4(loop->listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && is_taken_away(errno)) {
            close_fd(&loop->listener);
            loop->has_lost = true;
        }
        if (fd < 0) {
            return;
        }
        if (node_accept(&loop->node, ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), now_us,
                        &link) == OK) {
            loop->streams[link] = fd;
            loop->is_connecting[link] = false;
        } else {
            (void)close(fd);
        }
    }
}

static void read_announces(struct loop *loop, uint64_t now_us)
{
    for (int i = 0; i < TURN_MAX; i++) {
        uint8_t bytes[DATAGRAM_MAX];
        struct sockaddr_in from;
        socklen_t from_len = sizeof(from);
        ssize_t len =
            recvfrom(loop->udp, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
        if (len < 0 && is_taken_away(errno)) {
            close_fd(&loop->udp);
            loop->mode = LOOP_NONE;
            loop->node.is_silent = true;
            loop->has_lost = true;
        }
        if (len < 0) {
            return;
        }
        (void)node_hear(&loop->node, ntohl(from.sin_addr.s_addr), bytes, (size_t)len, now_us);
    }
}

/* --- the loop --- */

void loop_serve(struct loop *loop)
{
    struct node_action action;
    uint64_t now_us = loop_now_us();
    while (node_next_action(&loop->node, now_us, &action)) {
        if (action.kind == ACTION_CONNECT) {
            connect_stream(loop, &action, now_us);
        } else if (action.kind == ACTION_CLOSE) {
            close_stream(loop, action.link);
        } else { /* one that does not get out is as one that is lost */
            (void)!sendto(loop->udp, action.bytes.bytes, action.bytes.len, MSG_NOSIGNAL,
                          (const struct sockaddr *)&loop->target, sizeof(loop->target));
        }
    }
    for (int link = 0; link < loop->node.link_end; link++) {
        write_stream(loop, link, now_us);
    }
}

nfds_t loop_wants(const struct loop *loop, struct pollfd *fds)
{
    int links = loop->node.link_end;
    fds[0] = (struct pollfd){.fd = loop->udp, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = loop->listener, .events = POLLIN};
    for (int i = 0; i < links; i++) {
        bool wants_out = loop->is_connecting[i] || node_output(&loop->node, i).len != 0;
        bool wants_in = !loop->is_connecting[i];
        fds[2 + i] = (struct pollfd){
            .fd = loop->streams[i],
            .events = (short)((wants_in ? POLLIN : 0) | (wants_out ? POLLOUT : 0)),
        };
    }
    return 2 + (nfds_t)links;
}

uint64_t loop_next_us(const struct loop *loop)
{
    return node_next_us(&loop->node);
}

void loop_turn(struct loop *loop, const struct pollfd *fds, nfds_t count)
{
    uint64_t now_us = loop_now_us();
    int links = (int)count - 2; /* those since then have nothing yet */
    if (fds[0].revents != 0) {
        read_announces(loop, now_us);
    }
    for (int i = 0; i < links; i++) {
        const struct pollfd *fd = &fds[2 + i];
        bool is_same = fd->fd >= 0 && loop->streams[i] == fd->fd;
        if (is_same && fd->revents != 0 && loop->is_connecting[i]) {
            finish_connect(loop, i, now_us);
        } else if (is_same && (fd->revents & ~POLLOUT) != 0) {
            read_stream(loop, i, now_us);
        }
    }
    if (fds[1].revents != 0) {
        accept_streams(loop, now_us);
    }
    node_tick(&loop->node, now_us);
}

int loop_wait_ms(uint64_t next_us)
{
    uint64_t now_us = loop_now_us();
    uint64_t span_us = next_us > now_us ? next_us - now_us : 0;
    const uint64_t most_us = (uint64_t)WAIT_MOST_S * US_PER_S; /* as ms it is an int */
    uint64_t wait_us = span_us < most_us ? span_us : most_us;
    return (int)((wait_us + US_PER_MS - 1) / US_PER_MS);
}

void loop_step(struct loop *loop, uint64_t until_us)
{
    struct pollfd fds[LOOP_FDS];
    loop_serve(loop);
    nfds_t used = loop_wants(loop, fds);
    uint64_t next_us = loop_next_us(loop);
    if (poll(fds, used, loop_wait_ms(next_us < until_us ? next_us : until_us)) < 0) {
        memset(fds, 0, sizeof(fds)); /* interrupted: only time has passed */
    }
    loop_turn(loop, fds, used);
    if (loop->has_lost) {
        loop_discover(loop);
    }
}

void loop_close(struct loop *loop)
{
    bool is_busy = true;
    node_close(&loop->node, loop_now_us());
    for (int i = 0; i < GOODBYE_STEPS && is_busy; i++) {
        loop_step(loop, loop_now_us() + GOODBYE_STEP_US);
        is_busy = false;
        for (int link = 0; link < NODE_LINKS; link++) {
            is_busy |= loop->streams[link] >= 0;
        }
    }
    for (int link = 0; link < NODE_LINKS; link++) {
        close_stream(loop, link);
    }
    close_fd(&loop->udp);
    close_fd(&loop->listener);
}
