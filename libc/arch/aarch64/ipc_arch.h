/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of call and reply_wait on aarch64 [abi/ipc.h]. */
#pragma once

#include <stdint.h>

#include <abi/types.h>

struct ipc_registers {
    uint64_t words[IPC_WORDS];
    uint64_t control;  /* x8: number and counts; then status and count */
    uint64_t target;   /* x9: endpoint; then badge */
    uint64_t deadline; /* x10: deadline; then notification bits */
    uint64_t handles[2];
};

/* One system call. What the kernel neither keeps nor returns is zero afterwards. */
static inline void ipc_trap(struct ipc_registers *r)
{
    register uint64_t x0 __asm__("x0") = r->words[0];
    register uint64_t x1 __asm__("x1") = r->words[1];
    register uint64_t x2 __asm__("x2") = r->words[2];
    register uint64_t x3 __asm__("x3") = r->words[3];
    register uint64_t x4 __asm__("x4") = r->words[4];
    register uint64_t x5 __asm__("x5") = r->words[5];
    register uint64_t x6 __asm__("x6") = r->words[6];
    register uint64_t x7 __asm__("x7") = r->words[7];
    register uint64_t x8 __asm__("x8") = r->control;
    register uint64_t x9 __asm__("x9") = r->target;
    register uint64_t x10 __asm__("x10") = r->deadline;
    register uint64_t x11 __asm__("x11") = r->handles[0];
    register uint64_t x12 __asm__("x12") = r->handles[1];
    __asm__ volatile("svc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6),
                       "+r"(x7), "+r"(x8), "+r"(x9), "+r"(x10), "+r"(x11), "+r"(x12)
                     :
                     : "x13", "x14", "x15", "x16", "x17", "x18", "x30", "cc", "memory");
    *r = (struct ipc_registers){{x0, x1, x2, x3, x4, x5, x6, x7}, x8, x9, x10, {x11, x12}};
}
