/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: system registers, barriers, device registers, and what
 * arch_machine_init asks. Macros where the name of a register is part of the instruction.
 */
#pragma once

#include "arch/arch.h"
#include "device.h"

enum { TIMER_INTID = 27 }; /* the virtual timer, a line of the CPU's own [Arm BSA §3.7] */

/* Learn the firmware's conduit, which may be missing, and the interrupt controller. */
void psci_init(const struct fdt *tree);
void trap_init(void); /* what user mode may do by itself */
MUST_CHECK int gic_init(const struct fdt *tree);

/* A trap at `pc`: does not return when it is the semihosting call, which nobody answers. */
void psci_check_semihosting(uint64_t pc);

#define SYSREG_WRITE(name, value)                                                                  \
    __asm__ volatile("msr " SYSREG_TEXT(name) ", %0" ::"r"((uint64_t)(value)) : "memory")

/* An instruction or two by their text: barriers and maintenance. */
#define CPU_DO(text) __asm__ volatile(text ::: "memory")
