/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus for a program: who else is there, pings and calls, and services of its own
 * [proto/bus.h]. Names are C strings of 1 to BUS_ID_MAX bytes.
 *
 * A function that asks dsoftbusd and nobody else waits at most BUS_ANSWER_MS for it. Errors not
 * named here are those of the request [proto/bus.h] and of the kernel's call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/bus.h>

enum {
    BUS_ANSWER_MS = 2000,
    BUS_SERVICES_MAX = 16, /* of one peer */
};

struct bus_node {
    char id[BUS_ID_MAX + 1];
    uint8_t key[BUS_KEY_BYTES];
    uint16_t port;
    enum bus_mode mode;
    uint64_t up_seconds;
    bool has_met; /* the other node of the same process */
};

struct bus_peer {
    char id[BUS_ID_MAX + 1];
    uint8_t key[BUS_KEY_BYTES];
    uint32_t address; /* host order */
    uint16_t port;
    uint32_t flags; /* enum bus_peer_flag */
    uint64_t heard_seconds;
    unsigned service_count;
    char services[BUS_SERVICES_MAX][BUS_ID_MAX + 1];
};

struct bus_service {
    char name[BUS_ID_MAX + 1];
    enum bus_policy policy;
    uint32_t request_max;
};

struct bus_trusted {
    enum bus_trust kind; /* up to BUS_TRUST_DENY_ID */
    char id[BUS_ID_MAX + 1]; /* "": none */
    uint8_t key[BUS_KEY_BYTES];
};

/* What is there. *index begins at 0 and is moved on; E_NOT_FOUND: behind the last. */
MUST_CHECK int bus_get_node(uint64_t *index, struct bus_node *node);
MUST_CHECK int bus_get_peer(uint64_t *index, struct bus_peer *peer);
MUST_CHECK int bus_get_service(uint64_t *index, struct bus_service *service);
MUST_CHECK int bus_get_trusted(uint64_t *index, struct bus_trusted *trusted);
MUST_CHECK int bus_get_counter(uint64_t *index, char name[BUS_COUNTER_NAME_WORDS * 8 + 1],
                               uint64_t *value);

/* `id` or `key` is NULL where the action takes none. */
MUST_CHECK int bus_set_trust(enum bus_trust action, const char *id, const uint8_t *key);

/* An answer to a ping with a fresh nonce. E_TIMEOUT: none came in time. */
MUST_CHECK int bus_ping(const char *peer, ticks_t deadline, uint64_t *rtt_us);

struct bus_call {
    const char *peer;
    const char *service;
    const void *request;
    size_t request_len; /* <= BUS_CALL_MAX */
    enum bus_result result;
    uint8_t answer[BUS_CALL_MAX];
    size_t answer_len;
    uint64_t rtt_us;
};

/* OK: call->result says what became of it. E_RANGE: too long. E_TIMEOUT: as bus_ping. */
MUST_CHECK int bus_call(struct bus_call *call, ticks_t deadline);

/* --- services of its own --- */

struct bus_request {
    uint64_t number;
    char peer[BUS_ID_MAX + 1];
    char service[BUS_ID_MAX + 1];
    uint8_t bytes[BUS_CALL_MAX];
    size_t len;
};

/*
 * Offers one to every peer with a session, or withdraws it (BUS_FOR_NOBODY). E_RESTARTED: dsoftbusd
 * is not the one that had the others, so none is offered: offer all of them again.
 */
MUST_CHECK int bus_serve(const char *service, enum bus_policy policy, uint32_t request_max);
/*
 * The next request of a peer; waits for it. E_NOT_FOUND: nothing is offered, as after a restart of
 * dsoftbusd, of which init tells: offer all again.
 */
MUST_CHECK int bus_next(struct bus_request *request);
/* E_NOT_FOUND: nobody waits for it any more. */
MUST_CHECK int bus_answer(const struct bus_request *request, const void *answer, size_t len);
MUST_CHECK int bus_fail(const struct bus_request *request);

/* What became of a call, for a person. */
const char *bus_result_text(enum bus_result result);
