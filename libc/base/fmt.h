/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from numbers, into a buffer of known size.
 *
 * The subset of printf that kernel and servers use; the compiler checks the arguments:
 *
 *     %d %i %u %x %X  with nothing, l, ll or z before; %c  %s  %p  %%
 *     flags - and 0, a width, and for %s a precision; width and precision may be *
 *
 * NULL prints as (null). Anything else after % is printed as it stands and takes no argument.
 * No floating point, no locale, no allocation, no state.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <base/attributes.h>

/*
 * Writes at most `size` bytes to `buffer`, the last of them 0, and returns how many stand before
 * the 0: always less than `size`, so it may index the buffer. What does not fit is cut off. With
 * `size` 0 nothing is written and the result is 0.
 */
PRINTF_LIKE(3, 4) size_t fmt_format(char *buffer, size_t size, const char *format, ...);
PRINTF_LIKE(3, 0)
size_t fmt_format_list(char *buffer, size_t size, const char *format, va_list arguments);
