/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounts: budgets of pages, and the slabs that kernel objects live in.
 *
 * A child's limit is taken from its parent's budget when it is made and given back when it dies.
 * Small things come from slab pages of the paying account: size classes of 64 to 1,024 bytes, one
 * class a page, the page given back when its last slot is freed.
 *
 * I1  used <= limit, always.
 * I2  used = own pages + the limits of live children.
 */
#pragma once

#include "object.h"

enum {
    SLAB_CLASSES = 5, /* 64, 128, 256, 512, 1,024 */
    SLAB_BYTES_MAX = 1024,
    ACCOUNT_DEPTH_MAX = 8,
};

struct account {
    struct object object; /* object.account is the parent; NULL for the root */
    uint64_t limit_pages;
    uint64_t used_pages;
    uint64_t object_count; /* that it pays for, dying ones included */
    uint64_t parked_count; /* of these, parked */
    uint32_t depth;
    struct list_node objects;               /* object.in_account */
    struct list_node partial[SLAB_CLASSES]; /* slab pages with a free slot */
};

/* The account of everything the kernel leaves at boot. Set up before any object. */
extern struct account account_root;
void account_root_init(uint64_t pages);

/* Move `pages` from the account that pays for the new one. E_INVALID (0 pages), E_NO_MEMORY,
 * E_LIMIT (depth). */
int account_init(struct account *account, uint64_t pages);

/* One zeroed page, charged. E_NO_MEMORY. */
int account_take_page(struct account *account, paddr_t *page);
void account_give_page(struct account *account, paddr_t page);

/* A run of pages, not zeroed, charged. E_NO_MEMORY, E_AGAIN [page_alloc_run]. */
COLD int account_take_run(struct account *account, uint64_t pages, uint64_t *from, paddr_t *base);

/* Charge or refund pages that are allocated elsewhere. E_NO_MEMORY. */
int account_charge(struct account *account, uint64_t pages);
void account_refund(struct account *account, uint64_t pages);

/* `bytes` (<= SLAB_BYTES_MAX) of zeroed kernel memory, charged. E_NO_MEMORY. */
int account_take_slot(struct account *account, size_t bytes, void **slot);
void account_give_slot(struct account *account, void *slot, size_t bytes);

/* Reaper: one step of ending `account`; true when everything it paid for is gone. Parks it when
 * only parked objects are left. */
bool account_reap_step(struct object *object);
