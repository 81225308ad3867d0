/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of libc/arch/CPU/ipc_arch.h on the host: the test is the kernel and defines ipc_trap. */
#pragma once

#include <stdint.h>

#include <abi/types.h>

struct ipc_registers {
    uint64_t words[IPC_WORDS];
    uint64_t control;
    uint64_t target;
    uint64_t deadline;
    uint64_t handles[2];
};

void ipc_trap(struct ipc_registers *r);
