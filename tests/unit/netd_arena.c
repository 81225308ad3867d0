/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas and clients: epochs, clients that lie, flood or die. Whatever one does, the
 * other, which has a connection all the time, notices nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "test.h"

#include "tests/sim/arena.h"

enum { PORT = 7 };

static struct arena bad;
static struct arena good;
static struct arena third;
static uint32_t good_here; /* both ends of the connection of the good one, to itself */
static uint32_t good_there;

static void connect_good(struct sim *sim)
{
    uint32_t listener = arena_listen(&good, PORT, 4);
    good_here = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, good_here, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    int there = arena_accept(&good, listener);
    assert_true(there >= 0);
    good_there = (uint32_t)there;
}

static int start(void **state)
{
    struct sim *sim = sim_start();
    struct init_client facts = arena_facts();
    sim_run(sim, 1 * SIM_S);
    arena_start(&good, sim, 1, &facts);
    facts.flags = MAY_CONNECT;
    facts.ports[0] = 80;
    facts.groups[0] = 0xef2a0001;
    arena_start(&bad, sim, 2, &facts);
    connect_good(sim);
    *state = sim;
    return 0;
}

static void assert_good_goes_on(struct sim *sim)
{
    char text[8];
    assert_int_equal(arena_send(&good, good_here, "still", 5), 5);
    sim_run(sim, SIM_S);
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 5);
    assert_memory_equal(text, "still", 5);
    assert_int_equal(arena_send(&good, good_there, "here", 4), 4);
    sim_run(sim, SIM_S);
    assert_int_equal(arena_receive(&good, good_here, text, sizeof(text)), 4);
}

static int stop(void **state)
{
    assert_good_goes_on(*state);
    sim_stop(*state);
    arena_free(&bad);
    arena_free(&good);
    arena_free(&third);
    third = (struct arena){0};
    return 0;
}

static uint64_t counted(const struct sim *sim, enum counter counter)
{
    return sim->stack.stats.value[counter];
}

/* A connection of the bad client to the good one's listener. */
static uint32_t connect_bad(struct sim *sim)
{
    int slot = arena_make(&bad, SOCKET_STREAM);
    assert_true(slot >= 0);
    assert_int_equal(arena_connect(&bad, (uint32_t)slot, ARENA_LOOPBACK, PORT), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&bad, (uint32_t)slot), SOCKET_CONNECTED);
    return (uint32_t)slot;
}

/* --- arenas -------------------------------------------------------------------------------- */

static void a_process_without_an_arena_has_no_sockets(void **state)
{
    struct sim *sim = *state;
    struct arena nobody = {.sim = sim, .index = 7};
    assert_int_equal(ARENA_ASK(&nobody, SOCKET_OPEN, 0), -EACCES);
    nobody.index = SOCKET_CLIENTS_MAX;
    assert_int_equal(ARENA_ASK(&nobody, SOCKET_OPEN, 0), -EACCES);
    nobody.index = UINT32_MAX; /* badge 0 */
    assert_int_equal(ARENA_ASK(&nobody, SOCKET_OPEN, 0), -EACCES);
}

static void an_arena_of_impossible_shape_is_not_attached(void **state)
{
    struct sim *sim = *state;
    struct init_client facts = arena_facts();
    facts.shape.rx_bytes = 3000;
    assert_int_equal(sockets_attach(&sim->stack.sockets, 9, &facts, bad.memory), E_INVALID);
    facts = arena_facts();
    assert_int_equal(sockets_attach(&sim->stack.sockets, SOCKET_CLIENTS_MAX, &facts, bad.memory),
                     E_INVALID);
    assert_int_equal(sockets_attach(&sim->stack.sockets, 2, &facts, bad.memory), E_INVALID);
    uint32_t used = sim->stack.sockets.used;
    facts.shape.slots = SOCKET_SLOTS_MAX;
    sim->stack.sockets.used = SOCKETS_MAX - SOCKET_SLOTS_MAX + 1;
    assert_int_equal(sockets_attach(&sim->stack.sockets, 9, &facts, bad.memory), E_LIMIT);
    sim->stack.sockets.used = used;
}

/* --- requests ------------------------------------------------------------------------------ */

