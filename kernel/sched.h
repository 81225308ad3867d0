/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler of one CPU: 64 ready queues, round robin inside one, a slice timer only while
 * two threads of a level are ready, CPU budgets.
 *
 * Time is charged to `payer`: the thread that was switched to by the slow path. What runs after a
 * fast path (call, reply_wait, signal) runs on its time, until the next slow switch or tick.
 */
#pragma once

#include "thread.h"

enum { SLICE_US = 10000, BUDGET_MIN_US = 100 };

struct cpu {
    struct thread *current; /* resumed last; NULL before the first */
    void *stack_top;
    uint8_t top_ready;  /* priority of the most urgent ready thread; 0 when none is */
    bool has_ticked;    /* the hardware timer has fired and must be set */
    bool is_slice_over; /* current goes to the end of its level */
    uint64_t ready_mask;
    struct list_node ready[PRIORITY_LEVELS];
    struct list_node timers; /* timer.link, by deadline */
    struct thread *payer;    /* thread_none while nobody runs */
    ticks_t paid_until;      /* payer's time is charged up to here */
    const struct thread *slice_of; /* whose slice ends at slice_end; thread_none, or stale */
    ticks_t slice_end;
    ticks_t slice_ticks;
    ticks_t budget_min_ticks; /* shorter ones would keep the CPU busy with their ends */
    ticks_t armed;           /* what the hardware timer is set to, at the latest */
    struct thread *fp_owner; /* whose state is in the FP registers, or NULL */
};

extern struct cpu boot_cpu;

void sched_init(struct cpu *cpu, void *stack_top);

/* Queue a ready thread at the end (or the front) of its level. */
void sched_enqueue(struct thread *thread);
void sched_enqueue_first(struct thread *thread);
void sched_dequeue(struct thread *thread);

/* The timer interrupt: what is due runs, the slice may end. */
COLD void sched_tick(struct cpu *cpu);

/* Set the budget (0: none) and base priority of a thread in any state. */
COLD void sched_set_budget(struct thread *thread, uint8_t priority, ticks_t budget, ticks_t period);

/* A task's root is about to be freed: no CPU may still use it. */
COLD void sched_leave_space(void);

/* A new period of `thread` begins. */
COLD void sched_replenish(struct thread *thread);

/* Forget `thread`, which dies: as payer, FP owner, current. */
COLD void sched_forget(struct thread *thread);

/* `woken` has become ready and is on no queue: switch to it if it is more urgent than all. */
struct thread *sched_hand_over(struct cpu *cpu, struct thread *woken);

/* Choose the thread to run, idle while there is none, set timer, address space and FP access.
 * The last step of every way up. */
struct thread *sched_resume(struct cpu *cpu);
