/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of this program.
 */
#pragma once

#include <base/attributes.h>

/* The status of a program that abort() ended: no exit status, which is 8 bits, is the same. */
enum { PROCESS_ABORTED = 0x100 + 6 };

/* Writes out what is left of a line, tells init the status and never returns. */
NO_RETURN void process_exit(int status);

/*
 * A server counts as up when it listens: once process_listens was called, the next wait, whatever
 * it is for, calls process_waits, which tells init so. Later ones say nothing; init does not mind a
 * word from others.
 */
void process_listens(void);
void process_waits(void);

/* Stops by a fault, so that the supervisor sees where. For a bug of our own. */
NO_RETURN void process_crash(void);
