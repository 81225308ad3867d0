/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's half of proto/socket.h, word by word.
 */
#include "arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/service.h"

enum { NOTIFICATION = 0x2001 };

struct init_client arena_facts(void)
{
    return (struct init_client){
        .shape = {.slots = 16, .rx_bytes = 8192, .tx_bytes = 8192},
        .flags = MAY_CONNECT | MAY_BIND | MAY_JOIN | MAY_RAW | MAY_BROADCAST,
        .notification = NOTIFICATION,
    };
}

void arena_start(struct arena *arena, struct sim *sim, uint32_t index,
                 const struct init_client *facts)
{
    size_t bytes = socket_arena_bytes(facts->shape);
    *arena = (struct arena){.sim = sim, .index = index, .shape = facts->shape};
    arena->memory = aligned_alloc(PAGE_BYTES, bytes);
    memset(arena->memory, 0, bytes);
    assert_int_equal(sockets_attach(&sim->stack.sockets, index, facts, arena->memory), OK);
    assert_int_equal(arena_open(arena), 0);
}

void arena_free(struct arena *arena)
{
    free(arena->memory);
}

int arena_ask(struct arena *arena, uint64_t label, uint32_t slot, const uint64_t *words, int count)
{
    struct service_request request = {.badge = arena->index + 1, .counter_hz = SIM_S};
    request.words[0] = label;
    request.words[1] = label == SOCKET_OPEN ? 0 : socket_target(arena->epoch, slot);
    memcpy(&request.words[2], words, (size_t)count * sizeof(words[0]));
    assert_false(service_answer(&arena->sim->stack, &request, arena->reply));
    return (int)(int64_t)arena->reply[0];
}

int arena_open(struct arena *arena)
{
    int error = ARENA_ASK(arena, SOCKET_OPEN, 0);
    if (error == 0) {
        arena->epoch = (uint32_t)arena->reply[1];
        assert_int_equal(arena->reply[2], arena->shape.slots);
        assert_int_equal(arena->reply[3], arena->shape.rx_bytes);
        assert_int_equal(arena->reply[4], arena->shape.tx_bytes);
        assert_int_equal(
            ring_consumer_bind(&arena->ready, &arena->memory->ready.shared, SOCKET_SLOTS_MAX), OK);
        assert_int_equal(
            ring_producer_bind(&arena->kicks, &arena->memory->kicks.shared, SOCKET_SLOTS_MAX), OK);
    }
    return error;
}

/* The indexes of a socket that is new in the slot. */
static int begin_slot(struct arena *arena, uint32_t number)
{
    struct socket_slot *slot = socket_slot_at(arena->memory, number);
    atomic_store(&slot->rx_head, socket_index_begin(atomic_load(&slot->rx_head)));
    atomic_store(&slot->tx_tail, socket_index_begin(atomic_load(&slot->tx_tail)));
    return (int)number;
}

int arena_make(struct arena *arena, enum socket_type type)
{
    int error = ARENA_ASK(arena, SOCKET_MAKE, 0, SOCKET_IP4, type, type == SOCKET_RAW ? 253u : 0u);
    return error == 0 ? begin_slot(arena, (uint32_t)arena->reply[1]) : error;
}

void arena_address(uint32_t ip4, uint8_t bytes[SOCKET_ADDRESS_BYTES])
{
    memset(bytes, 0, SOCKET_ADDRESS_BYTES);
    bytes_put_be16(bytes + 10, 0xffff);
    bytes_put_be32(bytes + 12, ip4);
}

static int ask_with_address(struct arena *arena, uint64_t label, uint32_t slot, uint32_t ip4,
                            uint16_t port)
{
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    uint64_t words[2];
    arena_address(ip4, bytes);
    memcpy(words, bytes, sizeof(words));
    return ARENA_ASK(arena, label, slot, words[0], words[1], socket_place(port, 0));
}

int arena_bind(struct arena *arena, uint32_t slot, uint32_t ip4, uint16_t port)
{
    return ask_with_address(arena, SOCKET_BIND, slot, ip4, port);
}

int arena_connect(struct arena *arena, uint32_t slot, uint32_t ip4, uint16_t port)
{
    return ask_with_address(arena, SOCKET_CONNECT, slot, ip4, port);
}

int arena_close(struct arena *arena, uint32_t slot)
{
    return ARENA_ASK(arena, SOCKET_CLOSE, slot, SOCKET_CLOSE_GENTLE);
}

uint32_t arena_listen(struct arena *arena, uint16_t port, uint32_t backlog)
{
    int slot = arena_make(arena, SOCKET_STREAM);
    assert_true(slot >= 0);
    assert_int_equal(arena_bind(arena, (uint32_t)slot, 0, port), 0);
    assert_int_equal(ARENA_ASK(arena, SOCKET_LISTEN, (uint32_t)slot, backlog), 0);
    return (uint32_t)slot;
}

