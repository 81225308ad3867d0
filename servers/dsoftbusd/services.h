/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services of a node: what peers may call, and which peers. Nobody may unless it says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "bus_name.h"
#include "crypto.h"

enum {
    SERVICES_MAX = 8,
    SERVICE_PEERS_MAX = 8,
};

enum service_policy {
    SERVICE_FOR_NOBODY,
    SERVICE_FOR_LISTED, /* the peers in its list */
    SERVICE_FOR_PEERS,  /* every peer that has a session */
};

/* A request of a peer. `call` names it when it is answered later. */
struct service_call {
    uint64_t call;
    const struct bus_name *peer;
    const struct bus_name *service;
    uint64_t now_us;
    struct crypto_span request;
    uint8_t *answer; /* room for CALL_BYTES_MAX */
    size_t answer_len;
};

struct service {
    bool is_used;
    struct bus_name name;
    uint16_t request_max; /* bytes of a request, <= CALL_BYTES_MAX */
    enum service_policy policy;
    uint8_t peer_count;
    struct bus_name peers[SERVICE_PEERS_MAX];
    void *context;
    /* OK: the answer is there. E_AGAIN: node_answer will bring it. Else: the call failed. */
    int (*serve)(void *context, struct service_call *call);
};

struct services {
    uint32_t changes; /* so far */
    struct service slot[SERVICES_MAX];
};

/* Copied. E_INVALID: no name, no serve, impossible sizes. E_EXISTS. E_LIMIT. */
MUST_CHECK int services_add(struct services *services, const struct service *service);
/* E_NOT_FOUND. */
MUST_CHECK int services_remove(struct services *services, const struct bus_name *name);
/* NULL: there is none. */
const struct service *services_find(const struct services *services, const struct bus_name *name);
MUST_CHECK bool service_admits(const struct service *service, const struct bus_name *peer);

/* The service `echo`: the answer is the request. */
int service_echo(void *context, struct service_call *call);
