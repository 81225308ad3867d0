/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from a trap to the object files, and the counters that only the whole kernel has.
 */
#pragma once

#include "thread.h"

/* Events without an object of their own; object_info shows them [INFO_SYSTEM_*]. */
struct syscall_counters {
    uint64_t fast_calls_missed;
    uint64_t replies_dropped;
    uint64_t irqs_spurious;
};

extern struct syscall_counters syscall_counters;