static void a_request_is_checked_word_by_word(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = (uint32_t)arena_make(&bad, SOCKET_STREAM);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_MAKE, 0, SOCKET_IP4, 0, 0), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_MAKE, 0, SOCKET_IP4, 99, 0), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_MAKE, 0, 99, SOCKET_STREAM, 0), -EAFNOSUPPORT);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_MAKE, 0, SOCKET_IP4, SOCKET_STREAM, 17),
                     -EPROTONOSUPPORT);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_MAKE, 0, SOCKET_IP4, SOCKET_STREAM, 6, 1), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_BIND, slot, 0, 0, 1ull << 32), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_LISTEN, slot, UINT64_MAX), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SHUTDOWN, slot, 4), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SHUTDOWN, slot, SOCKET_SIDE_TX), -ENOTCONN);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_CLOSE, slot, 2), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SET, slot, 0, 0), -ENOPROTOOPT);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SET, slot, SOCKET_OPTIONS_END, 0), -ENOPROTOOPT);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SET, slot, SOCKET_HOPS, 256), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_SET, slot, SOCKET_DEVICE, 200), -ENODEV);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_GET, slot, SOCKET_JOIN), -ENOPROTOOPT);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_CHECK, slot, 0, 0, 0), -EINVAL);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_CLOSE, 15, 0), -EBADF);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_CLOSE, 16, 0), -EBADF);
    assert_int_equal(ARENA_ASK(&bad, SOCKET_CLOSE, UINT32_MAX, 0), -EBADF);
    assert_true(counted(sim, COUNTER_request_bad) >= 7);
}

static void options_are_told_as_they_were_set(void **state)
{
    (void)state;
    static const struct {
        uint32_t name;
        uint32_t first;
        uint32_t set;
        uint32_t then;
    } cases[] = {
        {SOCKET_REUSE, 0, 7, 1},          {SOCKET_KEEPALIVE, 0, 1, 1},
        {SOCKET_KEEPIDLE, 7200, 10, 10},  {SOCKET_KEEPINTVL, 75, 5, 5},
        {SOCKET_KEEPCNT, 9, 3, 3},        {SOCKET_NODELAY, 0, 1, 1},
        {SOCKET_HOPS, 64, 12, 12},        {SOCKET_TRAFFIC_CLASS, 0, 0x10, 0x10},
        {SOCKET_RX_LIMIT, 8192, 1, 2048}, {SOCKET_RX_LIMIT, 2048, 1u << 30, 8192},
        {SOCKET_GROUP_LOOP, 1, 0, 0},     {SOCKET_GROUP_HOPS, 1, 9, 9},
    };
    uint32_t slot = (uint32_t)arena_make(&bad, SOCKET_STREAM);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ARENA_ASK(&bad, SOCKET_GET, slot, cases[i].name), 0);
        assert_int_equal(bad.reply[1], cases[i].first);
        assert_int_equal(ARENA_ASK(&bad, SOCKET_SET, slot, cases[i].name, cases[i].set), 0);
        assert_int_equal(ARENA_ASK(&bad, SOCKET_GET, slot, cases[i].name), 0);
        assert_int_equal(bad.reply[1], cases[i].then);
    }
}

static void slots_run_out_for_their_owner_alone(void **state)
{
    struct sim *sim = *state;
    for (uint32_t i = 0; i < bad.shape.slots; i++) {
        assert_int_equal(arena_make(&bad, SOCKET_STREAM), i);
    }
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), -EMFILE);
    assert_int_equal(counted(sim, COUNTER_socket_no_slot), 1);
    assert_int_equal(arena_close(&bad, 5), 0);
    assert_int_equal(arena_make(&bad, SOCKET_DATAGRAM), 5);
    assert_true(arena_make(&good, SOCKET_STREAM) >= 0);
}

static void a_listener_without_a_free_slot_does_not_answer(void **state)
{
    struct sim *sim = *state;
    (void)arena_listen(&bad, 80, 4);
    while (arena_make(&bad, SOCKET_STREAM) >= 0) {
    }
    uint32_t slot = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, slot, ARENA_LOOPBACK, 80), 0);
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&good, slot), SOCKET_CONNECTING);
    assert_int_equal(counted(sim, COUNTER_stream_no_slot), 1);
    assert_int_equal(arena_close(&bad, 3), 0);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(arena_state(&good, slot), SOCKET_CONNECTED);
}

/* --- epochs and deaths --------------------------------------------------------------------- */

