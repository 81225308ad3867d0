/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ppoll and pselect over every kind of open file. There are no signals, so no mask matters.
 */
#pragma once

#include <poll.h>
#include <sys/select.h>
#include <time.h>

#include <abi/types.h>
#include <base/attributes.h>

/* As the calls of that name; `time_out` NULL waits for ever, zero does not wait. */
MUST_CHECK long polling_poll(struct pollfd *entries, nfds_t count, const struct timespec *time_out);
/* poll(); the deadline is 0, a point in time or FOREVER. */
MUST_CHECK long polling_wait(struct pollfd *entries, nfds_t count, ticks_t deadline);

MUST_CHECK long polling_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                               const struct timespec *time_out);
