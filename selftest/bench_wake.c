/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes another thread run: a signal, an interrupt, a fault, a turn given away. Who waits is
 * bound to what it waits for, as every program is [wherry/event.h].
 *
 * The two ends of a path lie in two threads, so each adds up the times at its end, and the sum of
 * the one minus that of the other is the ticks of all rounds. A tick is many instructions; rounds
 * of changing length make the error of reading it zero in the mean.
 */
#include "actors.h"
#include "bench.h"
#include "lent.h"
#include "machine.h"

enum {
    PRIORITY_ABOVE = PRIORITY_SELFTEST + 4,
    PRIORITY_BELOW = PRIORITY_SELFTEST - 1,
    LENGTHS = 101, /* of rounds; has no factor in common with the instructions of a tick */
    LABEL_SUM = 5,
    REGISTER_PC = 0,
    BREAK_BYTES = 4,
    ALARM_TRIES = 3 * BENCH_ROUNDS,
};

/* Takes another time in each round. */
static inline void dawdle(unsigned round)
{
    for (unsigned i = 0; i < round % LENGTHS; i++) {
        __asm__ volatile("");
    }
}

/* Two looks at the clock with nothing between. */
static ticks_t time_looking(void)
{
    ticks_t sum = 0;
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        dawdle(i);
        sum -= time_now();
        sum += time_now();
    }
    return sum;
}

/* A child tells us its sum by calling. */
static void tell_sum(uint64_t endpoint, uint64_t sum)
{
    struct message m = {.words = {LABEL_SUM, sum}};
    int error = ipc_call((handle_t)endpoint, &m, DEADLINE_FOREVER);
    (void)error;
    child_rest();
}

static bool take_sum(handle_t endpoint, uint64_t *sum)
{
    struct message m = {.handle_count = 0};
    bool is_told =
        ipc_reply_wait(endpoint, &m, in_ms(60000)) == OK && m.words[0] == LABEL_SUM && m.bits == 0;
    *sum = m.words[1];
    return is_told;
}

/* --- a signal that switches to the waiter --------------------------------------------------- */

static void wait_and_add(uint64_t endpoint, uint64_t notification)
{
    ticks_t sum = 0;
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        sys_wait((handle_t)notification, DEADLINE_FOREVER);
        sum += time_now();
    }
    tell_sum(endpoint, sum);
}

bool bench_signal_wake(struct bench_ticks *ticks)
{
    struct child waiter;
    ticks_t start = 0;
    uint64_t end = 0;
    handle_t endpoint = new_endpoint();
    handle_t notification = new_notification();
    if (!child_create(&waiter, PRIORITY_ABOVE) ||
        sys_thread_bind(waiter.thread, notification).status != OK ||
        !child_start(&waiter, wait_and_add, child_give(&waiter, endpoint, RIGHT_SEND, 0),
                     child_give(&waiter, notification, RIGHT_READ, 0))) {
        return false;
    }
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        dawdle(i);
        start += time_now();
        sys_signal(notification, 1);
    }
    bool is_whole = take_sum(endpoint, &end);
    ticks->all = end - start;
    ticks->loop = time_looking();
    child_end(&waiter);
    sys_handle_close(endpoint);
    sys_handle_close(notification);
    return is_whole;
}

/* --- an interrupt --------------------------------------------------------------------------- */

static struct {
    struct side side;
    void *registers;
    handle_t irq;
    handle_t notification;
    volatile ticks_t last;
    volatile unsigned served;
} driver;

static void drive(uint64_t unused)
{
    (void)unused;
    for (;;) {
        sys_irq_ack(driver.irq);
        sys_wait(driver.notification, DEADLINE_FOREVER);
        driver.last = time_now();
        machine_alarm_clear(driver.registers);
        driver.served++;
    }
}

/* Raises the alarm until it came in every round; between two seconds it may not come at once. */
static bool raise_alarms(struct bench_ticks *ticks)
{
    unsigned done = 0;
    for (unsigned i = 0; i < ALARM_TRIES && done < BENCH_ROUNDS; i++) {
        uint32_t value = machine_alarm_value(driver.registers);
        dawdle(i);
        ticks_t start = time_now();
        machine_alarm_raise(driver.registers, value);
        if (driver.served != done) {
            ticks->all += driver.last - start;
            done++;
        }
    }
    return done == BENCH_ROUNDS;
}

