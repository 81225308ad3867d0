/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include "arch/arch.h"
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
static_assert(sizeof(struct account) <= SLAB_BYTES_MAX, "accounts are slab objects");

static struct account root;

struct account *account_root(void)
{
    return &root;
}

static void account_init(struct account *account, uint64_t pages)
{
    account->limit_pages = pages;
    list_init(&account->objects);
    for (unsigned class = 0; class < SLAB_CLASSES; class ++) {
        list_init(&account->partial[class]);
    }
}

void account_root_init(uint64_t pages)
{
    root.object.type = OBJECT_ACCOUNT;
    root.object.bytes = sizeof(root);
    list_init(&root.object.handles);
    list_init(&root.object.in_account);
    account_init(&root, pages);
}

int account_create(struct account *parent, uint64_t pages, struct account **account)
{
    if (pages == 0) {
        return E_INVALID;
    }
    if (parent->depth + 1 >= ACCOUNT_DEPTH_MAX) {
        return E_LIMIT;
    }
    int error = account_charge(parent, pages);
    if (error != OK) {
        return error;
    }
    struct object *object;
    error = object_create(parent, OBJECT_ACCOUNT, sizeof(struct account), &object);
    if (error != OK) {
        account_refund(parent, pages);
        return error;
    }
    /* --- committed --- */
    *account = container_of(object, struct account, object);
    (*account)->depth = parent->depth + 1;
    account_init(*account, pages);
    return OK;
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

static int slab_create(struct account *account, unsigned class, struct slab **slab)
{
    paddr_t page;
    int error = account_take_page(account, &page);
    if (error != OK) {
        return error;
    }
    char *start = kernel_pointer(page);
    size_t bytes = 64u << class;
    struct slab *made = (struct slab *)start;
    made->class = class;
    size_t first = bytes > SLAB_HEADER_BYTES ? bytes : SLAB_HEADER_BYTES;
    for (size_t at = first; at + bytes <= PAGE_BYTES; at += bytes) {
        *(void **)(start + at) = made->first_free;
        made->first_free = start + at;
    }
    list_append(&account->partial[class], &made->link);
    *slab = made;
    return OK;
}

int account_take_slot(struct account *account, size_t bytes, void **slot)
{
    KASSERT(bytes <= SLAB_BYTES_MAX);
    unsigned class = class_of(bytes);
    struct list_node *node = list_first(&account->partial[class]);
    struct slab *slab;
    int error = OK;
    if (node == NULL) {
        error = slab_create(account, class, &slab);
    } else {
        slab = container_of(node, struct slab, link);
    }
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
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

bool account_reap_step(struct account *account)
{
    for (unsigned i = 0; i < STEP_HANDLES; i++) {
        struct list_node *node = list_first(&account->objects);
        if (node == NULL) {
            break;
        }
        object_destroy(container_of(node, struct object, in_account));
    }
    if (account->object_count != account->parked_count) {
        return false; /* the others are on the reap list too */
    }
    account_refund(account->object.account, account->limit_pages - account->used_pages);
    account->limit_pages = account->used_pages;
    if (account->parked_count != 0) {
        object_park(&account->object);
        return false;
    }
    return true;
}
