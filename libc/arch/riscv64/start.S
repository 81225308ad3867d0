/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a program on riscv64; a0 is the start-up page or 0 [wherry/startup.h].
 */
    .section .text.start, "ax", %progbits
    .globl _start
    .type _start, %function
_start:
    la sp, stack_top
    li s0, 0                    /* a backtrace ends here */
    li ra, 0
    tail start_program
    .size _start, . - _start
