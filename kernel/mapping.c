/* SPDX-License-Identifier: BSD-2-Clause */
#include "mapping.h"

#include "account.h"
#include "calls.h"
#include "page.h"
#include "pagetable.h"

static_assert(RIGHT_READ == (int)PAGE_READ && RIGHT_WRITE == (int)PAGE_WRITE &&
                  RIGHT_EXECUTE == (int)PAGE_EXECUTE,
              "rights of a mapping are its page flags");

enum { MAP_RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };

/* A mapping of the task that meets the pages, or NULL. At most MAPPINGS_PER_TASK_MAX steps. */
static struct mapping *find_overlap(const struct task *task, vaddr_t vaddr, uint64_t pages)
{
    LIST_EACH (node, &task->mappings) {
        struct mapping *other = container_of(node, struct mapping, in_task);
        if (vaddr - other->vaddr < other->pages << PAGE_SHIFT ||
            other->vaddr - vaddr < pages << PAGE_SHIFT) {
            return other;
        }
    }
    return NULL;
}

static int check(const struct mapping *wanted, const struct memory *memory, uint64_t allowed)
{
    const struct task *task = wanted->task;
    const struct memory *root = memory->root;
    uint64_t rights = wanted->rights;
    bool is_executable = (rights & RIGHT_EXECUTE) != 0;
    bool is_writable = (rights & RIGHT_WRITE) != 0;
    if (wanted->pages == 0 || (wanted->vaddr & (PAGE_BYTES - 1)) != 0) {
        return E_INVALID;
    }
    if (wanted->offset > memory->pages || wanted->pages > memory->pages - wanted->offset ||
        wanted->vaddr < PAGE_BYTES || wanted->vaddr >= USER_END ||
        wanted->pages > (USER_END - wanted->vaddr) >> PAGE_SHIFT) {
        return E_RANGE;
    }
    if ((rights & ~(uint64_t)MAP_RIGHTS) != 0 || (rights & RIGHT_READ) == 0) {
        return E_INVALID;
    }
    if ((allowed & rights) != rights) {
        return E_NO_RIGHT;
    }
    if ((is_executable && (is_writable || memory->is_device || root->writable != 0)) ||
        (is_writable && root->executable != 0)) {
        return E_DENIED;
    }
    if (memory->is_building || (root->holder != NULL && root->holder != task)) {
        return E_BUSY;
    }
    if (task->mapping_count == MAPPINGS_PER_TASK_MAX ||
        memory->mapping_count == MEMORY_MAPPINGS_MAX) {
        return E_LIMIT;
    }
    return find_overlap(task, wanted->vaddr, wanted->pages) != NULL ? E_EXISTS : OK;
}

int mapping_create(const struct handle_entry *entry, const struct mapping *wanted,
                   struct mapping **mapping)
{
    struct memory *memory = container_of(entry->object, struct memory, object);
    struct task *task = wanted->task;
    void *slot;
    int error = check(wanted, memory, entry->rights);
    if (error == OK) {
        error = account_take_slot(task->object.account, sizeof(struct mapping), &slot);
    }
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    struct mapping *made = slot;
    *made = *wanted;
    made->memory = memory;
    made->badge = entry->badge;
    made->is_owners = (entry->rights & RIGHT_MANAGE) != 0;
    list_append(&memory->mappings, &made->in_memory);
    list_append(&task->mappings, &made->in_task);
    memory->mapping_count++;
    task->mapping_count++;
    kernel_system.mappings++;
    memory->root->writable += (made->rights & RIGHT_WRITE) != 0;
    memory->root->executable += (made->rights & RIGHT_EXECUTE) != 0;
    if (memory->is_device) {
        memory->root->holder = task;
        memory->root->holder_mappings++;
    }
    *mapping = made;
    return OK;
}

int mapping_build_step(struct mapping *mapping)
{
    struct task *task = mapping->task;
    const struct memory *memory = mapping->memory;
    unsigned flags = (unsigned)mapping->rights | (memory->is_device ? PAGE_DEVICE : 0u);
    for (unsigned i = 0; i < STEP_PAGES && mapping->done_pages < mapping->pages; i++) {
        paddr_t page = memory_page(memory, mapping->offset + mapping->done_pages);
        if ((flags & PAGE_EXECUTE) != 0) {
            arch_icache_sync(kernel_pointer(page), PAGE_BYTES);
        }
        int error = pagetable_map(task->root, mapping->vaddr + (mapping->done_pages << PAGE_SHIFT),
                                  page, flags, task->object.account);
        if (error != OK) {
            return error;
        }
        mapping->done_pages++;
        task->mapped_pages++;
    }
    return mapping->done_pages == mapping->pages ? OK : E_AGAIN;
}

