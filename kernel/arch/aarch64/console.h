/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console: a PL011.
 */
#pragma once

#include <abi/types.h>
#include <base/fdt.h>

/* Use the PL011 that /chosen/stdout-path names, or none. */
void console_init(const struct fdt *tree);

/* The page of its registers, for the kernel map; 0 when there is none. */
paddr_t console_page(void);
