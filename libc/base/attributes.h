/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What our headers ask of the compiler, under names of our own.
 */
#pragma once

#define MUST_CHECK               __attribute__((warn_unused_result))
#define COLD                     __attribute__((cold, noinline)) /* small before fast */
#define NO_RETURN                __attribute__((noreturn))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#define static_assert _Static_assert /* as <assert.h>, which a freestanding program lacks */
