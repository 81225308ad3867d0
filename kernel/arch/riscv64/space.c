/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces as the CPU sees them: satp, ASIDs, and what must be made visible to whom.
 *
 * [RISC-V priv §4.1.11, §4.2.1]
 */
#include "riscv.h"

enum { SATP_ASID_SHIFT = 44, SATP_ASID_MASK = 0xffff };

static const uint64_t satp_sv39 = 8ull << 60;

/* What boot.S leaves: the table it runs with, and the hart it runs on. */
uint64_t boot_table[PAGE_BYTES / sizeof(uint64_t)] __attribute__((aligned(PAGE_BYTES)));
uint64_t boot_hart;

uint64_t arch_kernel_space;
bool arch_space_is_untagged;
static unsigned asid_count;

uint64_t arch_space_register(paddr_t root, unsigned asid)
{
    return satp_sv39 | (uint64_t)asid << SATP_ASID_SHIFT | root >> PAGE_SHIFT;
}

/* With all ASID bits set first, to see which of them the CPU has. */
void arch_kernel_switch(paddr_t root)
{
    uint64_t satp = arch_space_register(root, SATP_ASID_MASK);
    arch_kernel_space = arch_space_register(root, 0);
    __asm__ volatile("csrw satp, %0\n\tcsrr %0, satp" : "+r"(satp)::"memory");
    __asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(arch_kernel_space) : "memory");
    unsigned asid_max = (unsigned)(satp >> SATP_ASID_SHIFT) & SATP_ASID_MASK;
    asid_count = asid_max == 0 ? 0 : asid_max + 1;
    arch_space_is_untagged = asid_count == 0;
}

unsigned arch_asid_count(void)
{
    return asid_count;
}

/* The kernel's global translations go too; there is no fence that spares them. */
void arch_tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

void arch_icache_sync(const void *start, size_t bytes)
{
    (void)start; /* the one instruction there is covers everything */
    (void)bytes;
    __asm__ volatile("fence.i" ::: "memory");
}

/* In turns of as many words as the offset of a compressed store reaches. */
void arch_zero_page(void *page)
{
    enum { TURN_BYTES = 256 };
    for (char *at = page, *end = at + PAGE_BYTES; at != end; at += TURN_BYTES) {
        __asm__ volatile(".set .Lat, 0\n\t"
                         ".rept %2 / 8\n\t"
                         "sd %1, .Lat(%0)\n\t"
                         ".set .Lat, .Lat + 8\n\t"
                         ".endr" ::"r"(at),
                         "r"(0ul), "i"(TURN_BYTES)
                         : "memory");
    }
}
