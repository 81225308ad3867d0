/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where netd's lines go: the log ring on the target, a list in a test.
 */
#pragma once

#include <stddef.h>

struct lines {
    /* Takes one whole line without its end. Borrows `text`, which has `len` bytes and a 0. */
    void (*write)(void *context, const char *text, size_t len);
    void *context;
};

enum { LINE_BYTES_MAX = 128 };
