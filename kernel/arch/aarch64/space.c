/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces as the CPU sees them: ASIDs, TLB and cache maintenance. boot.S switches the
 * kernel's half.
 *
 * [Arm ARM D8.14, D7.5]
 */
#include "aarch64.h"

#include <base/bytes.h>

/* The table that boot.S runs with, and the user half of nobody. */
uint64_t boot_table[PAGE_BYTES / sizeof(uint64_t)] __attribute__((aligned(PAGE_BYTES)));
uint8_t empty_table[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

uint64_t arch_space_register(paddr_t root, unsigned asid)
{
    return root | (uint64_t)asid << TTBR_ASID_SHIFT;
}

unsigned arch_asid_count(void)
{
    enum { ASID_BITS_LARGE = 1 << 5 };
    return (SYSREG_READ(id_aa64mmfr0_el1) & ASID_BITS_LARGE) != 0 ? 1 << 16 : 1 << 8;
}

void arch_tlb_flush_all(void)
{
    CPU_DO("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb");
}

void arch_icache_sync(const void *start, size_t bytes)
{
    uint64_t line_bytes = 4ull << (SYSREG_READ(ctr_el0) >> 16 & 0xf); /* DminLine */
    uint64_t end = (uint64_t)start + bytes;
    for (uint64_t line = align_down((uint64_t)start, line_bytes); line < end; line += line_bytes) {
        __asm__ volatile("dc cvau, %0" ::"r"(line) : "memory");
    }
    CPU_DO("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb");
}

void arch_zero_page(void *page)
{
    enum { DCZID_DZP = 1 << 4 };
    uint64_t dczid = SYSREG_READ(dczid_el0);
    uint64_t block_bytes = 4ull << (dczid & 0xf); /* 16 to 2,048 */
    uint64_t at = (uint64_t)page;
    uint64_t end = at + PAGE_BYTES;
    if ((dczid & DCZID_DZP) == 0) {
        for (; at < end; at += block_bytes) {
            __asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
        }
    }
    for (; at < end; at += 16) {
        __asm__ volatile("stp xzr, xzr, [%0]" ::"r"(at) : "memory");
    }
}
