/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network as a whole: lwIP, its loopback, Ethernet interfaces with their addresses, routes,
 * pings, sockets.
 *
 * One step is: stack_input (rings in), the requests of clients, stack_finish (timers, then
 * everything out). Input never publishes: what answers a packet leaves in stack_finish.
 * Pure but for lwIP's own state, of which there is one per program. The caller tells the time,
 * maps memory, signals and waits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "addr6.h"
#include "info6.h"
#include "lines.h"
#include "lwip/port.h"
#include "netif.h"
#include "ping.h"
#include "resolver.h"
#include "routes.h"
#include "socket.h"
#include "stats.h"

enum { STACK_LINKS = 2, LINK_NAME_BYTES = 8 };

static_assert((int)STACK_LINKS < (int)ROUTES_LINKS_MAX, "with loopback");

struct stack_config {
    struct addr_ip4 fallback[STACK_LINKS]; /* of each interface; address 0: none */
    uint64_t seed[PORT_SEED_WORDS]; /* of ids, ports and sequence numbers */
    struct lines lines;
};

/* One interface and its addresses. */
struct link {
    struct interface interface;
    struct addr_ip4 fallback;
    struct addr addr;
    struct addr6 addr6;
    struct info6 info6;
    char name[LINK_NAME_BYTES]; /* in lines: "", or "en1 " for the second */
};

struct stack {
    struct stats stats;
    struct lines lines;
    struct pings pings;
    struct resolver resolver;
    struct raw_pcb *icmp;
    struct raw_pcb *icmp6;
    uint32_t link_count;
    bool has_more;   /* clients have asked for more than a turn does */
    bool has_news;   /* in this step: not only data of sockets came */
    bool is_due;     /* in this step: due_us has come */
    uint64_t due_us; /* of pings, names and addresses; found again when one of them was touched */
    struct link link[STACK_LINKS];
    struct sockets sockets;
    struct routes routes;
    uint8_t message[PING_MESSAGE_MAX]; /* scratch of one send or receive */
};

/* Starts lwIP with loopback alone. E_NO_MEMORY: a pool is too small, a bug of the configuration. */
MUST_CHECK int stack_init(struct stack *stack, const struct stack_config *config, uint64_t now_us);

/*
 * Adds the interface whose frames are in `area`, borrowed for good: en0, then en1. Errors of
 * interface_open. Requires link_count < STACK_LINKS.
 */
MUST_CHECK int stack_attach(struct stack *stack, struct frames_area *area);

/* Ends it all: the lease is given back, every frame and every block comes home. */
void stack_close(struct stack *stack);

/* Takes in what arrived. True: more may be waiting, do not sleep. */
MUST_CHECK bool stack_input(struct stack *stack, uint64_t now_us);

/* Begins a ping; its end shows in the slot. Errors of ping_start. */
MUST_CHECK int stack_ping(struct stack *stack, const struct ping_request *request,
                          uint32_t *token);

/*
 * Runs what is due and publishes everything. Gives the next moment to call again,
 * UINT64_MAX: none, and a bit for each interface whose driver must be signalled.
 */
MUST_CHECK uint32_t stack_finish(struct stack *stack, uint64_t now_us, uint64_t *next_us);

/* True: nothing came meanwhile, the driver will signal. False: do another step. */
MUST_CHECK bool stack_prepare_sleep(struct stack *stack);
