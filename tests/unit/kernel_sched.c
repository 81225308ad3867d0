/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs, for how long, and what wakes whom: levels, slices, budgets, timers, notifications, FP
 * state, and the steps between which interrupts are taken.
 */
#include "test.h"

#include "tests/kernel/bench.h"

enum { SLICE = FAKE_HZ / 1000000 * SLICE_US };

/* init is out of the way. */
static void start(void)
{
    bench_start();
    thread_stop(bench.thread);
}

static struct thread *resume(void)
{
    struct thread *next = sched_resume(&boot_cpu);
    check_kernel();
    check_resumed(next);
    return next;
}

TEST(the_most_urgent_thread_runs_and_one_that_wakes_takes_over_at_once)
{
    start();
    struct thread *low = bench_make_running(3);
    struct thread *high = bench_make_thread(4);
    struct notification *notification = bench_make_notification();
    assert_ptr_equal(resume(), low);
    handle_t wait = bench_give(high, &notification->object, RIGHT_READ, 0);
    handle_t signal = bench_give(low, &notification->object, RIGHT_WRITE, 0);
    thread_wake(high);
    assert_ptr_equal(resume(), high);
    CALL(high, wait, wait, BENCH_FOREVER);
    assert_ptr_equal(boot_cpu.current, low);
    CALL(low, signal, signal, 9);
    assert_ptr_equal(boot_cpu.current, high);
    assert_int_equal(high->frame.x[REG_WORD + 1], 9);
    bench_end();
}

TEST(threads_of_a_level_take_turns_and_one_alone_is_not_disturbed)
{
    start();
    struct thread *first = bench_make_running(3);
    struct thread *second = bench_make_running(3);
    struct thread *third = bench_make_running(3);
    const struct thread *order[] = {first, second, third, first, second};
    assert_ptr_equal(resume(), first);
    for (unsigned i = 1; i < 5; i++) {
        assert_ptr_equal(bench_sleep_until(fake_cpu.now + SLICE / 2), order[i - 1]);
        assert_ptr_equal(bench_sleep_until(fake_cpu.now + SLICE / 2), order[i]);
    }
    thread_stop(first);
    thread_stop(third);
    assert_ptr_equal(resume(), second);
    assert_ptr_equal(bench_sleep_until(fake_cpu.now + 10 * SLICE), second);
    bench_end();
}

/* Bothers somebody of level 3 every third of a slice, from above. */
static struct thread *bother(struct thread *driver, struct irq *irq, handle_t wait)
{
    arch_irq_unmask(irq->line);
    fake_raise(7);
    assert_ptr_equal(bench_take_interrupts(), driver);
    CALL(driver, wait, wait, BENCH_FOREVER);
    return bench_sleep_until(fake_cpu.now + SLICE / 3);
}

TEST(who_is_interrupted_all_the_time_keeps_no_more_than_his_turn)
{
    start();
    struct thread *driver = bench_make_running(30);
    struct thread *first = bench_make_running(3);
    struct thread *second = bench_make_running(3);
    struct notification *notification = bench_make_notification();
    handle_t wait = bench_give(driver, &notification->object, RIGHT_READ, 0);
    struct irq *irq = bench_make_irq(7);
    bench_bind_irq(irq, notification, 0);
    CALL(driver, wait, wait, BENCH_FOREVER);
    assert_ptr_equal(boot_cpu.current, first);
    assert_ptr_equal(bother(driver, irq, wait), first);
    assert_ptr_equal(bother(driver, irq, wait), first);
    assert_ptr_equal(bother(driver, irq, wait), first);
    assert_ptr_equal(bother(driver, irq, wait), second);
    assert_ptr_equal(bother(driver, irq, wait), second);
    bench_end();
}

TEST(whose_period_ends_in_its_slice_has_no_slice_more)
{
    start();
    struct thread *first = bench_make_running(3);
    sched_set_budget(first, 3, SLICE / 2, SLICE / 2);
    struct thread *second = bench_make_running(3);
    assert_ptr_equal(resume(), first);
    bench_sleep_until(fake_cpu.now + SLICE / 2);
    assert_ptr_equal(bench_sleep_until(fake_cpu.now + SLICE / 2), second);
    bench_end();
}

