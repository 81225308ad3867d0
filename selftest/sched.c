/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: priorities, turns within a level, budgets. Shares are compared with each other, in
 * ticks that the kernel charged, and with wide margins: the host may be busy.
 */
#include "actors.h"

enum {
    PRIORITY_ABOVE = PRIORITY_SELFTEST + 1,
    PRIORITY_BELOW = PRIORITY_SELFTEST - 2,
    PRIORITY_LOWER = PRIORITY_SELFTEST - 3,
    SHARE_MS = 200, /* a dozen slices of 10 ms */
    SHARE_TRIES = 10,
    TURNS = 16,
};

/* --- spinners ------------------------------------------------------------------------------- */

static volatile uint64_t turns[SIDES_MAX];

static void spin(uint64_t index)
{
    for (;;) {
        turns[index]++;
    }
}

static bool spinner_start(struct side *side, uint64_t index, unsigned priority)
{
    turns[index] = 0;
    return side_start(side, spin, index, priority);
}

/* Sleeps until the spinner has had a turn since it had had `before`: the host may be slow. */
static bool has_turn_after(uint64_t index, uint64_t before)
{
    for (ticks_t end = in_ms(2000); turns[index] == before && time_now() < end;) {
        sleep_ms(2);
    }
    return turns[index] != before;
}

static uint64_t cpu_ticks(const struct side *side)
{
    return info(side->thread, INFO_THREAD_CPU_TICKS);
}

/* --- priorities ----------------------------------------------------------------------------- */

static volatile bool has_run;
static struct side runner;

static void run_once(uint64_t unused)
{
    (void)unused;
    has_run = true;
    side_rest(runner.thread);
}

static void a_more_urgent_thread_runs_before_its_start_returns(void)
{
    has_run = false;
    CHECK(side_start(&runner, run_once, 0, PRIORITY_ABOVE));
    CHECK(has_run);
    side_end(&runner);
}

static void a_less_urgent_thread_runs_only_while_we_sleep(void)
{
    has_run = false;
    CHECK(side_start(&runner, run_once, 0, PRIORITY_BELOW));
    for (ticks_t end = in_ms(20); time_now() < end;) {
        CHECK(!has_run);
    }
    CHECK(wait_for_state(runner.thread, THREAD_STOPPED) && has_run);
    side_end(&runner);
}

static void a_ready_thread_moves_with_its_priority(void)
{
    has_run = false;
    CHECK(side_start(&runner, run_once, 0, PRIORITY_BELOW));
    CHECK(!has_run);
    CHECK(sys_thread_schedule(runner.thread, PRIORITY_ABOVE, 0, 0).status == OK);
    CHECK(has_run);
    side_end(&runner);
}

static void a_spinning_thread_stalls_nobody_above_it(void)
{
    struct side spinner;
    CHECK(spinner_start(&spinner, 0, PRIORITY_BELOW));
    for (unsigned i = 0; i < 20; i++) {
        CHECK(has_turn_after(0, turns[0])); /* and we are back */
    }
    side_end(&spinner);
}

static void a_stopped_thread_uses_no_time_and_goes_on_where_it_was(void)
{
    struct side spinner;
    CHECK(spinner_start(&spinner, 0, PRIORITY_BELOW));
    CHECK(has_turn_after(0, 0));
    CHECK(sys_thread_stop(spinner.thread).status == OK);
    uint64_t ticks = cpu_ticks(&spinner);
    uint64_t count = turns[0];
    CHECK(count > 0 && ticks > 0);
    sleep_ms(5);
    CHECK(cpu_ticks(&spinner) == ticks && turns[0] == count);
    CHECK(sys_thread_start(spinner.thread).status == OK);
    CHECK(has_turn_after(0, count));
    side_end(&spinner);
}

/* --- turns within a level ------------------------------------------------------------------- */

static void spinners_of_a_level_get_equal_shares(void)
{
    struct side first;
    struct side second;
    struct side lower;
    CHECK(spinner_start(&first, 0, PRIORITY_BELOW));
    CHECK(spinner_start(&second, 1, PRIORITY_BELOW));
    CHECK(spinner_start(&lower, 2, PRIORITY_LOWER));
    uint64_t one = 0;
    uint64_t two = 1;
    for (unsigned i = 0; i < SHARE_TRIES && (one <= two / 2 || two <= one / 2); i++) {
        sleep_ms(SHARE_MS);
        one = cpu_ticks(&first);
        two = cpu_ticks(&second);
    }
    CHECK(one > two / 2 && two > one / 2);
    CHECK(turns[0] > 0 && turns[1] > 0 && turns[2] == 0);
    side_end(&lower);
    side_end(&second);
    side_end(&first);
}

