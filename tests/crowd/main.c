/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd: sixteen listeners beside the servers that run from boot, for the lane of the same name.
 *
 * Whoever connects gets back what he sends. Each listener has at most OPEN_MAX connections; more
 * wait in its backlog. One epoll over all: a listener is served when it has news, no oftener than
 * others.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

enum {
    PORT_FIRST = 9001,
    LISTENERS = 16,
    OPEN_MAX = 16, /* of each */
    BACKLOG = OPEN_MAX, /* all of them may come at once */
    EVENTS = 32,
    BYTES = 256,
};

struct listener {
    int fd;
    int open;
    bool waits; /* it is full, and its backlog may not be empty */
};

static struct listener listeners[LISTENERS];
static int events_fd;

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* The listener and, but for a listener itself, the connection: what an event is about. */
static uint64_t pack(uint32_t listener, int fd)
{
    return (uint64_t)listener << 32 | (uint32_t)fd;
}

static void watch(uint64_t data, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
    if (epoll_ctl(events_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        give_up("epoll_ctl");
    }
}

static void open_listener(uint32_t index)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)(PORT_FIRST + index))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0) {
        give_up("listen");
    }
    listeners[index].fd = fd;
    watch(pack(index, fd), fd);
}

static void take(uint32_t index)
{
    struct listener *listener = &listeners[index];
    while (listener->open < OPEN_MAX) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            listener->waits = false;
            return;
        }
        listener->open++;
        watch(pack(index, fd), fd);
    }
    if (!listener->waits) {
        listener->waits = true;
        (void)epoll_ctl(events_fd, EPOLL_CTL_DEL, listener->fd, NULL); /* until one ends */
    }
}

static void end(uint32_t index, int fd)
{
    struct listener *listener = &listeners[index];
    close(fd); /* and nobody watches it any more */
    listener->open--;
    if (listener->waits) {
        listener->waits = false;
        watch(pack(index, listener->fd), listener->fd);
    }
}

static void answer(uint32_t index, int fd)
{
    char bytes[BYTES];
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0 || send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got) {
        end(index, fd);
    }
}

/* Takes once the memory that the most sockets need, which the C library keeps. */
static void warm_up(void)
{
    enum { MOST = LISTENERS * (1 + OPEN_MAX) + 1 };
    static int made[MOST];
    for (int i = 0; i < MOST; i++) {
        made[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (made[i] < 0) {
            give_up("socket");
        }
        watch(0, made[i]);
    }
    for (int i = 0; i < MOST; i++) {
        close(made[i]);
    }
}

int main(void)
{
    struct epoll_event events[EVENTS];
    events_fd = epoll_create1(0);
    if (events_fd < 0) {
        give_up("epoll_create1");
    }
    warm_up();
    for (uint32_t i = 0; i < LISTENERS; i++) {
        open_listener(i);
    }
    printf("crowd: %d listeners from port %d on\n", LISTENERS, PORT_FIRST);
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(events_fd, events, EVENTS, -1);
        if (count < 0) {
            give_up("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            uint32_t index = (uint32_t)(events[i].data.u64 >> 32);
            int fd = (int)(uint32_t)events[i].data.u64;
            if (fd == listeners[index].fd) {
                take(index);
            } else {
                answer(index, fd);
            }
        }
    }
}
