/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_info: one figure of an object, of the whole system, or of the handle itself.
 */
#include "account.h"
#include "calls.h"
#include "endpoint.h"
#include "irq.h"
#include "memory.h"
#include "notification.h"
#include "task.h"
#include <base/mem.h>

/* Where a figure stands: a field of an object of this type; OBJECT_NONE: of the handle's entry. */
struct figure {
    uint8_t type;
    uint8_t bytes;
    uint16_t offset;
};

#define FIGURE(selector, object_type, structure, field)                                            \
    [INFO_##selector] = {OBJECT_##object_type, sizeof(((struct structure *)NULL)->field),          \
                         offsetof(struct structure, field)}

static const struct figure figures[INFO_SELECTORS] = {
    FIGURE(TYPE, NONE, handle_entry, type),
    FIGURE(RIGHTS, NONE, handle_entry, rights),
    FIGURE(BADGE, NONE, handle_entry, badge),
    FIGURE(ACCOUNT_LIMIT_PAGES, ACCOUNT, account, limit_pages),
    FIGURE(ACCOUNT_USED_PAGES, ACCOUNT, account, used_pages),
    FIGURE(ACCOUNT_OBJECTS, ACCOUNT, account, object_count),
    FIGURE(TASK_HANDLES, TASK, task, table.used),
    FIGURE(TASK_PAGES, TASK, task, mapped_pages),
    FIGURE(THREAD_STATE, THREAD, thread, state),
    FIGURE(THREAD_PRIORITY, THREAD, thread, priority),
    FIGURE(THREAD_CPU_TICKS, THREAD, thread, cpu_ticks),
    FIGURE(THREAD_FP_TRAPS, THREAD, thread, fp_traps),
    FIGURE(MEMORY_PAGES, MEMORY, memory, pages),
    FIGURE(MEMORY_MAPPINGS, MEMORY, memory, mapping_count),
    FIGURE(IRQ_LINE, IRQ, irq, line),
    FIGURE(ENDPOINT_QUEUED, ENDPOINT, endpoint, caller_count),
    FIGURE(NOTIFICATION_BITS, NOTIFICATION, notification, bits),
    FIGURE(SYSTEM_OBJECTS, SYSTEM, system, objects),
    FIGURE(SYSTEM_FREE_PAGES, SYSTEM, system, free_pages),
    FIGURE(SYSTEM_USED_PAGES, SYSTEM, system, used_pages),
    FIGURE(SYSTEM_HANDLES, SYSTEM, system, handles),
    FIGURE(SYSTEM_MAPPINGS, SYSTEM, system, mappings),
    FIGURE(SYSTEM_FAST_CALLS_MISSED, SYSTEM, system, fast_calls_missed),
    FIGURE(SYSTEM_REPLIES_DROPPED, SYSTEM, system, replies_dropped),
    FIGURE(SYSTEM_IRQ_SPURIOUS, SYSTEM, system, irqs_spurious),
};

int call_object_info(struct call *call)
{
    const struct handle_entry *entry = call->entries[0];
    uint64_t selector = call_argument(call, 1);
    if (selector >= INFO_SELECTORS) {
        return E_BAD_CALL;
    }
    const struct figure *figure = &figures[selector];
    if (figure->type != OBJECT_NONE && figure->type != entry->type) {
        return E_WRONG_TYPE;
    }
    const void *holder = figure->type == OBJECT_NONE ? (const void *)entry : entry->object;
    /* Little endian, so that a short field fills the low bytes. */
    memcpy(&call->value, (const char *)holder + figure->offset, figure->bytes);
    return OK;
}
