/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and macros of the assembly files. trap.c asserts that every number here is the C one.
 */
#pragma once

#include "memlayout.h"
#include "offsets.h"

/* Register n of a thread's frame; 0 is the program counter [cpu.h]. */
#define FRAME_X(n) (THREAD_FRAME + 8 * (n))
/* Register n of struct kernel_trap [riscv.h], and what stands behind the registers. */
#define TRAP_X(n)   (8 * (n))
#define TRAP_CAUSE  (8 * 32)
#define TRAP_VALUE  (8 * 33)
#define TRAP_STATUS (8 * 34)

#define CALL_CALL         0 /* enum sysno */
#define CALL_REPLY_WAIT   1
#define CALL_NULL         2
#define CALL_SIGNAL       3
#define TYPE_NOTIFICATION 5  /* enum object_type */
#define RIGHTS_WRITE      2  /* RIGHT_WRITE, in the first byte of the rights */
#define HANDLE_BITS       12 /* HANDLE_INDEX_BITS */

#define CAUSE_USER_CALL 8 /* [RISC-V priv §4.1.8] */
#define CAUSE_TIMER     5 /* with the interrupt bit, the sign */
#define STATUS_SPP      (1 << 8)
#define STATUS_FS       (3 << 13)

#define STACK_BYTES       16384
#define PANIC_STACK_BYTES 8192

#ifdef __ASSEMBLER__
/* clang-format off */

/* s0-s11, sp, gp, tp: what every call keeps. */
.macro save_kept thread
    .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 2, 3, 4
    sd      x\n, FRAME_X(\n)(\thread)
    .endr
.endm

.macro restore_kept thread
    .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 2, 3, 4
    ld      x\n, FRAME_X(\n)(\thread)
    .endr
.endm

/* This CPU's struct cpu and the thread it runs. One CPU today: with more, each gets a trap entry
 * of its own, and the pointer is a constant of that. */
.macro this_cpu cpu, thread
    lla     \cpu, boot_cpu
    ld      \thread, CPU_CURRENT(\cpu)
.endm

#endif
