/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of lwIP's port: the clock and the seed that netd gives it.
 *
 * lwIP asks for the time without an argument, so this is the one place in netd with state that
 * belongs to nobody's struct. Time is in microseconds and set once per step, so a step sees one
 * moment. lwIP's own clock, sys_now, wraps after 49 days, which lwIP expects.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Requires that now_us never goes back. */
void port_set_now(uint64_t now_us);
uint64_t port_now_us(void);

enum { PORT_SEED_WORDS = 4 };

/*
 * The keys behind transaction ids, ports and sequence numbers, which are as hard to guess as these
 * are.
 */
void port_seed(const uint64_t seed[PORT_SEED_WORDS]);

/*
 * What lwIP's asserts call before they stop the program; NULL: nothing. `text` is borrowed.
 */
void port_on_assert(void (*report)(const char *text, const char *file, int line));

/* The MTU of the last lease of an interface, once; 0: it told of none. */
struct netif;
uint16_t port_take_mtu(const struct netif *netif);

/* The name servers that a lease, or DHCPv6, told of by the interface are none from now on. */
void port_forget_servers4(const struct netif *netif);
void port_forget_servers6(const struct netif *netif);

/* Whether connections may hold frames out of order; true until told otherwise. */
void port_allow_ooseq(bool is_allowed);
