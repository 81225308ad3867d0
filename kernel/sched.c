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
    cpu->slice_end = DEADLINE_FOREVER;
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

static struct thread *take_top(struct cpu *cpu)
{
    struct list_node *node = list_first(&cpu->ready[cpu->top_ready]);
    if (node == NULL) {
        return NULL;
    }
    struct thread *thread = container_of(node, struct thread, queue);
    sched_dequeue(thread);
    return thread;
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

/* Out of its budget a thread runs at the lowest priority until its period ends. */
static void charge_budget(struct cpu *cpu, struct thread *payer, ticks_t spent)
{
    if (cpu->paid_until >= payer->period_end) {
        payer->period_end = cpu->paid_until + payer->period_ticks;
        payer->spent_ticks = 0;
    }
    payer->spent_ticks += spent;
    if (payer->spent_ticks >= payer->budget_ticks && payer->priority != 0) {
        set_priority(payer, 0);
        timer_arm(cpu, &payer->replenish, payer->period_end);
    }
}

static inline ticks_t count_time(struct cpu *cpu, struct thread *payer, ticks_t now)
{
    ticks_t spent = now - cpu->paid_until;
    cpu->paid_until = now;
    payer->cpu_ticks += spent;
    return spent;
}

/* Charge the payer up to `now`. */
static void charge(struct cpu *cpu, ticks_t now)
{
    struct thread *payer = cpu->payer;
    ticks_t spent = count_time(cpu, payer, now);
    if (payer->budget_ticks != 0) {
        charge_budget(cpu, payer, spent);
    }
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
    if (cpu->slice_end < next) {
        next = cpu->slice_end;
    }
    if (next < cpu->armed || cpu->has_ticked) {
        cpu->has_ticked = false;
        cpu->armed = next;
        arch_timer_set(next);
    }
}

/* A slice runs exactly while somebody of the current thread's level waits. */
static void update_slice(struct cpu *cpu, ticks_t now)
{
    uint8_t level = cpu->current->priority;
    if (cpu->top_ready < level || cpu->ready_mask == 0) { /* nobody ready is above it */
        cpu->slice_end = DEADLINE_FOREVER;
    } else if (cpu->slice_end == DEADLINE_FOREVER) {
        cpu->slice_end = now + cpu->slice_ticks;
    }
}

void sched_tick(struct cpu *cpu)
{
    ticks_t now = arch_now();
    cpu->has_ticked = true;
    charge(cpu, now);
    cpu->payer = cpu->current != NULL ? cpu->current : &thread_none;
    timer_run(cpu, now);
    if (cpu->slice_end <= now) {
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
    charge(cpu, arch_now());
    cpu->current = NULL;
    cpu->payer = &thread_none;
    cpu->slice_end = DEADLINE_FOREVER;
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
    cpu->is_slice_over = false;
}

/* Put the thread that ran back, unless it is the one to run on. */
static struct thread *choose(struct cpu *cpu)
{
    struct thread *current = cpu->current;
    bool is_slice_over = cpu->is_slice_over;
    cpu->is_slice_over = false;
    if (current != NULL && current->state == THREAD_READY) {
        bool is_shared = (cpu->ready_mask >> current->priority & 1) != 0;
        if (cpu->top_ready <= current->priority && !(is_slice_over && is_shared)) {
            return current;
        }
        cpu->current = NULL;
        if (is_slice_over) {
            sched_enqueue(current);
        } else {
            sched_enqueue_first(current);
        }
    }
    return take_top(cpu);
}

/* Requires that the payer is charged up to now. */
static void switch_to(struct cpu *cpu, struct thread *next, const struct thread *loaded)
{
    cpu->payer = next;
    cpu->current = next;
    cpu->slice_end = DEADLINE_FOREVER;
    if (next->space == 0) {
        uint64_t space = task_space(next->task);
        next->space = arch_asid_count() == 0 ? 0 : space;
        arch_space_switch(space);
    } else if (loaded == NULL || loaded->space != next->space) {
        arch_space_switch(next->space);
    }
    arch_fp_enable(next == cpu->fp_owner);
}

/* The ways that sched_hand_over seldom goes stand apart, so that it calls nothing and saves no
 * register: it is the way of every interrupt. */
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

/* Requires that the payer is charged up to now. The hardware is set for what is needed, or earlier;
 * only a budget may end before that. */
static struct thread *hand_over(struct cpu *cpu, struct thread *woken)
{
    struct thread *current = cpu->current;
    uint8_t level = current->priority;
    if (woken->priority <= level || woken->priority <= cpu->top_ready || woken->space == 0) {
        return hand_over_later(cpu, woken);
    }
    if (current->space != woken->space) {
        arch_space_switch(woken->space);
    }
    arch_fp_enable(woken == cpu->fp_owner);
    cpu->payer = woken;
    cpu->current = woken;
    cpu->slice_end = DEADLINE_FOREVER;
    sched_enqueue_first(current);
    return woken->budget_ticks != 0 ? current_with_budget(cpu) : woken;
}

/* Charging a budget may change priorities. */
static __attribute__((noinline)) struct thread *hand_over_charged(struct cpu *cpu,
                                                                  struct thread *woken)
{
    charge(cpu, arch_now());
    return hand_over(cpu, woken);
}

struct thread *sched_hand_over(struct cpu *cpu, struct thread *woken)
{
    if (cpu->payer->budget_ticks != 0) {
        return hand_over_charged(cpu, woken);
    }
    count_time(cpu, cpu->payer, arch_now());
    return hand_over(cpu, woken);
}

struct thread *sched_resume(struct cpu *cpu)
{
    const struct thread *loaded = cpu->current;
    struct thread *next = choose(cpu);
    while (next == NULL) {
        idle(cpu);
        loaded = NULL;
        next = take_top(cpu);
    }
    if (next != loaded || next->space == 0) {
        charge(cpu, arch_now());
        switch_to(cpu, next, loaded);
    }
    update_slice(cpu, cpu->paid_until);
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