static void an_old_epoch_is_stale_and_a_new_one_is_empty(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = connect_bad(sim);
    uint32_t old = bad.epoch;
    assert_int_equal(arena_open(&bad), 0);
    assert_int_not_equal(bad.epoch, old);
    assert_int_equal(arena_state(&bad, slot), 0);
    uint32_t new = bad.epoch;
    bad.epoch = old;
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), -ESTALE);
    bad.epoch = 0;
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), -ESTALE);
    bad.epoch = new;
    assert_int_equal(arena_close(&bad, slot), -EBADF);
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), 0);
    assert_int_equal(counted(sim, COUNTER_socket_stale), 2);
}

static void who_had_an_open_arena_is_told_that_netd_is_new(void **state)
{
    struct sim *sim = *state;
    struct init_client facts = arena_facts();
    size_t bytes = socket_arena_bytes(facts.shape);
    third.memory = aligned_alloc(PAGE_BYTES, bytes);
    memset(third.memory, 0, bytes);
    facts.shape.slots = 8;
    assert_int_equal(sockets_attach(&sim->stack.sockets, 4, &facts, third.memory), OK);
    sim_run(sim, 1000);
    assert_int_equal(sim->wakeups[4], 0);
    atomic_store(&third.memory->epoch, 17); /* of a netd that died */
    assert_int_equal(sockets_attach(&sim->stack.sockets, 5, &facts, third.memory), OK);
    assert_int_equal(atomic_load(&third.memory->epoch), 0);
    sim_run(sim, 1000);
    assert_int_equal(sim->wakeups[5], 1);
}

/* In the middle of everything: connecting, listening, with a queue, sending, closing. */
static void a_client_that_dies_leaves_nothing_behind(void **state)
{
    struct sim *sim = *state;
    static uint8_t bytes[8192];
    uint32_t sending = connect_bad(sim);
    uint32_t closing = connect_bad(sim);
    uint32_t connecting = (uint32_t)arena_make(&bad, SOCKET_STREAM);
    uint32_t datagram = (uint32_t)arena_make(&bad, SOCKET_DATAGRAM);
    (void)arena_listen(&bad, 80, 4);
    uint32_t queued = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, queued, ARENA_LOOPBACK, 80), 0);
    assert_int_equal(arena_connect(&bad, connecting, SIM_GATEWAY, 9), 0);
    sim_run(sim, 1000);
    arena_send(&bad, sending, bytes, sizeof(bytes));
    arena_send(&bad, closing, bytes, sizeof(bytes));
    arena_close(&bad, closing);
    arena_send_to(&bad, datagram, SIM_GATEWAY, 9, bytes, 1000);
    sockets_gone(&sim->stack.sockets, 2);
    memset(bad.memory, 0xee, socket_arena_bytes(bad.shape)); /* another has it by now */
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(arena_error(&good, queued), ECONNRESET);
    assert_int_equal(counted(sim, COUNTER_socket_client_gone), 1);
    for (uint32_t i = 0; i < bad.shape.slots; i++) {
        assert_int_equal(sim->stack.sockets.client[2].first[i].life, LIFE_FREE);
    }
    sockets_gone(&sim->stack.sockets, 2);
    sockets_gone(&sim->stack.sockets, 33);
    sockets_gone(&sim->stack.sockets, UINT32_MAX);
    assert_int_equal(arena_open(&bad), 0);
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), 0);
}

/* --- lies ---------------------------------------------------------------------------------- */

static void assert_broken(struct sim *sim, uint32_t slot)
{
    sim_run(sim, 1000);
    assert_int_equal(arena_state(&bad, slot) & (SOCKET_FAILED | SOCKET_CONNECTED), SOCKET_FAILED);
    assert_int_equal(arena_error(&bad, slot), EIO);
    assert_true(counted(sim, COUNTER_socket_corrupt) >= 1);
    assert_int_equal(arena_close(&bad, slot), 0);
    sim_run(sim, 1000);
    assert_int_equal(sim->stack.sockets.client[2].first[slot].life, LIFE_FREE);
}

static void a_send_ring_fuller_than_full_ends_the_socket(void **state)
{
    struct sim *sim = *state;
    static const uint32_t tails[] = {8193, UINT32_MAX, 1u << 31};
    for (int i = 0; i < 3; i++) {
        uint32_t slot = connect_bad(sim);
        _Atomic uint32_t *tail = &arena_slot(&bad, slot)->tx_tail;
        atomic_store(tail, atomic_load(tail) + tails[i]);
        arena_kick(&bad, slot);
        assert_broken(sim, slot);
    }
}