TEST(yield_lets_the_others_of_the_level_go_first_and_no_lower_one)
{
    start();
    struct thread *first = bench_make_running(3);
    struct thread *low = bench_make_running(2);
    assert_ptr_equal(resume(), first);
    CALL(first, yield, 0);
    assert_ptr_equal(boot_cpu.current, first);
    struct thread *second = bench_make_running(3);
    CALL(first, yield, 0);
    assert_ptr_equal(boot_cpu.current, second);
    assert_int_equal(low->state, THREAD_READY);
    bench_end();
}

TEST(a_used_up_budget_lowers_the_thread_until_its_period_ends)
{
    start();
    struct thread *spender = bench_make_running(20);
    struct thread *other = bench_make_running(3);
    sched_set_budget(spender, 20, 100, 1000);
    assert_ptr_equal(resume(), spender);
    ticks_t begin = fake_cpu.now;
    assert_ptr_equal(bench_sleep_until(begin + 99), spender);
    assert_ptr_equal(bench_sleep_until(begin + 100), other);
    assert_int_equal(spender->priority, 0);
    assert_ptr_equal(bench_sleep_until(begin + 900), other);
    assert_ptr_equal(bench_sleep_until(begin + 1100), spender);
    assert_int_equal(spender->priority, 20);
    assert_int_equal(spender->cpu_ticks, 100);
    bench_end();
}

/* Of a budget of 100 in 1,000; then the spender waits for the notification whose handle this
 * returns, and somebody less urgent runs. */
static handle_t spend_sixty_of_hundred(struct thread **spender, struct thread **other)
{
    *spender = bench_make_running(20);
    *other = bench_make_sibling((*spender)->task, 3);
    handle_t handle = bench_own(*spender, &bench_make_notification()->object);
    thread_wake(*other);
    sched_set_budget(*spender, 20, 100, 1000);
    assert_ptr_equal(resume(), *spender);
    assert_ptr_equal(bench_sleep_until(fake_cpu.now + 60), *spender);
    CALL(*spender, wait, handle, DEADLINE_FOREVER);
    return handle;
}

TEST(a_budget_is_used_up_in_pieces)
{
    start();
    struct thread *spender, *other;
    handle_t handle = spend_sixty_of_hundred(&spender, &other);
    assert_ptr_equal(bench_sleep_until(fake_cpu.now + 300), other);
    CALL(other, signal, handle, 1);
    assert_ptr_equal(boot_cpu.current, spender);
    ticks_t again = fake_cpu.now;
    assert_ptr_equal(bench_sleep_until(again + 39), spender);
    assert_ptr_equal(bench_sleep_until(again + 40), other);
    assert_int_equal(spender->priority, 0);
    bench_end();
}

TEST(a_period_that_ends_in_sleep_needs_no_timer_and_leaves_the_whole_budget)
{
    start();
    struct thread *spender, *other;
    handle_t handle = spend_sixty_of_hundred(&spender, &other);
    assert_ptr_equal(boot_cpu.current, other);
    assert_int_equal(spender->spent_ticks, 60);
    assert_false(list_is_linked(&spender->replenish.link));
    assert_ptr_equal(bench_sleep_until(fake_cpu.now + 1000), other);
    CALL(other, signal, handle, 1);
    assert_ptr_equal(boot_cpu.current, spender);
    ticks_t begin = fake_cpu.now;
    assert_ptr_equal(bench_sleep_until(begin + 99), spender);
    assert_ptr_equal(bench_sleep_until(begin + 100), other);
    bench_end();
}

TEST(forty_deadlines_of_one_moment_all_pass_and_none_before)
{
    enum { WAITERS = 40 }; /* more than a step runs */
    struct thread *waiters[WAITERS];
    bench_start(); /* init keeps the CPU from idling until the first deadline */
    for (unsigned i = 0; i < WAITERS; i++) {
        struct notification *notification = bench_make_notification();
        waiters[i] = bench_make_sibling(bench.task, 5);
        thread_wake(waiters[i]);
        CALL(waiters[i], wait, bench_own(waiters[i], &notification->object), 50000 - i % 2);
    }
    bench_sleep_until(49998);
    assert_int_equal(waiters[1]->state, THREAD_WAITING);
    bench_sleep_until(50000);
    for (unsigned i = 0; i < WAITERS; i++) {
        assert_int_equal(waiters[i]->state, THREAD_READY);
        assert_int_equal((int64_t)waiters[i]->frame.x[REG_WORD], E_TIMEOUT);
    }
    bench_end();
}

