/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of nodes and services: 1 to 64 bytes of UTF-8 without control characters.
 *
 * Not terminated. An empty one (len 0) is no name and stands for "none". [RFC 3629]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

enum { BUS_NAME_MAX = 64 };

struct bus_name {
    uint8_t len;
    char text[BUS_NAME_MAX];
};

/* Whether these bytes may be a name. */
MUST_CHECK bool bus_name_is_good(const uint8_t *text, size_t len);

/* Makes one; false, and it is empty, when the bytes may not be a name. */
MUST_CHECK bool bus_name_set(struct bus_name *name, const void *text, size_t len);

MUST_CHECK bool bus_name_is_equal(const struct bus_name *a, const struct bus_name *b);

/* A number that the bytes fix; small changes of the name change all of it. */
uint64_t bus_name_hash(const struct bus_name *name);
