/* SPDX-License-Identifier: BSD-2-Clause */
#include "irq.h"

#include "account.h"
#include "arch/arch.h"
#include "sched.h"
#include "syscall.h"

static struct irq *lines[IRQ_LINES_MAX];

int irq_create(struct account *account, uint64_t line, struct irq **irq)
{
    struct object *object;
    if (line >= IRQ_LINES_MAX || !arch_irq_is_valid((unsigned)line)) {
        return E_RANGE;
    }
    if (lines[line] != NULL) {
        return E_EXISTS;
    }
    int error = object_create(account, OBJECT_IRQ, sizeof(struct irq), &object);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    struct irq *made = container_of(object, struct irq, object);
    made->line = (uint32_t)line; /* < IRQ_LINES_MAX */
    list_init(&made->in_notification);
    lines[line] = made;
    *irq = made;
    return OK;
}

void irq_bind(struct irq *irq, struct notification *notification, uint32_t bit)
{
    list_remove(&irq->in_notification);
    irq->notification = notification;
    irq->bit = bit;
    list_append(&notification->irqs, &irq->in_notification);
}

void irq_ack(struct irq *irq)
{
    arch_irq_unmask(irq->line);
}

void irq_silence(struct irq *irq)
{
    arch_irq_mask(irq->line);
}

struct thread *irq_dispatch(void)
{
    unsigned line = arch_irq_take();
    struct irq *irq = line < IRQ_LINES_MAX ? lines[line] : NULL;
    if (irq == NULL || irq->notification == NULL) {
        syscall_counters.irqs_spurious += line != 0;
        return NULL;
    }
    irq->delivered++;
    return notification_signal(irq->notification, 1ull << irq->bit);
}

/* Flat: it is the way of every packet. */
__attribute__((flatten)) struct thread *kernel_interrupt(struct thread *self)
{
    struct thread *woken = irq_dispatch();
    return woken == NULL ? self : sched_hand_over(self->cpu, woken);
}

void irq_unlink(struct irq *irq)
{
    arch_irq_mask(irq->line);
    list_remove(&irq->in_notification);
    irq->notification = NULL;
    lines[irq->line] = NULL;
}
