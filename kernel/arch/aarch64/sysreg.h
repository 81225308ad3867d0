/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers, barriers and device registers of this CPU. Macros, because the name of a
 * system register is part of the instruction.
 */
#pragma once

#include <stdint.h>

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
