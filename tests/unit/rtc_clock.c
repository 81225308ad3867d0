/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wall time: read from two kinds of clocks, published, and carried on by the counter.
 */
#include "test.h"

#include <abi/error.h>
#include <proto/rtc.h>
#include <rtc/clock.h>

#define HZ 10000000ull

/* Two registers; the high half is that of the last read of the low one. */
struct fake {
    uint64_t now;
    uint32_t latched;
};

static uint32_t read_fake(const void *base, uint32_t offset)
{
    struct fake *fake = (struct fake *)base;
    if (offset == 0) {
        uint32_t low = (uint32_t)fake->now;
        fake->latched = (uint32_t)(fake->now >> 32);
        fake->now += 0x100000000; /* time goes on between the reads */
        return low;
    }
    assert_int_equal(offset, 4);
    return fake->latched;
}

TEST(a_goldfish_clock_is_read_low_half_first)
{
    struct fake fake = {.now = 0x18bcfe56fffffff0};
    assert_true(clock_read_ns(CLOCK_GOLDFISH, &fake, read_fake) == 0x18bcfe56fffffff0);
}

TEST(a_pl031_counts_seconds)
{
    struct fake fake = {.now = 0xffffffff};
    assert_true(clock_read_ns(CLOCK_PL031, &fake, read_fake) == 0xffffffffull * 1000000000);
}

TEST(a_clock_of_another_kind_is_refused)
{
    enum clock_kind kind;
    assert_int_equal(clock_find_kind("google,goldfish-rtc", &kind), OK);
    assert_int_equal(kind, CLOCK_GOLDFISH);
    assert_int_equal(clock_find_kind("arm,pl031", &kind), OK);
    assert_int_equal(kind, CLOCK_PL031);
    assert_int_equal(clock_find_kind("maxim,ds1742", &kind), E_NOT_FOUND);
}

TEST(a_page_that_nobody_set_tells_no_time)
{
    struct rtc_page page = {0};
    uint64_t ns;
    assert_false(rtc_wall_ns(&page, 5, HZ, &ns));
    rtc_publish(&page, 5, 1000);
    assert_false(rtc_wall_ns(&page, 5, 0, &ns));
    assert_true(rtc_wall_ns(&page, 5, HZ, &ns));
    assert_true(ns == 1000);
}

TEST(the_counter_carries_the_time_on_without_loss)
{
    struct rtc_page page = {0};
    uint64_t ns;
    rtc_publish(&page, 100, 7);
    assert_true(rtc_wall_ns(&page, 101, HZ, &ns) && ns == 107);
    assert_true(rtc_wall_ns(&page, 100 + HZ * 86400 * 365 * 50 + 3, HZ, &ns));
    assert_true(ns == 86400ull * 365 * 50 * 1000000000 + 307);
    assert_true(rtc_wall_ns(&page, 99, HZ, &ns) && ns == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_goldfish_clock_is_read_low_half_first),
        cmocka_unit_test(a_pl031_counts_seconds),
        cmocka_unit_test(a_clock_of_another_kind_is_refused),
        cmocka_unit_test(a_page_that_nobody_set_tells_no_time),
        cmocka_unit_test(the_counter_carries_the_time_on_without_loss),
    };
    return cmocka_run_group_tests_name("rtc_clock", tests, NULL, NULL);
}