bool bench_irq_to_driver(struct bench_ticks *ticks)
{
    struct lent_device clock;
    if (lent_take(&clock) != OK || lent_map(&clock, TEST_VADDR) != OK) {
        return false;
    }
    driver.registers = (void *)(TEST_VADDR + clock.offset);
    driver.irq = clock.irq;
    driver.notification = new_notification();
    driver.served = 0;
    bool is_whole = sys_irq_bind(clock.irq, driver.notification, 0).status == OK &&
                    side_create(&driver.side, drive, 0, PRIORITY_ABOVE) &&
                    sys_thread_bind(driver.side.thread, driver.notification).status == OK &&
                    sys_thread_start(driver.side.thread).status == OK;
    if (is_whole) {
        machine_alarm_enable(driver.registers);
        is_whole = raise_alarms(ticks);
    }
    ticks->loop = time_looking();
    side_end(&driver.side);
    sys_handle_close(driver.notification);
    return lent_return() == OK && is_whole;
}

/* --- a fault -------------------------------------------------------------------------------- */

static void break_and_add(uint64_t endpoint, uint64_t unused)
{
    ticks_t sum = 0;
    (void)unused;
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        dawdle(i);
        sum += time_now();
        machine_break();
    }
    tell_sum(endpoint, sum);
}

/* Lets the child go on behind its breakpoint, again and again; gives the sum of our times. */
static bool handle_breaks(const struct child *child, handle_t endpoint, ticks_t *sum)
{
    struct message m = {.handle_count = 0};
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        if (ipc_reply_wait(endpoint, &m, DEADLINE_FOREVER) != OK ||
            m.words[1] != FAULT_BREAKPOINT) {
            return false;
        }
        *sum += time_now();
        sys_thread_write(child->thread, REGISTER_PC, m.words[3] + BREAK_BYTES);
        m.words[0] = FAULT_RESUME;
    }
    int error = ipc_reply_wait(endpoint, &m, DEADLINE_FOREVER);
    *sum -= m.words[1];
    return error == OK && m.words[0] == LABEL_SUM;
}

bool bench_fault_to_handler(struct bench_ticks *ticks)
{
    struct child child;
    handle_t endpoint = new_endpoint();
    if (!child_create(&child, PRIORITY_BELOW) ||
        sys_task_supervise(child.task, endpoint, 0).status != OK ||
        !child_start(&child, break_and_add, child_give(&child, endpoint, RIGHT_SEND, 0), 0)) {
        return false;
    }
    bool is_whole = handle_breaks(&child, endpoint, &ticks->all);
    ticks->loop = time_looking();
    child_end(&child);
    sys_handle_close(endpoint);
    return is_whole;
}

/* --- a turn given away ---------------------------------------------------------------------- */

static void yield_for_ever(uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
    for (;;) {
        sys_yield();
    }
}

/* Half of the rounds: in each there is a switch away and a switch back. */
static void yield_and_tell(uint64_t endpoint, uint64_t unused)
{
    (void)unused;
    sys_yield(); /* the other has begun */
    ticks_t start = time_now();
    for (unsigned i = 0; i < BENCH_ROUNDS / 2; i++) {
        sys_yield();
    }
    tell_sum(endpoint, time_now() - start);
}

bool bench_yield_switch(struct bench_ticks *ticks)
{
    struct child one;
    struct child other;
    handle_t endpoint = new_endpoint();
    if (!child_create(&one, PRIORITY_BELOW) || !child_create(&other, PRIORITY_BELOW) ||
        !child_start(&one, yield_and_tell, child_give(&one, endpoint, RIGHT_SEND, 0), 0) ||
        !child_start(&other, yield_for_ever, 0, 0)) {
        return false;
    }
    bool is_whole = take_sum(endpoint, &ticks->all);
    child_end(&one);
    child_end(&other);
    sys_handle_close(endpoint);
    return is_whole;
}