TEST(a_deadline_that_has_passed_or_is_zero_does_not_wait)
{
    bench_start();
    handle_t notification = bench_own(bench.thread, &bench_make_notification()->object);
    assert_int_equal(CALL(bench.thread, wait, notification, 0).status, E_TIMEOUT);
    assert_int_equal(CALL(bench.thread, wait, notification, fake_cpu.now).status, E_TIMEOUT);
    assert_int_equal(CALL(bench.thread, signal, notification, 6).status, OK);
    struct sysret taken = CALL(bench.thread, wait, notification, 0);
    assert_true(taken.status == OK && taken.value == 6);
    assert_int_equal(CALL(bench.thread, wait, notification, 0).status, E_TIMEOUT);
    bench_end();
}

TEST(a_wait_without_end_takes_what_is_there_and_never_the_place_of_another)
{
    bench_start();
    struct notification *notification = bench_make_notification();
    handle_t own = bench_own(bench.thread, &notification->object);
    struct thread *waiter = bench_make_running(30);
    handle_t theirs = bench_give(waiter, &notification->object, RIGHT_READ, 0);
    assert_int_equal(CALL(bench.thread, signal, own, 6).status, OK);
    assert_int_equal(CALL(waiter, wait, theirs, BENCH_FOREVER).value, 6);
    assert_int_equal(notification->bits, 0);
    CALL(waiter, wait, theirs, BENCH_FOREVER);
    assert_int_equal(waiter->state, THREAD_WAITING);
    assert_int_equal(CALL(bench.thread, wait, own, BENCH_FOREVER).status, E_BUSY);
    assert_ptr_equal(notification->thread, waiter);
    bench_end();
}

TEST(the_alarm_signals_its_bit_and_an_unbound_thread_has_none)
{
    bench_start();
    struct notification *notification = bench_make_notification();
    handle_t own = bench_own(bench.thread, &notification->object);
    assert_int_equal(CALL(bench.thread, timer_set, 5000).status, E_STATE);
    assert_int_equal(CALL(bench.thread, thread_bind, boot_handle(BOOT_HANDLE_THREAD), own).status,
                     OK);
    assert_int_equal(CALL(bench.thread, timer_set, 5000).status, OK);
    assert_int_equal(CALL(bench.thread, timer_set, 6000).status, OK);
    bench_sleep_until(5999);
    assert_int_equal(notification->bits, 0);
    bench_sleep_until(6000);
    assert_true(notification->bits == 1ull << NOTIFICATION_TIMER_BIT);
    assert_int_equal(CALL(bench.thread, timer_set, 7000).status, OK);
    assert_int_equal(CALL(bench.thread, handle_close, own).status, OK);
    bench_sleep_until(8000);
    bench_end();
}

TEST(the_end_of_a_notification_wakes_its_waiter_and_unbinds_its_line)
{
    bench_start();
    struct thread *waiter = bench_make_running(20);
    struct notification *notification = bench_make_notification();
    handle_t own = bench_own(bench.thread, &notification->object);
    handle_t held = bench_give(waiter, &notification->object, RIGHT_READ, 0);
    struct irq *irq = bench_make_irq(7);
    bench_bind_irq(irq, notification, 2);
    CALL(waiter, wait, held, BENCH_FOREVER);
    assert_int_equal(CALL(bench.thread, wait, own, 0).status, E_BUSY);
    assert_int_equal(CALL(bench.thread, handle_close, own).status, OK);
    assert_int_equal((int64_t)waiter->frame.x[REG_WORD], E_CLOSED);
    assert_null(irq->notification);
    bench_end();
}

