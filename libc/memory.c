/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/memory.h>

#include <stdbool.h>
#include <stddef.h>

#include <wherry/startup.h>
#include <wherry/sys.h>

#include "regions.h"

extern char stack_top[]; /* the linker's: the end of the program */

static struct regions regions = {.start = (vaddr_t)stack_top, .end = MEMORY_END};

static MUST_CHECK int map(handle_t memory, uint64_t pages, uint64_t rights, handle_t owner,
                          void **address)
{
    struct region region = {.pages = pages, .owner = owner};
    int error = regions_find_room(&regions, pages, &region.start);
    if (error != OK) {
        return error;
    }
    struct sysret mapped =
        sys_memory_map(startup_handle(ROLE_TASK), memory, region.start, 0, pages, rights);
    if (mapped.status != OK) {
        return (int)mapped.status;
    }
    /* --- committed --- */
    regions_insert(&regions, region);
    *address = (void *)region.start;
    return OK;
}

int memory_attach(handle_t memory, uint64_t rights, void **address, uint64_t *pages)
{
    struct sysret info = sys_object_info(memory, INFO_MEMORY_PAGES);
    if (info.status != OK) {
        return (int)info.status;
    }
    *pages = info.value;
    return map(memory, info.value, rights, HANDLE_NONE, address);
}

int memory_allocate(uint64_t pages, void **address)
{
    struct sysret made = sys_memory_create(startup_handle(ROLE_ACCOUNT), pages, false);
    if (made.status != OK) {
        return (int)made.status;
    }
    handle_t memory = (handle_t)made.value;
    int error = map(memory, pages, RIGHT_READ | RIGHT_WRITE, memory, address);
    if (error != OK) {
        sys_handle_close(memory);
    }
    return error;
}

int memory_release(void *address)
{
    struct region *region = regions_find(&regions, (vaddr_t)address);
    if (region == NULL) {
        return E_NOT_FOUND;
    }
    struct sysret unmapped = sys_memory_unmap(startup_handle(ROLE_TASK), region->start);
    if (unmapped.status != OK) {
        return (int)unmapped.status;
    }
    /* --- committed --- */
    if (region->owner != HANDLE_NONE) {
        sys_handle_close(region->owner);
    }
    regions_remove(&regions, region);
    return OK;
}

uint64_t memory_pages_at(const void *address)
{
    const struct region *region = regions_find(&regions, (vaddr_t)address);
    return region == NULL ? 0 : region->pages;
}
