/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RAM of the host's kernel, and a ledger of who has what of it.
 *
 * The ledger stands between the kernel and its own allocators (the linker's --wrap): free pages and
 * free slots are poisoned, so that the sanitizer sees every use after free, and every object and
 * slot alive is known to the checker.
 */
#pragma once

#include "account.h"

enum { FAKE_PAGES = 2048, FAKE_SLOTS_MAX = 4096 };

struct fake_slot {
    void *at;
    size_t bytes;
    struct account *account;
    bool is_object;
};

struct fake_ledger {
    struct fake_slot slots[FAKE_SLOTS_MAX];
    unsigned slot_count;
    uint64_t pages_taken;
    bool is_taken[FAKE_PAGES];
};

extern struct fake_ledger fake_ledger;

/* RAM of `pages`, all free. */
void fake_memory_init(uint64_t pages);
paddr_t fake_ram_base(void);

/* Whether the page belongs to the allocator; false outside RAM. */
bool fake_page_is_free(paddr_t page);
