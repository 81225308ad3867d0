/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: an address space and a handle table.
 *
 * Threads of a task are paid by some account of their own; they end with the task, or with that
 * account. ASIDs are handed out in generations [asid_*]: when the CPU's numbers are used up, all
 * translations are flushed and every task takes a new number when it next runs.
 */
#pragma once

#include "handle.h"

struct task {
    struct object object;
    struct handle_table table;
    paddr_t root;              /* of the page table */
    uint64_t asid;             /* generation << 16 | number; stale when the generation is */
    struct list_node threads;  /* thread.in_task */
    struct list_node mappings; /* mapping.in_task */
    struct list_node in_all;   /* every task, for a new ASID generation */
    uint32_t mapping_count;
    uint32_t table_pages;
    uint64_t mapped_pages;
};

enum { TASKS_MAX = 256, MAPPINGS_PER_TASK_MAX = 256 };

/* An empty table, and a space with the facts page. E_INVALID (slots outside HANDLE_SLOTS_MIN..MAX),
 * E_NO_MEMORY, E_LIMIT. E_AGAIN: call again with the same *search, 0 at first. */
int task_init(struct task *task, uint64_t handle_slots, uint64_t *search);

/* The switch register of `task` with a current ASID; takes a new one when stale. */
uint64_t task_space(struct task *task);

/* The page-table ASID for flushes, or 0 when the task has none now (nothing is cached then). */
unsigned task_asid(const struct task *task);

/* Reaper: threads end first, then handles (owner handles with their objects), mappings, tables. */
bool task_reap_step(struct object *object);
