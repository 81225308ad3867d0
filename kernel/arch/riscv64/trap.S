/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does not stay in ipc_fast.S: calls for C, interrupts, exceptions, and the slow way out.
 *
 * The kernel runs with interrupts off on the one stack of its CPU, and nothing of it survives
 * there: a way up ends in thread_resume. A trap of the kernel itself is a bug of ours and goes to
 * the panic, on a stack of its own.
 *
 * sstatus at a return: SPP and SIE are 0 since boot and traps keep them so; FS is sched_resume's.
 */
#include "asm.h"

    .text

/* t6: self, t5: this CPU; the other registers as the caller left them. */
    .global call_slow
call_slow:
    save_kept t6
    .irp    n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29
    sd      x\n, FRAME_X(\n)(t6)
    .endr
    sd      zero, FRAME_X(30)(t6)
    sd      zero, FRAME_X(31)(t6)
    csrr    t0, sepc
    addi    t0, t0, 4
    sd      t0, FRAME_X(0)(t6)
    ld      sp, CPU_STACK_TOP(t5)
    mv      a0, t6
    li      s0, 0
    lla     ra, thread_resume
    tail    kernel_syscall

/* signal of notification t3 with bits a1, and somebody waits. t6: self. What self's frame keeps of
 * an earlier trap in the registers that a call does not keep is its own. */
    .global signal_in_c
signal_in_c:
    save_kept t6
    sd      ra, FRAME_X(1)(t6)
    csrr    t4, sepc
    addi    t4, t4, 4
    sd      t4, FRAME_X(0)(t6)
    sd      zero, FRAME_X(10)(t6)
    sd      zero, FRAME_X(11)(t6)
    ld      sp, boot_cpu + CPU_STACK_TOP
    mv      a0, t6
    mv      a2, a1
    mv      a1, t3
    li      s0, 0
    call    kernel_signal
    j       thread_resume

/* All registers of the thread that was trapped in user mode to its frame; a0: the thread. */
.macro save_all
    ld      t6, boot_cpu                /* CPU_CURRENT is 0 */
    save_kept t6
    .irp    n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30
    sd      x\n, FRAME_X(\n)(t6)
    .endr
    csrr    t0, sscratch
    sd      t0, FRAME_X(31)(t6)
    csrr    t0, sepc
    sd      t0, FRAME_X(0)(t6)
    mv      a0, t6
    ld      sp, boot_cpu + CPU_STACK_TOP
    li      s0, 0
.endm

/* A trap that is no call. t6 is free: its value is in sscratch. It holds scause with the bit of a
 * call turned over. Interrupts come from user mode only. */
    .global trap_other
trap_other:
    bltz    t6, 2f
    csrr    t6, sstatus
    andi    t6, t6, STATUS_SPP
    bnez    t6, trap_in_kernel
1:  save_all
    csrr    t0, scause
    lla     ra, thread_resume
    bltz    t0, kernel_timer
    tail    trap_exception
2:  andi    t6, t6, CAUSE_TIMER_ONLY
    bnez    t6, 1b
    save_all
    call    kernel_interrupt

/* To user mode as thread a0. */
    .global thread_resume
thread_resume:
    ld      t0, FRAME_X(0)(a0)
    csrw    sepc, t0
    restore_kept a0
    .irp    n, 1, 5, 6, 7, 28, 29, 30, 31, 11, 12, 13, 14, 15, 16, 17, 10
    ld      x\n, FRAME_X(\n)(a0)
    .endr
    sret

trap_in_kernel:
    lla     t6, kernel_trap_registers
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
               24, 25, 26, 27, 28, 29, 30
    sd      x\n, TRAP_X(\n)(t6)
    .endr
    csrr    t0, sscratch
    sd      t0, TRAP_X(31)(t6)
    csrr    t0, sepc
    sd      t0, TRAP_X(0)(t6)
    csrr    t0, scause
    sd      t0, TRAP_X(TRAP_CAUSE)(t6)
    csrr    t0, stval
    sd      t0, TRAP_X(TRAP_ADDRESS)(t6)
    csrr    t0, sstatus
    sd      t0, TRAP_X(TRAP_STATUS)(t6)
    lla     sp, panic_stack_top
    mv      a0, t6
    li      s0, 0
    call    trap_kernel
