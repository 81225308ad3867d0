/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include "account.h"
#include "calls.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "task.h"

static struct list_node windows = {&windows, &windows};

static void init_root(struct memory *memory, uint64_t pages)
{
    memory->root = memory;
    memory->pages = pages;
    list_init(&memory->mappings);
    list_init(&memory->in_windows);
}

int memory_init(struct memory *memory, uint64_t pages, bool is_contiguous)
{
    const struct account *account = memory->object.account;
    uint64_t limit = is_contiguous ? (uint64_t)PAGE_RUN_MAX : MEMORY_PAGES_MAX;
    if (pages == 0 || pages > limit) {
        return E_INVALID;
    }
    if (pages > account->limit_pages - account->used_pages) {
        return E_NO_MEMORY; /* now, not after minutes of zeroing */
    }
    /* --- committed --- */
    init_root(memory, pages);
    memory->is_contiguous = is_contiguous || pages == 1;
    memory->is_building = true;
    return OK;
}

void memory_init_boot(struct memory *memory, paddr_t base, uint64_t pages)
{
    init_root(memory, pages);
    memory->base = base;
    memory->is_boot = true;
}

/* --- scattered pages: one index page, or an index of index pages ---------------------------- */

static bool has_two_levels(const struct memory *root)
{
    return root->pages > MEMORY_INDEX_ENTRIES;
}

/* Where the address of page `number` stands; NULL when its index page is missing. */
static paddr_t *index_slot(const struct memory *root, uint64_t number)
{
    paddr_t index = root->index;
    if (index != 0 && has_two_levels(root)) {
        index = ((paddr_t *)kernel_pointer(index))[number / MEMORY_INDEX_ENTRIES];
    }
    return index == 0 ? NULL : (paddr_t *)kernel_pointer(index) + number % MEMORY_INDEX_ENTRIES;
}

/* Make the index pages that page `number` needs. */
static int make_index(struct memory *root, uint64_t number)
{
    int error = OK;
    if (root->index == 0) {
        error = account_take_page(root->object.account, &root->index);
    }
    if (error == OK && index_slot(root, number) == NULL) {
        paddr_t *top = kernel_pointer(root->index);
        error = account_take_page(root->object.account, &top[number / MEMORY_INDEX_ENTRIES]);
    }
    return error;
}

paddr_t memory_page(const struct memory *memory, uint64_t number)
{
    const struct memory *root = memory->root;
    number += memory->first;
    if (root->index == 0) {
        return root->base + (number << PAGE_SHIFT);
    }
    return *index_slot(root, number);
}

/* --- building ------------------------------------------------------------------------------- */

static int build_scattered(struct memory *root)
{
    for (unsigned i = 0; i < STEP_ZEROED && root->done_pages < root->pages; i++) {
        int error = make_index(root, root->done_pages);
        if (error == OK) {
            error = account_take_page(root->object.account, index_slot(root, root->done_pages));
        }
        if (error != OK) {
            return error;
        }
        root->done_pages++;
    }
    return root->done_pages == root->pages ? OK : E_AGAIN;
}

static int build_contiguous(struct memory *root)
{
    if (root->base == 0) {
        int error = account_take_run(root->object.account, root->pages, &root->search, &root->base);
        if (error != OK) {
            return error;
        }
        root->done_pages = root->pages;
        root->search = 0;
        return E_AGAIN;
    }
    for (unsigned i = 0; i < STEP_ZEROED && root->search < root->pages; i++) {
        arch_zero_page(kernel_pointer(memory_page(root, root->search)));
        root->search++;
    }
    return root->search == root->pages ? OK : E_AGAIN;
}

int memory_build_step(struct memory *memory)
{
    int error = memory->is_contiguous ? build_contiguous(memory) : build_scattered(memory);
    memory->is_building = error != OK;
    return error;
}

/* --- the end -------------------------------------------------------------------------------- */

void memory_let_go(struct memory *memory)
{
    object_unpark(&memory->object);
    object_unpark(&memory->root->object);
}

/* Free the index page behind the last page left, if no page needs it. */
static void drop_empty_index(struct memory *root)
{
    uint64_t number = root->done_pages / MEMORY_INDEX_ENTRIES;
    if (!has_two_levels(root) || root->index == 0 || root->done_pages % MEMORY_INDEX_ENTRIES != 0 ||
        number == MEMORY_INDEX_ENTRIES) {
        return;
    }
    paddr_t *top = kernel_pointer(root->index);
    if (top[number] != 0) {
        account_give_page(root->object.account, top[number]);
        top[number] = 0;
    }
}

