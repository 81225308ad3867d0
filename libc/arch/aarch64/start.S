/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a program on aarch64; x0 is the start-up page or 0 [wherry/startup.h].
 */
    .section .text.start, "ax", %progbits
    .globl _start
    .type _start, %function
_start:
    adrp x9, stack_top
    add x9, x9, :lo12:stack_top
    mov sp, x9
    mov x29, #0                 /* a backtrace ends here */
    mov x30, #0
    b start_program
    .size _start, . - _start
