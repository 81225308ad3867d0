/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the C and the assembly of this CPU share, and macros of the latter.
 */
#pragma once

#include "memlayout.h"

/* struct frame and the first part of struct kernel_trap: register n; 0 is the program counter. */
#define REG_PC          0
#define REG_RA          1
#define REG_SP          2
#define REG_TP          4
#define REG_NUMBER      5 /* t0-t2 */
#define REG_TARGET      6
#define REG_DEADLINE    7
#define REG_FP          8
#define REG_WORD        10 /* a0-a7 */
#define REG_HANDLE      28 /* t3, t4 */
#define FRAME_REGISTERS 32
#define FRAME_RECORD    (-16) /* from the frame pointer to: the caller's, the return address */
#define TRAP_CAUSE      32
#define TRAP_ADDRESS    33
#define TRAP_STATUS     34
#define TRAP_REGISTERS  35

#define FRAME_X(n) (THREAD_FRAME + 8 * (n))
#define TRAP_X(n)  (8 * (n))

#define CAUSE_USER_CALL 8 /* [RISC-V priv §4.1.8] */
#define CAUSE_TIMER_ONLY 4 /* set in the timer interrupt, 5, and clear in that of a device, 9 */
#define STATUS_SPP      (1 << 8)
#define STATUS_FS       (3 << 13)

#ifdef __ASSEMBLER__
#include "offsets.h"
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
