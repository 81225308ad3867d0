/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where memory is mapped in this program.
 *
 * Addresses from the end of the program's stack up to MEMORY_END are given out here, with an
 * unmapped page between any two mappings [libc/regions.h]. A program that maps memory at an address
 * of its own choice does it above MEMORY_END. musl's malloc comes here through mmap.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

#define MEMORY_END 0x40000000ull

/*
 * Maps the whole of a memory object where there is room; the handle stays the caller's.
 * E_LIMIT: no room. Else as object_info and memory_map.
 */
MUST_CHECK int memory_attach(handle_t memory, uint64_t rights, void **address, uint64_t *pages);

/* Maps new, zeroed memory that this program's account pays. Errors as memory_create and above. */
MUST_CHECK int memory_allocate(uint64_t pages, void **address);

/* Unmaps what starts at `address`; allocated memory is freed. E_NOT_FOUND: nothing does. */
MUST_CHECK int memory_release(void *address);

/* Pages mapped at `address` by one of the above, 0 for none. */
uint64_t memory_pages_at(const void *address);
