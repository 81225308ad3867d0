/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One incarnation of a process: from the bundle to its first instruction, and its end.
 *
 * Text and read-only data are mapped from the bundle itself; data is copied into memory that the
 * process's own account pays. Everything of an incarnation is paid by that account, so ending it
 * is closing one handle.
 */
#pragma once

#include <stdint.h>

#include <base/attributes.h>
#include <wherry/startup.h>

#include "system.h"

/*
 * Starts process `index`, of which no incarnation exists. On an error nothing is left of it.
 * E_NOT_FOUND: no such program. E_CORRUPT: its image is. Else what the kernel says.
 */
MUST_CHECK int launch_start(struct system *system, uint32_t index);

/* The same in two steps: everything but the first instruction, and that. After an error of the
 * second it is to be ended. */
MUST_CHECK int launch_make(struct system *system, uint32_t index);
MUST_CHECK int launch_run(struct process *process);

/* The start-up page of a process that was made and does not run, for a moment. */
MUST_CHECK int launch_open_page(const struct process *process, struct startup **page);
void launch_close_page(void);

/* Ends the incarnation, if there is one. Takes at most as long as freeing its pages. */
void launch_end(struct process *process);

/* The most stack bytes it ever used, and how many it has; 0 and 0 when it does not run. */
void launch_measure_stack(const struct process *process, uint32_t *used, uint32_t *all);
