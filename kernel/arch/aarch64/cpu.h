/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of arch.h for aarch64: user registers in memory, and what takes one or two
 * system registers. vectors.S and ipc_fast.S know the layout of struct frame [asm.h].
 *
 * [Arm ARM D24.2]
 */
#pragma once

#include "arch/frame.h"
#include "page.h"
#include <abi/types.h>
#include <base/attributes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CPACR_FPEN = 3 << 20, /* access to the FP registers from EL0 and EL1; 0: both trap */
    ISR_IRQ = 1 << 7,
    CNTV_CTL_ISTATUS = 1 << 2,
    ARCH_FP_BYTES = 528, /* [fp.S] */
};

/* A PL011, and what its flags say when it is not full [Arm DDI 0183 §3.3]. */
enum { CONSOLE_AT_BOOT = 0x09000000, CONSOLE_DATA = 0x00 / 4, CONSOLE_STATUS = 0x18 / 4 };
enum { CONSOLE_STATUS_MASK = 1 << 5, CONSOLE_STATUS_READY = 0 };

#define CONSOLE_COMPATIBLE "arm,pl011"
typedef uint32_t console_register_t;

#define SYSREG_TEXT(name) #name

#define SYSREG_READ(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " SYSREG_TEXT(name) : "=r"(value_));                             \
        value_;                                                                                    \
    })

/* What arch_space_switch(0) switches to: a root table with nothing in it [boot.S]. */
extern uint8_t empty_table[];

/* --- page tables [Arm ARM D8.3.1, D8.3.2] ---------------------------------------------------- */

enum {
    PTE_VALID = 1 << 0,
    PTE_TABLE = 1 << 1,  /* levels 1 and 2: a table; level 0: a page */
    PTE_DEVICE = 1 << 2, /* index into MAIR_EL1 [boot.S] */
    PTE_USER = 1 << 6,
    PTE_READ_ONLY = 1 << 7,
    PTE_INNER_SHAREABLE = 3 << 8,
    PTE_ACCESSED = 1 << 10,
    PTE_NOT_GLOBAL = 1 << 11,
    TTBR_ASID_SHIFT = 48,
};

static const uint64_t pte_kernel_never_executes = 1ull << 53;
static const uint64_t pte_user_never_executes = 1ull << 54;

static inline uint64_t arch_entry_table(paddr_t table)
{
    return table | PTE_VALID | PTE_TABLE;
}

static inline uint64_t arch_entry_leaf(paddr_t paddr, unsigned level, unsigned flags)
{
    bool is_kernels = (flags & PAGE_KERNEL) != 0;
    uint64_t entry = paddr | PTE_VALID | PTE_INNER_SHAREABLE | PTE_ACCESSED;
    entry |= level == 0 ? PTE_TABLE : 0;
    entry |= is_kernels ? 0 : PTE_USER | PTE_NOT_GLOBAL;
    entry |= (flags & PAGE_WRITE) != 0 ? 0 : PTE_READ_ONLY;
    entry |= (flags & PAGE_DEVICE) != 0 ? PTE_DEVICE : 0;
    if (!is_kernels || (flags & PAGE_EXECUTE) == 0) {
        entry |= pte_kernel_never_executes;
    }
    if (is_kernels || (flags & PAGE_EXECUTE) == 0) {
        entry |= pte_user_never_executes;
    }
    return entry;
}

static inline bool arch_entry_is_block(uint64_t entry)
{
    return (entry & PTE_TABLE) == 0;
}

static inline paddr_t arch_entry_address(uint64_t entry)
{
    return entry & 0xfffffffff000;
}

/* An invalid entry is never cached, so nothing needs to be forgotten; the second barrier stands for
 * the eret, by which the walker sees the entry. */
static inline void arch_entry_set(uint64_t *entry, uint64_t value)
{
    __asm__ volatile("dmb ishst" ::: "memory");
    *entry = value;
    __asm__ volatile("dsb ishst" ::: "memory");
}

static inline void arch_tlb_flush_page(vaddr_t vaddr, unsigned asid)
{
    uint64_t operand = (uint64_t)asid << TTBR_ASID_SHIFT | vaddr >> PAGE_SHIFT;
    if (asid != 0) {
        __asm__ volatile("dsb ishst\n\ttlbi vae1is, %0\n\tdsb ish\n\tisb" ::"r"(operand)
                         : "memory");
    }
}

static inline void arch_space_init(paddr_t root)
{
    (void)root; /* zeroed; the kernel is in the other half */
}

/* --- time, interrupts, address space -------------------------------------------------------- */

static inline ticks_t arch_now(void)
{
    return SYSREG_READ(cntvct_el0);
}

static inline bool arch_irq_is_pending(void)
{
    return (SYSREG_READ(isr_el1) & ISR_IRQ) != 0;
}

/* The timer is always enabled [gic.c]. */
static inline bool arch_timer_is_pending(void)
{
    return (SYSREG_READ(cntv_ctl_el0) & CNTV_CTL_ISTATUS) != 0;
}

/* Takes effect for user mode with the eret; the kernel itself uses no user address. */
static inline void arch_space_switch(uint64_t space_register)
{
    uint64_t space = space_register;
    if (__builtin_expect(space == 0, 0)) {
        space = (uint64_t)empty_table - KERNEL_BASE;
    }
    __asm__ volatile("msr ttbr0_el1, %0" ::"r"(space) : "memory");
}

/* --- FP access ------------------------------------------------------------------------------ */

/* Takes effect for user mode with the eret; fp.S waits for it itself. */
static inline void arch_fp_enable(bool on)
{
    uint64_t access = on ? CPACR_FPEN : 0;
    __asm__ volatile("msr cpacr_el1, %0" ::"r"(access) : "memory");
}

static inline bool arch_fp_is_enabled(void)
{
    return (SYSREG_READ(cpacr_el1) & CPACR_FPEN) != 0;
}

/* --- the frame ------------------------------------------------------------------------------ */

enum { FRAME_SAVED_FIRST = 19 }; /* x19-x30 are kept by a call, x30 because `svc` needs no link */

static inline void arch_frame_clear_message(struct frame *frame)
{
    for (unsigned i = 0; i < FRAME_SAVED_FIRST; i++) {
        frame->x[i] = 0;
    }
    frame->x[REG_PSTATE] = 0;
}

static inline uint64_t *arch_frame_register(struct frame *frame, uint64_t index)
{
    static const uint8_t special[3] = {REG_PC, REG_SP, REG_TP};
    if (index < 3) {
        return &frame->x[special[index]];
    }
    return index - 3 <= REG_RA ? &frame->x[index - 3] : NULL;
}
