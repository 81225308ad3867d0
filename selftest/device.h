/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device windows. Says two lines: `SELFTEST: mmio map ...` and `SELFTEST: mmio policy deny ...`.
 */
#pragma once

#include <stdbool.h>

/* True when all passed. */
bool device_run(void);
