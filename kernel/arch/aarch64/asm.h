/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the assembly of this CPU shares: the layout of struct frame and struct kernel_trap, checked
 * against the structs in cpu.h and trap.c.
 */
#pragma once

/* struct frame */
#define FRAME_SP     248 /* x0-x30 lie in front of it: FRAME_X(n) */
#define FRAME_PC     256
#define FRAME_TPIDR  264
#define FRAME_PSTATE 272
#define FRAME_ZERO   280 /* two zeros: one ldp clears two registers */
#define FRAME_X(n)   ((n) * 8)

/* struct kernel_trap */
#define TRAP_SP     248
#define TRAP_PC     256
#define TRAP_PSTATE 264
#define TRAP_ESR    272
#define TRAP_FAR    280
#define TRAP_BYTES  288

/* ESR_EL1.EC of `svc` in AArch64 state [Arm ARM D24.2.40] */
#define ESR_EC_SHIFT 26
#define EC_SVC64     0x15

/* System calls with a handler in ipc_fast.S; SYS_call and SYS_reply_wait are 0 and 1. */
#define SYSCALL_FAST_END 4

/* OBJECT_NOTIFICATION */
#define TYPE_NOTIFICATION 5
