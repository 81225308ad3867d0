/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: system registers, barriers, device registers, and what
 * arch_machine_init asks. Macros where the name of a register is part of the instruction.
 */
#pragma once

#include "arch/arch.h"
#include "device.h"

enum { TIMER_INTID = 27 }; /* the virtual timer, a line of the CPU's own [Arm BSA §3.7] */

/* Learn the console, the firmware's conduit and the interrupt controller from the tree. The first
 * two may be missing. */
void console_init(const struct fdt *tree);
void psci_init(const struct fdt *tree);
MUST_CHECK int gic_init(const struct fdt *tree);

/* A trap at `pc`: does not return when it is the semihosting call, which nobody answers. */
void psci_check_semihosting(uint64_t pc);

#define SYSREG_TEXT(name) #name

#define SYSREG_READ(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " SYSREG_TEXT(name) : "=r"(value_));                             \
        value_;                                                                                    \
    })

#define SYSREG_WRITE(name, value)                                                                  \
    __asm__ volatile("msr " SYSREG_TEXT(name) ", %0" ::"r"((uint64_t)(value)) : "memory")

/* An instruction or two by their text: barriers and maintenance. */
#define CPU_DO(text) __asm__ volatile(text ::: "memory")

/* `wN` through a plain base register: what a hypervisor can emulate. */
static inline uint32_t mmio_read32(uint64_t address)
{
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline void mmio_write8(uint64_t address, uint8_t value)
{
    __asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline void mmio_write64(uint64_t address, uint64_t value)
{
    __asm__ volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}
