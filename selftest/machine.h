/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests must know of the CPU and of QEMU's machine `virt`. All else is the same on both.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>

struct machine_facts {
    paddr_t ram;                  /* a page of RAM, 32 MiB behind its start */
    paddr_t interrupt_controller; /* its first page */
    paddr_t serial;               /* the window of the console, which its driver has */
    uint32_t serial_line;         /* its interrupt */
    uint64_t clock_step_ns;       /* how finely the real-time clock counts */
    vaddr_t kernel;               /* an address of the kernel's half */
};

extern const struct machine_facts machine_facts;

/* A page at which this machine has nothing, so that a window of it harms nobody. */
#define SPARE_PADDR 0x20000000000ull

/* The time of the real-time clock whose registers are mapped there. */
uint64_t machine_clock_ns(const void *registers);

/* Its interrupt: switched on; the value that `raise` writes to make it come at once; silenced. */
void machine_alarm_enable(void *registers);
uint32_t machine_alarm_value(const void *registers);
void machine_alarm_raise(void *registers, uint32_t value);
void machine_alarm_clear(void *registers);

/* Each begins with the instruction that faults: its address is the fault's program counter. */
void machine_illegal(void);
void machine_privileged(void);
void machine_break(void);
void machine_misaligned(uint64_t address); /* an access that needs alignment */

/* A call with two arguments, and what is then in the registers that a call does not keep. */
enum { MACHINE_LEFT_MAX = 19 };
void machine_call(uint64_t first, uint64_t second, uint64_t number,
                  uint64_t left[MACHINE_LEFT_MAX]);

/* All FP and SIMD registers made from a seed; the number of those that are not; not zero. */
void machine_fp_fill(uint64_t seed);
uint64_t machine_fp_differs(uint64_t seed);
uint64_t machine_fp_used(void);
