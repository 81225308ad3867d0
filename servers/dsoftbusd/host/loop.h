/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node of the bus on POSIX sockets: the same library as in dsoftbusd, for a Linux machine.
 *
 * One poll loop; sockets, clock and random bytes are here, everything else is node.c's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#include "../node.h"

struct host_config {
    struct node_config node;  /* its random and context are set here */
    struct sockaddr_in group; /* announces go there; if it is a group, it is joined */
    struct in_addr interface; /* of the group, and the address sessions are taken at; 0: any */
    uint16_t listen_port;     /* for announces */
};

struct host {
    struct node node;
    struct host_config config;
    int udp;
    int listener;
    int streams[NODE_LINKS]; /* -1: none */
    bool is_connecting[NODE_LINKS];
};

/* Time since some moment, never back. */
uint64_t host_now_us(void);

/* Opens the sockets. False: it cannot; a line says why, and the program is to end. */
MUST_CHECK bool host_open(struct host *host, const struct host_config *config);

/* Waits for something to do, at most until `until_us`, and does it. */
void host_step(struct host *host, uint64_t until_us);

/* Ends the sessions, with a goodbye to whoever listens. */
void host_close(struct host *host);
