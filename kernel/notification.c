/* SPDX-License-Identifier: BSD-2-Clause */
#include "notification.h"

#include "irq.h"
#include "offsets.h"
#include "thread.h"

static_assert(offsetof(struct notification, bits) == NOTIFICATION_BITS, "offsets.h");
static_assert(offsetof(struct notification, thread) == NOTIFICATION_THREAD, "offsets.h");

struct notification notification_none = {
    .object = {.type = OBJECT_NOTIFICATION},
    .thread = &thread_none,
    .irqs = {&notification_none.irqs, &notification_none.irqs},
};

int notification_create(struct account *account, struct notification **notification)
{
    struct object *object;
    int error = object_create(account, OBJECT_NOTIFICATION, sizeof(struct notification), &object);
    if (error == OK) {
        *notification = container_of(object, struct notification, object);
        (*notification)->thread = &thread_none;
        list_init(&(*notification)->irqs);
    }
    return error;
}

uint64_t notification_take(struct notification *notification)
{
    uint64_t bits = notification->bits;
    notification->bits = 0;
    return bits;
}

/* Blocked so that this notification wakes it. */
static bool is_waited_for(const struct notification *notification)
{
    const struct thread *thread = notification->thread;
    if (thread->state == THREAD_WAITING) {
        return thread->waiting_on == notification;
    }
    return notification->is_bound && thread->state > THREAD_WAITING;
}

struct thread *notification_signal(struct notification *notification, uint64_t bits)
{
    notification->bits |= bits;
    if (notification->bits == 0 || !is_waited_for(notification)) {
        return NULL;
    }
    struct thread *thread = notification->thread;
    uint64_t taken = notification_take(notification);
    if (thread->state == THREAD_WAITING) {
        arch_frame_result(&thread->frame, OK, taken);
    } else {
        arch_frame_clear_message(&thread->frame);
        arch_frame_set_ipc(&thread->frame, OK, 0, taken);
    }
    thread_leave_waits(thread);
    thread->state = THREAD_READY;
    return thread;
}

void notification_bind(struct notification *notification, struct thread *thread)
{
    notification_unbind(thread);
    notification->thread = thread;
    notification->is_bound = true;
    thread->bound = notification;
}

void notification_unbind(struct thread *thread)
{
    struct notification *notification = thread->bound;
    if (notification == &notification_none) {
        return;
    }
    timer_disarm(&thread->alarm); /* it has nothing to signal any more */
    notification->is_bound = false;
    notification->thread = &thread_none;
    thread->bound = &notification_none;
}

void notification_unlink(struct notification *notification)
{
    struct thread *thread = notification->thread;
    if (thread->state == THREAD_WAITING && thread->waiting_on == notification) {
        thread_finish_call(thread, E_CLOSED, 0);
    }
    if (notification->is_bound) {
        notification_unbind(thread);
    }
    struct list_node *node;
    while ((node = list_take_first(&notification->irqs)) != NULL) { /* <= lines of the machine */
        container_of(node, struct irq, in_notification)->notification = NULL;
    }
}
