/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: 64 flag bits, one waiter. Bound to a thread, one reply_wait serves both.
 */
#pragma once

#include "object.h"

struct thread;

struct notification {
    struct object object;
    uint64_t bits;
    struct thread *thread; /* bound to it, else blocked in wait on it, else &thread_none */
    bool is_bound;
    struct list_node irqs; /* irq.in_notification */
};

/* What an unbound thread is bound to: no bits, never signalled. */
extern struct notification notification_none;

/* Set the bits. Returns the thread that waited for them, if there is one: its wait is over, and it
 * is the caller's to put on a queue or to switch to. */
MUST_CHECK struct thread *notification_signal(struct notification *notification, uint64_t bits);

/* The same for whoever has no other thread in mind: the one that waited is queued. */
COLD void notification_post(struct notification *notification, uint64_t bits);

COLD void notification_unbind(struct thread *thread);

/* Begin the end: the waiter gets E_CLOSED, bindings end. */
COLD void notification_unlink(struct object *object);
