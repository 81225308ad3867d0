/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines: absolute, never early; 0 does not wait, FOREVER never ends.
 */
#include "actors.h"

enum { FIRST_MS = 5, TRIES = 20 };

#define TIMER_BIT (1ull << NOTIFICATION_TIMER_BIT)

static void the_counter_never_goes_back(void)
{
    ticks_t last = time_now();
    for (unsigned i = 0; i < 10000; i++) {
        ticks_t now = time_now();
        CHECK(now >= last);
        last = now;
    }
    CHECK(boot_facts()->counter_hz > 0 && last > boot_facts()->boot_ticks);
}

static void a_wait_until_0_or_the_past_does_not_wait(void)
{
    handle_t notification = new_notification();
    CHECK(sys_wait(notification, 0).status == E_TIMEOUT);
    CHECK(sys_wait(notification, time_now() - 1).status == E_TIMEOUT);
    CHECK(sys_signal(notification, 5).status == OK);
    struct sysret taken = sys_wait(notification, 0);
    CHECK(taken.status == OK && taken.value == 5);
    CHECK(sys_wait(notification, 0).status == E_TIMEOUT); /* taking clears */
    sys_handle_close(notification);
}

static void a_wait_never_ends_before_its_deadline(void)
{
    handle_t notification = new_notification();
    for (unsigned i = 1; i <= 20; i++) {
        ticks_t deadline = time_after(time_now(), i * (NS_PER_MS / 7));
        CHECK(sys_wait(notification, deadline).status == E_TIMEOUT);
        CHECK(time_now() >= deadline);
    }
    sys_handle_close(notification);
}

static void an_alarm_signals_bit_63_of_the_bound_notification(void)
{
    ticks_t deadline = in_ms(5);
    CHECK(sys_timer_set(deadline).status == OK);
    struct sysret woken = sys_wait(own_notification(), in_ms(2000));
    CHECK(woken.status == OK && (woken.value & TIMER_BIT) != 0);
    CHECK(time_now() >= deadline);
    CHECK(sys_wait(own_notification(), in_ms(5)).status == E_TIMEOUT); /* once */
}

/* Sets an alarm and sets it anew before it comes. False: it came first, again and again. */
static bool set_anew(ticks_t deadline)
{
    for (unsigned i = 0; i < TRIES; i++) {
        ticks_t first = in_ms(FIRST_MS);
        if (sys_timer_set(first).status != OK || sys_timer_set(deadline).status != OK) {
            return false;
        }
        if (time_now() < first) {
            return true;
        }
        sys_wait(own_notification(), 0); /* the host stood still meanwhile */
    }
    return false;
}

static void an_alarm_set_to_for_ever_is_off(void)
{
    CHECK(set_anew(DEADLINE_FOREVER));
    CHECK(sys_wait(own_notification(), in_ms(8 * FIRST_MS)).status == E_TIMEOUT);
}

static void an_alarm_set_again_counts_from_the_last_time(void)
{
    ticks_t later = in_ms(50);
    CHECK(set_anew(later));
    struct sysret woken = sys_wait(own_notification(), in_ms(2000));
    CHECK(woken.status == OK && time_now() >= later);
}

static void an_alarm_in_the_past_comes_at_once(void)
{
    CHECK(sys_timer_set(1).status == OK);
    struct sysret woken = sys_wait(own_notification(), in_ms(2000));
    CHECK(woken.status == OK && woken.value == TIMER_BIT);
}

static void an_alarm_ends_a_wait_for_requests(void)
{
    handle_t endpoint = new_endpoint();
    struct message m = {.handle_count = 0};
    CHECK(sys_timer_set(in_ms(5)).status == OK);
    CHECK(ipc_reply_wait(endpoint, &m, in_ms(2000)) == OK);
    CHECK(m.bits == TIMER_BIT && m.badge == 0);
    sys_handle_close(endpoint);
}

/* Sides that sleep for different times and write down who woke. */
struct sleeper {
    struct side side;
    ticks_t deadline;
    ticks_t signed_at;
};

enum { SLEEPERS = 4, APART_MS = 10 };

static struct sleeper sleepers[SLEEPERS];
static volatile unsigned woken_order[SLEEPERS];
static volatile unsigned woken_count;

static void sleep_and_sign(uint64_t index)
{
    handle_t never = new_notification();
    sys_wait(never, sleepers[index].deadline);
    sys_handle_close(never);
    woken_order[woken_count++] = (unsigned)index;
    sleepers[index].signed_at = time_now();
    side_rest(sleepers[index].side.thread);
}

/*
 * Lets them all sleep and wake. True: they slept before the first deadline had passed, and each
 * signed before the next one; else those that are ready together may share the CPU in any order.
 */
static bool let_sleep(void)
{
    static const unsigned delay_ms[SLEEPERS] = {40, 20, 50, 30}; /* APART_MS between two */
    woken_count = 0;
    ticks_t start = time_now();
    for (unsigned i = 0; i < SLEEPERS; i++) {
        sleepers[i].deadline = time_after(start, delay_ms[i] * NS_PER_MS);
        if (!side_start(&sleepers[i].side, sleep_and_sign, i, PRIORITY_SELFTEST + 1)) {
            return false;
        }
    }
    bool is_on_time = time_now() < sleepers[1].deadline;
    for (unsigned i = 0; i < 100 && woken_count < SLEEPERS; i++) {
        sleep_ms(10);
    }
    for (unsigned i = 0; i < SLEEPERS; i++) {
        side_end(&sleepers[i].side);
        ticks_t limit = time_after(sleepers[i].deadline, APART_MS * NS_PER_MS);
        is_on_time &= woken_count != SLEEPERS || sleepers[i].signed_at < limit;
    }
    return is_on_time;
}

static void deadlines_end_in_their_order(void)
{
    static const unsigned expected[SLEEPERS] = {1, 3, 0, 2};
    bool is_on_time = false;
    for (unsigned i = 0; i < TRIES && !is_on_time; i++) { /* again: the host may be slow */
        is_on_time = let_sleep();
    }
    CHECK(is_on_time && woken_count == SLEEPERS);
    for (unsigned i = 0; i < SLEEPERS; i++) {
        CHECK(woken_order[i] == expected[i]);
    }
}

static const struct test tests[] = {
    {"the counter never goes back", the_counter_never_goes_back},
    {"a wait until 0 or the past does not wait", a_wait_until_0_or_the_past_does_not_wait},
    {"a wait never ends before its deadline", a_wait_never_ends_before_its_deadline},
    {"an alarm signals bit 63 of the bound notification",
     an_alarm_signals_bit_63_of_the_bound_notification},
    {"an alarm set to for ever is off", an_alarm_set_to_for_ever_is_off},
    {"an alarm set again counts from the last time", an_alarm_set_again_counts_from_the_last_time},
    {"an alarm in the past comes at once", an_alarm_in_the_past_comes_at_once},
    {"an alarm ends a wait for requests", an_alarm_ends_a_wait_for_requests},
    {"deadlines end in their order", deadlines_end_in_their_order},
};

const struct group time_group = GROUP("time", tests);
