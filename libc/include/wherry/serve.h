/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One loop for small servers: descriptors, each with a step that runs when poll says so.
 *
 * Plain C and POSIX, nothing of this system: this and what is built on it run elsewhere, too.
 * One thread, nothing blocks but poll, at most SERVE_ITEMS_MAX descriptors; when they are all
 * in use, new connections wait in the backlog until one ends.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    SERVE_ITEMS_MAX = 18, /* a listener, a datagram socket, 16 connections */
    SERVE_BYTES = 2048,
};

struct serve_item {
    int fd;
    short (*step)(struct serve_item *item);             /* see serve_add */
    short (*connection_step)(struct serve_item *item); /* of a listener, for what it accepts */
    short connection_events;
    void *context;     /* the step's; NULL at first */
    size_t start, end; /* bytes of the buffer still to be sent */
    char bytes[SERVE_BYTES];
};

/*
 * A socket bound to a port of every address, over IPv6 and IPv4 where both are there; a stream
 * also listens. Ends the program with a line when that cannot be.
 */
int serve_open(int type, uint16_t port);

/*
 * Waits for `events` of poll on `fd`, then runs `step`, which gives the events to wait for next, or
 * 0: close it. Takes the descriptor. Requires room, which there is before serve_run.
 */
void serve_add(int fd, short events, short (*step)(struct serve_item *item));

/* Accepts from a listener; each connection is added with these events and this step. */
void serve_listen(int fd, short events, short (*step)(struct serve_item *item));

/* Never returns while poll works; then ends the program with a line. */
_Noreturn void serve_run(void);

/*
 * Sends what item holds. Gives POLLOUT when some is left, POLLIN when not, 0 when the peer is gone.
 */
short serve_send(struct serve_item *item);