struct socket_slot *arena_slot(struct arena *arena, uint32_t slot)
{
    return socket_slot_at(arena->memory, slot);
}

uint32_t arena_state(struct arena *arena, uint32_t slot)
{
    return atomic_load(&arena_slot(arena, slot)->state);
}

int arena_error(struct arena *arena, uint32_t slot)
{
    return (int)(atomic_load(&arena_slot(arena, slot)->error) & 0xffff);
}

void arena_kick(struct arena *arena, uint32_t slot)
{
    if (socket_flag_raise(&arena_slot(arena, slot)->is_kicked)) {
        assert_int_equal(ring_producer_push(&arena->kicks, slot), OK);
        (void)!ring_producer_commit(&arena->kicks);
    }
}

uint32_t arena_send(struct arena *arena, uint32_t number, const void *bytes, uint32_t len)
{
    struct socket_slot *slot = arena_slot(arena, number);
    uint32_t tail = atomic_load(&slot->tx_tail);
    uint32_t room = arena->shape.tx_bytes - (tail - atomic_load(&slot->tx_head));
    len = len < room ? len : room;
    socket_ring_put(socket_tx_data(arena->memory, arena->shape, number), arena->shape.tx_bytes,
                    tail, bytes, len);
    atomic_store(&slot->tx_tail, tail + len);
    arena_kick(arena, number);
    return len;
}

uint32_t arena_filled(struct arena *arena, uint32_t number)
{
    struct socket_slot *slot = arena_slot(arena, number);
    return atomic_load(&slot->rx_tail) - atomic_load(&slot->rx_head);
}

uint32_t arena_receive(struct arena *arena, uint32_t number, void *bytes, uint32_t len)
{
    struct socket_slot *slot = arena_slot(arena, number);
    uint32_t filled = arena_filled(arena, number);
    uint32_t head = atomic_load(&slot->rx_head);
    len = len < filled ? len : filled;
    socket_ring_get(socket_rx_data(arena->memory, arena->shape, number), arena->shape.rx_bytes,
                    head, bytes, len);
    atomic_store(&slot->rx_head, head + len);
    if (atomic_load(&slot->wants_room) != 0) {
        arena_kick(arena, number);
    }
    return len;
}

int arena_accept(struct arena *arena, uint32_t slot)
{
    struct socket_accepted accepted;
    if (arena_filled(arena, slot) < sizeof(accepted)) {
        return -1;
    }
    assert_int_equal(arena_receive(arena, slot, &accepted, sizeof(accepted)), sizeof(accepted));
    assert_true(accepted.slot < arena->shape.slots && accepted.zero == 0);
    return begin_slot(arena, accepted.slot);
}

bool arena_send_to(struct arena *arena, uint32_t number, uint32_t ip4, uint16_t port,
                   const void *bytes, uint32_t len)
{
    struct socket_slot *slot = arena_slot(arena, number);
    struct socket_record record = {.bytes = len};
    uint8_t *data = socket_tx_data(arena->memory, arena->shape, number);
    uint32_t tail = atomic_load(&slot->tx_tail);
    uint32_t room = arena->shape.tx_bytes - (tail - atomic_load(&slot->tx_head));
    if (socket_record_bytes(len) > room) {
        return false;
    }
    if (ip4 != 0) {
        arena_address(ip4, record.name.address);
        record.name.port = port;
    }
    socket_ring_put(data, arena->shape.tx_bytes, tail, &record, sizeof(record));
    socket_ring_put(data, arena->shape.tx_bytes, tail + (uint32_t)sizeof(record), bytes, len);
    atomic_store(&slot->tx_tail, tail + socket_record_bytes(len));
    arena_kick(arena, number);
    return true;
}

int arena_receive_from(struct arena *arena, uint32_t number, struct socket_record *record,
                       void *bytes, uint32_t size)
{
    struct socket_slot *slot = arena_slot(arena, number);
    const uint8_t *data = socket_rx_data(arena->memory, arena->shape, number);
    uint32_t head = atomic_load(&slot->rx_head);
    uint32_t filled = arena_filled(arena, number);
    if (filled == 0) {
        return -1;
    }
    assert_true(filled >= sizeof(*record));
    socket_ring_get(data, arena->shape.rx_bytes, head, record, sizeof(*record));
    assert_true(socket_record_bytes(record->bytes) <= filled && record->bytes <= size);
    socket_ring_get(data, arena->shape.rx_bytes, head + (uint32_t)sizeof(*record), bytes,
                    record->bytes);
    atomic_store(&slot->rx_head, head + socket_record_bytes(record->bytes));
    return (int)record->bytes;
}

int arena_news(struct arena *arena)
{
    uint64_t slot;
    if (ring_consumer_pop(&arena->ready, &slot) != OK) {
        return -1;
    }
    (void)!ring_consumer_commit(&arena->ready);
    assert_true(slot < arena->shape.slots);
    socket_flag_take(&arena_slot(arena, (uint32_t)slot)->is_queued);
    return (int)slot;
}
