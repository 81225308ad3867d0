/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of call and reply_wait on riscv64 [abi/ipc.h]. */
#pragma once

#include <stdint.h>

#include <abi/types.h>

struct ipc_registers {
    uint64_t words[IPC_WORDS];
    uint64_t control;  /* t0: number and counts; then status and count */
    uint64_t target;   /* t1: endpoint; then badge */
    uint64_t deadline; /* t2: deadline; then notification bits */
    uint64_t handles[2];
};

/* One system call. What the kernel neither keeps nor returns is zero afterwards. */
static inline void ipc_trap(struct ipc_registers *r)
{
    register uint64_t a0 __asm__("a0") = r->words[0];
    register uint64_t a1 __asm__("a1") = r->words[1];
    register uint64_t a2 __asm__("a2") = r->words[2];
    register uint64_t a3 __asm__("a3") = r->words[3];
    register uint64_t a4 __asm__("a4") = r->words[4];
    register uint64_t a5 __asm__("a5") = r->words[5];
    register uint64_t a6 __asm__("a6") = r->words[6];
    register uint64_t a7 __asm__("a7") = r->words[7];
    register uint64_t t0 __asm__("t0") = r->control;
    register uint64_t t1 __asm__("t1") = r->target;
    register uint64_t t2 __asm__("t2") = r->deadline;
    register uint64_t t3 __asm__("t3") = r->handles[0];
    register uint64_t t4 __asm__("t4") = r->handles[1];
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7), "+r"(t0), "+r"(t1), "+r"(t2), "+r"(t3), "+r"(t4)
                     :
                     : "t5", "t6", "ra", "memory");
    *r = (struct ipc_registers){{a0, a1, a2, a3, a4, a5, a6, a7}, t0, t1, t2, {t3, t4}};
}
