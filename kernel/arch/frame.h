/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CPU's registers hold in a call, by the numbers of its asm.h [abi/ipc.h].
 */
#pragma once

#include "asm.h"
#include <abi/types.h>
#include <stdint.h>

/* User registers. */
struct frame {
    uint64_t x[FRAME_REGISTERS];
};

/* A trap taken in the kernel. */
struct kernel_trap {
    uint64_t x[TRAP_REGISTERS];
};

extern const char arch_trap_names[TRAP_REGISTERS][8];

/* A call instruction takes four bytes on every CPU. */
static inline void arch_frame_restart_call(struct frame *frame)
{
    frame->x[REG_PC] -= 4;
}

static inline void arch_frame_result(struct frame *frame, int64_t status, uint64_t value)
{
    frame->x[REG_WORD] = (uint64_t)status;
    frame->x[REG_WORD + 1] = value;
}
