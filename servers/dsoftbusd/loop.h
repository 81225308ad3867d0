/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node on BSD sockets: what node.h leaves to whoever has sockets, clock and random bytes.
 *
 * Nothing in here is of one system; a program with several nodes polls the sockets of all of them
 * together. Announces go to the group if it can be joined, else by broadcast, else nowhere: then
 * the node is only found by peers that it connects to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <poll.h>

#include "node.h"

enum { LOOP_FDS = 2 + NODE_LINKS };

enum loop_mode {
    LOOP_NONE,      /* announces can neither be sent nor heard */
    LOOP_GROUP,     /* to the group, which is joined */
    LOOP_BROADCAST, /* to everybody: the group could not be joined */
    LOOP_ADDRESS,   /* to one address that is no group, as configured */
};

struct loop_config {
    struct node_config node;  /* its random is set here */
    struct sockaddr_in group; /* announces go there */
    struct in_addr interface; /* of the group, and the address sessions are taken at; 0: any */
    uint16_t listen_port;     /* of announces */
    bool is_alone; /* the only node of this machine: what it says to the group need not come back */
    const char *device;       /* all of it goes by this interface alone; NULL: as routes say */
};

struct loop {
    struct node node;
    struct loop_config config;
    struct sockaddr_in target; /* of announces */
    enum loop_mode mode;
    bool is_group_denied; /* not for us, whenever we ask */
    bool is_broadcast_denied;
    bool has_lost; /* the network took a socket away, and loop_discover has not brought it back */
    int udp;       /* -1: none */
    int listener;
    int streams[NODE_LINKS]; /* -1: none */
    bool is_connecting[NODE_LINKS];
};

/* Time since some moment, never back. */
uint64_t loop_now_us(void);

/*
 * Opens the sockets and begins the node. A port of 0 becomes one that is free.
 * E_INVALID: as node_init. E_BUSY: the port of sessions, or the device, cannot be had. Without
 * discovery it is OK and the mode LOOP_NONE.
 */
MUST_CHECK int loop_open(struct loop *loop, const struct loop_config *config);

/*
 * Tries once more for a better mode than there is: an interface may have come since. What there is
 * is kept while nothing better can be had. Opens again what was lost, at the same port.
 */
void loop_discover(struct loop *loop);

/* Does what the node wants done: before each wait, and after anything was asked of the node. */
void loop_serve(struct loop *loop);

/* Writes what to wait for, at most LOOP_FDS entries; gives how many. Pairs with loop_turn. */
MUST_CHECK nfds_t loop_wants(const struct loop *loop, struct pollfd *fds);
uint64_t loop_next_us(const struct loop *loop);

/* After the wait: takes what came, sees what is due. What comes of it the next loop_serve does. */
void loop_turn(struct loop *loop, const struct pollfd *fds, nfds_t count);

/* Waits on this one alone, at most until `until_us`; discovers again when something was lost. */
void loop_step(struct loop *loop, uint64_t until_us);

/* Milliseconds for poll, rounded up, so that something is due afterwards; at most a second. */
int loop_wait_ms(uint64_t next_us);

/* Ends the sessions, with a goodbye to whoever listens, and closes every socket. */
void loop_close(struct loop *loop);
