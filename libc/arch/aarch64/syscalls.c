/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stubs of the system calls on aarch64: the arguments are already where the kernel wants them.
 */
#include <wherry/sys.h>

#define STUB(number, name, handles, made, parameters)                                              \
    __asm__(".pushsection .text.sys_" #name ", \"ax\", %progbits\n"                                \
            ".globl sys_" #name "\n.type sys_" #name ", %function\nsys_" #name ":\n"               \
            "mov x8, #" #number "\n svc #0\n ret\n"                                                \
            ".size sys_" #name ", . - sys_" #name "\n.popsection\n");

SYSCALLS(STUB)
