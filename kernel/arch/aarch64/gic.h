/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller, version 2 or 3; the rest of it is arch_irq_*.
 */
#pragma once

#include <base/attributes.h>
#include <base/fdt.h>

enum { GIC_WINDOWS = 2 };

/* Learn version and addresses from the tree; the boot map reaches the devices. E_UNSUPPORTED:
 * the tree names no controller that this file knows, or not where the boot map reaches. */
MUST_CHECK int gic_find(const struct fdt *tree);

/* Registers that the kernel map must hold: distributor, then CPU interface or redistributor. */
struct fdt_range gic_window(unsigned index);
