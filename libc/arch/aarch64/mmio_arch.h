/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ordered accesses to device registers on aarch64 [Arm ARM B2.3]; see wherry/mmio.h.
 *
 * Plain base register only: what a hypervisor can decode without reading the instruction.
 */
#pragma once

#include <stdint.h>

static inline uint8_t mmio_arch_read8(const void *at)
{
    uint32_t value;
    __asm__ volatile("ldrb %w0, [%1]\n dmb oshld" : "=r"(value) : "r"(at) : "memory");
    return (uint8_t)value;
}

static inline uint16_t mmio_arch_read16(const void *at)
{
    uint32_t value;
    __asm__ volatile("ldrh %w0, [%1]\n dmb oshld" : "=r"(value) : "r"(at) : "memory");
    return (uint16_t)value;
}

static inline uint32_t mmio_arch_read32(const void *at)
{
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]\n dmb oshld" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline void mmio_arch_write8(void *at, uint8_t value)
{
    __asm__ volatile("dmb osh\n strb %w0, [%1]" : : "r"((uint32_t)value), "r"(at) : "memory");
}

static inline void mmio_arch_write16(void *at, uint16_t value)
{
    __asm__ volatile("dmb osh\n strh %w0, [%1]" : : "r"((uint32_t)value), "r"(at) : "memory");
}

static inline void mmio_arch_write32(void *at, uint32_t value)
{
    __asm__ volatile("dmb osh\n str %w0, [%1]" : : "r"(value), "r"(at) : "memory");
}
