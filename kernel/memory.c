/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include "account.h"
#include "arch/arch.h"
#include "machine.h"
#include "page.h"
#include "print.h"

static_assert(sizeof(struct memory) <= SLAB_BYTES_MAX, "memory objects are slab objects");

static struct list_node windows = {&windows, &windows};

static int create(struct account *account, uint64_t pages, struct memory **memory)
{
    struct object *object;
    int error = object_create(account, OBJECT_MEMORY, sizeof(struct memory), &object);
    if (error != OK) {
        return error;
    }
    struct memory *made = container_of(object, struct memory, object);
    made->root = made;
    made->pages = pages;
    list_init(&made->mappings);
    list_init(&made->in_windows);
    *memory = made;
    return OK;
}

int memory_create(struct account *account, uint64_t pages, bool is_contiguous,
                  struct memory **memory)
{
    uint64_t limit = is_contiguous ? (uint64_t)PAGE_RUN_MAX : MEMORY_PAGES_MAX;
    if (pages == 0 || pages > limit) {
        return E_INVALID;
    }
    if (pages > account->limit_pages - account->used_pages) {
        return E_NO_MEMORY; /* now, not after minutes of zeroing */
    }
    int error = create(account, pages, memory);
    if (error != OK) {
        return error;
    }
    (*memory)->is_contiguous = is_contiguous || pages == 1;
    (*memory)->is_building = true;
    return OK;
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

static int find_run(struct memory *root)
{
    int error = account_charge(root->object.account, root->pages);
    if (error != OK) {
        return error;
    }
    error = page_alloc_run(root->pages, &root->search, &root->base);
    if (error != OK) {
        account_refund(root->object.account, root->pages);
        return error;
    }
    return E_AGAIN;
}

static int build_contiguous(struct memory *root)
{
    if (root->base == 0) {
        return find_run(root);
    }
    for (unsigned i = 0; i < STEP_ZEROED && root->done_pages < root->pages; i++) {
        arch_zero_page(kernel_pointer(root->base + (root->done_pages << PAGE_SHIFT)));
        root->done_pages++;
    }
    return root->done_pages == root->pages ? OK : E_AGAIN;
}

int memory_build_step(struct memory *memory)
{
    int error = memory->is_contiguous ? build_contiguous(memory) : build_scattered(memory);
    memory->is_building = error != OK;
    return error;
}

/* --- slices, windows, boot pages ------------------------------------------------------------ */

int memory_create_slice(struct account *account, struct memory *memory, uint64_t offset,
                        uint64_t pages, struct memory **slice)
{
    if (pages == 0) {
        return E_INVALID;
    }
    if (offset > memory->pages || pages > memory->pages - offset) {
        return E_RANGE;
    }
    int error = create(account, pages, slice);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    (*slice)->root = memory->root;
    (*slice)->first = memory->first + offset;
    (*slice)->is_device = memory->is_device;
    memory->root->slice_count++;
    return OK;
}

static bool overlaps_window(paddr_t base, uint64_t bytes)
{
    for (struct list_node *node = list_first(&windows); node != NULL;
         node = list_next(&windows, node)) { /* as many as init minted: the machine's devices */
        const struct memory *window = container_of(node, struct memory, in_windows);
        if (base - window->base < window->pages << PAGE_SHIFT || window->base - base < bytes) {
            return true;
        }
    }
    return false;
}

int memory_create_window(struct account *account, paddr_t base, uint64_t bytes,
                         struct memory **memory)
{
    if (bytes == 0 || ((base | bytes) & (PAGE_BYTES - 1)) != 0 || base + bytes < base) {
        return E_INVALID;
    }
    if (!machine_may_mint(&boot_machine, base, bytes)) {
        return E_DENIED;
    }
    if (overlaps_window(base, bytes)) {
        return E_EXISTS;
    }
    int error = create(account, bytes >> PAGE_SHIFT, memory);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    (*memory)->base = base;
    (*memory)->is_contiguous = true;
    (*memory)->is_device = true;
    list_append(&windows, &(*memory)->in_windows);
    return OK;
}

int memory_create_boot(struct account *account, paddr_t base, uint64_t pages,
                       struct memory **memory)
{
    int error = create(account, pages, memory);
    if (error != OK) {
        return error;
    }
    (*memory)->base = base;
    (*memory)->is_contiguous = true;
    (*memory)->is_boot = true;
    return OK;
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

static bool free_scattered_step(struct memory *root)
{
    struct account *account = root->object.account;
    drop_empty_index(root); /* building may have failed just after it was made */
    for (unsigned i = 0; i < STEP_PAGES && root->done_pages > 0; i++) {
        root->done_pages--;
        account_give_page(account, *index_slot(root, root->done_pages));
        drop_empty_index(root);
    }
    if (root->done_pages > 0) {
        return false;
    }
    if (root->index != 0) {
        account_give_page(account, root->index);
    }
    return true;
}

static bool free_contiguous_step(struct memory *root)
{
    if (root->base == 0) {
        return true;
    }
    for (unsigned i = 0; i < STEP_PAGES && root->pages > 0; i++) { /* found whole, so freed whole */
        root->pages--;
        account_give_page(root->object.account, root->base + (root->pages << PAGE_SHIFT));
    }
    return root->pages == 0;
}

static bool free_root_step(struct memory *root)
{
    if (root->is_device || root->is_boot) {
        list_remove(&root->in_windows);
        return true;
    }
    return root->is_contiguous ? free_contiguous_step(root) : free_scattered_step(root);
}

bool memory_reap_step(struct memory *memory)
{
    if (!list_is_empty(&memory->mappings) || memory->slice_count != 0 || memory->is_told) {
        object_park(&memory->object);
        return false;
    }
    if (memory->root == memory) {
        return free_root_step(memory);
    }
    memory->root->slice_count--;
    object_unpark(&memory->root->object);
    return true;
}
