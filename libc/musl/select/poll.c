/* SPDX-License-Identifier: BSD-2-Clause */
/* poll() in place of musl's, which makes a timespec that would only be taken apart again. */
#include <poll.h>

#include <wherry/time.h>

#include "personality.h"
#include "polling.h"

int poll(struct pollfd *entries, nfds_t count, int time_out_ms)
{
    ticks_t deadline = time_out_ms < 0
                           ? DEADLINE_FOREVER
                           : personality_deadline((uint64_t)time_out_ms * NS_PER_MS);
    return (int)personality_result(polling_wait(entries, count, deadline));
}
