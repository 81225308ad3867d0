/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device registers in a window that this program has mapped.
 *
 * Each is one access of that width, and ordered: a write comes after all earlier accesses to memory
 * and registers, a read before all later ones. Offsets are naturally aligned.
 */
#pragma once

#include <stdint.h>

#include <mmio_arch.h>

static inline uint8_t mmio_get8(const void *base, uint32_t offset)
{
    return mmio_arch_read8((const uint8_t *)base + offset);
}

static inline uint16_t mmio_get16(const void *base, uint32_t offset)
{
    return mmio_arch_read16((const uint8_t *)base + offset);
}

static inline uint32_t mmio_get32(const void *base, uint32_t offset)
{
    return mmio_arch_read32((const uint8_t *)base + offset);
}

static inline void mmio_put8(void *base, uint32_t offset, uint8_t value)
{
    mmio_arch_write8((uint8_t *)base + offset, value);
}

static inline void mmio_put16(void *base, uint32_t offset, uint16_t value)
{
    mmio_arch_write16((uint8_t *)base + offset, value);
}

static inline void mmio_put32(void *base, uint32_t offset, uint32_t value)
{
    mmio_arch_write32((uint8_t *)base + offset, value);
}
