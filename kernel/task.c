/* SPDX-License-Identifier: BSD-2-Clause */
#include "task.h"

#include "account.h"
#include "boot.h"
#include "calls.h"
#include "mapping.h"
#include "page.h"
#include "pagetable.h"
#include "sched.h"
#include <base/bytes.h>

static struct list_node all_tasks = {&all_tasks, &all_tasks};
static unsigned task_count;

/* --- address-space numbers ------------------------------------------------------------------ */

enum { ASID_BITS = 16 };

static uint64_t asid_generation = 1;
static unsigned asid_next = 1; /* 0 is the kernel's */

/* All numbers are used up: forget every translation, and every thread's cached register. */
static void asid_new_generation(void)
{
    asid_generation++;
    asid_next = 1;
    arch_space_switch(0); /* nothing may be fetched under an old number from here on */
    arch_tlb_flush_all();
    LIST_EACH (node, &all_tasks) { /* <= TASKS_MAX tasks, THREADS_MAX threads */
        struct task *task = container_of(node, struct task, in_all);
        LIST_EACH (at, &task->threads) {
            container_of(at, struct thread, in_task)->space = 0;
        }
    }
}

uint64_t task_space(struct task *task)
{
    if (task->asid >> ASID_BITS != asid_generation) {
        if (asid_next >= arch_asid_count()) {
            asid_new_generation();
        }
        task->asid = asid_generation << ASID_BITS | asid_next++;
    }
    return arch_space_register(task->root, task_asid(task));
}

unsigned task_asid(const struct task *task)
{
    bool is_current = task->asid >> ASID_BITS == asid_generation;
    return is_current ? (unsigned)(task->asid & ((1u << ASID_BITS) - 1)) : 0;
}

/* --- life ----------------------------------------------------------------------------------- */

/* A root table with the facts page in it. */
static int make_space(struct task *task)
{
    struct account *account = task->object.account;
    int error = account_take_page(account, &task->root);
    if (error != OK) {
        return error;
    }
    arch_space_init(task->root);
    return pagetable_map(task->root, BOOT_FACTS_VADDR, boot_facts_page(), PAGE_READ, account);
}

int task_init(struct task *task, uint64_t handle_slots, uint64_t *search)
{
    paddr_t table;
    if (handle_slots < HANDLE_SLOTS_MIN || handle_slots > HANDLE_SLOTS_MAX) {
        return E_INVALID;
    }
    if (task_count == TASKS_MAX) {
        return E_LIMIT;
    }
    uint64_t table_bytes = align_up(handle_slots * sizeof(struct handle_entry), PAGE_BYTES);
    task->table_pages = (uint32_t)(table_bytes >> PAGE_SHIFT); /* <= 16 */
    int error = account_take_run(task->object.account, task->table_pages, search, &table);
    if (error != OK) {
        return error;
    }
    /* From here on the reaper can take it apart. */
    handle_table_init(&task->table, kernel_pointer(table), (uint32_t)handle_slots);
    list_init(&task->threads);
    list_init(&task->mappings);
    list_append(&all_tasks, &task->in_all);
    task_count++;
    error = make_space(task);
    if (error != OK) {
        object_destroy(&task->object);
    }
    return error;
}

/* From the last entry ever used down; nobody puts handles into a dying task. */
static bool close_table_step(struct handle_table *table)
{
    for (unsigned i = 0; i < STEP_HANDLES && table->first_unused > 0; i++) {
        struct handle_entry *entry = &table->entries[--table->first_unused];
        if (entry->object != NULL) {
            handle_close(entry);
        }
    }
    return table->first_unused == 0;
}

/* Free up to STEP_PAGES tables of the space; true when it is gone. */
static bool free_space_step(struct task *task)
{
    struct account *account = task->object.account;
    sched_leave_space();
    pagetable_unmap(task->root, BOOT_FACTS_VADDR, task_asid(task));
    if (pagetable_free_tables(task->root, STEP_PAGES, account) == STEP_PAGES) {
        return false;
    }
    account_give_page(account, task->root);
    return true;
}

bool task_reap_step(struct object *object)
{
    struct task *task = container_of(object, struct task, object);
    for (unsigned i = 0; i < STEP_THREADS && !list_is_empty(&task->threads); i++) {
        struct list_node *first = list_first(&task->threads);
        object_destroy(&container_of(first, struct thread, in_task)->object);
    }
    if (!list_is_empty(&task->threads) || !close_table_step(&task->table) ||
        !mapping_reap_step(task) || (task->root != 0 && !free_space_step(task))) {
        return false;
    }
    for (uint32_t i = 0; i < task->table_pages; i++) {
        paddr_t table = kernel_physical(task->table.entries);
        account_give_page(object->account, table + i * (paddr_t)PAGE_BYTES);
    }
    list_remove(&task->in_all);
    task_count--;
    return true;
}

/* --- system calls --------------------------------------------------------------------------- */

int call_task_create(struct call *call)
{
    int error = task_init(call->made, call_argument(call, 1), &call->self->progress);
    return error == E_AGAIN ? RESTART : error;
}

int call_task_supervise(struct call *call)
{
    struct task *task = call_object(call, 0);
    if (call_argument(call, 2) == BADGE_ALL) {
        return E_INVALID;
    }
    handle_set_supervisor(&task->table, call_object(call, 1), call_argument(call, 2));
    return OK;
}
