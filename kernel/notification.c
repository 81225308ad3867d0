/* SPDX-License-Identifier: BSD-2-Clause */
#include "notification.h"

#include "calls.h"
#include "irq.h"
#include "sched.h"
#include "task.h"

struct notification notification_none = {
    .object = {.type = OBJECT_NOTIFICATION},
    .thread = &thread_none,
};

/* Ends the wait of the thread, if it waits for this notification: what thread_leave_waits does in
 * these states, and the result. On the way of every interrupt, so without a detour. */
struct thread *notification_signal(struct notification *notification, uint64_t bits)
{
    struct thread *thread = notification->thread;
    bits |= notification->bits;
    notification->bits = bits;
    if (bits == 0) {
        return NULL;
    }
    if (thread->state == THREAD_WAITING && thread->waiting_on == notification) {
        arch_frame_result(&thread->frame, OK, bits);
        if (!notification->is_bound) {
            notification->thread = &thread_none;
        }
    } else if (thread->state > THREAD_WAITING && notification->is_bound) {
        thread_set_ipc(thread, OK, 0, bits);
        thread->call_accepts = 0;
        thread->caller = &thread_none; /* stale while it received */
    } else {
        return NULL;
    }
    notification->bits = 0;
    if (thread->has_deadline) {
        timer_disarm(&thread->wait_timer);
        thread->has_deadline = false;
    }
    thread->state = THREAD_READY;
    return thread;
}

/* Flat: it is the way of every interrupt. */
__attribute__((flatten)) struct thread *
kernel_signal(struct thread *self, struct notification *notification, uint64_t bits)
{
    struct thread *woken = notification_signal(notification, bits);
    return woken == NULL ? self : sched_hand_over(self->cpu, woken);
}

void notification_post(struct notification *notification, uint64_t bits)
{
    struct thread *woken = notification_signal(notification, bits);
    if (woken != NULL) {
        sched_enqueue(woken);
    }
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

void notification_unlink(struct object *object)
{
    struct notification *notification = container_of(object, struct notification, object);
    struct thread *thread = notification->thread;
    if (thread->state == THREAD_WAITING && thread->waiting_on == notification) {
        thread_finish(thread, E_CLOSED);
    }
    if (notification->is_bound) {
        notification_unbind(thread);
    }
    struct list_node *node;
    while ((node = list_take_first(&notification->irqs)) != NULL) { /* <= lines of the machine */
        container_of(node, struct irq, in_notification)->notification = NULL;
    }
}

/* --- system calls --------------------------------------------------------------------------- */

int call_notification_create(struct call *call)
{
    struct notification *notification = call->made;
    notification->thread = &thread_none;
    list_init(&notification->irqs);
    return OK;
}

int call_signal(struct call *call)
{
    notification_post(call_object(call, 0), call_argument(call, 1));
    return OK;
}

int call_wait(struct call *call)
{
    struct notification *notification = call_object(call, 0);
    struct thread *self = call->self;
    ticks_t deadline = call_argument(call, 1);
    if (notification->thread != &thread_none && notification->thread != self) {
        return E_BUSY;
    }
    if (notification->bits != 0) {
        call->value = notification->bits;
        notification->bits = 0;
        return OK;
    }
    if (deadline <= arch_now()) {
        return E_TIMEOUT;
    }
    /* --- committed --- */
    notification->thread = self;
    self->waiting_on = notification;
    thread_block(self, THREAD_WAITING, deadline);
    return OK;
}

int call_thread_bind(struct call *call)
{
    struct thread *thread = call_object(call, 0);
    struct notification *notification = call_object(call, 1);
    if (thread != call->self && thread->state != THREAD_STOPPED) {
        return E_STATE;
    }
    if (notification->thread != &thread_none) {
        return E_BUSY;
    }
    /* --- committed --- */
    notification_unbind(thread);
    notification->thread = thread;
    notification->is_bound = true;
    thread->bound = notification;
    return OK;
}
