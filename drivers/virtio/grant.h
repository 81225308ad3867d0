/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What init has given to the driver of one virtio device: registers, memory, interrupt.
 *
 * The only file of drivers/virtio with system calls; for the mains of drivers, each call once, at
 * the start. Roles and settings: proto/init.h.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

#include "mmio.h"

struct grant_memory {
    void *address;
    paddr_t physical; /* of its first byte; the rest follows */
};

/*
 * Maps the device's registers.
 * E_NOT_FOUND: there is no device. E_INVALID, E_RANGE: the setting `offset`. Else as memory_attach.
 */
int grant_window(struct virtio_mmio *mmio) MUST_CHECK;

/*
 * Maps contiguous memory and learns where it is.
 * E_NOT_FOUND: no such role. E_RANGE: it is smaller than `bytes`. Else as memory_attach and
 * memory_physical.
 */
int grant_memory(const char *role, uint64_t bytes, struct grant_memory *memory) MUST_CHECK;

/*
 * Lets the interrupt raise `bit` of this program's notification, and unmasks it: the kernel makes
 * every line masked. Errors as irq_bind and irq_ack.
 */
int grant_interrupt(uint64_t bit, handle_t *irq) MUST_CHECK;

/* Tells init that the driver serves from now on. Errors as ipc_call, or of init. */
int grant_tell_up(void) MUST_CHECK;
