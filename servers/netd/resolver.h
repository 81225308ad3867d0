/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A caching resolver on 127.0.0.1 port 53, for the programs of this machine.
 *
 * The C library of a program asks it as any name server; it passes the question on to the servers
 * that DHCP named and keeps answers as long as they may be kept. Each question that leaves has a
 * random number and a random port of its own, and counts as answered only by the server it went to,
 * with the same question. [RFC 5452 §4]
 *
 * Nobody outside can reach it: the ingress check drops what is for loopback.
 *
 * R1  At most RESOLVER_QUERIES questions are under way, each with one PCB.
 * R2  Every question is answered in the end, with a failure if need be: within RESOLVER_LONGEST_MS.
 *
 * [RFC 1035 §7] [RFC 2308]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lwip/ip_addr.h>
#include <lwip/udp.h>

#include <base/attributes.h>

#include "dns_message.h"
#include "stats.h"

enum {
    RESOLVER_PORT = 53,
    RESOLVER_QUERIES = 16,
    RESOLVER_CACHED = 32,
    RESOLVER_TRIES = 3, /* the servers in turn */
    RESOLVER_FIRST_MS = 1000,
    RESOLVER_STEP_MS = 500, /* each further try waits so much longer */
    RESOLVER_LONGEST_MS = 4500, /* below the five seconds of the C library */
};

struct resolver;

struct resolver_query {
    struct resolver *resolver;
    struct udp_pcb *pcb; /* NULL: free */
    ip_addr_t client;
    uint16_t client_port;
    uint16_t client_id;
    uint16_t id; /* ours */
    uint16_t bytes;
    uint8_t tries;
    uint64_t until_us;
    uint8_t message[DNS_HEADER_BYTES + DNS_QUESTION_MAX]; /* as it is sent but for the number */
};

struct resolver_answer {
    uint16_t bytes; /* 0: free */
    uint16_t question_bytes;
    uint64_t from_us;
    uint64_t until_us;
    uint64_t used_us;
    uint8_t message[DNS_MESSAGE_MAX];
};

struct resolver {
    struct stats *stats;
    struct udp_pcb *service;
    struct resolver_query query[RESOLVER_QUERIES];
    uint32_t used; /* of them; with none nothing is looked at */
    struct resolver_answer cache[RESOLVER_CACHED];
    uint8_t message[DNS_MESSAGE_MAX]; /* scratch of one receive */
};

/* Begins to serve. E_NO_MEMORY: no PCB, a bug of the configuration. */
MUST_CHECK int resolver_open(struct resolver *resolver, struct stats *stats);

/* Ends everything; questions under way are forgotten. */
void resolver_close(struct resolver *resolver);

/* Asks again or gives up what is overdue. */
void resolver_expire(struct resolver *resolver);

/* When resolver_expire has something to do; UINT64_MAX: never. */
uint64_t resolver_next_us(const struct resolver *resolver);
