/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched.h"

#include "account.h"
#include "irq.h"
#include "task.h"
#include <abi/ipc.h>
#include <base/bits.h>

struct cpu boot_cpu;

void sched_init(struct cpu *cpu, void *stack_top)
{
    cpu->stack_top = stack_top;
    cpu->payer = &thread_none;
    cpu->slice_of = &thread_none;
    cpu->slice_ticks = arch_counter_hz() / 1000000 * SLICE_US;
    cpu->budget_min_ticks = arch_counter_hz() / 1000000 * BUDGET_MIN_US;
    cpu->armed = DEADLINE_FOREVER;
    list_init(&cpu->timers);
    for (unsigned level = 0; level < PRIORITY_LEVELS; level++) {
        list_init(&cpu->ready[level]);
    }
}

/* --- ready queues --------------------------------------------------------------------------- */

/* A thread became ready at `level`. */
static void mark_ready(struct cpu *cpu, uint8_t level)
{
    if (level > cpu->top_ready) {
        cpu->top_ready = level;
    }
    cpu->ready_mask |= 1ull << level;
}

static void enqueue_before(struct list_node *place, struct thread *thread)
{
    struct cpu *cpu = thread->cpu;
    if (thread == cpu->current) {
        return; /* it runs on, or sched_resume puts it back */
    }
    list_insert_before(place, &thread->queue);
    mark_ready(cpu, thread->priority);
}

void sched_enqueue(struct thread *thread)
{
    enqueue_before(&thread->cpu->ready[thread->priority], thread);
}

void sched_enqueue_first(struct thread *thread)
{
    enqueue_before(thread->cpu->ready[thread->priority].next, thread);
}

void sched_dequeue(struct thread *thread)
{
    struct cpu *cpu = thread->cpu;
    if (!list_is_linked(&thread->queue)) {
        return;
    }
    list_remove(&thread->queue);
    if (list_is_empty(&cpu->ready[thread->priority])) {
        cpu->ready_mask &= ~(1ull << thread->priority);
        cpu->top_ready = cpu->ready_mask == 0 ? 0 : (uint8_t)bits_highest(cpu->ready_mask);
    }
}

/* --- budgets -------------------------------------------------------------------------------- */

static void set_priority(struct thread *thread, uint8_t priority)
{
    bool is_queued = thread->state == THREAD_READY && list_is_linked(&thread->queue);
    if (is_queued) {
        sched_dequeue(thread);
    }
    thread->priority = priority;
    if (is_queued) {
        sched_enqueue(thread);
    }
}

/* Charge the payer up to `now`, unless its budget or its period ends with that: then do nothing. */
static inline bool charge_plainly(struct cpu *cpu, ticks_t now)
{
    struct thread *payer = cpu->payer;
    ticks_t spent = now - cpu->paid_until;
    if (payer->budget_ticks != 0) {
        ticks_t all = payer->spent_ticks + spent;
        if (payer->priority != 0 &&
            (cpu->paid_until >= payer->period_end || all >= payer->budget_ticks)) {
            return false;
        }
        payer->spent_ticks = all;
    }
    payer->cpu_ticks += spent;
    cpu->paid_until = now;
    return true;
}

/* Charge the payer up to now. Out of its budget a thread runs at the lowest priority until its
 * period ends. */
static __attribute__((noinline)) void charge(struct cpu *cpu)
{
    struct thread *payer = cpu->payer;
    ticks_t now = arch_now();
    if (charge_plainly(cpu, now)) {
        return;
    }
    if (cpu->paid_until >= payer->period_end) {
        payer->period_end = cpu->paid_until + payer->period_ticks;
        payer->spent_ticks = 0;
    }
    if (payer->spent_ticks + (now - cpu->paid_until) >= payer->budget_ticks) {
        set_priority(payer, 0);
        timer_arm(cpu, &payer->replenish, payer->period_end);
    }
    charge_plainly(cpu, now);
}