bool memory_reap_step(struct object *object)
{
    struct memory *memory = container_of(object, struct memory, object);
    if (!list_is_empty(&memory->mappings) || memory->slice_count != 0 || memory->is_told) {
        object_park(object);
        return false;
    }
    if (memory->root != memory) {
        memory->root->slice_count--;
        object_unpark(&memory->root->object);
        return true;
    }
    list_remove(&memory->in_windows);
    drop_empty_index(memory); /* building may have failed just after it was made */
    for (unsigned i = 0; i < STEP_PAGES && memory->done_pages > 0; i++) {
        memory->done_pages--;
        account_give_page(object->account, memory_page(memory, memory->done_pages));
        drop_empty_index(memory);
    }
    if (memory->done_pages == 0 && memory->index != 0) {
        account_give_page(object->account, memory->index);
    }
    return memory->done_pages == 0;
}

/* --- system calls --------------------------------------------------------------------------- */

/* The empty object, with its owner handle, which progress remembers: it is in the table from the
 * first step on, so that a caller that dies between two steps leaves nothing behind. */
static int begin_memory(struct call *call)
{
    struct handle_table *table = &call->self->task->table;
    struct object *object;
    handle_t handle = HANDLE_NONE;
    if (call_argument(call, 2) > 1) {
        return E_INVALID;
    }
    if (!handle_table_has_room(table, 1)) {
        return E_NO_SLOTS;
    }
    int error = object_create(call_object(call, 0), OBJECT_MEMORY, &object);
    if (error != OK) {
        return error;
    }
    error = memory_init(container_of(object, struct memory, object), call_argument(call, 1),
                        call_argument(call, 2) == 1);
    if (error != OK) {
        object_discard(object);
        return error;
    }
    /* --- committed --- */
    unsigned dma = call->entries[0]->rights & RIGHT_DMA;
    error = handle_insert(table, object, (RIGHTS_ALL & ~RIGHT_DMA) | dma, 0, &handle);
    KASSERT(error == OK);
    call->self->progress = handle;
    return OK;
}

int call_memory_create(struct call *call)
{
    struct handle_entry *entry;
    int error = call->self->progress == 0 ? begin_memory(call) : OK;
    if (error == OK) { /* somebody may have closed it between two steps */
        error = handle_lookup(&call->self->task->table, call->self->progress, OBJECT_MEMORY,
                              RIGHT_MANAGE, &entry);
    }
    if (error != OK) {
        return error;
    }
    struct memory *memory = container_of(entry->object, struct memory, object);
    if (!memory->is_building) {
        return E_BAD_HANDLE; /* another object has the handle now */
    }
    error = memory_build_step(memory);
    if (error == E_AGAIN) {
        return RESTART;
    }
    if (error != OK) {
        handle_close(entry);
    }
    call->value = call->self->progress;
    return error;
}

int call_memory_slice(struct call *call)
{
    struct memory *slice = call->made;
    struct memory *memory = call_object(call, 1);
    uint64_t offset = call_argument(call, 2);
    uint64_t pages = call_argument(call, 3);
    if (memory->is_building || pages == 0) {
        return E_INVALID;
    }
    if (offset > memory->pages || pages > memory->pages - offset) {
        return E_RANGE;
    }
    /* --- committed --- */
    init_root(slice, pages);
    slice->root = memory->root;
    slice->first = memory->first + offset;
    slice->is_device = memory->is_device;
    memory->root->slice_count++;
    call->made_rights = call->entries[1]->rights;
    return OK;
}

static bool overlaps_window(paddr_t base, uint64_t bytes)
{
    LIST_EACH (node, &windows) { /* as many as init minted: the machine's devices */
        const struct memory *window = container_of(node, struct memory, in_windows);
        if (base - window->base < window->pages << PAGE_SHIFT || window->base - base < bytes) {
            return true;
        }
    }
    return false;
}

int call_window_create(struct call *call)
{
    struct memory *window = call->made;
    paddr_t base = call_argument(call, 2);
    uint64_t bytes = call_argument(call, 3);
    if (bytes == 0 || ((base | bytes) & (PAGE_BYTES - 1)) != 0 || base + bytes < base) {
        return E_INVALID;
    }
    if (!machine_may_mint(&boot_machine, base, bytes)) {
        return E_DENIED;
    }
    if (overlaps_window(base, bytes)) {
        return E_EXISTS;
    }
    /* --- committed --- */
    init_root(window, bytes >> PAGE_SHIFT);
    window->base = base;
    window->is_device = true;
    list_append(&windows, &window->in_windows);
    return OK;
}

int call_memory_physical(struct call *call)
{
    struct memory *memory = call_object(call, 0);
    uint64_t page = call_argument(call, 1);
    if (memory->is_building || page >= memory->pages) {
        return E_RANGE;
    }
    memory->root->is_told = !memory->root->is_device && !memory->root->is_boot;
    call->value = memory_page(memory, page);
    return OK;
}

int call_memory_quiet(struct call *call)
{
    struct memory *memory = call_object(call, 0);
    memory->root->is_told = false;
    memory_let_go(memory);
    return OK;
}