/* The record goes; so may the memory, if this was the last thing that held it. */
static void finish(struct mapping *mapping)
{
    struct memory *memory = mapping->memory;
    struct task *task = mapping->task;
    list_remove(&mapping->in_memory);
    list_remove(&mapping->in_task);
    memory->mapping_count--;
    task->mapping_count--;
    kernel_system.mappings--;
    memory->root->writable -= (mapping->rights & RIGHT_WRITE) != 0;
    memory->root->executable -= (mapping->rights & RIGHT_EXECUTE) != 0;
    if (memory->is_device && --memory->root->holder_mappings == 0) {
        memory->root->holder = NULL;
    }
    account_give_slot(task->object.account, mapping, sizeof(*mapping));
    memory_let_go(memory);
}

bool mapping_unmap_step(struct mapping *mapping)
{
    struct task *task = mapping->task;
    mapping->is_ending = true;
    for (unsigned i = 0; i < STEP_PAGES && mapping->done_pages > 0; i++) {
        mapping->done_pages--;
        task->mapped_pages--;
        pagetable_unmap(task->root, mapping->vaddr + (mapping->done_pages << PAGE_SHIFT),
                        task_asid(task));
    }
    if (mapping->done_pages > 0) {
        return false;
    }
    finish(mapping);
    return true;
}

bool mapping_revoke_step(struct memory *memory, uint64_t badge)
{
    LIST_EACH (node, &memory->mappings) { /* <= MEMORY_MAPPINGS_MAX */
        struct mapping *mapping = container_of(node, struct mapping, in_memory);
        if (!mapping->is_owners && (badge == BADGE_ALL || mapping->badge == badge)) {
            mapping_unmap_step(mapping);
            return false;
        }
    }
    return true;
}

bool mapping_reap_step(struct task *task)
{
    struct list_node *node = list_first(&task->mappings);
    if (node == NULL) {
        return true;
    }
    mapping_unmap_step(container_of(node, struct mapping, in_task));
    return list_is_empty(&task->mappings);
}

/* --- system calls --------------------------------------------------------------------------- */

/* The mapping that begins at `vaddr`, or NULL. */
static struct mapping *find(const struct task *task, vaddr_t vaddr)
{
    struct mapping *mapping = find_overlap(task, vaddr, 1);
    return mapping != NULL && mapping->vaddr == vaddr ? mapping : NULL;
}

static int begin_map(struct call *call, struct mapping **mapping)
{
    struct mapping wanted = {
        .task = call_object(call, 0),
        .vaddr = call_argument(call, 2),
        .offset = call_argument(call, 3),
        .pages = call_argument(call, 4),
        .rights = call_argument(call, 5),
    };
    int error = mapping_create(call->entries[1], &wanted, mapping);
    call->self->progress = error == OK;
    return error;
}

/* Between two steps the mapping is found again by its place; progress is 1 while it is built, and
 * the negative error while it is undone. */
int call_memory_map(struct call *call)
{
    struct thread *self = call->self;
    struct mapping *mapping = find(call_object(call, 0), call_argument(call, 2));
    int error = OK;
    if (self->progress == 0) {
        error = begin_map(call, &mapping);
        if (error != OK) {
            return error;
        }
    }
    if (self->progress == 1) {
        bool is_gone = mapping == NULL || mapping->is_ending; /* somebody unmapped it meanwhile */
        error = is_gone ? E_BAD_HANDLE : mapping_build_step(mapping);
        if (error == OK || is_gone) {
            return error;
        }
        if (error == E_AGAIN) {
            return RESTART;
        }
        self->progress = (uint64_t)(int64_t)error;
    }
    bool is_undone = mapping == NULL || mapping_unmap_step(mapping);
    return is_undone ? (int)(int64_t)self->progress : RESTART;
}

int call_memory_unmap(struct call *call)
{
    struct mapping *mapping = find(call_object(call, 0), call_argument(call, 1));
    if (mapping == NULL) {
        return call->self->progress == 0 ? E_NOT_FOUND : OK;
    }
    call->self->progress = 1;
    return mapping_unmap_step(mapping) ? OK : RESTART;
}
