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

/* Its wait on the notification is over, with `bits`: what thread_leave_waits does in these states,
 * and the result. On the way of every interrupt, so without a detour. */
static void end_wait(struct notification *notification, struct thread *thread, uint64_t bits)
{
    if (thread->has_deadline) {
        timer_disarm(&thread->wait_timer);
        thread->has_deadline = false;
    }
    thread->call_accepts = 0;
    if (thread->state == THREAD_WAITING) {
        if (!notification->is_bound) {
            notification->thread = &thread_none;
        }
        arch_frame_result(&thread->frame, OK, bits);
    } else {
        thread->caller = &thread_none; /* stale while it received */
        thread_set_ipc(thread, OK, 0, bits);
    }
    thread->state = THREAD_READY;
}

struct thread *notification_signal(struct notification *notification, uint64_t bits)
{
    struct thread *thread = notification->thread;
    bool is_waiting = thread->state == THREAD_WAITING && thread->waiting_on == notification;
    bool is_receiving = thread->state > THREAD_WAITING && notification->is_bound;
    bits |= notification->bits;
    if (bits == 0 || !(is_waiting || is_receiving)) {
        notification->bits = bits;
        return NULL;
    }
    notification->bits = 0;
    end_wait(notification, thread, bits);
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
