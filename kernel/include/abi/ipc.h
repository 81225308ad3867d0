/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of call and reply_wait, and the message of a fault.
 *
 *                      riscv64   aarch64
 * in   number | counts t0        x8       bits 0-7 SYS_call or SYS_reply_wait, 8-11 handles sent,
 *                                         12-15 handles accepted
 *      endpoint        t1        x9       zero-extended
 *      deadline        t2        x10      call: for the whole call; reply_wait: for the wait
 *      handles         t3, t4    x11, x12 two per register, the first in the low half
 *      words           a0-a7     x0-x7    word 0 is the label
 * out  status | count  t0        x8       0 or a negative error; after success bits 8-11: handles
 *                                         received
 *      badge           t1        x9       of the caller's handle (reply_wait); 0 after call
 *      bits            t2        x10      reply_wait: notification bits taken, then no message came
 *      handles         t3, t4    x11, x12
 *      words           a0-a7     x0-x7
 *
 * Callee-saved registers, sp, gp, tp / TPIDR_EL0 are kept; every other register returns zero.
 * A failed call returns zero words. reply_wait answers the current caller, if there is one,
 * then waits; an error of the wait itself comes after the reply has gone. Handles are copied to the
 * receiver with the rights they have; an owner handle is moved. Each needs RIGHT_GRANT.
 */
#pragma once

#include <abi/types.h>

enum {
    IPC_NUMBER_MASK = 0xff,
    IPC_SENT_SHIFT = 8,
    IPC_ACCEPT_SHIFT = 12,
    IPC_COUNT_MASK = 0xf,
};

/*
 * A fault arrives on the supervisor's endpoint as a message with this label and the badge given
 * to task_supervise. Words: 1 enum fault_kind, 2 address, 3 program counter, 4 the CPU's cause
 * register (scause / ESR_EL1), 5 stack pointer. The thread waits; a reply whose word 0 is
 * FAULT_RESUME lets it go on, any other leaves it stopped (THREAD_STOPPED).
 */
#define IPC_LABEL_FAULT 0xfa017000ull

enum fault_kind {
    FAULT_READ = 1,
    FAULT_WRITE,
    FAULT_EXECUTE,
    FAULT_INSTRUCTION, /* illegal or privileged */
    FAULT_ALIGNMENT,
    FAULT_BREAKPOINT,
    FAULT_NO_FP_MEMORY, /* the thread's account cannot pay for the FP state */
    FAULT_OTHER,
};

enum { FAULT_STOP = 0, FAULT_RESUME = 1 };
