/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks, for a machine on which one instruction takes one nanosecond (lane bench).
 */
#pragma once

#include <stdbool.h>

/* Says `bench: NAME NUMBER insn` for each; false when one could not be measured. */
bool bench_run(void);
