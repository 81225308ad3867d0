/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmap and munmap: anonymous private memory, whole mappings.
 *
 * There is no brk, and no mprotect: a guard page of musl's malloc is ordinary memory.
 */
#include "personality.h"

#include <errno.h>
#include <sys/mman.h>

#include <abi/error.h>
#include <abi/types.h>
#include <wherry/memory.h>

long personality_mmap(void *address, size_t bytes, int protection, int flags, int descriptor)
{
    void *mapped;
    (void)address; /* a hint */
    if (bytes == 0 || bytes > MEMORY_END ||
        (flags & ~(MAP_NORESERVE | MAP_STACK)) != (MAP_PRIVATE | MAP_ANONYMOUS)) {
        return -EINVAL;
    }
    if ((protection & PROT_EXEC) != 0) {
        return -EACCES;
    }
    if (descriptor != -1) {
        return -EBADF;
    }
    int error = memory_allocate((bytes + PAGE_BYTES - 1) / PAGE_BYTES, &mapped);
    return error == OK ? (long)mapped : personality_errno(error);
}

long personality_munmap(void *address, size_t bytes)
{
    uint64_t pages = memory_pages_at(address);
    if (pages == 0 || (bytes + PAGE_BYTES - 1) / PAGE_BYTES != pages) {
        return -EINVAL;
    }
    return personality_errno(memory_release(address));
}
