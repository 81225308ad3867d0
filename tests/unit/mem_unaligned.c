/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests of mem.c for a CPU that loads and stores words anywhere. */
#define MEM_WORD_ALIGNMENT 1
#include "mem.c"
