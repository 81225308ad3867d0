/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include "arch/arch.h"
#include "calls.h"
#include "page.h"
#include "print.h"
#include <base/mem.h>

/* The first slot of a slab page. */
struct slab {
    struct list_node link; /* account->partial while a slot is free */
    void *first_free;      /* chained through the first word of free slots */
    uint32_t used;
    uint32_t class;
};

enum { SLAB_HEADER_BYTES = 64 };
static_assert(sizeof(struct slab) <= SLAB_HEADER_BYTES, "the header takes one small slot");

struct account account_root;

static void open_account(struct account *account, uint64_t pages)
{
    account->limit_pages = pages;
    list_init(&account->objects);
    for (unsigned class = 0; class < SLAB_CLASSES; class ++) {
        list_init(&account->partial[class]);
    }
}

void account_root_init(uint64_t pages)
{
    account_root.object.type = OBJECT_ACCOUNT;
    list_init(&account_root.object.handles);
    list_init(&account_root.object.in_account);
    open_account(&account_root, pages);
}

int account_init(struct account *account, uint64_t pages)
{
    struct account *parent = account->object.account;
    if (pages == 0) {
        return E_INVALID;
    }
    if (parent->depth + 1 >= ACCOUNT_DEPTH_MAX) {
        return E_LIMIT;
    }
    int error = account_charge(parent, pages);
    if (error == OK) {
        account->depth = parent->depth + 1;
        open_account(account, pages);
    }
    return error;
}

int call_account_create(struct call *call)
{
    return account_init(call->made, call_argument(call, 1));
}

int account_charge(struct account *account, uint64_t pages)
{
    if (pages > account->limit_pages - account->used_pages) { /* I1 */
        return E_NO_MEMORY;
    }
    account->used_pages += pages;
    return OK;
}

void account_refund(struct account *account, uint64_t pages)
{
    KASSERT(pages <= account->used_pages);
    account->used_pages -= pages;
}

int account_take_page(struct account *account, paddr_t *page)
{
    int error = account_charge(account, 1);
    if (error != OK) {
        return error;
    }
    *page = page_alloc();
    KASSERT(*page != 0); /* limits never exceed what the allocator holds */
    arch_zero_page(kernel_pointer(*page));
    return OK;
}

int account_take_run(struct account *account, uint64_t pages, uint64_t *from, paddr_t *base)
{
    int error = account_charge(account, pages);
    if (error != OK) {
        return error;
    }
    error = page_alloc_run(pages, from, base);
    if (error != OK) {
        account_refund(account, pages);
    }
    return error;
}

void account_give_page(struct account *account, paddr_t page)
{
    page_free(page);
    account_refund(account, 1);
}

/* --- slabs ---------------------------------------------------------------------------------- */

static unsigned class_of(size_t bytes)
{
    unsigned class = 0;
    while ((64u << class) < bytes) {
        class ++;
    }
    return class;
}

static struct slab *slab_of(void *slot)
{
    return (struct slab *)((uintptr_t)slot & ~(uintptr_t)(PAGE_BYTES - 1));
}

static int add_slab(struct account *account, unsigned class)
{
    paddr_t page;
    int error = account_take_page(account, &page);
    if (error != OK) {
        return error;
    }
    char *start = kernel_pointer(page);
    size_t bytes = 64u << class; /* >= SLAB_HEADER_BYTES */
    struct slab *slab = (struct slab *)start;
    slab->class = class;
    for (size_t at = bytes; at + bytes <= PAGE_BYTES; at += bytes) {
        *(void **)(start + at) = slab->first_free;
        slab->first_free = start + at;
    }
    list_append(&account->partial[class], &slab->link);
    return OK;
}

int account_take_slot(struct account *account, size_t bytes, void **slot)
{
    KASSERT(bytes <= SLAB_BYTES_MAX);
    unsigned class = class_of(bytes);
    int error = list_is_empty(&account->partial[class]) ? add_slab(account, class) : OK;
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    struct slab *slab = container_of(list_first(&account->partial[class]), struct slab, link);
    void *taken = slab->first_free;
    slab->first_free = *(void **)taken;
    slab->used++;
    if (slab->first_free == NULL) {
        list_remove(&slab->link);
    }
    memset(taken, 0, 64u << class);
    *slot = taken;
    return OK;
}

void account_give_slot(struct account *account, void *slot, size_t bytes)
{
    struct slab *slab = slab_of(slot);
    KASSERT(slab->class == class_of(bytes) && slab->used > 0);
    if (slab->first_free == NULL) {
        list_append(&account->partial[slab->class], &slab->link);
    }
    *(void **)slot = slab->first_free;
    slab->first_free = slot;
    if (--slab->used == 0) {
        list_remove(&slab->link);
        account_give_page(account, kernel_physical(slab));
    }
}

/* --- the end -------------------------------------------------------------------------------- */

bool account_reap_step(struct object *object)
{
    struct account *account = container_of(object, struct account, object);
    for (unsigned i = 0; i < STEP_HANDLES && !list_is_empty(&account->objects); i++) {
        object_destroy(container_of(list_first(&account->objects), struct object, in_account));
    }
    if (account->object_count != account->parked_count) {
        return false; /* the others are on the reap list too */
    }
    account_refund(object->account, account->limit_pages - account->used_pages);
    account->limit_pages = account->used_pages;
    if (account->parked_count != 0) {
        object_park(object);
        return false;
    }
    return true;
}
