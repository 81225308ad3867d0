/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel lines and the panic. Before `serial` is up, and in a panic, the kernel writes the
 * console itself; afterwards it is silent.
 */
#pragma once

#include "arch/arch.h"

/* One whole line, "kernel: " in front; at most 160 bytes. Formats of base/fmt.h. */
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes of a debug_write: escaped outside printable ASCII and newline. */
void print_bytes(const char *bytes, size_t count);

_Noreturn void panic(const struct kernel_trap *trap, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

_Noreturn void panic_assert(const char *file, int line);

/* What only a bug of our own could break. Stays on in every build. */
#define KASSERT(condition)                                                                         \
    ((void)(__builtin_expect((condition), 1) || (panic_assert(__FILE__, __LINE__), 0)))
