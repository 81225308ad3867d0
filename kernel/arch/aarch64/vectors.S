/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every way into the kernel and the one way out.
 *
 * In user mode SP_EL1 points to the current thread, so the entry can save registers at once. The
 * kernel runs on the CPU's stack with everything masked; an exception it takes itself is a bug and
 * is printed on a stack of its own.
 *
 * I1  Between entry and resume_user, thread->frame is what user mode will see: nothing the kernel
 *     computed stands in a register or slot that user mode can read.
 *
 * [Arm ARM D1.3.1, D1.3.6]
 */
#include "asm.h"
#include "offsets.h"

#define FRAME THREAD_FRAME
#define TIMER_ISTATUS 2

/* Move registers of thread sp. */
.macro frame operation, registers:vararg
    pairs \operation, x, 8, sp, FRAME, \registers
.endm

/* x19-x30, sp, pc, TPIDR_EL0, PSTATE. Clobbers x16 and x17. */
.macro save_kept
    frame   stp, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    mrs     x16, sp_el0
    stp     x30, x16, [sp, #FRAME + FRAME_X(30)]
    mrs     x16, elr_el1
    mrs     x17, tpidr_el0
    stp     x16, x17, [sp, #FRAME + FRAME_X(REG_PC)]
    mrs     x16, spsr_el1
    str     x16, [sp, #FRAME + FRAME_X(REG_PSTATE)]
.endm

/* Everything but x16 and x17, which are in the frame already. */
.macro save_rest
    frame   stp, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19
    save_kept
.endm

/* x0 = the thread, and the CPU's stack. */
.macro enter_kernel
    mov     x0, sp
    ldr     x1, [sp, #THREAD_CPU]
    ldr     x1, [x1, #CPU_STACK_TOP]
    mov     sp, x1
.endm

.macro kernel_vector number
    .balign 128
    msr     tpidr_el1, x0
    mov     x0, #\number
    b       trap_in_kernel
.endm

/* From EL1 [ipc_fast.S: the first four]. Each needs three instructions of 32; what else is here
 * stands in the rest. */
    .section .text.vectors, "ax"
    kernel_vector 4                     // synchronous
user_fault:
    save_rest
    enter_kernel
    bl      trap_user_sync
    b       resume_user

    kernel_vector 5                     // IRQ
/* A call for C. Registers that carry nothing in return zero: x11-x18 may hold the fast path's. */
    .global syscall_slow
syscall_slow:
    frame   stp, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    stp     x12, xzr, [sp, #FRAME + FRAME_X(12)]
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(14)]
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(16)]
    stp     xzr, x19, [sp, #FRAME + FRAME_X(18)]
    save_kept
    enter_kernel
    adr     x30, resume_user
    b       kernel_syscall

    kernel_vector 6                     // FIQ
/* signal of notification x14 with bits x1, and somebody waits. What the frame keeps of an earlier
 * trap in the registers that a call does not keep is the thread's own. */
    .global signal_in_c
signal_in_c:
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(0)]
    stp     xzr, x19, [sp, #FRAME + FRAME_X(18)] // x18 may be a word of the kernel's
    save_kept
    mov     x2, x1
    enter_kernel
    mov     x1, x14
    adr     x30, resume_user
    b       kernel_signal

    kernel_vector 7                     // SError
/* Run the thread x0, whose address space and FP access are in place. */
    .global resume_user
resume_user:
    mov     sp, x0
    ldp     x30, x16, [sp, #FRAME + FRAME_X(30)]
    ldp     x17, x18, [sp, #FRAME + FRAME_X(REG_PC)]
    ldr     x19, [sp, #FRAME + FRAME_X(REG_PSTATE)]
    msr     sp_el0, x16
    msr     elr_el1, x17
    msr     tpidr_el0, x18
    msr     spsr_el1, x19
    frame   ldp, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
            22, 23, 24, 25, 26, 27, 28, 29
    eret

/* From user mode, synchronous. */
    .balign 128
    stp     x16, x17, [sp, #FRAME + FRAME_X(16)]
    mrs     x16, esr_el1
    ubfx    x16, x16, #ESR_EC_SHIFT, #6
    cmp     x16, #EC_SVC64
    b.ne    user_fault
    cbz     x8, ipc_call
    cmp     x8, #CALL_REPLY_WAIT
    b.eq    ipc_reply_wait
    cmp     x8, #CALL_SIGNAL
    b.hi    syscall_slow
    adr     x16, syscall_fast_table
    ldr     x16, [x16, x8, lsl #3]
    br      x16

/* From user mode, IRQ. The timer is level-triggered: taken care of, it no longer asks. */
    .balign 128
    stp     x16, x17, [sp, #FRAME + FRAME_X(16)]
    save_rest
    enter_kernel
    mrs     x1, cntv_ctl_el0
    tbnz    x1, #TIMER_ISTATUS, 1f
    bl      kernel_interrupt
    b       resume_user
1:  bl      kernel_timer
    b       resume_user

    kernel_vector 10                    // FIQ: not used

/* From user mode, SError: an access that the bus refused some time ago. */
    .balign 128
    stp     x16, x17, [sp, #FRAME + FRAME_X(16)]
    save_rest
    enter_kernel
    bl      trap_user_serror
    b       resume_user

/*
 * The last four vectors, of AArch32, are left out: no PSTATE in a frame selects it. What follows is
 * an exception taken in the kernel: x0 is the number of the vector, TPIDR_EL1 the old x0. The old
 * stack is not touched, for it may be what went wrong; user mode's SP_EL0 and TPIDRRO_EL0 are lost.
 */
trap_in_kernel:
    msr     tpidrro_el0, x1
    mov     x1, sp
    msr     sp_el0, x1
    adrp    x1, panic_stack_top
    sub     sp, x1, #FRAME_X(TRAP_REGISTERS)
    mrs     x1, tpidrro_el0
    pairs   stp, x, 8, sp, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, \
            20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    mrs     x2, tpidr_el1
    stp     x2, x1, [sp]
    mrs     x2, sp_el0
    stp     x30, x2, [sp, #FRAME_X(30)]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #FRAME_X(REG_PC)]
    mrs     x2, esr_el1
    mrs     x3, far_el1
    stp     x2, x3, [sp, #FRAME_X(TRAP_CAUSE)]
    mov     x1, x0
    mov     x0, sp
    b       trap_kernel
