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

/* x30, sp, pc, TPIDR_EL0, PSTATE. Clobbers x16 and x17. */
.macro save_special
    mrs     x16, sp_el0
    stp     x30, x16, [sp, #FRAME + FRAME_X(30)]
    mrs     x16, elr_el1
    mrs     x17, tpidr_el0
    stp     x16, x17, [sp, #FRAME + FRAME_PC]
    mrs     x16, spsr_el1
    str     x16, [sp, #FRAME + FRAME_PSTATE]
.endm

.macro save_words
    stp     x0, x1, [sp, #FRAME + FRAME_X(0)]
    stp     x2, x3, [sp, #FRAME + FRAME_X(2)]
    stp     x4, x5, [sp, #FRAME + FRAME_X(4)]
    stp     x6, x7, [sp, #FRAME + FRAME_X(6)]
    stp     x8, x9, [sp, #FRAME + FRAME_X(8)]
    stp     x10, x11, [sp, #FRAME + FRAME_X(10)]
.endm

.macro save_kept
    stp     x20, x21, [sp, #FRAME + FRAME_X(20)]
    stp     x22, x23, [sp, #FRAME + FRAME_X(22)]
    stp     x24, x25, [sp, #FRAME + FRAME_X(24)]
    stp     x26, x27, [sp, #FRAME + FRAME_X(26)]
    stp     x28, x29, [sp, #FRAME + FRAME_X(28)]
.endm

/* Everything but x16 and x17, which are in the frame already. */
.macro save_rest
    save_words
    stp     x12, x13, [sp, #FRAME + FRAME_X(12)]
    stp     x14, x15, [sp, #FRAME + FRAME_X(14)]
    stp     x18, x19, [sp, #FRAME + FRAME_X(18)]
    save_kept
    save_special
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

    .text
    .balign 2048
    .global vectors
vectors:
    kernel_vector 0                     // from EL1 with SP_EL0: never used
    kernel_vector 1
    kernel_vector 2
    kernel_vector 3
    kernel_vector 4                     // from EL1: synchronous
    kernel_vector 5
    kernel_vector 6
    kernel_vector 7

/* From user mode, synchronous. */
    .balign 128
    stp     x16, x17, [sp, #FRAME + FRAME_X(16)]
    mrs     x16, esr_el1
    ubfx    x16, x16, #ESR_EC_SHIFT, #6
    cmp     x16, #EC_SVC64
    b.ne    user_fault
    cbz     x8, ipc_call
    cmp     x8, #1
    b.eq    ipc_reply_wait
    cmp     x8, #SYSCALL_FAST_END
    b.hs    syscall_slow
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

    kernel_vector 12                    // AArch32 does not run here
    kernel_vector 13
    kernel_vector 14
    kernel_vector 15
    .balign 128

user_fault:
    save_rest
    enter_kernel
    bl      trap_user_sync
    b       resume_user

/* A call for C. Registers that carry nothing in return zero: x11-x18 may hold the fast path's. */
    .global syscall_slow
syscall_slow:
    save_words
    stp     x12, xzr, [sp, #FRAME + FRAME_X(12)]
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(14)]
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(16)]
    stp     xzr, x19, [sp, #FRAME + FRAME_X(18)]
    save_kept
    save_special
    enter_kernel
    adr     x30, resume_user
    b       kernel_syscall

/* signal of notification x14 with bits x1, and somebody waits. What the frame keeps of an earlier
 * trap in the registers that a call does not keep is the thread's own. */
    .global signal_in_c
signal_in_c:
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(0)]
    stp     x18, x19, [sp, #FRAME + FRAME_X(18)]
    save_kept
    save_special
    mov     x2, x1
    enter_kernel
    mov     x1, x14
    bl      kernel_signal

/* Run the thread x0, whose address space and FP access are in place. */
    .global resume_user
resume_user:
    mov     sp, x0
    ldp     x30, x16, [sp, #FRAME + FRAME_X(30)]
    ldp     x17, x18, [sp, #FRAME + FRAME_PC]
    ldr     x19, [sp, #FRAME + FRAME_PSTATE]
    msr     sp_el0, x16
    msr     elr_el1, x17
    msr     tpidr_el0, x18
    msr     spsr_el1, x19
    ldp     x0, x1, [sp, #FRAME + FRAME_X(0)]
    ldp     x2, x3, [sp, #FRAME + FRAME_X(2)]
    ldp     x4, x5, [sp, #FRAME + FRAME_X(4)]
    ldp     x6, x7, [sp, #FRAME + FRAME_X(6)]
    ldp     x8, x9, [sp, #FRAME + FRAME_X(8)]
    ldp     x10, x11, [sp, #FRAME + FRAME_X(10)]
    ldp     x12, x13, [sp, #FRAME + FRAME_X(12)]
    ldp     x14, x15, [sp, #FRAME + FRAME_X(14)]
    ldp     x16, x17, [sp, #FRAME + FRAME_X(16)]
    ldp     x18, x19, [sp, #FRAME + FRAME_X(18)]
    ldp     x20, x21, [sp, #FRAME + FRAME_X(20)]
    ldp     x22, x23, [sp, #FRAME + FRAME_X(22)]
    ldp     x24, x25, [sp, #FRAME + FRAME_X(24)]
    ldp     x26, x27, [sp, #FRAME + FRAME_X(26)]
    ldp     x28, x29, [sp, #FRAME + FRAME_X(28)]
    eret

/*
 * An exception taken in the kernel: x0 is the number of the vector, TPIDR_EL1 the old x0. The old
 * stack is not touched, for it may be what went wrong; user mode's SP_EL0 and TPIDRRO_EL0 are lost.
 */
trap_in_kernel:
    msr     tpidrro_el0, x1
    mov     x1, sp
    msr     sp_el0, x1
    adrp    x1, panic_stack_top
    sub     sp, x1, #TRAP_BYTES
    mrs     x1, tpidrro_el0
    stp     x2, x3, [sp, #FRAME_X(2)]
    stp     x4, x5, [sp, #FRAME_X(4)]
    stp     x6, x7, [sp, #FRAME_X(6)]
    stp     x8, x9, [sp, #FRAME_X(8)]
    stp     x10, x11, [sp, #FRAME_X(10)]
    stp     x12, x13, [sp, #FRAME_X(12)]
    stp     x14, x15, [sp, #FRAME_X(14)]
    stp     x16, x17, [sp, #FRAME_X(16)]
    stp     x18, x19, [sp, #FRAME_X(18)]
    stp     x20, x21, [sp, #FRAME_X(20)]
    stp     x22, x23, [sp, #FRAME_X(22)]
    stp     x24, x25, [sp, #FRAME_X(24)]
    stp     x26, x27, [sp, #FRAME_X(26)]
    stp     x28, x29, [sp, #FRAME_X(28)]
    mrs     x2, tpidr_el1
    stp     x2, x1, [sp, #FRAME_X(0)]
    mrs     x2, sp_el0
    stp     x30, x2, [sp, #FRAME_X(30)]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #TRAP_PC]
    mrs     x2, esr_el1
    mrs     x3, far_el1
    stp     x2, x3, [sp, #TRAP_ESR]
    mov     x1, x0
    mov     x0, sp
    b       trap_kernel
