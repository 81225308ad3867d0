/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which runs of pages of an address space are taken. Pure: maps nothing.
 *
 * R1  The regions are sorted by address; an unmapped page lies before each, between any two and
 *     behind the last.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

enum { REGIONS_MAX = 128 };

struct region {
    vaddr_t start;
    uint64_t pages;
    handle_t owner; /* the user's; nothing looks at it here */
};

/* Empty when `count` is 0. Limits are page aligned; whoever makes it sets them. */
struct regions {
    vaddr_t start;
    vaddr_t end;
    uint32_t count;
    struct region items[REGIONS_MAX];
};

/* The lowest address where `pages` fit. E_INVALID: no pages. E_LIMIT: no room. */
MUST_CHECK int regions_find_room(const struct regions *regions, uint64_t pages, vaddr_t *start);

/* Adds a region at the address that regions_find_room has just given for it. */
void regions_insert(struct regions *regions, struct region region);

/* The region that starts at `start`, or NULL. */
struct region *regions_find(struct regions *regions, vaddr_t start);

/* Removes what regions_find has given. */
void regions_remove(struct regions *regions, struct region *region);
