/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <string.h>

#include <abi/error.h>
#include <abi/types.h>
#include <wherry/memory.h>

enum { ALIGN_BYTES = 16, PAGES_AT_ONCE = 2 };

void *pool_take(struct pool *pool)
{
    size_t bytes = (pool->bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    void *pages;
    if (pool->free == NULL && memory_allocate(PAGES_AT_ONCE, &pages) == OK) {
        for (size_t at = 0; at + bytes <= PAGES_AT_ONCE * PAGE_BYTES; at += bytes) {
            pool_give(pool, (char *)pages + at);
        }
    }
    void *object = pool->free;
    if (object != NULL) {
        memcpy(&pool->free, object, sizeof(void *));
        memset(object, 0, bytes);
    }
    return object;
}

void pool_give(struct pool *pool, void *object)
{
    memcpy(object, &pool->free, sizeof(void *));
    pool->free = object;
}
