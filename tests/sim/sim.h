/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netd's whole stack in virtual time, behind a driver of plain memory.
 *
 * The driver's side of proto/frames.h is played here: it opens an epoch, hands every frame that
 * is sent to the peers, and puts their answers into received frames. Peers are a DHCP stub and a
 * gateway that answers ARP and echo for 10.0.2.2. Time moves only in sim_run, from one deadline
 * of the stack to the next, so that a day takes milliseconds and every run is the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6_stub.h"
#include "dhcp_stub.h"
#include "router6.h"
#include "servers/netd/stack.h"

enum {
    SIM_LINES_MAX = 64,
    SIM_SENT_MAX = 1024, /* frames of which the sending is remembered */
    SIM_HEAD_BYTES = 96, /* of each */
    SIM_S = 1000 * 1000, /* in microseconds */
};

#define SIM_GATEWAY 0x0a000202u /* 10.0.2.2 */
#define SIM_CLIENT 0x0a00020fu  /* 10.0.2.15 */

struct sim_sent {
    uint64_t at_us;
    uint32_t len;
    uint8_t head[SIM_HEAD_BYTES];
};

struct sim {
    struct stack stack;
    struct frames_area *area;
    uint64_t now_us;
    uint64_t steps; /* times netd woke */
    uint32_t wakeups[SOCKET_CLIENTS_MAX]; /* times each client was signalled */
    struct dhcp_stub dhcp;
    bool has_gateway;
    struct router6 router6;
    struct dhcp6_stub dhcp6;
    /* Sees every frame first; the bytes of its answer in `reply`, or 0. NULL: nobody does. */
    size_t (*peer)(void *context, const uint8_t *frame, size_t len, uint8_t *reply);
    void *peer_context;

    /* The driver's ends. */
    uint32_t served;
    uint32_t epoch;
    bool is_bound;
    struct ring_consumer rx_free;
    struct ring_producer rx_full;
    struct ring_consumer tx_ready;
    struct ring_producer tx_done;

    char line[SIM_LINES_MAX][LINE_BYTES_MAX];
    uint32_t lines;
    struct sim_sent sent[SIM_SENT_MAX];
    uint32_t sent_count;
};

/* Starts a stack on an interface with MAC 02:00:00:00:00:01 and MTU 1500, and both peers. */
struct sim *sim_start(void);

/* Ends it; fails the test when a frame, a block or a PCB did not come home. */
void sim_stop(struct sim *sim);

/* Lets the time pass. */
void sim_run(struct sim *sim, uint64_t duration_us);

/* Puts a frame in front of the driver; it is received at the next step. */
void sim_receive(struct sim *sim, const uint8_t *frame, size_t len);

/* The driver is killed and started again: a new epoch. */
void sim_restart_driver(struct sim *sim);

/* The driver gives the device up; sim_restart_driver brings it back. */
void sim_fail_driver(struct sim *sim);

/* The cable is plugged in or out. */
void sim_set_link(struct sim *sim, bool is_up);

/* How many lines are `text`, or begin with it if it ends in '*'. */
int sim_count_lines(const struct sim *sim, const char *text);

/* How many frames of this EtherType and, for IPv4, this protocol were sent. -1: any. */
int sim_count_sent(const struct sim *sim, int ethertype, int protocol);

/* A whole Ethernet frame of IPv4 around `payload`, to us from `source`; returns its length. */
size_t sim_make_ip4(uint8_t *frame, uint8_t protocol, uint32_t source, uint32_t destination,
                    const void *payload, size_t len);

/* A peer: another host that has the client's address as long as `*context`, a bool, is true. */
size_t sim_have_the_address(void *context, const uint8_t *frame, size_t len, uint8_t *reply);
