/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a system call, and on it what a driver does for each interrupt: acknowledge it, and
 * sleep, for ever, with nobody to answer and nothing there. irq.c, notification.c and endpoint.c do
 * the same calls in every case; what is refused here has changed nothing and goes there.
 */
#include "calls.h"
#include "endpoint.h"
#include "irq.h"
#include "notification.h"
#include "sched.h"
#include <abi/ipc.h>

/* What the handle names, if it is of `type` and has the right; else NULL. */
static inline void *named(const struct thread *self, unsigned argument, enum object_type type,
                          unsigned right)
{
    uint64_t handle = self->frame.x[argument];
    uint64_t index = handle & HANDLE_INDEX_MASK;
    const struct handle_entry *entry = &self->handles[index];
    if (index * sizeof(*entry) >= self->handles_bytes || entry->handle != handle ||
        entry->type != type || (entry->rights & right) == 0 || entry->object->is_dying) {
        return NULL;
    }
    return entry->object;
}

static inline bool block_in_wait(struct thread *self)
{
    struct notification *notification = named(self, REG_WORD, OBJECT_NOTIFICATION, RIGHT_READ);
    if (self->frame.x[REG_WORD + 1] != DEADLINE_FOREVER || notification == NULL ||
        notification->bits != 0 ||
        (notification->thread != self && notification->thread != &thread_none)) {
        return false;
    }
    notification->thread = self;
    self->waiting_on = notification;
    self->state = THREAD_WAITING;
    return true;
}

static inline bool block_in_reply_wait(struct thread *self)
{
    uint64_t accepted = self->frame.x[REG_NUMBER] >> IPC_ACCEPT_SHIFT;
    const struct endpoint *endpoint = named(self, REG_TARGET, OBJECT_ENDPOINT, RIGHT_RECEIVE);
    if (self->frame.x[REG_NUMBER] != (SYS_reply_wait | accepted << IPC_ACCEPT_SHIFT) ||
        accepted > IPC_HANDLES_MAX || self->frame.x[REG_DEADLINE] != DEADLINE_FOREVER ||
        endpoint == NULL || endpoint->server != self || endpoint->caller_count != 0 ||
        self->caller != &thread_none || self->bound->bits != 0) {
        return false;
    }
    self->call_accepts = (uint8_t)accepted; /* <= IPC_HANDLES_MAX */
    self->state = accepted == 0 ? THREAD_RECEIVING_FAST : THREAD_RECEIVING;
    return true;
}

struct thread *kernel_syscall(struct thread *self)
{
    uint64_t number = self->frame.x[REG_NUMBER];
    if (number == SYS_irq_ack) {
        const struct irq *irq = named(self, REG_WORD, OBJECT_IRQ, RIGHT_WRITE);
        if (irq != NULL) {
            arch_irq_unmask(irq->line);
            arch_frame_result(&self->frame, OK, 0);
            return self;
        }
    } else if (number == SYS_wait ? block_in_wait(self) : block_in_reply_wait(self)) {
        return sched_resume(self->cpu);
    }
    return kernel_call(self);
}
