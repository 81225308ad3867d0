/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's calls as C functions, derived from the one table [abi/syscall.h]:
 * struct sysret sys_NAME(parameters). Three instructions each [arch/CPU/syscalls.c].
 *
 * call and reply_wait carry a message in registers and are in wherry/ipc.h.
 */
#pragma once

#include <abi/syscall.h>

#define SYS_PROTOTYPE(number, name, handles, made, parameters) struct sysret sys_##name parameters;
SYSCALLS(SYS_PROTOTYPE)
#undef SYS_PROTOTYPE
