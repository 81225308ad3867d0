/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of netd's sockets in a test: an arena, used without a library in between.
 *
 * Every function is one thing a client does. Nothing happens in the stack before sim_run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <proto/socket.h>

#include "sim.h"

#define ARENA_LOOPBACK 0x7f000001u

struct arena {
    struct sim *sim;
    uint32_t index;
    struct socket_shape shape;
    struct socket_arena *memory;
    uint32_t epoch;
    struct ring_consumer ready;
    struct ring_producer kicks;
    uint64_t reply[IPC_WORDS];
};

/* What the manifest lets a client do, and the shape of its arena, when a test says nothing. */
struct init_client arena_facts(void);

/* Attaches a client at that index of the manifest and opens its arena. */
void arena_start(struct arena *arena, struct sim *sim, uint32_t index,
                 const struct init_client *facts);

/* Frees the memory, after sim_stop. */
void arena_free(struct arena *arena);

/* Calls netd; word 1 is made from the epoch and `slot`. 0 or a negative errno. */
int arena_ask(struct arena *arena, uint64_t label, uint32_t slot, const uint64_t *words, int count);

#define ARENA_ASK(arena, label, slot, ...)                                                         \
    arena_ask(arena, label, slot, (const uint64_t[]){0, ##__VA_ARGS__} + 1,                        \
              (int)(sizeof((const uint64_t[]){0, ##__VA_ARGS__}) / 8) - 1)

int arena_open(struct arena *arena);

/* A slot, or a negative errno. */
int arena_make(struct arena *arena, enum socket_type type);
int arena_bind(struct arena *arena, uint32_t slot, uint32_t ip4, uint16_t port);
int arena_connect(struct arena *arena, uint32_t slot, uint32_t ip4, uint16_t port);
int arena_close(struct arena *arena, uint32_t slot);

/* A listening stream on any address; asserts that it works. */
uint32_t arena_listen(struct arena *arena, uint16_t port, uint32_t backlog);

struct socket_slot *arena_slot(struct arena *arena, uint32_t slot);
uint32_t arena_state(struct arena *arena, uint32_t slot);
int arena_error(struct arena *arena, uint32_t slot);

void arena_kick(struct arena *arena, uint32_t slot);

/* Bytes put into the send ring or taken from the receive ring, with the kicks the contract asks. */
uint32_t arena_send(struct arena *arena, uint32_t slot, const void *bytes, uint32_t len);
uint32_t arena_receive(struct arena *arena, uint32_t slot, void *bytes, uint32_t len);
uint32_t arena_filled(struct arena *arena, uint32_t slot);

/* The next connection of a listening socket; -1: none. */
int arena_accept(struct arena *arena, uint32_t slot);

/* One datagram; `ip4` 0: the peer. False: no room. */
bool arena_send_to(struct arena *arena, uint32_t slot, uint32_t ip4, uint16_t port,
                   const void *bytes, uint32_t len);
/* Its length, or -1: none. */
int arena_receive_from(struct arena *arena, uint32_t slot, struct socket_record *record,
                       void *bytes, uint32_t size);

/* Takes the next slot with news; -1: none. */
int arena_news(struct arena *arena);

void arena_address(uint32_t ip4, uint8_t bytes[SOCKET_ADDRESS_BYTES]);
