/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share, and the firmware.
 */
#pragma once

#include "arch/arch.h"
#include "device.h"

extern uint64_t boot_table[], boot_hart; /* boot.S */

/* --- what arch_machine_init asks, each once: E_NOT_FOUND where the tree has none ------------- */

int power_init(const struct fdt *tree);
int clock_init(const struct fdt *tree);
int plic_init(const struct fdt *tree);

/* The node of the boot hart. */
bool boot_hart_find(const struct fdt *tree, struct fdt_node *node);

/* --- the firmware ----------------------------------------------------------------------------- */

/* The error is no use to any caller here: none of these calls has a second way [SBI 1.0 §3]. */
static inline void sbi_call(uint64_t extension, uint64_t argument0, uint64_t argument1)
{
    register uint64_t a0 __asm__("a0") = argument0;
    register uint64_t a1 __asm__("a1") = argument1;
    register uint64_t a6 __asm__("a6") = 0; /* the first function of each */
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}
