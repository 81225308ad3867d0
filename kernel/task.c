/* SPDX-License-Identifier: BSD-2-Clause */
#include "task.h"

#include "account.h"
#include "boot.h"
#include "mapping.h"
#include "page.h"
#include "pagetable.h"
#include "print.h"
#include "sched.h"
#include "thread.h"

static_assert(sizeof(struct task) <= SLAB_BYTES_MAX, "tasks are slab objects");

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
    for (struct list_node *node = list_first(&all_tasks); node != NULL;
         node = list_next(&all_tasks, node)) { /* <= TASKS_MAX tasks, THREADS_MAX threads */
        struct task *task = container_of(node, struct task, in_all);
        for (struct list_node *at = list_first(&task->threads); at != NULL;
             at = list_next(&task->threads, at)) {
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

/* Pages of a table with `slots` entries: at most 16. */
static uint32_t table_pages(uint64_t slots)
{
    return (uint32_t)((slots * sizeof(struct handle_entry) + PAGE_BYTES - 1) / PAGE_BYTES);
}

/* A run of pages, not zeroed. E_AGAIN: the search goes on from *search. */
static int take_run(struct account *account, uint32_t pages, uint64_t *search, paddr_t *base)
{
    int error = account_charge(account, pages);
    if (error != OK) {
        return error;
    }
    error = page_alloc_run(pages, search, base);
    if (error != OK) {
        account_refund(account, pages);
    }
    return error;
}

static void give_run(struct account *account, paddr_t base, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        account_give_page(account, base + i * (paddr_t)PAGE_BYTES);
    }
}

/* The memory a task needs beside its slot; all or nothing. */
static int take_pages(struct account *account, uint32_t pages, uint64_t *search, paddr_t *root,
                      paddr_t *table)
{
    int error = take_run(account, pages, search, table);
    if (error != OK) {
        return error;
    }
    error = account_take_page(account, root);
    if (error != OK) {
        give_run(account, *table, pages);
    }
    return error;
}

/* A root table with the facts page in it. */
static int make_space(struct account *account, paddr_t root)
{
    arch_space_init(root);
    int error = pagetable_map(root, BOOT_FACTS_VADDR, boot_facts_page(), PAGE_READ, account);
    if (error != OK) {
        pagetable_free_tables(root, STEP_PAGES, account); /* at most 2 were made */
    }
    return error;
}

int task_create(struct account *account, uint64_t handle_slots, uint64_t *search,
                struct task **task)
{
    paddr_t root;
    paddr_t table;
    struct object *object;
    uint32_t pages = table_pages(handle_slots);

    if (handle_slots < HANDLE_SLOTS_MIN || handle_slots > HANDLE_SLOTS_MAX) {
        return E_INVALID;
    }
    if (task_count == TASKS_MAX) {
        return E_LIMIT;
    }
    int error = take_pages(account, pages, search, &root, &table);
    if (error != OK) {
        return error;
    }
    error = make_space(account, root);
    if (error == OK) {
        error = object_create(account, OBJECT_TASK, sizeof(struct task), &object);
        if (error != OK) {
            pagetable_unmap(root, BOOT_FACTS_VADDR, 0);
            pagetable_free_tables(root, STEP_PAGES, account);
        }
    }
    if (error != OK) {
        give_run(account, table, pages);
        account_give_page(account, root);
        return error;
    }
    /* --- committed --- */
    struct task *made = container_of(object, struct task, object);
    handle_table_init(&made->table, kernel_pointer(table), (uint32_t)handle_slots);
    made->root = root;
    made->table_pages = pages;
    list_init(&made->threads);
    list_init(&made->mappings);
    list_append(&all_tasks, &made->in_all);
    task_count++;
    *task = made;
    return OK;
}

/* From the last entry ever used down; nobody puts handles into a dying task. */
static bool close_table_step(struct handle_table *table)
{
    for (unsigned i = 0; i < STEP_HANDLES && table->first_unused > 0; i++) {
        struct handle_entry *entry = &table->entries[--table->first_unused];
        struct object *object = entry->object;
        bool is_owner = (entry->rights & RIGHT_MANAGE) != 0;
        if (object != NULL) {
            handle_remove(entry);
        }
        if (is_owner) {
            object_destroy(object);
        }
    }
    return table->first_unused == 0;
}

bool task_reap_step(struct task *task)
{
    struct account *account = task->object.account;
    for (unsigned i = 0; i < STEP_THREADS && !list_is_empty(&task->threads); i++) {
        struct list_node *first = list_first(&task->threads);
        object_destroy(&container_of(first, struct thread, in_task)->object);
    }
    if (!list_is_empty(&task->threads) || !close_table_step(&task->table) ||
        !mapping_reap_step(task)) {
        return false;
    }
    sched_leave_space();
    pagetable_unmap(task->root, BOOT_FACTS_VADDR, task_asid(task));
    if (pagetable_free_tables(task->root, STEP_PAGES, account) == STEP_PAGES) {
        return false;
    }
    give_run(account, kernel_physical(task->table.entries), task->table_pages);
    account_give_page(account, task->root);
    list_remove(&task->in_all);
    task_count--;
    return true;
}