void sched_replenish(struct thread *thread)
{
    thread->spent_ticks = 0;
    set_priority(thread, thread->base_priority);
}

void sched_set_budget(struct thread *thread, uint8_t priority, ticks_t budget, ticks_t period)
{
    thread->base_priority = priority;
    thread->budget_ticks = budget;
    thread->period_ticks = period;
    thread->period_end = 0;
    timer_disarm(&thread->replenish);
    sched_replenish(thread);
}

/* --- FP and SIMD state ---------------------------------------------------------------------- */

/* False when the thread cannot pay for the state. */
static bool take_fp(struct thread *thread)
{
    struct cpu *cpu = thread->cpu;
    thread->fp_traps++;
    if (thread->fp == NULL &&
        account_take_slot(thread->object.account, ARCH_FP_BYTES, &thread->fp) != OK) {
        return false;
    }
    arch_fp_enable(true);
    if (cpu->fp_owner != thread) {
        if (cpu->fp_owner != NULL) {
            arch_fp_save(cpu->fp_owner->fp);
        }
        arch_fp_restore(thread->fp);
        cpu->fp_owner = thread;
    }
    return true;
}

/* --- switching ------------------------------------------------------------------------------ */

void sched_forget(struct thread *thread)
{
    struct cpu *cpu = thread->cpu;
    if (cpu->payer == thread) {
        cpu->payer = &thread_none;
    }
    if (cpu->fp_owner == thread) {
        cpu->fp_owner = NULL;
    }
    if (cpu->current == thread) {
        cpu->current = NULL;
    }
}

void sched_leave_space(void)
{
    if (boot_cpu.current == NULL) { /* whoever ran last has died: its space may be loaded */
        arch_space_switch(0);
    }
}

/* When the payer must be looked at again: at the end of its budget. One without a budget may have
 * gone on, in the fast paths, as a server that has one; a tick makes that server pay. */
static ticks_t budget_end(const struct cpu *cpu)
{
    const struct thread *payer = cpu->payer;
    if (payer == &thread_none) {
        return DEADLINE_FOREVER;
    }
    bool is_limited = payer->budget_ticks > payer->spent_ticks;
    return cpu->paid_until +
           (is_limited ? payer->budget_ticks - payer->spent_ticks : cpu->slice_ticks);
}

/* Set the hardware for whatever comes first. What it is set for already may come too early: then
 * a tick finds nothing to do and comes here again. */
static void arm(struct cpu *cpu)
{
    ticks_t next = timer_next(cpu);
    ticks_t budget = budget_end(cpu);
    if (budget < next) {
        next = budget;
    }
    if (cpu->slice_of == cpu->current && cpu->slice_end < next) {
        next = cpu->slice_end;
    }
    if (next < cpu->armed || cpu->has_ticked) {
        cpu->has_ticked = false;
        cpu->armed = next;
        arch_timer_set(next);
    }
}

/* A slice runs while somebody of the current thread's level waits, and goes on behind whoever comes
 * between. */
static inline void update_slice(struct cpu *cpu)
{
    const struct thread *current = cpu->current;
    bool is_shared = cpu->top_ready == current->priority && cpu->ready_mask != 0;
    if (is_shared && cpu->slice_of != current) {
        cpu->slice_of = current;
        cpu->slice_end = cpu->paid_until + cpu->slice_ticks;
    } else if (!is_shared && cpu->slice_of == current) {
        cpu->slice_of = &thread_none;
    }
}

void sched_tick(struct cpu *cpu)
{
    cpu->has_ticked = true;
    charge(cpu);
    ticks_t now = cpu->paid_until;
    cpu->payer = cpu->current != NULL ? cpu->current : &thread_none;
    timer_run(cpu, now);
    if (cpu->slice_of == cpu->current && cpu->slice_end <= now) {
        cpu->is_slice_over = true;
    }
    if (object_is_reaping()) {
        object_reap_step();
    }
}

/* Nobody is ready: reap what a task that ended itself left, then sleep, and take what wakes us
 * without leaving the kernel. */
