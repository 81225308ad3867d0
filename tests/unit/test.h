/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every host test begins with: cmocka and numbers from a fixed seed.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A test, named as a sentence about the behaviour it shows. */
#define TEST(name) static void name(void **state __attribute__((unused)))

/* The next number of a sequence that the first value of `*seed` fixes (splitmix64). */
static inline uint64_t test_random(uint64_t *seed)
{
    uint64_t value = *seed += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}
