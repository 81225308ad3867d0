/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pages in the program image, and the one that is made when it is asked for.
 */
#pragma once

#include <stddef.h>

#include <base/attributes.h>

struct page {
    const char *path;
    const char *type;
    const char *text; /* NULL: made by status_make */
    size_t bytes;
};

/* The page at a path of `bytes` letters; NULL: none. */
const struct page *pages_find(const char *path, size_t bytes);

/*
 * /status.json: uptime, processes and the network's counters, as init and netd tell them. Gives how
 * many of `size` bytes it filled; 0: they do not answer or it does not fit.
 */
MUST_CHECK size_t status_make(char *text, size_t size);
