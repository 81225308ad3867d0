/* SPDX-License-Identifier: BSD-2-Clause */
#include "irq.h"

#include "calls.h"
#include "sched.h"

static struct irq *lines[IRQ_LINES_MAX];

int irq_init(struct irq *irq, uint64_t line)
{
    if (line >= IRQ_LINES_MAX || !arch_irq_is_valid((unsigned)line)) {
        return E_RANGE;
    }
    if (lines[line] != NULL) {
        return E_EXISTS;
    }
    /* --- committed --- */
    irq->line = (uint32_t)line; /* < IRQ_LINES_MAX */
    list_init(&irq->in_notification);
    lines[line] = irq;
    return OK;
}

void irq_bind(struct irq *irq, struct notification *notification, uint32_t bit)
{
    list_remove(&irq->in_notification);
    irq->notification = notification;
    irq->bit = bit;
    list_append(&notification->irqs, &irq->in_notification);
}

/* The bound line that was taken, or NULL. */
static struct irq *take(void)
{
    unsigned line = arch_irq_take();
    struct irq *irq = line < IRQ_LINES_MAX ? lines[line] : NULL;
    if (irq == NULL || irq->notification == NULL) {
        kernel_system.irqs_spurious += line != 0;
        return NULL;
    }
    irq->delivered++;
    return irq;
}

struct thread *irq_dispatch(void)
{
    struct irq *irq = take();
    return irq == NULL ? NULL : notification_signal(irq->notification, 1ull << irq->bit);
}

struct thread *kernel_interrupt(struct thread *self)
{
    struct irq *irq = take();
    return irq == NULL ? self : kernel_signal(self, irq->notification, 1ull << irq->bit);
}

void irq_unlink(struct object *object)
{
    struct irq *irq = container_of(object, struct irq, object);
    arch_irq_mask(irq->line);
    list_remove(&irq->in_notification);
    irq->notification = NULL;
    lines[irq->line] = NULL;
}

/* --- system calls --------------------------------------------------------------------------- */

int call_irq_create(struct call *call)
{
    return irq_init(call->made, call_argument(call, 2));
}

int call_irq_bind(struct call *call)
{
    uint64_t bit = call_argument(call, 2);
    if (bit >= 64) {
        return E_RANGE;
    }
    irq_bind(call_object(call, 0), call_object(call, 1), (uint32_t)bit); /* < 64 */
    return OK;
}

int call_irq_ack(struct call *call)
{
    const struct irq *irq = call_object(call, 0);
    arch_irq_unmask(irq->line);
    return OK;
}
