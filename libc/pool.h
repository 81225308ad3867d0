/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects of one size, made page by page and used again; pages never go back. For what libc makes
 * while a program runs, without malloc.
 */
#pragma once

#include <stddef.h>

#include <base/attributes.h>

struct pool {
    size_t bytes; /* of an object, >= a pointer, <= a page; set by whoever makes the pool */
    void *free;   /* each begins with a pointer to the next */
};

/* A zeroed object, or NULL: no memory. */
MUST_CHECK void *pool_take(struct pool *pool);

/* Takes an object back. */
void pool_give(struct pool *pool, void *object);