static void a_receive_ring_emptier_than_empty_ends_the_socket(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = connect_bad(sim);
    atomic_fetch_add(&arena_slot(&bad, slot)->rx_head, 1);
    arena_kick(&bad, slot);
    assert_broken(sim, slot);
}

/* Seen inside of lwIP's callback, ended outside. */
static void an_index_that_breaks_before_bytes_come_ends_the_socket(void **state)
{
    struct sim *sim = *state;
    (void)arena_listen(&bad, 80, 4);
    uint32_t here = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, here, ARENA_LOOPBACK, 80), 0);
    sim_run(sim, 1000);
    uint32_t slot = (uint32_t)arena_accept(&bad, 0);
    atomic_fetch_sub(&arena_slot(&bad, slot)->rx_head, 5);
    arena_send(&good, here, "x", 1);
    assert_broken(sim, slot);
    assert_int_equal(arena_error(&good, here), ECONNRESET);
}

static void an_index_that_moves_back_ends_the_socket(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = connect_bad(sim);
    arena_send(&bad, slot, "abc", 3);
    sim_run(sim, 1000);
    atomic_fetch_sub(&arena_slot(&bad, slot)->tx_tail, 1);
    arena_kick(&bad, slot);
    assert_broken(sim, slot);
}

static void a_listener_whose_queue_is_broken_ends_with_what_it_holds(void **state)
{
    struct sim *sim = *state;
    uint32_t listener = arena_listen(&bad, 80, 4);
    uint32_t here = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, here, ARENA_LOOPBACK, 80), 0);
    sim_run(sim, 1000);
    atomic_fetch_add(&arena_slot(&bad, listener)->rx_head, 1000);
    arena_kick(&bad, listener);
    uint32_t late = (uint32_t)arena_make(&good, SOCKET_STREAM);
    assert_int_equal(arena_connect(&good, late, ARENA_LOOPBACK, 80), 0);
    assert_broken(sim, listener);
    sim_run(sim, 10 * SIM_S);
    assert_int_equal(arena_error(&good, here), ECONNRESET);
    assert_int_equal(arena_error(&good, late), ECONNREFUSED);
}

static void a_record_that_does_not_fit_ends_the_datagram_socket(void **state)
{
    struct sim *sim = *state;
    static const uint32_t lengths[] = {1, 100, 65508, UINT32_MAX, UINT32_MAX - 7};
    for (int i = 0; i < 5; i++) { /* the first is cut short itself, the second lacks its bytes */
        uint32_t slot = (uint32_t)arena_make(&bad, SOCKET_DATAGRAM);
        struct socket_slot *shared = arena_slot(&bad, slot);
        struct socket_record record = {.bytes = lengths[i]};
        uint32_t tail = atomic_load(&shared->tx_tail);
        socket_ring_put(socket_tx_data(bad.memory, bad.shape, slot), bad.shape.tx_bytes, tail,
                        &record, sizeof(record));
        atomic_store(&shared->tx_tail, tail + (uint32_t)sizeof(record) - (i == 0 ? 8 : 0));
        arena_kick(&bad, slot);
        assert_broken(sim, slot);
        assert_int_equal(atomic_load(&shared->tx_head), tail); /* nothing was sent */
    }
    assert_int_equal(counted(sim, COUNTER_datagram_bad_record), 5);
}

static void a_broken_kick_ring_closes_the_arena(void **state)
{
    struct sim *sim = *state;
    (void)connect_bad(sim);
    uint32_t told = sim->wakeups[2];
    atomic_fetch_add(&bad.memory->kicks.shared.tail, SOCKET_SLOTS_MAX + 1);
    sim_run(sim, 1000);
    assert_int_equal(counted(sim, COUNTER_socket_ring_corrupt), 1);
    assert_true(sim->wakeups[2] > told);
    assert_int_equal(atomic_load(&bad.memory->epoch), 0);
    assert_int_equal(arena_make(&bad, SOCKET_STREAM), -ESTALE);
    assert_int_equal(arena_open(&bad), 0);
    (void)connect_bad(sim);
}

