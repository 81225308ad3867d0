/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a real device. See mmio.h.
 */
#include "mmio.h"

#include <wherry/mmio.h>

uint8_t mmio_read8(struct virtio_mmio mmio, uint32_t offset)
{
    return mmio_get8(mmio.base, offset);
}

uint16_t mmio_read16(struct virtio_mmio mmio, uint32_t offset)
{
    return mmio_get16(mmio.base, offset);
}

uint32_t mmio_read32(struct virtio_mmio mmio, uint32_t offset)
{
    return mmio_get32(mmio.base, offset);
}

void mmio_write32(struct virtio_mmio mmio, uint32_t offset, uint32_t value)
{
    mmio_put32(mmio.base, offset, value);
}
