/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that other processes have started: made, given their words, run, waited for.
 *
 * What a child is, the manifest says; its parent says when, and with which words. A child takes the
 * place of its row from INIT_SPAWN until its parent has learnt its end, or has ended itself.
 */
#pragma once

#include <stdint.h>

#include <base/attributes.h>

#include "system.h"

/* INIT_SPAWN, INIT_SPAWN_TEXT, INIT_SPAWN_START and INIT_WAIT of process `parent`, as proto/init.h
 * has them: the status. */
MUST_CHECK int64_t children_make(struct system *system, uint32_t parent, uint64_t words[IPC_WORDS]);
MUST_CHECK int64_t children_add_text(struct system *system, uint32_t parent,
                                     const uint64_t words[IPC_WORDS]);
MUST_CHECK int64_t children_start(struct system *system, uint32_t parent,
                                  const uint64_t words[IPC_WORDS]);
MUST_CHECK int64_t children_wait(struct system *system, uint32_t parent, uint64_t words[IPC_WORDS]);

/* A child of which no incarnation is left waits for its parent to learn how it ended. */
void children_keep_end(struct system *system, uint32_t index);

/* Whether it is a child whose parent runs no more. */
bool children_is_orphan(const struct system *system, uint32_t index);

/* Nobody has it: its place is free. Its incarnation is ended. */
void children_forget(struct process *child);