static void a_broken_ready_ring_closes_the_arena(void **state)
{
    struct sim *sim = *state;
    uint32_t slot = connect_bad(sim);
    uint8_t byte = 0;
    for (int i = 0; i < 2 * SOCKET_SLOTS_MAX; i++) { /* news, never taken, always asked for */
        atomic_store(&arena_slot(&bad, slot)->is_queued, 0);
        atomic_store(&arena_slot(&bad, slot)->wants_space, 1);
        arena_send(&bad, slot, &byte, 1);
        sim_run(sim, SIM_S / 2); /* until it is acknowledged */
    }
    assert_true(counted(sim, COUNTER_socket_ready_full) >= 1);
    atomic_fetch_sub(&bad.memory->ready.shared.head, 1);
    atomic_store(&arena_slot(&bad, slot)->is_queued, 0);
    arena_send(&bad, slot, &byte, 1);
    sim_run(sim, SIM_S / 2);
    assert_int_equal(counted(sim, COUNTER_socket_ring_corrupt), 1);
    assert_int_equal(arena_open(&bad), 0);
}

static void kicks_of_what_is_not_there_are_counted(void **state)
{
    struct sim *sim = *state;
    static const uint64_t kicks[] = {16, UINT32_MAX, UINT64_MAX, 3};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ring_producer_push(&bad.kicks, kicks[i]), OK);
    }
    (void)!ring_producer_commit(&bad.kicks);
    sim_run(sim, 1000);
    assert_int_equal(counted(sim, COUNTER_socket_bad_kick), 3);
}

/* A full ring of kicks takes several turns, and the other client has its place in each. */
static void a_flood_of_kicks_takes_a_bounded_part_of_a_turn(void **state)
{
    struct sim *sim = *state;
    uint64_t next_us;
    (void)connect_bad(sim);
    for (int i = 0; i < SOCKET_SLOTS_MAX; i++) {
        assert_int_equal(ring_producer_push(&bad.kicks, 0), OK);
    }
    (void)!ring_producer_commit(&bad.kicks);
    arena_send(&good, good_here, "x", 1);
    sim->stack.sockets.kicked = socket_kicked_groups(UINT64_MAX); /* as in main.c, by the signal */
    (void)!stack_input(&sim->stack, sim->now_us);
    (void)!stack_finish(&sim->stack, sim->now_us, &next_us);
    assert_int_equal(arena_filled(&good, good_there), 1);
    assert_false(stack_prepare_sleep(&sim->stack));
    uint32_t left = 0;
    assert_int_equal(ring_consumer_filled(&sim->stack.sockets.client[2].kicks, &left), OK);
    assert_int_equal(left, SOCKET_SLOTS_MAX - SOCKET_KICKS_PER_TURN);
    sim_run(sim, 1000);
    char text[4];
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 1);
}

/* One turn after these signals, as in main.c. True: netd sleeps. */
static bool take_turn(struct sim *sim, uint64_t bits)
{
    uint64_t next_us;
    sim->stack.sockets.kicked = socket_kicked_groups(bits);
    bool has_more = stack_input(&sim->stack, sim->now_us);
    (void)!stack_finish(&sim->stack, sim->now_us, &next_us);
    uint32_t place = 0;
    while (sockets_next_wakeup(&sim->stack.sockets, &place) != NULL) {
    }
    return !has_more && stack_prepare_sleep(&sim->stack);
}

/*
 * A client is interrupted in its commit, having read that netd asks for a signal. netd, awake for
 * another reason, takes the kick and asks anew; then the client takes that request back.
 */
static void a_kick_taken_before_its_signal_does_not_lose_the_next(void **state)
{
    struct sim *sim = *state;
    char text[8];
    struct ring_shared *shared = &good.memory->kicks.shared;
    while (!take_turn(sim, SOCKET_KICK(1))) {
    }
    assert_int_equal(atomic_load(&shared->wake_consumer), 1);
    arena_send(&good, good_here, "one", 3); /* its commit ends as if it had not been interrupted */
    assert_int_equal(atomic_load(&shared->wake_consumer), 0);
    while (!take_turn(sim, SOCKET_KICK(1))) {
    }
    assert_int_equal(atomic_load(&shared->wake_consumer), 1);
    atomic_store(&shared->wake_consumer, 0); /* the rest of it */
    while (!take_turn(sim, SOCKET_KICK(1))) { /* by its signal */
    }
    assert_int_equal(atomic_load(&shared->wake_consumer), 1);
    arena_send(&good, good_here, "two", 3);
    assert_int_equal(atomic_load(&shared->wake_consumer), 0); /* so it signalled */
    sim_run(sim, SIM_S);
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 6);
    assert_memory_equal(text, "onetwo", 6);
}

