/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that the kernel's headers promise about its data, looked up in the data. Each check
 * ends the process when a promise is broken, with the promise's place in check.c.
 */
#pragma once

#include "thread.h"

/* All invariants of account.h, object.h, handle.h, thread.h, endpoint.h, notification.h, memory.h,
 * mapping.h, irq.h, sched.h and task.h, as they hold between two ways into the kernel. */
void check_kernel(void);

/* What must hold besides when `thread` goes on in user mode. */
void check_resumed(const struct thread *thread);

/* Dying objects that the reaper could take now [object.h I2]. */
unsigned check_count_reapable(void);
