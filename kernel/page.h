/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical pages: a two-level bitmap over RAM. Pages are zeroed when handed out, not at boot.
 */
#pragma once

#include <abi/types.h>
#include <base/attributes.h>
#include <memlayout.h>
#include <stdbool.h>

enum { PAGE_RUN_MAX = 512 };

/* How a page is mapped. */
enum page_flag {
    PAGE_READ = 1 << 0,
    PAGE_WRITE = 1 << 1,
    PAGE_EXECUTE = 1 << 2,
    PAGE_RIGHTS = PAGE_READ | PAGE_WRITE | PAGE_EXECUTE,
    PAGE_DEVICE = 1 << 3, /* aarch64: Device-nGnRE */
    PAGE_KERNEL = 1 << 4, /* in every space, and not for user mode */
};

/* Manage RAM [base, base + pages * PAGE_BYTES); the bitmap is put at `bitmap` (linear map).
 * Every page starts free. */
COLD void page_init(paddr_t base, uint64_t pages, void *bitmap);
/* Bytes of bitmap for `pages`. */
uint64_t page_bitmap_bytes(uint64_t pages);

/* Whatever of RAM a byte of [base, base + bytes) lies in is never handed out. */
COLD void page_keep_range(paddr_t base, uint64_t bytes);

/* One page, not zeroed; 0 when none is left. */
paddr_t page_alloc(void);
void page_free(paddr_t page);

/*
 * A run of `pages` (<= PAGE_RUN_MAX). Looks at a bounded number of words per call, from page
 * number *from on: E_AGAIN with *from moved (call again), E_NO_MEMORY at the end, OK with *base.
 */
COLD int page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *base);

/* Through the linear map. */
static inline void *kernel_pointer(paddr_t address)
{
    return (void *)(KERNEL_BASE + address);
}

static inline paddr_t kernel_physical(const void *pointer)
{
    return (uint64_t)pointer - KERNEL_BASE;
}
