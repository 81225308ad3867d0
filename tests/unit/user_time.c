/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks and nanoseconds: exact where that is possible, never short, never wrapped. */
#include "test.h"

#include <wherry/time.h>

static const uint64_t rates[] = {1, 10000000, 24000000, 62500000, 1000000000, 9999999999};

enum { RATES = sizeof(rates) / sizeof(rates[0]) };

TEST(whole_seconds_are_exact_both_ways)
{
    for (const uint64_t *hz = rates; hz < rates + RATES; hz++) {
        for (uint64_t seconds = 0; seconds < 1000000; seconds = seconds * 3 + 1) {
            assert_int_equal(time_ns_at(seconds * *hz, *hz), seconds * NS_PER_SECOND);
            assert_int_equal(time_ticks_at(seconds * NS_PER_SECOND, *hz), seconds * *hz);
        }
    }
}

TEST(a_wait_is_never_shorter_than_asked_and_less_than_a_tick_longer)
{
    uint64_t seed = 2;
    for (const uint64_t *hz = rates; hz < rates + RATES; hz++) {
        for (int i = 0; i < 1000; i++) {
            uint64_t ns = test_random(&seed) >> (20 + i % 40);
            __uint128_t scaled = (__uint128_t)ns * *hz; /* exact, in 10^-9 ticks */
            __uint128_t ticks = time_ticks_at(ns, *hz);
            assert_true(ticks * NS_PER_SECOND >= scaled);
            assert_true(ticks * NS_PER_SECOND < scaled + NS_PER_SECOND);
        }
    }
}

TEST(what_does_not_fit_is_for_ever)
{
    assert_true(time_ticks_at(UINT64_MAX, 10000000) < DEADLINE_FOREVER);
    assert_int_equal(time_ticks_at(UINT64_MAX, 9999999999), DEADLINE_FOREVER);
    assert_int_equal(time_ticks_at(1844674407 * NS_PER_SECOND, 9999999999), DEADLINE_FOREVER);
    assert_true(time_ticks_at(1844674405 * NS_PER_SECOND, 9999999999) < DEADLINE_FOREVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_seconds_are_exact_both_ways),
        cmocka_unit_test(a_wait_is_never_shorter_than_asked_and_less_than_a_tick_longer),
        cmocka_unit_test(what_does_not_fit_is_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
