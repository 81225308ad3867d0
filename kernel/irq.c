/* SPDX-License-Identifier: BSD-2-Clause */
#include "irq.h"

#include "calls.h"

static struct irq *lines[IRQ_LINES_MAX];

/* The bound line that was taken, or NULL. */
static const struct irq *take(void)
{
    unsigned line = arch_irq_take();
    const struct irq *irq = line < IRQ_LINES_MAX ? lines[line] : NULL;
    if (irq == NULL || irq->notification == NULL) {
        kernel_system.irqs_spurious += line != 0;
        return NULL;
    }
    return irq;
}

void irq_dispatch(void)
{
    const struct irq *irq = take();
    if (irq != NULL) {
        notification_post(irq->notification, 1ull << irq->bit);
    }
}

struct thread *kernel_interrupt(struct thread *self)
{
    const struct irq *irq = take();
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
    struct irq *irq = call->made;
    uint64_t line = call_argument(call, 2);
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

/* From now on the line signals `bit` of the notification. */
int call_irq_bind(struct call *call)
{
    struct irq *irq = call_object(call, 0);
    struct notification *notification = call_object(call, 1);
    uint64_t bit = call_argument(call, 2);
    if (bit >= 64) {
        return E_RANGE;
    }
    /* --- committed --- */
    list_remove(&irq->in_notification);
    irq->notification = notification;
    irq->bit = (uint32_t)bit; /* < 64 */
    list_append(&notification->irqs, &irq->in_notification);
    return OK;
}

int call_irq_ack(struct call *call)
{
    const struct irq *irq = call_object(call, 0);
    arch_irq_unmask(irq->line);
    return OK;
}
