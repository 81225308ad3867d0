/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every (call, error) pair of the table has a function provoke_CALL_ERROR that makes the kernel
 * answer so, and returns the status it saw. A pair without one does not link.
 */
#pragma once

#include "actors.h"

#define PROVOKE_PROTOTYPE(name, error) int64_t provoke_##name##_##error(void);
SYSCALL_ERRORS(PROVOKE_PROTOTYPE)
#undef PROVOKE_PROTOTYPE

enum { NO_HANDLE = 0x7ff000 + 5 }; /* of a generation that no table has reached */

/* One object of each type, made for the duration of the group; the owner's handle. */
handle_t sample(enum object_type type);

/* A copy of a sample without any right; close it. */
handle_t powerless(enum object_type type);

/* call and reply_wait with no words; their status. */
int64_t try_call(handle_t endpoint, ticks_t deadline);
int64_t try_receive(handle_t endpoint, ticks_t deadline);

/* Fills this task's handle table, runs `call`, empties it again. */
int64_t with_full_table(int64_t (*call)(void));

/* An account with so few pages that the next object does not fit, from `slack` on; close it. */
handle_t poor_account(uint64_t pages);
