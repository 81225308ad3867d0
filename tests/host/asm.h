/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of the host's CPU, in the order of arch_frame_register [kernel/arch/frame.h].
 */
#pragma once

enum {
    REG_PC,
    REG_SP,
    REG_TP,
    REG_WORD,
    REG_NUMBER = REG_WORD + 8,
    REG_TARGET,
    REG_DEADLINE,
    REG_HANDLE,
    REG_SCRATCH = REG_HANDLE + 2, /* no call keeps them */
    REG_KEPT = REG_SCRATCH + 3,
    FRAME_REGISTERS = REG_KEPT + 4,
    TRAP_REGISTERS = FRAME_REGISTERS,
};
