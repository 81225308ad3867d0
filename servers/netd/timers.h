/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's cyclic timers, run only while something needs them.
 *
 * lwIP wants its handlers called each 250 ms to 1 s for ever. Most calls only count down. Here
 * each timer says in how many periods its handler will next do something; netd sleeps that long
 * and then makes up for the calls it left out. Whenever netd wakes for another reason the
 * missing calls are made too, so an age is never older than the last step.
 *
 * What may change the answer is noted, and only a rule that it concerns is asked again: data of
 * sockets, which is most of what happens, asks none.
 *
 * I1  A handler was called once for each period that passed since its timer was needed.
 * I2  An idle stack has no deadline but those of a lease.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    /* How long an idle neighbour cache may go without ageing. */
    TIMERS_ARP_IDLE_S = 60,
    /* The tick of address conflict detection while it probes: a tenth of what RFC 5227 has. */
    TIMERS_PROBE_TICK_MS = 10,
    /* The longest sleep of a lease or lifetime, which bounds the calls to make up for. */
    TIMERS_LEASE_SLEEP_MAX_S = 3600,
};

/* Forgets all phases. */
void timers_init(void);

/*
 * Calls every handler as often as is due at port_now_us. A step begins with it: what a packet or
 * request starts must not be aged by calls that were left out before. True: one
 * had something to do.
 */
bool timers_run(void);

/*
 * The next moment at which a handler has something to do; UINT64_MAX: none. A step ends with it:
 * here, and only here, a timer begins that is needed now and was not before.
 */
uint64_t timers_next_us(void);

/* Anything may have happened. */
void timers_note_all(void);

/* A segment came, or something happens with a connection. */
void timers_note_tcp(void);

/* An IPv4 packet has left, or waits until the neighbour that it is for has answered. */
void timers_note_output(void);

/*
 * Neighbour discovery may have something new to do: an IPv6 packet came or leaves, or an interface,
 * its link or its addresses changed.
 */
void timers_note_ip6(void);
