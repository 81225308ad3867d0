/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: one sorted queue per CPU. Tickless: the hardware is armed for the first of them, and
 * for the end of a slice or budget while one runs [sched.c].
 */
#pragma once

#include <abi/types.h>
#include <base/attributes.h>
#include <base/list.h>

struct cpu;
struct thread;

struct timer {
    struct list_node link; /* cpu->timers; points to itself while idle */
    ticks_t deadline;
    struct thread *thread;
    void (*fire)(struct thread *thread); /* when it is due; not armed any more */
};

void timer_init(struct timer *timer, struct thread *thread, void (*fire)(struct thread *thread));

/* (Re)arm; DEADLINE_FOREVER disarms. At most THREADS_MAX * 3 steps. */
COLD void timer_arm(struct cpu *cpu, struct timer *timer, ticks_t deadline);
void timer_disarm(struct timer *timer);

/* The first deadline, or DEADLINE_FOREVER. */
ticks_t timer_next(const struct cpu *cpu);

/* Run what is due at `now`: at most STEP_THREADS of them. */
COLD void timer_run(struct cpu *cpu, ticks_t now);
