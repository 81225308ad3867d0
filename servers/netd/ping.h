/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo requests that clients asked for, from the request to the answer they collect.
 *
 * A server never waits for a client: a start returns a token at once, the client is signalled
 * when the answer is there, and takes it. A reply counts only if source, identifier, sequence
 * number and every byte of the payload are those of a request in flight.
 *
 * Leaves sending and receiving to the caller (stack.c), signalling to main.c.
 * Pure: time comes in as now_us, deadlines are absolute.
 *
 * I1  A token belongs to the badge that got it; any other badge finds nothing.
 * I2  An answer nobody takes is forgotten PING_KEEP_S after it came.
 *
 * [RFC 792] [RFC 1122 §3.2.2.6] [RFC 4443 §4]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <abi/types.h>
#include <base/attributes.h>
#include <proto/netd.h>

#include "stats.h"

enum {
    PING_SLOTS = 16,
    PING_PER_CLIENT = 4,
    PING_HEADER_BYTES = 8,
    PING_MESSAGE_MAX = PING_HEADER_BYTES + NETD_PING_PAYLOAD_MAX,
    PING_LONGEST_S = 60,
    PING_KEEP_S = 10,
};

enum ping_state {
    PING_FREE,
    PING_IN_FLIGHT,
    PING_ANSWERED, /* result says how */
};

/* An address of either kind as two numbers; IPv4 as ::ffff:a.b.c.d. */
struct ping_host {
    uint64_t high;
    uint64_t low;
};

static inline struct ping_host ping_host_ip4(uint32_t address)
{
    return (struct ping_host){.low = 0xffff00000000 | address};
}

static inline bool ping_host_is_ip6(struct ping_host host)
{
    return host.high != 0 || host.low >> 32 != 0xffff;
}

/* A notification of a client, to be signalled once and closed. HANDLE_NONE: the client polls. */
struct wakeup {
    handle_t notification;
    uint64_t bits;
};

struct ping {
    enum ping_state state;
    int result;           /* OK, E_TIMEOUT, E_UNREACHABLE */
    uint64_t badge;
    uint32_t token;
    struct ping_host destination;
    uint8_t interface; /* by which it leaves, as lwIP counts; 0: any */
    uint16_t sequence;
    uint16_t payload_bytes;
    uint8_t hop_limit;    /* of the reply */
    uint64_t nonce;       /* first bytes of the payload */
    uint64_t sent_us;
    uint64_t until_us;    /* in flight: the deadline; answered: when it is forgotten */
    uint64_t rtt_us;
    struct wakeup wakeup;
    bool is_taken;        /* kept only until its client was signalled */
};

struct pings {
    struct ping slot[PING_SLOTS];
    uint32_t used; /* of them; with none nothing is looked at */
    struct stats *stats;
    uint16_t identifier;
    uint16_t next_sequence;
    uint32_t next_generation;
};

struct ping_request {
    uint64_t badge;
    struct ping_host destination;
    uint8_t interface;
    uint16_t payload_bytes;
    uint64_t deadline_us;
    uint64_t nonce;  /* fresh for each request */
    struct wakeup wakeup; /* taken when the start succeeds */
};

void pings_init(struct pings *pings, uint16_t identifier, struct stats *stats);

/*
 * Begins one. Gives the slot, whose message ping_build writes. E_INVALID: payload or
 * destination impossible. E_TIMEOUT: the deadline has passed. E_LIMIT: too many at once.
 */
MUST_CHECK int ping_start(struct pings *pings, const struct ping_request *request, uint64_t now_us,
                          struct ping **ping);

/* The echo request as bytes, over IPv6 without its sum; their number is <= PING_MESSAGE_MAX. */
size_t ping_build(const struct pings *pings, const struct ping *ping, uint8_t *message);

/* Ends one that could not be sent, with `result`. */
void ping_fail(struct pings *pings, struct ping *ping, int result, uint64_t now_us);

/* An ICMP message as it came in. */
struct ping_message {
    struct ping_host source;
    uint8_t hop_limit;
    uint16_t pseudo_sum; /* of the pseudo header, in the order of memory; IPv4 has none: 0 */
    const uint8_t *bytes;
    size_t len;
};

/*
 * Looks at an ICMP message. True: it was an echo reply or an error for one of our requests and
 * nobody else needs it.
 */
MUST_CHECK bool ping_input(struct pings *pings, const struct ping_message *message,
                           uint64_t now_us);

/* Ends what is overdue and forgets what nobody took. */
void pings_expire(struct pings *pings, uint64_t now_us);

/* When pings_expire has something to do; UINT64_MAX: never. */
uint64_t pings_next_us(const struct pings *pings);

/*
 * Takes an answer and ends the token. OK: `*answer` is the slot's last state. E_AGAIN: in flight.
 * E_NOT_FOUND: no such token of this badge. Else what became of it: E_TIMEOUT, E_UNREACHABLE.
 */
MUST_CHECK int ping_take(struct pings *pings, uint64_t badge, uint32_t token, struct ping *answer);

/* The next client to signal; the handle is given to the caller. HANDLE_NONE: no more. */
struct wakeup pings_next_wakeup(struct pings *pings);
