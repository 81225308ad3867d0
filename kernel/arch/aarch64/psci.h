/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power by PSCI, and QEMU's exit status by semihosting.
 */
#pragma once

#include <base/fdt.h>

/* Learn from the tree whether PSCI is called by hvc or smc. */
void psci_init(const struct fdt *tree);

/* A trap at `pc`: does not return when it is the semihosting call, which nobody answers. */
void psci_check_semihosting(uint64_t pc);
