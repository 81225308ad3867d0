/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel lies. Read by C, the assembler and linker.ld; plain numbers only.
 *
 * 39-bit addresses, 4 KiB pages, three levels: TTBR0 translates the lower half, of which user
 * addresses are the first 2^38 bytes, TTBR1 the upper half, all of it the kernel's linear map.
 */
#pragma once

#define KERNEL_BASE      0xffffff8000000000 /* virtual = KERNEL_BASE + physical */
#define KERNEL_PHYS_BASE 0x40200000 /* 2 MiB above the start of RAM, where the tree may lie */
#define KERNEL_VIRT_BASE (KERNEL_BASE + KERNEL_PHYS_BASE)

#define LINEAR_BYTES    0x8000000000 /* what the linear map can reach */
#define BOOT_DEVICE_END 0x40000000   /* physical; device addresses that are mapped at boot */