TEST(an_interrupt_wakes_its_driver_once_and_stays_masked_until_it_is_acknowledged)
{
    bench_start();
    struct thread *driver = bench_make_running(30);
    struct notification *notification = bench_make_notification();
    handle_t wait = bench_give(driver, &notification->object, RIGHT_READ, 0);
    struct irq *irq = bench_make_irq(7);
    handle_t system = boot_handle(BOOT_HANDLE_SYSTEM);
    handle_t account = boot_handle(BOOT_HANDLE_ACCOUNT);
    assert_int_equal(CALL(bench.thread, irq_create, system, account, 7).status, E_EXISTS);
    assert_int_equal(CALL(bench.thread, irq_create, system, account, FAKE_LINES).status, E_RANGE);
    assert_int_equal(CALL(bench.thread, irq_create, system, account, 0).status, E_RANGE);
    handle_t line = bench_give(driver, &irq->object, RIGHT_WRITE, 0);
    bench_bind_irq(irq, notification, 2);
    CALL(driver, wait, wait, BENCH_FOREVER);
    fake_raise(7);
    assert_ptr_equal(bench_take_interrupts(), bench.thread); /* masked since it was made */
    arch_irq_unmask(irq->line);
    assert_ptr_equal(bench_take_interrupts(), driver);
    assert_int_equal(driver->frame.x[REG_WORD + 1], 1 << 2);
    fake_raise(7);
    CALL(driver, wait, wait, BENCH_FOREVER);
    assert_int_equal(driver->state, THREAD_WAITING);
    arch_irq_unmask(irq->line);
    assert_ptr_equal(bench_take_interrupts(), driver);
    handle_t seen = bench_give(driver, &irq->object, RIGHT_GRANT, 0);
    assert_int_equal(CALL(driver, irq_ack, seen).status, E_NO_RIGHT);
    assert_false(fake_cpu.is_unmasked[7]);
    assert_int_equal(CALL(driver, irq_ack, line).status, OK);
    assert_true(fake_cpu.is_unmasked[7]);
    assert_int_equal(CALL(driver, handle_close, line).status, OK);
    assert_false(fake_cpu.is_unmasked[7]); /* a dead driver's device is silent */
    bench_end();
}

TEST(an_interrupt_charges_whom_it_stops_and_from_then_on_its_driver)
{
    start();
    struct thread *driver = bench_make_running(30);
    struct thread *worker = bench_make_running(20);
    struct notification *notification = bench_make_notification();
    handle_t wait = bench_give(driver, &notification->object, RIGHT_READ, 0);
    struct irq *irq = bench_make_irq(7);
    bench_bind_irq(irq, notification, 0);
    sched_set_budget(driver, 30, 50, 1000);
    for (ticks_t budget = 0; budget <= 5000; budget += 5000) { /* of the worker; 0: none */
        CALL(driver, wait, wait, BENCH_FOREVER);
        assert_ptr_equal(bench_sleep_until(fake_cpu.now + 1000000), worker); /* no timer is near */
        sched_set_budget(worker, 20, budget, 10000);
        assert_ptr_equal(resume(), worker);
        ticks_t begin = fake_cpu.now;
        ticks_t paid = worker->cpu_ticks;
        fake_cpu.now += 60;
        arch_irq_unmask(irq->line);
        fake_raise(7);
        assert_ptr_equal(bench_take_interrupts(), driver);
        assert_int_equal(worker->cpu_ticks - paid, 60);
        assert_int_equal(worker->spent_ticks, budget == 0 ? 0 : 60);
        assert_ptr_equal(bench_sleep_until(begin + 60 + 49), driver);
        assert_ptr_equal(bench_sleep_until(begin + 60 + 50), worker);
        assert_int_equal(driver->priority, 0);
        assert_int_equal(worker->cpu_ticks - paid, 60);
        assert_ptr_equal(bench_sleep_until(begin + 2000), driver);
    }
    bench_end();
}

