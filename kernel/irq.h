/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt lines. The kernel claims, masks, completes and signals; irq_ack unmasks. A line is
 * masked when it is made and when one of its handles goes: a dead driver's device is silent.
 */
#pragma once

#include "notification.h"

struct irq {
    struct object object;
    uint32_t line;
    uint32_t bit;
    struct notification *notification; /* NULL until bound */
    struct list_node in_notification;
};

enum { IRQ_LINES_MAX = 1024 };

/* A device line may be pending: take one, and wake who waits for it; the next interrupts again at
 * once. */
void irq_dispatch(void);

/* Begin the end: masked, unbound, the line free for the next owner. */
void irq_unlink(struct object *object);
