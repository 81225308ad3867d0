/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include "notification.h"
#include "sched.h"
#include "thread.h"

void timer_init(struct timer *timer, enum timer_kind kind)
{
    list_init(&timer->link);
    timer->kind = (uint8_t)kind;
}

static struct timer *first(const struct cpu *cpu)
{
    struct list_node *node = list_first(&cpu->timers);
    return node == NULL ? NULL : container_of(node, struct timer, link);
}

bool timer_is_armed(const struct timer *timer)
{
    return list_is_linked(&timer->link);
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

static void timer_fire(struct timer *timer)
{
    struct thread *thread;
    switch ((enum timer_kind)timer->kind) {
    case TIMER_WAIT:
        thread = container_of(timer, struct thread, wait_timer);
        thread_time_out(thread);
        break;
    case TIMER_ALARM:
        thread = container_of(timer, struct thread, alarm);
        thread = notification_signal(thread->bound, 1ull << NOTIFICATION_TIMER_BIT);
        if (thread != NULL) {
            sched_enqueue(thread);
        }
        break;
    case TIMER_REPLENISH:
        sched_replenish(container_of(timer, struct thread, replenish));
        break;
    }
}

void timer_run(struct cpu *cpu, ticks_t now)
{
    for (unsigned i = 0; i < STEP_THREADS; i++) {
        struct timer *timer = first(cpu);
        if (timer == NULL || timer->deadline > now) {
            return;
        }
        timer_disarm(timer);
        timer_fire(timer);
    }
}
