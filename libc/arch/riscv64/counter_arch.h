/* SPDX-License-Identifier: BSD-2-Clause */
/* The counter of riscv64: time [RISC-V unpriv, Zicntr]. */
#pragma once

#include <abi/types.h>

static inline ticks_t counter_read(void)
{
    ticks_t now;
    __asm__ volatile("rdtime %0" : "=r"(now));
    return now;
}
