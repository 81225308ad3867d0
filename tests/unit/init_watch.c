/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When init takes a process for hung, and how long it waits before it starts one again.
 */
#include "test.h"

#include <servers/init/watch.h>

/* A beat of a process whose call is being served, which is asked each time. */
static bool beat(struct watch *watch, uint32_t alive)
{
    bool is_hung = watch_beat(watch, alive, THREAD_CALLING, 5);
    assert_true(watch_asks(watch, false, 1));
    return is_hung;
}

/* The same of one that is ready. */
static bool beat_ready(struct watch *watch, ticks_t cpu_ticks)
{
    bool is_hung = watch_beat(watch, 0, THREAD_READY, cpu_ticks);
    assert_true(watch_asks(watch, false, 1));
    return is_hung;
}

TEST(three_missed_signs_of_life_are_a_hang)
{
    struct watch watch = {0};
    watch_start(&watch, 7);
    assert_false(beat(&watch, 7)); /* nobody had asked before */
    assert_false(beat(&watch, 8));
    assert_false(beat(&watch, 8));
    assert_false(beat(&watch, 8));
    assert_true(beat(&watch, 8));
}

TEST(any_sign_of_life_forgives_the_misses_before_it)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    for (uint32_t round = 1; round < 10; round++) {
        assert_false(beat(&watch, round));
        assert_false(beat(&watch, round));
        assert_false(beat(&watch, round));
    }
}

TEST(who_is_ready_and_gets_no_cpu_time_is_starved_not_hung)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    for (int i = 0; i < 100; i++) {
        assert_false(beat_ready(&watch, 5));
    }
}

TEST(starving_neither_counts_nor_forgives)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    assert_false(beat(&watch, 0));
    assert_false(beat(&watch, 0));
    assert_false(beat(&watch, 0));
    assert_false(beat_ready(&watch, 5));
    assert_int_equal(watch.misses, 2);
    assert_true(beat(&watch, 0));
}

TEST(who_calls_a_server_that_is_not_there_does_not_hang)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    assert_false(beat(&watch, 0));
    assert_false(beat(&watch, 0));
    for (int i = 0; i < 100; i++) {
        assert_false(watch_beat(&watch, 0, THREAD_SENDING, 0));
        assert_true(watch_asks(&watch, false, 1));
    }
    assert_false(beat(&watch, 0));
    assert_true(beat(&watch, 0)); /* received, and not answered */
}

TEST(who_runs_without_an_answer_is_hung)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    assert_false(beat_ready(&watch, 1));
    assert_false(beat_ready(&watch, 2));
    assert_false(beat_ready(&watch, 3));
    assert_true(beat_ready(&watch, 4));
}

TEST(who_waits_for_news_is_asked_in_its_turn)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    for (uint32_t turn = 1; turn < WATCH_TURNS; turn++) {
        assert_false(watch_beat(&watch, 0, THREAD_WAITING, 0));
        assert_false(watch_asks(&watch, true, turn));
    }
    assert_false(watch_beat(&watch, 0, THREAD_WAITING, 0));
    assert_true(watch_asks(&watch, true, WATCH_TURNS));
}

TEST(who_waits_and_does_not_answer_in_its_turn_is_asked_until_it_is_hung)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    assert_true(watch_asks(&watch, true, 0));
    for (uint32_t turn = 1; turn < WATCH_MISSES_MAX; turn++) {
        assert_false(watch_beat(&watch, 0, THREAD_WAITING, 0));
        assert_true(watch_asks(&watch, true, turn));
    }
    assert_true(watch_beat(&watch, 0, THREAD_WAITING, 0));
}

TEST(a_new_incarnation_starts_without_misses)
{
    struct watch watch = {0};
    watch_start(&watch, 0);
    for (int i = 0; i < 4; i++) {
        (void)beat(&watch, 0);
    }
    watch_start(&watch, 0);
    assert_false(beat(&watch, 0));
}

TEST(the_pause_doubles_up_to_its_limit_and_then_it_is_left_alone)
{
    const uint32_t expected[] = {100, 200, 400, 800, 1600, 3200, 6400};
    struct watch watch = {0};
    uint32_t pause_ms;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(watch_death(&watch, 10, &pause_ms));
        assert_int_equal(pause_ms, expected[i]);
    }
    assert_false(watch_death(&watch, 10, &pause_ms));
    assert_int_equal(watch.restarts, 7);
}

TEST(a_long_life_makes_the_pause_short_again)
{
    struct watch watch = {0};
    uint32_t pause_ms;
    for (int i = 0; i < 100; i++) {
        assert_true(watch_death(&watch, 10, &pause_ms));
        assert_true(watch_death(&watch, 10, &pause_ms));
        assert_int_equal(pause_ms, 200);
        assert_true(watch_death(&watch, WATCH_LONG_LIFE_MS, &pause_ms));
        assert_int_equal(pause_ms, 100);
        watch.deaths = 0;
    }
}

TEST(children_are_made_a_hundred_a_second_and_mistakes_ten)
{
    static const uint32_t costs[] = {WATCH_SPAWN_MS, WATCH_SPAWN_FAILED_MS};
    for (int i = 0; i < 2; i++) {
        struct watch watch = {0};
        uint64_t now_ms = 5000;
        uint32_t count = 0;
        while (watch_may_spawn(&watch, now_ms)) { /* at once */
            watch_spawned(&watch, now_ms, costs[i]);
            count++;
        }
        assert_int_equal(count, WATCH_SPAWN_DEBT_MS / costs[i] + 1);
        for (uint32_t ms = 0; ms < 10000; ms++, now_ms++) {
            if (watch_may_spawn(&watch, now_ms)) {
                watch_spawned(&watch, now_ms, costs[i]);
                count++;
            }
        }
        assert_in_range(count, 10000 / costs[i] + WATCH_SPAWN_DEBT_MS / costs[i],
                        10000 / costs[i] + WATCH_SPAWN_DEBT_MS / costs[i] + 2);
        now_ms += WATCH_SPAWN_DEBT_MS; /* a quiet time pays, and gives no credit */
        watch_spawned(&watch, now_ms + 3600 * 1000, costs[i]);
        assert_int_equal(watch.paid_ms, now_ms + 3600 * 1000 + costs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_missed_signs_of_life_are_a_hang),
        cmocka_unit_test(any_sign_of_life_forgives_the_misses_before_it),
        cmocka_unit_test(who_is_ready_and_gets_no_cpu_time_is_starved_not_hung),
        cmocka_unit_test(starving_neither_counts_nor_forgives),
        cmocka_unit_test(who_calls_a_server_that_is_not_there_does_not_hang),
        cmocka_unit_test(who_runs_without_an_answer_is_hung),
        cmocka_unit_test(who_waits_for_news_is_asked_in_its_turn),
        cmocka_unit_test(who_waits_and_does_not_answer_in_its_turn_is_asked_until_it_is_hung),
        cmocka_unit_test(a_new_incarnation_starts_without_misses),
        cmocka_unit_test(the_pause_doubles_up_to_its_limit_and_then_it_is_left_alone),
        cmocka_unit_test(a_long_life_makes_the_pause_short_again),
        cmocka_unit_test(children_are_made_a_hundred_a_second_and_mistakes_ten),
    };
    return cmocka_run_group_tests_name("init_watch", tests, NULL, NULL);
}
