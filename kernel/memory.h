/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects: RAM, device windows, slices of either.
 *
 * A root owns pages; a slice names a run of a root's. Nothing shrinks. A root's pages are freed
 * when owner, handles, slices and mappings are gone and, if a physical address was ever told,
 * the device was declared quiet; until then they stay charged [object.h, parking].
 *
 * I1  is_building: not all of `pages` are there and zeroed; nothing maps, slices or tells it.
 */
#pragma once

#include "object.h"

struct task;

enum {
    MEMORY_INDEX_ENTRIES = PAGE_BYTES / 8,
    MEMORY_PAGES_MAX = MEMORY_INDEX_ENTRIES * MEMORY_INDEX_ENTRIES,
    MEMORY_MAPPINGS_MAX = 256, /* of one memory object */
};

struct memory {
    struct object object;
    struct memory *root; /* itself for a root */
    uint64_t first;      /* slice: its first page in the root */
    uint64_t pages;
    paddr_t base;                /* contiguous root: first page, 0 until found */
    paddr_t index;               /* scattered root: page of page addresses, or of such pages */
    uint64_t done_pages;         /* taken so far; at the end, still to free */
    uint64_t search;             /* contiguous: where the search goes on, then pages zeroed */
    struct list_node mappings;   /* mapping.in_memory */
    struct list_node in_windows; /* device roots */
    uint32_t mapping_count;
    uint32_t slice_count;
    uint32_t writable; /* root: mappings that write, and that execute: never both */
    uint32_t executable;
    struct task *holder; /* device root: the task that has it mapped */
    uint32_t holder_mappings;
    bool is_contiguous;
    bool is_building;
    bool is_device;
    bool is_boot; /* never freed: bundle, device tree */
    bool is_told; /* root: a physical address left the kernel */
};

/* A root of RAM, without its pages yet. E_INVALID (size), E_NO_MEMORY. */
int memory_init(struct memory *memory, uint64_t pages, bool is_contiguous);

/* One bounded step of filling it: E_AGAIN (call again), OK (complete), E_NO_MEMORY. */
int memory_build_step(struct memory *memory);

/* A root of pages that are there since boot. */
void memory_init_boot(struct memory *memory, paddr_t base, uint64_t pages);

/* Physical address of page `number` (< pages) of a complete object. */
paddr_t memory_page(const struct memory *memory, uint64_t number);

/* A mapping of it is gone, or its device is quiet: free it if that was all that held it. */
void memory_let_go(struct memory *memory);

bool memory_reap_step(struct object *object);
