/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of one virtio-mmio device.
 *
 * The only file of drivers/virtio that touches a device. On the target mmio.c does; the host
 * tests link a fake device under the same names.
 *
 * Each access is one access of that width, and ordered: a write comes after all earlier accesses
 * to memory and registers, a read before all later ones. Offsets are below VIRTIO_MMIO_BYTES and
 * naturally aligned.
 */
#pragma once

#include <stdint.h>

enum { VIRTIO_MMIO_BYTES = 0x200 };

struct virtio_mmio {
    void *base;
};

uint8_t mmio_read8(struct virtio_mmio mmio, uint32_t offset);
uint16_t mmio_read16(struct virtio_mmio mmio, uint32_t offset);
uint32_t mmio_read32(struct virtio_mmio mmio, uint32_t offset);
void mmio_write32(struct virtio_mmio mmio, uint32_t offset, uint32_t value);
