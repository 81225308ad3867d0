/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A netd that begins finds the arenas as the one before has left them.
 */
#include <stdlib.h>

#include "test.h"

#include "tests/sim/arena.h"

static struct socket_arena *arena;
static struct init_client facts;

static int start(void **state)
{
    facts = arena_facts();
    size_t bytes = socket_arena_bytes(facts.shape);
    arena = aligned_alloc(PAGE_BYTES, bytes);
    assert_non_null(arena);
    memset(arena, 0, bytes);
    *state = sim_start();
    return 0;
}

static int stop(void **state)
{
    sim_stop(*state);
    free(arena);
    return 0;
}

/* How often its client is signalled. */
static uint32_t attach(struct sim *sim)
{
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(sockets_attach(&sim->stack.sockets, 5, &facts, arena), OK);
    sim_run(sim, 1 * SIM_S);
    assert_int_equal(atomic_load(&arena->epoch), 0);
    return sim->wakeups[5];
}

static void an_arena_that_nobody_has_used_wakes_nobody(void **state)
{
    assert_int_equal(attach(*state), 0);
}

static void who_has_an_epoch_is_told_that_it_is_over(void **state)
{
    atomic_store(&arena->epoch, 5);
    assert_int_equal(attach(*state), 1);
}

/* One netd has ended the epoch, and died before it could tell. */
static void who_sleeps_through_the_deaths_of_two_is_told_by_the_third(void **state)
{
    atomic_store(&arena->ready.shared.wake_consumer, 1);
    assert_int_equal(attach(*state), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(an_arena_that_nobody_has_used_wakes_nobody),
        CASE(who_has_an_epoch_is_told_that_it_is_over),
        CASE(who_sleeps_through_the_deaths_of_two_is_told_by_the_third),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