static struct side yielders[2];
static volatile unsigned turn_order[2 * TURNS];
static volatile unsigned turn_count;

static void take_turns(uint64_t index)
{
    for (unsigned i = 0; i < TURNS; i++) {
        turn_order[turn_count++] = (unsigned)index;
        sys_yield();
    }
    side_rest(yielders[index].thread);
}

/* The end of a slice may give one side a turn too many. */
static void yielding_gives_the_turn_to_the_next(void)
{
    turn_count = 0;
    CHECK(side_start(&yielders[0], take_turns, 0, PRIORITY_BELOW));
    CHECK(side_start(&yielders[1], take_turns, 1, PRIORITY_BELOW));
    CHECK(wait_for_state(yielders[0].thread, THREAD_STOPPED));
    CHECK(wait_for_state(yielders[1].thread, THREAD_STOPPED));
    unsigned changes = 0;
    for (unsigned i = 1; i < 2 * TURNS; i++) {
        changes += turn_order[i] != turn_order[i - 1] ? 1 : 0;
    }
    CHECK(turn_count == 2 * TURNS && changes >= 2 * TURNS - 5);
    side_end(&yielders[1]);
    side_end(&yielders[0]);
}

/* --- budgets -------------------------------------------------------------------------------- */

/* A thread with a fifth of the CPU, above one that would like all of it. */
static void a_budget_is_kept_and_the_rest_goes_to_others(void)
{
    struct side rationed;
    struct side other;
    ticks_t ms = time_ticks_at(NS_PER_MS, boot_facts()->counter_hz);
    CHECK(spinner_start(&other, 1, PRIORITY_LOWER));
    CHECK(side_create(&rationed, spin, 0, PRIORITY_BELOW));
    CHECK(sys_thread_schedule(rationed.thread, PRIORITY_BELOW, 2 * ms, 10 * ms).status == OK);
    CHECK(sys_thread_start(rationed.thread).status == OK);
    uint64_t mine = 0;
    uint64_t all = 0;
    for (unsigned i = 0; i < SHARE_TRIES && (mine <= all / 20 || mine >= all / 2); i++) {
        sleep_ms(SHARE_MS);
        mine = cpu_ticks(&rationed);
        all = mine + cpu_ticks(&other);
    }
    CHECK(mine > all / 20 && mine < all / 2);
    CHECK(sys_thread_schedule(rationed.thread, PRIORITY_BELOW, 0, 0).status == OK);
    uint64_t before = cpu_ticks(&other);
    sleep_ms(SHARE_MS / 4);
    CHECK(cpu_ticks(&rationed) > mine && cpu_ticks(&other) == before); /* without: it has all */
    side_end(&rationed);
    side_end(&other);
}

static void a_used_up_budget_leaves_the_lowest_priority(void)
{
    struct side rationed;
    ticks_t ms = time_ticks_at(NS_PER_MS, boot_facts()->counter_hz);
    CHECK(side_create(&rationed, spin, 0, PRIORITY_BELOW));
    CHECK(sys_thread_schedule(rationed.thread, PRIORITY_BELOW, ms, 10000 * ms).status == OK);
    CHECK(info(rationed.thread, INFO_THREAD_PRIORITY) == PRIORITY_BELOW);
    CHECK(sys_thread_start(rationed.thread).status == OK);
    for (ticks_t end = in_ms(2000); info(rationed.thread, INFO_THREAD_PRIORITY) != 0;) {
        CHECK(time_now() < end);
        sleep_ms(2);
    }
    CHECK(sys_thread_schedule(rationed.thread, PRIORITY_BELOW, 0, 0).status == OK);
    CHECK(info(rationed.thread, INFO_THREAD_PRIORITY) == PRIORITY_BELOW);
    side_end(&rationed);
}

static const struct test tests[] = {
    {"a more urgent thread runs before its start returns",
     a_more_urgent_thread_runs_before_its_start_returns},
    {"a less urgent thread runs only while we sleep",
     a_less_urgent_thread_runs_only_while_we_sleep},
    {"a ready thread moves with its priority", a_ready_thread_moves_with_its_priority},
    {"a spinning thread stalls nobody above it", a_spinning_thread_stalls_nobody_above_it},
    {"a stopped thread uses no time and goes on where it was",
     a_stopped_thread_uses_no_time_and_goes_on_where_it_was},
    {"spinners of a level get equal shares", spinners_of_a_level_get_equal_shares},
    {"yielding gives the turn to the next", yielding_gives_the_turn_to_the_next},
    {"a budget is kept and the rest goes to others", a_budget_is_kept_and_the_rest_goes_to_others},
    {"a used-up budget leaves the lowest priority", a_used_up_budget_leaves_the_lowest_priority},
};

const struct group sched_group = GROUP("sched", tests);
