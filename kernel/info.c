/* SPDX-License-Identifier: BSD-2-Clause */
#include "info.h"

#include "account.h"
#include "endpoint.h"
#include "irq.h"
#include "mapping.h"
#include "notification.h"
#include "page.h"
#include "syscall.h"
#include "task.h"
#include "thread.h"
#include <abi/syscall.h>
#include <base/mem.h>

/* Where a figure of an object stands: its type, the offset and size of the field. */
struct figure {
    uint8_t type;
    uint8_t bytes;
    uint16_t offset;
};

#define FIGURE(selector, object_type, structure, field)                                            \
    [INFO_##selector] = {OBJECT_##object_type, sizeof(((struct structure *)NULL)->field),          \
                         offsetof(struct structure, field)}

static const struct figure figures[INFO_SELECTORS] = {
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
    FIGURE(IRQ_COUNT, IRQ, irq, delivered),
    FIGURE(ENDPOINT_QUEUED, ENDPOINT, endpoint, caller_count),
    FIGURE(NOTIFICATION_BITS, NOTIFICATION, notification, bits),
};

/* What is no field of the object that is asked: of the handle, or of the whole system. */
static uint64_t read_other(const struct handle_entry *entry, enum info selector)
{
    switch (selector) {
    case INFO_TYPE: return entry->type;
    case INFO_RIGHTS: return entry->rights;
    case INFO_BADGE: return entry->badge;
    case INFO_SYSTEM_OBJECTS: return object_count();
    case INFO_SYSTEM_FREE_PAGES: return page_count_free();
    case INFO_SYSTEM_USED_PAGES: return account_root()->limit_pages - page_count_free();
    case INFO_SYSTEM_HANDLES: return handle_count();
    case INFO_SYSTEM_MAPPINGS: return mapping_count();
    case INFO_SYSTEM_FAST_CALLS_MISSED: return syscall_counters.fast_calls_missed;
    case INFO_SYSTEM_REPLIES_DROPPED: return syscall_counters.replies_dropped;
    case INFO_SYSTEM_IRQ_SPURIOUS: return syscall_counters.irqs_spurious;
    default: return 0;
    }
}

static uint64_t read_field(const struct handle_entry *entry, const struct figure *figure)
{
    uint64_t value = 0; /* little endian, so that a short field fills its low bytes */
    memcpy(&value, (const char *)entry->object + figure->offset, figure->bytes);
    return value;
}

int info_read(const struct handle_entry *entry, uint64_t selector, uint64_t *value)
{
    if (selector >= INFO_SELECTORS) {
        return E_BAD_CALL;
    }
    const struct figure *figure = &figures[selector];
    bool is_field = figure->type != OBJECT_NONE;
    bool is_system = !is_field && selector > INFO_BADGE;
    if ((is_field && entry->type != figure->type) || (is_system && entry->type != OBJECT_SYSTEM)) {
        return E_WRONG_TYPE;
    }
    *value = is_field ? read_field(entry, figure) : read_other(entry, (enum info)selector);
    return OK;
}