TEST(a_driver_no_more_urgent_than_whom_its_interrupt_stops_waits_for_its_turn)
{
    start();
    struct thread *worker = bench_make_running(20);
    struct irq *irq = bench_make_irq(7);
    for (uint8_t priority = 20; priority >= 10; priority -= 10) {
        struct thread *driver = bench_make_running(priority);
        struct notification *notification = bench_make_notification();
        handle_t wait = bench_give(driver, &notification->object, RIGHT_READ, 0);
        bench_bind_irq(irq, notification, 0);
        thread_stop(worker);
        CALL(driver, wait, wait, BENCH_FOREVER);
        thread_wake(worker);
        assert_ptr_equal(resume(), worker);
        arch_irq_unmask(irq->line);
        fake_raise(7);
        assert_ptr_equal(bench_take_interrupts(), worker);
        assert_int_equal(driver->state, THREAD_READY);
        struct thread *next = bench_sleep_until(fake_cpu.now + SLICE);
        assert_ptr_equal(next, priority == 20 ? driver : worker);
        thread_stop(worker);
        assert_ptr_equal(resume(), driver);
        thread_stop(driver);
    }
    bench_end();
}

TEST(each_thread_keeps_its_fp_registers_and_a_new_one_sees_zeros)
{
    start();
    struct thread *threads[2] = {bench_make_running(3), bench_make_running(3)};
    assert_ptr_equal(resume(), threads[0]);
    for (unsigned i = 0; i < 8; i++) {
        struct thread *thread = threads[i % 2];
        bench_run_as(thread);
        if (!fake_cpu.is_fp_on) {
            assert_ptr_equal(bench_use_fp(thread), thread);
        }
        assert_true(fake_cpu.is_fp_on);
        assert_int_equal(fake_cpu.fp[FAKE_FP_BYTES - 1], i < 2 ? 0 : i - 1);
        fake_cpu.fp[FAKE_FP_BYTES - 1] = (uint8_t)(i + 1);
    }
    bench_end();
}

TEST(a_thread_whose_account_cannot_pay_for_fp_state_faults)
{
    struct thread *thread = NULL;
    bench_start();
    struct account *account = bench_make_account(bench.account, 1);
    for (unsigned i = 0; i < 3; i++) { /* its one page is full of threads */
        thread = bench_make_paid_thread(account, bench.task, 3);
    }
    thread_wake(thread);
    bench_run_as(thread);
    bench_use_fp(thread);
    assert_int_equal(thread->state, THREAD_STOPPED);
    assert_int_equal(thread->fault_words[0], FAULT_NO_FP_MEMORY);
    bench_end();
}

TEST(reaping_stops_for_an_interrupt_and_the_call_goes_on_afterwards)
{
    bench_start();
    struct thread *driver = bench_make_running(30);
    struct notification *notification = bench_make_notification();
    handle_t wait = bench_give(driver, &notification->object, RIGHT_READ, 0);
    struct irq *irq = bench_make_irq(7);
    bench_bind_irq(irq, notification, 0);
    CALL(driver, wait, wait, BENCH_FOREVER);
    handle_t memory = bench_own(bench.thread, &bench_make_memory(200, false)->object);
    arch_irq_unmask(irq->line);
    fake_cpu.polls_left = 3;
    fake_cpu.late_line = 7;
    bench.thread->frame.x[REG_NUMBER] = SYS_handle_close;
    bench.thread->frame.x[REG_WORD] = memory;
    bench_run_as(bench.thread);
    bench_trap(bench.thread);
    assert_true(object_is_reaping());
    assert_ptr_equal(bench_take_interrupts(), driver);
    CALL(driver, wait, wait, BENCH_FOREVER);
    bench_run_as(bench.thread);
    bench_trap(bench.thread);
    assert_false(object_is_reaping());
    assert_int_equal(bench.thread->frame.x[REG_WORD], OK);
    bench_end();
}

TEST(what_a_task_leaves_that_ended_itself_is_reaped_by_the_idle_cpu)
{
    bench_start();
    struct thread *thread = bench_make_running(20);
    handle_t own = bench_own(thread, &thread->task->object);
    uint64_t objects = kernel_system.objects;
    thread_stop(bench.thread);
    CALL(thread, handle_close, own);
    assert_null(bench_take_interrupts());
    assert_false(object_is_reaping());
    assert_int_equal(kernel_system.objects, objects - 2);
    bench_end();
}

