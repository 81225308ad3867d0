/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel learns from the device tree: RAM, what of it is taken, windows that are never
 * given out.
 */
#pragma once

#include <abi/types.h>
#include <base/fdt.h>
#include <stdbool.h>

enum { MACHINE_RESERVED_MAX = 16, MACHINE_FORBIDDEN_MAX = 32 };

enum panic_action { PANIC_HALT, PANIC_RESET, PANIC_EXIT };

struct machine {
    struct fdt_range ram; /* whole pages; the first bank, further ones are ignored with a line */
    struct fdt_range reserved[MACHINE_RESERVED_MAX]; /* by firmware and tree */
    unsigned reserved_count;
    struct fdt_range forbidden[MACHINE_FORBIDDEN_MAX]; /* interrupt controllers, flash, PCI, ... */
    unsigned forbidden_count;
    unsigned cpus;
    enum panic_action panic_action;
};

/* The machine we run on; filled by kernel_main. */
extern struct machine boot_machine;

#define MACHINE_PHYSICAL_END (1ull << 48) /* no page table of ours reaches further */

/* Read everything from the tree that lies at physical `base`. E_CORRUPT, E_LIMIT when it lacks or
 * exceeds what no kernel can do without or with; a line has said what. */
int machine_read(const struct fdt *tree, paddr_t base, struct machine *machine);

/* Whether a device window may be minted for [base, base + bytes), which does not overflow. */
bool machine_may_mint(const struct machine *machine, paddr_t base, uint64_t bytes);
