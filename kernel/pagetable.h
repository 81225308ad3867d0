/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: the kernel's own map, and the user half of every space.
 *
 * Three levels of 512 entries on every CPU; arch_entry_* know what an entry looks like. Tables are
 * read and written through the linear map. Each call but pagetable_map_kernel takes bounded time.
 *
 * I1  No page is writable and executable, in the kernel's map or through pagetable_map's callers.
 * I2  Kernel pages are global and not for user mode; user pages are neither global nor executable
 *     by the kernel.
 * I3  A valid entry is only ever made invalid and the reverse, never changed into another
 *     [Arm ARM D8.14.1].
 */
#pragma once

#include "machine.h"
#include <base/attributes.h>

struct account;

/* Build the kernel's map over all RAM of `machine` and the devices it keeps, and switch to it.
 * Its tables are the root account's. Panics without memory, or where a device lies in RAM. */
void pagetable_map_kernel(const struct machine *machine);

/* Map one page with `flags` of enum page_flag. Missing tables are paid by `account`. OK, E_EXISTS
 * (a page is there already), E_NO_MEMORY (nothing was mapped; tables made on the way stay and are
 * freed with the space). */
MUST_CHECK int pagetable_map(paddr_t root, vaddr_t vaddr, paddr_t paddr, unsigned flags,
                             struct account *account);

/* Unmap the page, if there is one, and make its translation for `asid` unusable. */
void pagetable_unmap(paddr_t root, vaddr_t vaddr, unsigned asid);

/* Free the next up to `limit` tables below `root` (never the root), paid by `account`. Every page
 * is unmapped already. Returns how many were freed; fewer than `limit` means none is left. */
COLD unsigned pagetable_free_tables(paddr_t root, unsigned limit, struct account *account);