static void kick_nothing(struct arena *arena)
{
    assert_int_equal(ring_producer_push(&arena->kicks, SOCKET_SLOTS_MAX), OK);
    (void)!ring_producer_commit(&arena->kicks);
}

static void a_signal_tells_of_a_group_of_clients_and_of_no_other(void **state)
{
    struct sim *sim = *state;
    struct init_client facts = arena_facts();
    arena_start(&third, sim, 2 + SOCKET_KICK_GROUPS, &facts);
    while (!take_turn(sim, UINT64_MAX)) {
    }
    uint64_t before = counted(sim, COUNTER_socket_bad_kick);
    kick_nothing(&bad);
    kick_nothing(&third);
    assert_true(take_turn(sim, SOCKET_KICK(3) | SOCKET_EVENT | SOCKET_GONE(0)));
    assert_int_equal(counted(sim, COUNTER_socket_bad_kick), before);
    (void)take_turn(sim, SOCKET_KICK(2));
    assert_int_equal(counted(sim, COUNTER_socket_bad_kick), before + 2);
}

/* --- news ---------------------------------------------------------------------------------- */

static void a_client_is_told_once_for_all_news_of_a_turn(void **state)
{
    struct sim *sim = *state;
    while (arena_news(&good) >= 0) {
    }
    assert_true(ring_consumer_prepare_sleep(&good.ready));
    uint32_t before = sim->wakeups[1];
    arena_send(&good, good_here, "ab", 2);
    sim_run(sim, 1000);
    assert_int_equal(sim->wakeups[1], before + 1);
    assert_int_equal(arena_news(&good), good_there);
    assert_int_equal(arena_news(&good), -1);
    char text[4];
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 2);
}

static void who_does_not_sleep_is_not_signalled(void **state)
{
    struct sim *sim = *state;
    char text[4];
    atomic_store(&good.memory->ready.shared.wake_consumer, 0);
    uint32_t before = sim->wakeups[1];
    arena_send(&good, good_here, "ab", 2);
    sim_run(sim, 1000);
    assert_int_equal(sim->wakeups[1], before);
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 2);
}

static void space_is_told_to_who_waits_for_it(void **state)
{
    struct sim *sim = *state;
    char text[4];
    while (arena_news(&good) >= 0) {
    }
    atomic_store(&arena_slot(&good, good_here)->wants_space, 1);
    arena_send(&good, good_here, "ab", 2);
    sim_run(sim, SIM_S);
    bool is_told = false;
    for (int slot; (slot = arena_news(&good)) >= 0;) {
        is_told |= slot == (int)good_here;
    }
    assert_true(is_told);
    atomic_store(&arena_slot(&good, good_here)->wants_space, 0);
    assert_int_equal(arena_receive(&good, good_there, text, sizeof(text)), 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(a_process_without_an_arena_has_no_sockets),
        CASE(an_arena_of_impossible_shape_is_not_attached),
        CASE(a_request_is_checked_word_by_word),
        CASE(options_are_told_as_they_were_set),
        CASE(slots_run_out_for_their_owner_alone),
        CASE(a_listener_without_a_free_slot_does_not_answer),
        CASE(an_old_epoch_is_stale_and_a_new_one_is_empty),
        CASE(who_had_an_open_arena_is_told_that_netd_is_new),
        CASE(a_client_that_dies_leaves_nothing_behind),
        CASE(a_send_ring_fuller_than_full_ends_the_socket),
        CASE(a_receive_ring_emptier_than_empty_ends_the_socket),
        CASE(an_index_that_breaks_before_bytes_come_ends_the_socket),
        CASE(an_index_that_moves_back_ends_the_socket),
        CASE(a_listener_whose_queue_is_broken_ends_with_what_it_holds),
        CASE(a_record_that_does_not_fit_ends_the_datagram_socket),
        CASE(a_broken_kick_ring_closes_the_arena),
        CASE(a_broken_ready_ring_closes_the_arena),
        CASE(kicks_of_what_is_not_there_are_counted),
        CASE(a_flood_of_kicks_takes_a_bounded_part_of_a_turn),
        CASE(a_kick_taken_before_its_signal_does_not_lose_the_next),
        CASE(a_signal_tells_of_a_group_of_clients_and_of_no_other),
        CASE(a_client_is_told_once_for_all_news_of_a_turn),
        CASE(who_does_not_sleep_is_not_signalled),
        CASE(space_is_told_to_who_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
