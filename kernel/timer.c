/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include "sched.h"

void timer_init(struct timer *timer, struct thread *thread, void (*fire)(struct thread *thread))
{
    list_init(&timer->link);
    timer->thread = thread;
    timer->fire = fire;
}

static struct timer *first(const struct cpu *cpu)
{
    struct list_node *node = list_first(&cpu->timers);
    return node == NULL ? NULL : container_of(node, struct timer, link);
}

void timer_disarm(struct timer *timer)
{
    list_remove(&timer->link);
}

void timer_arm(struct cpu *cpu, struct timer *timer, ticks_t deadline)
{
    timer_disarm(timer);
    if (deadline == DEADLINE_FOREVER) {
        return;
    }
    timer->deadline = deadline;
    struct list_node *place = list_first(&cpu->timers);
    while (place != NULL && container_of(place, struct timer, link)->deadline <= deadline) {
        place = list_next(&cpu->timers, place);
    }
    list_insert_before(place == NULL ? &cpu->timers : place, &timer->link);
}

ticks_t timer_next(const struct cpu *cpu)
{
    const struct timer *timer = first(cpu);
    return timer == NULL ? DEADLINE_FOREVER : timer->deadline;
}

void timer_run(struct cpu *cpu, ticks_t now)
{
    for (unsigned i = 0; i < STEP_THREADS && timer_next(cpu) <= now; i++) {
        struct timer *timer = first(cpu);
        timer_disarm(timer);
        timer->fire(timer->thread);
    }
}