TEST(the_numbers_of_address_spaces_run_out_and_start_again)
{
    static const unsigned numbers[] = {0, 2, 3, 16};
    for (unsigned i = 0; i < 4; i++) {
        bench_start_with(numbers[i]);
        thread_stop(bench.thread);
        struct thread *threads[6];
        for (unsigned k = 0; k < 6; k++) {
            threads[k] = bench_make_running(3); /* each with a page of its own at one address */
            handle_t memory = bench_own(threads[k], &bench_make_memory(1, false)->object);
            handle_t task = bench_own(threads[k], &threads[k]->task->object);
            assert_int_equal(
                CALL(threads[k], memory_map, task, memory, 0x20000, 0, 1, RIGHT_READ).status, OK);
        }
        for (unsigned k = 0; k < 40; k++) {
            CALL(threads[k * 5 % 6], yield, 0);
        }
        bench_end();
    }
}

TEST(accounts_nest_to_a_limit_and_their_death_is_the_death_of_all_they_paid)
{
    bench_start();
    uint64_t objects = kernel_system.objects;
    uint64_t parent = boot_handle(BOOT_HANDLE_ACCOUNT);
    uint64_t top = 0;
    for (unsigned depth = 2; depth < ACCOUNT_DEPTH_MAX; depth++) {
        struct sysret made = CALL(bench.thread, account_create, parent, 400 - depth * 20);
        assert_int_equal(made.status, OK);
        assert_int_equal(CALL(bench.thread, endpoint_create, made.value).status, OK);
        top = top == 0 ? made.value : top;
        parent = made.value;
    }
    assert_int_equal(CALL(bench.thread, account_create, parent, 1).status, E_LIMIT);
    assert_int_equal(CALL(bench.thread, account_create, top, 400).status, E_NO_MEMORY);
    assert_int_equal(CALL(bench.thread, account_create, top, 0).status, E_INVALID);
    assert_int_equal(CALL(bench.thread, handle_close, top).status, OK);
    assert_int_equal(kernel_system.objects, objects);
    bench_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_urgent_thread_runs_and_one_that_wakes_takes_over_at_once),
        cmocka_unit_test(threads_of_a_level_take_turns_and_one_alone_is_not_disturbed),
        cmocka_unit_test(who_is_interrupted_all_the_time_keeps_no_more_than_his_turn),
        cmocka_unit_test(whose_period_ends_in_its_slice_has_no_slice_more),
        cmocka_unit_test(yield_lets_the_others_of_the_level_go_first_and_no_lower_one),
        cmocka_unit_test(a_used_up_budget_lowers_the_thread_until_its_period_ends),
        cmocka_unit_test(a_budget_is_used_up_in_pieces),
        cmocka_unit_test(a_period_that_ends_in_sleep_needs_no_timer_and_leaves_the_whole_budget),
        cmocka_unit_test(forty_deadlines_of_one_moment_all_pass_and_none_before),
        cmocka_unit_test(a_deadline_that_has_passed_or_is_zero_does_not_wait),
        cmocka_unit_test(a_wait_without_end_takes_what_is_there_and_never_the_place_of_another),
        cmocka_unit_test(the_alarm_signals_its_bit_and_an_unbound_thread_has_none),
        cmocka_unit_test(the_end_of_a_notification_wakes_its_waiter_and_unbinds_its_line),
        cmocka_unit_test(
            an_interrupt_wakes_its_driver_once_and_stays_masked_until_it_is_acknowledged),
        cmocka_unit_test(an_interrupt_charges_whom_it_stops_and_from_then_on_its_driver),
        cmocka_unit_test(a_driver_no_more_urgent_than_whom_its_interrupt_stops_waits_for_its_turn),
        cmocka_unit_test(each_thread_keeps_its_fp_registers_and_a_new_one_sees_zeros),
        cmocka_unit_test(a_thread_whose_account_cannot_pay_for_fp_state_faults),
        cmocka_unit_test(reaping_stops_for_an_interrupt_and_the_call_goes_on_afterwards),
        cmocka_unit_test(what_a_task_leaves_that_ended_itself_is_reaped_by_the_idle_cpu),
        cmocka_unit_test(the_numbers_of_address_spaces_run_out_and_start_again),
        cmocka_unit_test(accounts_nest_to_a_limit_and_their_death_is_the_death_of_all_they_paid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
