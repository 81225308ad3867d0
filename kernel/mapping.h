/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings: which pages of which memory object a task sees where.
 *
 * Records and page tables are paid by the account of the task that is mapped into. Writable and
 * executable never together. A device window is mapped by one task at a time, never executable,
 * always device memory.
 */
#pragma once

#include "handle.h"
#include "memory.h"
#include "task.h"

struct mapping {
    struct list_node in_memory;
    struct list_node in_task;
    struct task *task;
    struct memory *memory;
    vaddr_t vaddr;
    uint64_t pages;
    uint64_t offset;     /* first page, in memory */
    uint64_t done_pages; /* mapped so far */
    uint64_t badge;      /* of the handle it was made through */
    uint64_t rights;     /* <= MAP_RIGHTS */
    bool is_owners; /* made through the owner handle: revoke leaves it */
    bool is_ending; /* being unmapped: cannot be finished, nor found */
};

/* Begin to map, through the handle, what `wanted` says of task, place and rights. E_INVALID,
 * E_RANGE, E_NO_RIGHT, E_DENIED, E_BUSY, E_LIMIT, E_EXISTS, E_NO_MEMORY, in this order. */
int mapping_create(const struct handle_entry *entry, const struct mapping *wanted,
                   struct mapping **mapping);

/* One bounded step: E_AGAIN, OK (complete), E_NO_MEMORY, E_EXISTS (end it then). */
int mapping_build_step(struct mapping *mapping);

/* One bounded step of its end; true when it is gone. */
bool mapping_unmap_step(struct mapping *mapping);

/* One step of ending all that `badge` (or anybody but the owner, BADGE_ALL) has mapped of it;
 * true when nothing is left. */
bool mapping_revoke_step(struct memory *memory, uint64_t badge);

/* Reaper: one step of ending all mappings of a task. */
bool mapping_reap_step(struct task *task);
