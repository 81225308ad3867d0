/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program waits [libc/event.c]: no bit is lost, an answer goes out once, the sign of life is
 * given. The test is the kernel: it gives what `script` says, in that order.
 */
#include "test.h"

#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/sys.h>

#include "libc/process.h"

enum { ENDPOINT = 5, NOTIFICATION = 6, SCRIPT_MAX = 8 };

/* What one wait of the kernel gives: bits, or a request with this label, or neither. */
struct step {
    uint64_t bits;
    uint64_t label;
};

static struct step script[SCRIPT_MAX];
static int script_length, script_at;
static uint64_t answers[SCRIPT_MAX]; /* word 0 that each reply_wait brought */
static ticks_t deadlines[SCRIPT_MAX];
static ticks_t timer_set_to;
static int timer_sets;
static struct log_page page;
static int waits_told;
static bool was_waiting; /* as init saw it, in the last wait */

static int start(void **state)
{
    uint64_t bits;
    (void)state;
    event_open(NOTIFICATION);
    script_length = script_at = timer_sets = 0;
    (void)event_wait(UINT64_MAX, 0, &bits); /* nothing is kept from the test before */
    script_at = 0;
    page = (struct log_page){0};
    return 0;
}

static void expect_step(uint64_t bits, uint64_t label)
{
    script[script_length++] = (struct step){bits, label};
}

static struct step next_step(ticks_t deadline)
{
    was_waiting = atomic_load(&page.is_waiting) == 1;
    deadlines[script_at] = deadline;
    struct step none = {0, 0};
    struct step step = script_at < script_length ? script[script_at] : none;
    script_at++;
    return step;
}

void process_waits(void)
{
    waits_told++;
}

struct log_page *console_page(void)
{
    return &page;
}

struct sysret sys_wait(handle64_t notification, ticks_t deadline)
{
    assert_int_equal(notification, NOTIFICATION);
    struct step step = next_step(deadline);
    return step.bits != 0 ? (struct sysret){OK, step.bits} : (struct sysret){E_TIMEOUT, 0};
}

struct sysret sys_timer_set(ticks_t deadline)
{
    timer_set_to = deadline;
    timer_sets++;
    return (struct sysret){OK, 0};
}

void ipc_trap(struct ipc_registers *r)
{
    assert_int_equal(r->control & IPC_NUMBER_MASK, SYS_reply_wait);
    assert_int_equal(r->target, ENDPOINT);
    answers[script_at] = r->words[0];
    struct step step = next_step(r->deadline);
    bool is_empty = step.bits == 0 && step.label == 0;
    *r = (struct ipc_registers){
        .words = {step.label},
        .control = is_empty ? (uint64_t)(int64_t)E_TIMEOUT : 0,
        .target = step.label != 0 ? 77 : 0,
        .deadline = step.bits,
    };
}

TEST(bits_that_nobody_asked_for_are_kept)
{
    uint64_t bits;
    expect_step(1 << 3 | 1 << 4, 0);
    assert_int_equal(event_wait(1 << 3, 100, &bits), OK);
    assert_int_equal(bits, 1 << 3);
    assert_int_equal(event_wait(UINT64_MAX, 100, &bits), OK);
    assert_int_equal(bits, 1 << 4);
    assert_int_equal(script_at, 1);
    assert_int_equal(event_wait(UINT64_MAX, 100, &bits), E_TIMEOUT);
}

TEST(a_sleep_ends_at_its_time_whatever_is_signalled)
{
    uint64_t bits;
    expect_step(1, 0);
    expect_step(2, 0);
    assert_int_equal(event_sleep(500), OK);
    assert_int_equal(script_at, 3);
    assert_int_equal(deadlines[2], 500);
    assert_int_equal(event_wait(UINT64_MAX, 0, &bits), OK);
    assert_int_equal(bits, 3);
}

TEST(the_sign_of_life_moves_and_is_not_an_event)
{
    uint64_t bits;
    expect_step(EVENT_ALIVE, 0);
    expect_step(EVENT_ALIVE | 1, 0);
    assert_int_equal(event_wait(UINT64_MAX, DEADLINE_FOREVER, &bits), OK);
    assert_int_equal(bits, 1);
    assert_int_equal(atomic_load(&page.alive), 2);
}

