/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel learns from the device tree: RAM, what of it is taken, windows that are never
 * given out.
 */
#pragma once

#include <abi/types.h>
#include <base/fdt.h>
#include <stdbool.h>

enum { MACHINE_RANGES_MAX = 32 };

struct machine_ranges {
    unsigned count;
    struct fdt_range at[MACHINE_RANGES_MAX];
};

enum panic_action { PANIC_HALT, PANIC_RESET, PANIC_EXIT };

struct machine {
    struct fdt_range ram; /* whole pages; the first bank, further ones are ignored with a line */
    struct machine_ranges reserved;  /* by firmware and tree */
    struct machine_ranges forbidden; /* interrupt controllers, flash, PCI, ... */
    struct machine_ranges kept;      /* registers that the kernel uses itself [device.h] */
    unsigned cpus;
    enum panic_action panic_action;
};

/* The machine we run on; filled by kernel_main. */
extern struct machine boot_machine;

#define MACHINE_PHYSICAL_END (1ull << 48) /* no page table of ours reaches further */

/* Read everything from the tree that lies at physical `base`. E_CORRUPT, E_LIMIT when it lacks or
 * exceeds what no kernel can do without or with; a line has said what. */
int machine_read(const struct fdt *tree, paddr_t base, struct machine *machine);

/* One range more; a line says when there is no room for `what`. E_LIMIT. */
int machine_add(struct machine_ranges *ranges, struct fdt_range range, const char *what);

/* Whether `word` is one of the words of `text`, which may be NULL. */
bool machine_has_word(const char *text, const char *word, char separator);

/* Whether a device window may be minted for [base, base + bytes), which does not overflow. */
bool machine_may_mint(const struct machine *machine, paddr_t base, uint64_t bytes);
