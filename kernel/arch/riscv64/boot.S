/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the firmware to kernel_main.
 *
 * OpenSBI enters boot_entry at KERNEL_PHYS_BASE in S-mode, MMU off, a0 = hart, a1 = device tree;
 * the other harts stay stopped. The boot table maps the whole linear map with 1 GiB pages, all
 * rights; arch_kernel_switch replaces it before the first user instruction.
 *
 * [SBI 1.0 §9: initial state]  [RISC-V priv §4.4]
 */
#include "asm.h"

#define ROOT_KERNEL_SLOT 256 /* first entry of the upper half */
#define PTE_BOOT 0xef        /* V R W X, G, A D */
#define PTE_GIB (1 << 28)    /* 1 GiB further, in a leaf */
#define SATP_SV39 (8 << 60)
#define STATUS_SIE 2
#define STATUS_CLEAR 0xc6722 /* MXR SUM, FS VS, SPP, SPIE SIE: all off */

    .section .text.boot, "ax"
    .global boot_entry
boot_entry:
    csrw    sie, zero
    csrci   sstatus, STATUS_SIE

    lla     t0, bss_start
    lla     t1, bss_end
1:  sd      zero, (t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    lla     t0, boot_table
    li      t1, SATP_SV39
    srli    t2, t0, 12
    or      t1, t1, t2
    li      t2, ROOT_KERNEL_SLOT * 8
    add     t0, t0, t2
    li      t2, PTE_BOOT
    li      t3, PTE_GIB
    li      t4, 512 - ROOT_KERNEL_SLOT
1:  sd      t2, (t0)
    add     t2, t2, t3
    addi    t0, t0, 8
    addi    t4, t4, -1
    bnez    t4, 1b

    /* Nothing is mapped where we run: the first fetch with the MMU on traps to boot_upper. */
    li      t2, KERNEL_BASE
    lla     t0, boot_upper
    add     t0, t0, t2
    csrw    stvec, t0
    sfence.vma
    csrw    satp, t1
halt:                       /* only a CPU without Sv39 comes here */
    wfi
    j       halt

    .balign 4
boot_upper:
    lla     t0, trap_entry
    csrw    stvec, t0
    li      t0, STATUS_CLEAR /* SPP too: the trap that led here came from S-mode */
    csrc    sstatus, t0
    li      t0, 2           /* user mode reads time, and no other counter */
    csrw    scounteren, t0
    lla     sp, stack_top
    sd      a0, boot_hart, t0
    lla     a0, boot_table   /* a tree outside the linear map: give one that is visibly none */
    srli    t0, a1, 38      /* log2 of LINEAR_BYTES */
    bnez    t0, 1f
    add     a0, a1, t2
1:  li      s0, 0           /* the last frame of every backtrace */
    li      ra, 0
    call    kernel_main
    tail    thread_resume
