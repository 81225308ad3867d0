/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a compiler may call by itself, with the meaning C gives them.
 *
 * mem.c is the portable form that the kernel links; programs link their C library's.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
