/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the C and the assembly of this CPU share.
 */
#pragma once

/* struct frame: x0-x30, then */
#define REG_SP          31
#define REG_PC          32
#define REG_TP          33 /* TPIDR_EL0 */
#define REG_PSTATE      34 /* always EL0t, nothing masked: user mode writes no more than flags */
#define REG_ZERO        35 /* two zeros, never written: one ldp clears two registers */
#define FRAME_REGISTERS 37

#define REG_WORD     0
#define REG_NUMBER   8
#define REG_TARGET   9
#define REG_DEADLINE 10
#define REG_HANDLE   11 /* and x12 */
#define REG_FP       29
#define REG_RA       30
#define FRAME_RECORD 0 /* from the frame pointer to: the caller's, the return address */

#define FRAME_X(n)   ((n) * 8)

/* struct kernel_trap: x0-x30, sp, pc, then */
#define TRAP_STATUS    33
#define TRAP_CAUSE     34
#define TRAP_ADDRESS   35
#define TRAP_REGISTERS 36

/* ESR_EL1.EC of `svc` in AArch64 state [Arm ARM D24.2.40] */
#define ESR_EC_SHIFT 26
#define EC_SVC64     0x15

#ifdef __ASSEMBLER__

/* Load or store registers in pairs: `ldp` or `stp`, their letter and bytes, where number 0 lies. */
.macro pairs operation, letter, bytes, base, offset, first, second, rest:vararg
    \operation \letter\first, \letter\second, [\base, #\offset + \bytes * \first]
    .ifnb \rest
    pairs \operation, \letter, \bytes, \base, \offset, \rest
    .endif
.endm

#endif
