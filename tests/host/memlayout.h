/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel lies on the host: physical addresses are the host's own.
 */
#pragma once

#define KERNEL_BASE      0
#define KERNEL_PHYS_BASE 0
#define LINEAR_BYTES     0x800000000000
