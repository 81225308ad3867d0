/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices that stay the kernel's: console, interrupt controller, power. They are found in the
 * tree once, at boot, and lie in the linear map as all memory does.
 */
#pragma once

#include <abi/types.h>
#include <base/attributes.h>
#include <base/fdt.h>

/* The first node compatible with `name`. */
MUST_CHECK bool device_find(const struct fdt *tree, const char *name, struct fdt_node *node);

/* The node that stdout-path names, if it is compatible with `name`. */
MUST_CHECK bool device_find_console(const struct fdt *tree, const char *name,
                                    struct fdt_node *node);

/* Keep `bytes` of registers at the start of window `index` of the node, or all of it for 0: the
 * kernel's map will hold them, at *address. E_NOT_FOUND, E_CORRUPT (fewer, misaligned), E_RANGE
 * (beyond the linear map), E_LIMIT. */
MUST_CHECK int device_keep(const struct fdt *tree, const struct fdt_node *node, uint32_t index,
                           uint64_t bytes, uint64_t *address);

/* --- registers of a device in the linear map -------------------------------------------------- */

static inline uint32_t mmio_read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}
