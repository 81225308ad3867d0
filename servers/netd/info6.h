/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the DHCPv6 server of a link tells besides addresses: its name servers.
 *
 * lwIP makes the request, sends it again and reads the answer. Its client runs only while there is
 * something to ask: this file starts it when a router says that there is such a server, looks at
 * each message before lwIP does, and stops it when an answer came or none will.
 *
 * I1  At most one request is under way, and it ends within INFO6_PATIENCE_S.
 * I2  However often routers advertise, an answer holds for its time, silence for INFO6_SILENCE_S,
 *     and a request begins no sooner than INFO6_PAUSE_S after the last.
 *
 * [RFC 8415 §18.2.6] deviates: given up for an hour after two minutes, not asked each hour for ever
 * within one exchange.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/netif.h>

#include "stats.h"

enum {
    INFO6_PATIENCE_S = 120, /* six requests, after 0, 2, 6, 14, 30 and 62 s */
    INFO6_SILENCE_S = 3600, /* [RFC 8415 §7.6] INF_MAX_RT */
    INFO6_PAUSE_S = 1,
};

struct info6 {
    struct netif *netif; /* NULL: not started */
    struct stats *stats;
    bool is_asking;
    bool is_answered;     /* set as the answer comes */
    bool is_wanted;       /* when last looked at: there is a server to ask, and a way to it */
    bool is_delayed;      /* next_us has the random delay before a request in it */
    uint64_t begun_us;    /* the request under way, or the last */
    uint64_t next_us;     /* the earliest time of the next; while asking, the end of patience */
    uint32_t refresh_s;   /* how long the answer holds */
};

/* Begins on an interface, once. Borrows both for good; takes netif->state. */
void info6_start(struct info6 *info, struct netif *netif, struct stats *stats);

/* Looks at routers, link and request. After every input and after the timers. */
void info6_update(struct info6 *info);

/* When info6_update has something to do by itself; UINT64_MAX: never. */
uint64_t info6_next_us(const struct info6 *info);

/* Gives back what lwIP's client holds. */
void info6_stop(struct info6 *info);
