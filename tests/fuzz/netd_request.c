/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any words as requests of clients to netd, on loopback alone: a byte for the client, then eight
 * words, as often as they fit. Every second one comes with a notification.
 *
 * Two clients have arenas. Word 0 from POKE on is not a request: it writes word 2 into the arena
 * at offset word 1, as a hostile client does, and kicks slot word 3. A request about a socket
 * whose epoch is 0 gets the right one, so that the fuzzer gets past it.
 */
#include <stdlib.h>
#include <string.h>

#include "servers/netd/service.h"
#include "fuzz.h"

enum {
    BYTES_PER_REQUEST = 1 + 8 * IPC_WORDS,
    NOTIFICATION = 0x1001,
    POKE = 1 << 16,
    CLIENTS = 2,
};

static const struct socket_shape shape = {
    .slots = 6, .rx_bytes = SOCKET_RING_BYTES_MIN, .tx_bytes = SOCKET_RING_BYTES_MIN};

static struct stack stack;
static struct socket_arena *arena[CLIENTS];

static void drop_line(void *context, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
}

static void attach_clients(void)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct init_client facts = {
            .shape = shape,
            .flags = i == 0 ? MAY_CONNECT | MAY_BIND | MAY_JOIN | MAY_RAW : MAY_CONNECT,
            .ports = {7},
        };
        uint64_t reply[IPC_WORDS];
        struct service_request open = {.badge = i + 1, .words = {SOCKET_OPEN}};
        if (arena[i] == NULL) {
            arena[i] = aligned_alloc(PAGE_BYTES, socket_arena_bytes(shape));
        }
        memset(arena[i], 0, socket_arena_bytes(shape));
        REQUIRE(sockets_attach(&stack.sockets, i, &facts, arena[i]) == OK);
        REQUIRE(!service_answer(&stack, &open, reply) && reply[0] == 0);
    }
}

/* Writes a word, and kicks a slot as far as the ring that may be broken lets us. */
static void poke(uint32_t client, const uint64_t *words)
{
    uint64_t room = socket_arena_bytes(shape) - sizeof(uint32_t);
    uint32_t value = (uint32_t)words[2];
    struct ring_producer kicks;
    memcpy((uint8_t *)arena[client] + words[1] % room, &value, sizeof(value));
    if (ring_producer_bind(&kicks, &arena[client]->kicks.shared, SOCKET_SLOTS_MAX) == OK &&
        ring_producer_push(&kicks, words[3]) == OK) {
        (void)!ring_producer_commit(&kicks);
    }
}

static void ask(struct service_request *request)
{
    uint64_t reply[IPC_WORDS];
    uint64_t *words = request->words;
    if (request->badge - 1 < CLIENTS && words[0] > SOCKET_OPEN && words[1] >> 32 == 0) {
        words[1] |= atomic_load(&arena[request->badge - 1]->epoch) << 32;
    }
    bool is_kept = service_answer(&stack, request, reply);
    REQUIRE(!is_kept || request->notification != HANDLE_NONE);
}

static void step(uint64_t now_us)
{
    uint64_t next_us;
    uint32_t place = 0;
    const struct socket_client *client;
    stack.sockets.kicked = socket_kicked_groups(UINT64_MAX);
    (void)!stack_input(&stack, now_us);
    (void)!stack_finish(&stack, now_us, &next_us);
    while ((client = sockets_next_wakeup(&stack.sockets, &place)) != NULL) {
        REQUIRE(client->index < CLIENTS);
    }
    REQUIRE(next_us > now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct stack_config config = {.lines = {drop_line, NULL}};
    uint64_t now_us = 0;
    REQUIRE(stack_init(&stack, &config, now_us) == OK);
    attach_clients();
    for (; size >= BYTES_PER_REQUEST; data += BYTES_PER_REQUEST, size -= BYTES_PER_REQUEST) {
        struct service_request request = {
            .badge = data[0] >> 1,
            .notification = (data[0] & 1) != 0 ? NOTIFICATION : HANDLE_NONE,
            .counter_hz = 10000000,
        };
        memcpy(request.words, data + 1, sizeof(request.words));
        if (request.words[0] >= POKE) {
            poke((data[0] >> 1) % CLIENTS, request.words);
        } else {
            ask(&request);
        }
        now_us += 100000;
        step(now_us);
    }
    stack_close(&stack);
    return 0;
}