TEST(who_waits_says_so_and_who_runs_does_not)
{
    struct message message = {.words = {0}};
    uint64_t bits;
    expect_step(1, 0);
    expect_step(0, 41);
    assert_int_equal(event_wait(1, DEADLINE_FOREVER, &bits), OK);
    assert_true(was_waiting);
    assert_int_equal(atomic_load(&page.is_waiting), 0);
    was_waiting = false;
    assert_int_equal(event_serve(ENDPOINT, &message), OK);
    assert_true(was_waiting);
    assert_int_equal(atomic_load(&page.is_waiting), 0);
}

/* So a server that listens, and then sleeps or waits for a child, is up. */
TEST(whatever_is_waited_for_it_is_told_that_we_wait)
{
    uint64_t bits;
    waits_told = 0;
    assert_int_equal(event_sleep(500), OK);
    assert_int_equal(waits_told, 1);
    assert_int_equal(event_wait(1, 500, &bits), E_TIMEOUT);
    assert_int_equal(waits_told, 2);
}

TEST(a_request_comes_through_and_its_answer_goes_out_once)
{
    struct message message = {.words = {0}};
    expect_step(0, 41);
    expect_step(EVENT_ALIVE, 0);
    expect_step(0, 42);
    assert_int_equal(event_serve(ENDPOINT, &message), OK);
    assert_int_equal(message.words[0], 41);
    assert_int_equal(message.badge, 77);
    assert_int_equal(message.bits, 0);
    message.words[0] = 99;
    assert_int_equal(event_serve(ENDPOINT, &message), OK);
    assert_int_equal(message.words[0], 42);
    assert_int_equal(answers[1], 99);
    assert_int_equal(answers[2], 0);
    assert_int_equal(atomic_load(&page.alive), 1);
}

TEST(kept_bits_do_not_wait_for_a_request_and_do_not_hold_one_up)
{
    struct message message = {.words = {0}};
    uint64_t bits;
    expect_step(1 << 1 | 1 << 2, 0);
    expect_step(0, 41);
    assert_int_equal(event_wait(1 << 1, DEADLINE_FOREVER, &bits), OK);
    assert_int_equal(event_serve(ENDPOINT, &message), OK); /* a request stood there already */
    assert_int_equal(message.words[0], 41);
    assert_int_equal(deadlines[1], 0);
    assert_int_equal(event_serve(ENDPOINT, &message), OK);
    assert_int_equal(message.bits, 1 << 2);
    assert_int_equal(event_serve(ENDPOINT, &message), E_TIMEOUT);
    assert_int_equal(deadlines[3], DEADLINE_FOREVER);
}

TEST(the_timer_is_set_again_only_for_another_time)
{
    uint64_t bits;
    event_set_timer(1000);
    event_set_timer(1000);
    assert_int_equal(timer_sets, 1);
    event_set_timer(900);
    assert_int_equal(timer_set_to, 900);
    expect_step(EVENT_TIMER, 0);
    assert_int_equal(event_wait(EVENT_TIMER, DEADLINE_FOREVER, &bits), OK);
    event_set_timer(900); /* it has gone off, so this is a new one */
    assert_int_equal(timer_sets, 3);
    event_set_timer(DEADLINE_FOREVER);
    assert_int_equal(timer_set_to, DEADLINE_FOREVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bits_that_nobody_asked_for_are_kept, start),
        cmocka_unit_test_setup(a_sleep_ends_at_its_time_whatever_is_signalled, start),
        cmocka_unit_test_setup(the_sign_of_life_moves_and_is_not_an_event, start),
        cmocka_unit_test_setup(who_waits_says_so_and_who_runs_does_not, start),
        cmocka_unit_test_setup(whatever_is_waited_for_it_is_told_that_we_wait, start),
        cmocka_unit_test_setup(a_request_comes_through_and_its_answer_goes_out_once, start),
        cmocka_unit_test_setup(kept_bits_do_not_wait_for_a_request_and_do_not_hold_one_up, start),
        cmocka_unit_test_setup(the_timer_is_set_again_only_for_another_time, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
