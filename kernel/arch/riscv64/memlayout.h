/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel lies. Read by C, the assembler and linker.ld; plain numbers only.
 *
 * Sv39: user addresses are the lower half (2^38 bytes), the kernel's linear map the upper half, so
 * it reaches 256 GiB of physical addresses: all RAM and devices of the machines we know.
 */
#pragma once

#define KERNEL_BASE      0xffffffc000000000 /* virtual = KERNEL_BASE + physical */
#define KERNEL_PHYS_BASE 0x80200000         /* behind the firmware; it enters at the first byte */
#define KERNEL_VIRT_BASE (KERNEL_BASE + KERNEL_PHYS_BASE)

#define LINEAR_BYTES 0x4000000000 /* what the linear map can reach */
