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

static inline uint64_t *arch_frame_word(struct frame *frame, unsigned index)
{
    return &frame->x[REG_WORD + index];
}

static inline uint64_t arch_frame_number(const struct frame *frame)
{
    return frame->x[REG_NUMBER];
}

static inline uint64_t arch_frame_target(const struct frame *frame)
{
    return frame->x[REG_TARGET];
}

static inline ticks_t arch_frame_deadline(const struct frame *frame)
{
    return frame->x[REG_DEADLINE];
}

static inline uint64_t *arch_frame_handles(struct frame *frame, unsigned index)
{
    return &frame->x[REG_HANDLE + index];
}

static inline void arch_frame_set_ipc(struct frame *frame, int64_t status, uint64_t badge,
                                      uint64_t bits)
{
    frame->x[REG_NUMBER] = (uint64_t)status;
    frame->x[REG_TARGET] = badge;
    frame->x[REG_DEADLINE] = bits;
}

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
