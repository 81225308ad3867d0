/* SPDX-License-Identifier: BSD-2-Clause */
/* Ordered accesses to device registers on riscv64 [RISC-V unpriv, FENCE]; see wherry/mmio.h. */
#pragma once

#include <stdint.h>

static inline uint8_t mmio_arch_read8(const void *at)
{
    uint8_t value;
    __asm__ volatile("lbu %0, 0(%1)\n fence i, iorw" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline uint16_t mmio_arch_read16(const void *at)
{
    uint16_t value;
    __asm__ volatile("lhu %0, 0(%1)\n fence i, iorw" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline uint32_t mmio_arch_read32(const void *at)
{
    uint32_t value;
    __asm__ volatile("lw %0, 0(%1)\n fence i, iorw" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline void mmio_arch_write8(void *at, uint8_t value)
{
    __asm__ volatile("fence iorw, o\n sb %0, 0(%1)" : : "r"(value), "r"(at) : "memory");
}

static inline void mmio_arch_write16(void *at, uint16_t value)
{
    __asm__ volatile("fence iorw, o\n sh %0, 0(%1)" : : "r"(value), "r"(at) : "memory");
}

static inline void mmio_arch_write32(void *at, uint32_t value)
{
    __asm__ volatile("fence iorw, o\n sw %0, 0(%1)" : : "r"(value), "r"(at) : "memory");
}
