/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/serve.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16 };

/* polls[i] is of items[i]; no gaps. */
static struct serve_item items[SERVE_ITEMS_MAX];
static struct pollfd polls[SERVE_ITEMS_MAX];
static nfds_t count;

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

int serve_open(int type, uint16_t port)
{
    struct sockaddr_in6 both = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in old = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1, off = 0;
    int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    } else {
        fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    }
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
        give_up("socket");
    }
    if (bind(fd, (struct sockaddr *)&both, sizeof(both)) != 0 &&
        bind(fd, (struct sockaddr *)&old, sizeof(old)) != 0) {
        give_up("bind");
    }
    if (type == SOCK_STREAM && listen(fd, BACKLOG) != 0) {
        give_up("listen");
    }
    return fd;
}

void serve_add(int fd, short events, short (*step)(struct serve_item *item))
{
    items[count].fd = fd;
    items[count].step = step;
    items[count].context = NULL;
    items[count].start = items[count].end = 0;
    polls[count] = (struct pollfd){.fd = fd, .events = events};
    count++;
}

/* A step of a listener: one connection, if there is room for it. */
static short take_connection(struct serve_item *listener)
{
    int fd = count < SERVE_ITEMS_MAX ? accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK) : -1;
    if (fd >= 0) {
        serve_add(fd, listener->connection_events, listener->connection_step);
    }
    return POLLIN;
}

void serve_listen(int fd, short events, short (*step)(struct serve_item *item))
{
    serve_add(fd, POLLIN, take_connection);
    items[count - 1].connection_events = events;
    items[count - 1].connection_step = step;
}

/* Full tables do not listen, so that poll sleeps until a connection ends. */
static void hold_listeners(void)
{
    for (nfds_t i = 0; i < count; i++) {
        if (items[i].step == take_connection) {
            polls[i].events = count < SERVE_ITEMS_MAX ? POLLIN : 0;
        }
    }
}

static void remove_item(nfds_t i)
{
    close(items[i].fd);
    count--;
    items[i] = items[count];
    polls[i] = polls[count];
}

void serve_run(void)
{
    for (;;) {
        hold_listeners();
        if (poll(polls, count, -1) < 0) {
            give_up("poll");
        }
        /* Downwards: what takes the place of a removed one has had its turn. */
        for (nfds_t i = count; i-- > 0;) {
            if (polls[i].revents != 0) {
                polls[i].events = items[i].step(&items[i]);
                if (polls[i].events == 0) {
                    remove_item(i);
                }
            }
        }
    }
}

short serve_send(struct serve_item *item)
{
    ssize_t sent = send(item->fd, item->bytes + item->start, item->end - item->start, MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN ? POLLOUT : 0;
    }
    item->start += (size_t)sent;
    return item->start < item->end ? POLLOUT : POLLIN;
}
