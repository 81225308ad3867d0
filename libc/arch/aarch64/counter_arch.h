/* SPDX-License-Identifier: BSD-2-Clause */
/* The counter of aarch64: CNTVCT_EL0, not read ahead of what comes before [Arm ARM D12.2]. */
#pragma once

#include <abi/types.h>

static inline ticks_t counter_read(void)
{
    ticks_t now;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(now)::"memory");
    return now;
}
