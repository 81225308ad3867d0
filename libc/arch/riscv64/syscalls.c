/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stubs of the system calls on riscv64: the arguments are already where the kernel wants them.
 */
#include <wherry/sys.h>

#define STUB(number, name, handles, made, parameters)                                              \
    __asm__(".pushsection .text.sys_" #name ", \"ax\", %progbits\n"                                \
            ".globl sys_" #name "\n.type sys_" #name ", %function\nsys_" #name ":\n"               \
            "li t0, " #number "\n ecall\n ret\n"                                                   \
            ".size sys_" #name ", . - sys_" #name "\n.popsection\n");

SYSCALLS(STUB)