static __attribute__((noinline)) void idle(struct cpu *cpu)
{
    cpu->current = NULL;
    cpu->payer = &thread_none;
    arm(cpu);
    if (object_is_reaping()) {
        object_reap_step();
    } else {
        arch_idle();
    }
    if (arch_timer_is_pending()) {
        sched_tick(cpu);
        arm(cpu);
    }
    irq_dispatch();
}

/* Requires that the payer is charged up to now. */
static inline void switch_to(struct cpu *cpu, struct thread *next, const struct thread *loaded)
{
    cpu->payer = next;
    cpu->current = next;
    if (next->space == 0) {
        uint64_t space = task_space(next->task);
        next->space = arch_asid_count() == 0 ? 0 : space;
        arch_space_switch(space);
    } else if (loaded == NULL || loaded->space != next->space) {
        arch_space_switch(next->space);
    }
    arch_fp_enable(next == cpu->fp_owner);
}

/* What follows calls nothing in its common case, and so saves no register; the ways that it seldom
 * goes stand apart. */
static __attribute__((noinline)) struct thread *hand_over_later(struct cpu *cpu,
                                                                struct thread *woken)
{
    sched_enqueue(woken);
    return cpu->top_ready < cpu->current->priority ? cpu->current : sched_resume(cpu);
}

static __attribute__((noinline)) struct thread *current_with_budget(struct cpu *cpu)
{
    arm(cpu);
    return cpu->current;
}

/* The hardware is set for what is needed, or earlier; only a budget may end before that. */
struct thread *sched_hand_over(struct cpu *cpu, struct thread *woken)
{
    struct thread *current = cpu->current;
    if (woken->priority <= current->priority || woken->priority <= cpu->top_ready ||
        woken->space == 0 || !charge_plainly(cpu, arch_now())) {
        return hand_over_later(cpu, woken);
    }
    if (current->space != woken->space) {
        arch_space_switch(woken->space);
    }
    arch_fp_enable(woken == cpu->fp_owner);
    cpu->payer = woken;
    cpu->current = woken;
    sched_enqueue_first(current);
    return woken->budget_ticks != 0 ? current_with_budget(cpu) : woken;
}

/* In every case: the thread that ran makes room, at the end of its level when its slice is over,
 * and there is somebody to run. */
static __attribute__((noinline)) struct thread *resume_slowly(struct cpu *cpu)
{
    charge(cpu);
    struct thread *current = cpu->current;
    if (current != NULL && current->state == THREAD_READY) {
        cpu->current = NULL;
        if (cpu->is_slice_over) {
            sched_enqueue(current);
        } else {
            sched_enqueue_first(current);
        }
    }
    while (cpu->ready_mask == 0) {
        idle(cpu);
    }
    return sched_resume(cpu);
}

struct thread *sched_resume(struct cpu *cpu)
{
    const struct thread *loaded = cpu->current;
    struct thread *next = cpu->current;
    if (!charge_plainly(cpu, arch_now())) {
        return resume_slowly(cpu);
    }
    if (next == NULL || next->state != THREAD_READY) {
        struct list_node *node = list_first(&cpu->ready[cpu->top_ready]);
        if (node == NULL) {
            return resume_slowly(cpu);
        }
        next = container_of(node, struct thread, queue);
        sched_dequeue(next);
    } else if (cpu->top_ready > next->priority ||
               (cpu->is_slice_over && (cpu->ready_mask >> next->priority & 1) != 0)) {
        return resume_slowly(cpu);
    }
    cpu->is_slice_over = false;
    if (next != loaded || next->space == 0) {
        switch_to(cpu, next, loaded);
    }
    update_slice(cpu);
    arm(cpu);
    return next;
}

struct thread *kernel_fp_trap(struct thread *self)
{
    if (!take_fp(self)) {
        thread_fault(self, FAULT_NO_FP_MEMORY, 0, 0);
    }
    return sched_resume(self->cpu);
}
