/* SPDX-License-Identifier: BSD-2-Clause */
#include "info.h"

#include "account.h"
#include "endpoint.h"
#include "irq.h"
#include "mapping.h"
#include "notification.h"
#include "page.h"
#include "print.h"
#include "syscall.h"
#include "task.h"
#include "thread.h"
#include <abi/syscall.h>

static enum object_type type_of(enum info selector)
{
    if (selector <= INFO_BADGE) {
        return OBJECT_NONE;
    }
    if (selector <= INFO_ACCOUNT_OBJECTS) {
        return OBJECT_ACCOUNT;
    }
    if (selector <= INFO_TASK_PAGES) {
        return OBJECT_TASK;
    }
    if (selector <= INFO_THREAD_FP_TRAPS) {
        return OBJECT_THREAD;
    }
    if (selector <= INFO_MEMORY_MAPPINGS) {
        return OBJECT_MEMORY;
    }
    if (selector <= INFO_IRQ_COUNT) {
        return OBJECT_IRQ;
    }
    if (selector == INFO_ENDPOINT_QUEUED) {
        return OBJECT_ENDPOINT;
    }
    return selector == INFO_NOTIFICATION_BITS ? OBJECT_NOTIFICATION : OBJECT_SYSTEM;
}

static uint64_t queued_callers(const struct endpoint *endpoint)
{
    uint64_t count = 0;
    for (struct list_node *node = list_first(&endpoint->callers);
         node != NULL && count < THREADS_MAX; node = list_next(&endpoint->callers, node)) {
        count++;
    }
    return count;
}

/* A flat list: one line a figure. */
static uint64_t read_figure(const struct handle_entry *entry, enum info selector)
{
    const struct object *object = entry->object;
    const struct account *account = container_of(object, const struct account, object);
    const struct task *task = container_of(object, const struct task, object);
    const struct thread *thread = container_of(object, const struct thread, object);
    const struct memory *memory = container_of(object, const struct memory, object);
    const struct irq *irq = container_of(object, const struct irq, object);
    switch (selector) {
    case INFO_TYPE: return object->type;
    case INFO_RIGHTS: return entry->rights;
    case INFO_BADGE: return entry->badge;
    case INFO_ACCOUNT_LIMIT_PAGES: return account->limit_pages;
    case INFO_ACCOUNT_USED_PAGES: return account->used_pages;
    case INFO_ACCOUNT_OBJECTS: return account->object_count;
    case INFO_TASK_HANDLES: return task->table.used;
    case INFO_TASK_PAGES: return task->mapped_pages;
    case INFO_THREAD_STATE: return thread->state;
    case INFO_THREAD_PRIORITY: return thread->priority;
    case INFO_THREAD_CPU_TICKS: return thread->cpu_ticks;
    case INFO_THREAD_FP_TRAPS: return thread->fp_traps;
    case INFO_MEMORY_PAGES: return memory->pages;
    case INFO_MEMORY_MAPPINGS: return memory->mapping_count;
    case INFO_IRQ_LINE: return irq->line;
    case INFO_IRQ_COUNT: return irq->delivered;
    case INFO_ENDPOINT_QUEUED:
        return queued_callers(container_of(object, const struct endpoint, object));
    case INFO_NOTIFICATION_BITS:
        return container_of(object, const struct notification, object)->bits;
    case INFO_SYSTEM_OBJECTS: return object_count();
    case INFO_SYSTEM_FREE_PAGES: return page_count_free();
    case INFO_SYSTEM_USED_PAGES: return account_root()->limit_pages - page_count_free();
    case INFO_SYSTEM_HANDLES: return handle_count();
    case INFO_SYSTEM_MAPPINGS: return mapping_count();
    case INFO_SYSTEM_FAST_CALLS_MISSED: return syscall_counters.fast_calls_missed;
    case INFO_SYSTEM_REPLIES_DROPPED: return syscall_counters.replies_dropped;
    case INFO_SYSTEM_IRQ_SPURIOUS: return syscall_counters.irqs_spurious;
    case INFO_SELECTORS: break;
    }
    return 0;
}

int info_read(const struct handle_entry *entry, uint64_t selector, uint64_t *value)
{
    if (selector >= INFO_SELECTORS) {
        return E_BAD_CALL;
    }
    enum object_type type = type_of((enum info)selector);
    if (type != OBJECT_NONE && entry->type != type) {
        return E_WRONG_TYPE;
    }
    *value = read_figure(entry, (enum info)selector);
    return OK;
}
