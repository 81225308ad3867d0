/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stubs of the system calls on riscv64: the arguments are already where the kernel wants them.
 * The kernel keeps what a function keeps, and ra is not among that.
 */
#include <wherry/sys.h>

#define STUB(number, name, parameters)                                                             \
    __asm__(".pushsection .text.sys_" #name ", \"ax\", %progbits\n"                                \
            ".globl sys_" #name "\n.type sys_" #name ", %function\nsys_" #name ":\n"               \
            "addi sp, sp, -16\n sd ra, 8(sp)\n li t0, " #number "\n ecall\n"                       \
            "ld ra, 8(sp)\n addi sp, sp, 16\n ret\n"                                               \
            ".size sys_" #name ", . - sys_" #name "\n.popsection\n");

SYSCALLS(STUB)
