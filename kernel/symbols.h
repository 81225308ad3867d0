/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of kernel functions, for backtraces. scripts/symtab makes the table in a second link:
 * little-endian u32 count, then count pairs of u32 (offset from the start of the text, rising;
 * offset of the name in the table), then the names, each ended by 0.
 */
#pragma once

#include <stdint.h>

/* The function that holds `address` and the distance from its start; "?" when unknown. */
const char *symbol_find(uint64_t address, uint64_t *offset);
