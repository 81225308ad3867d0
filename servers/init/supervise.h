/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of every process: started, up, ended, faulted, hung, started again; and the lines that
 * say so.
 *
 *     init: start X                     init: up X                  init: done X
 *     init: X not started: REASON       init: X ended with code N   init: X faulted: ...
 *     init: X hangs                     init: restart X in N ms     init: X given up
 *     nothing of a child [children.h] but its faults and hangs
 *     init: nobody shows the lines of processes    the one that does is given up or not started
 *     init: ready                       every process that was started is up, done or given up;
 *                                       then those start that come last
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

#include "system.h"

/* Starts every process but init, in the order of the manifest; those that come last when ready. */
void supervise_start_all(struct system *system);

/* Process `index` says that it serves from now on. */
void supervise_up(struct system *system, uint32_t index);

/* Process `index` says that it ends. */
void supervise_exit(struct system *system, uint32_t index, int64_t code);

/* Ends process `index`, which then starts again as after a death. E_STATE: not one that does. */
MUST_CHECK int supervise_restart(struct system *system, uint32_t index);

/* A thread of process `index` faulted; `words` as abi/ipc.h. */
void supervise_fault(struct system *system, uint32_t index, const uint64_t words[IPC_WORDS]);

/* Does what is due at `now`: signs of life, restarts, power. Gives the next point in time. */
ticks_t supervise_tick(struct system *system, ticks_t now);
