/* SPDX-License-Identifier: BSD-2-Clause */
#include "regions.h"

#include <stddef.h>

#include <abi/error.h>

int regions_find_room(const struct regions *regions, uint64_t pages, vaddr_t *start)
{
    vaddr_t from = regions->start + PAGE_BYTES;
    if (pages == 0) {
        return E_INVALID;
    }
    if (regions->count == REGIONS_MAX || pages > USER_END / PAGE_BYTES) {
        return E_LIMIT;
    }
    for (uint32_t i = 0; i <= regions->count; i++) {
        const struct region *next = &regions->items[i];
        vaddr_t to = i < regions->count ? next->start : regions->end; /* >= from, by R1 */
        if ((pages + 1) * PAGE_BYTES <= to - from) {
            *start = from;
            return OK;
        }
        if (i < regions->count) {
            from = next->start + (next->pages + 1) * PAGE_BYTES;
        }
    }
    return E_LIMIT;
}

void regions_insert(struct regions *regions, struct region region)
{
    uint32_t i = regions->count++;
    for (; i > 0 && regions->items[i - 1].start > region.start; i--) {
        regions->items[i] = regions->items[i - 1];
    }
    regions->items[i] = region;
}

struct region *regions_find(struct regions *regions, vaddr_t start)
{
    for (uint32_t i = 0; i < regions->count; i++) {
        if (regions->items[i].start == start) {
            return &regions->items[i];
        }
    }
    return NULL;
}

void regions_remove(struct regions *regions, struct region *region)
{
    regions->count--;
    for (; region < regions->items + regions->count; region++) {
        *region = region[1];
    }
}
