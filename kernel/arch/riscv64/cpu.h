/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of arch.h for riscv64: user registers in memory, and what takes one or two CSR
 * instructions. trap.S and ipc_fast.S know the layout of struct frame [asm.h].
 *
 * [RISC-V priv §4.1]
 */
#pragma once

#include "arch/frame.h"
#include "page.h"
#include <abi/types.h>
#include <base/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SSTATUS_FS = 3 << 13, /* access to the FP registers; 0: off */
    SIP_TIMER = 1 << 5,
    ARCH_FP_BYTES = 8 * 33, /* [fp.S] */
};

/* A 16550, and what its line status says when there is room for one byte more. */
enum { CONSOLE_AT_BOOT = 0x10000000, CONSOLE_DATA = 0, CONSOLE_STATUS = 5 };
enum { CONSOLE_STATUS_MASK = 1 << 5, CONSOLE_STATUS_READY = 1 << 5 };

#define CONSOLE_COMPATIBLE "ns16550a"
typedef uint8_t console_register_t;

#define CSR_READ(name)                                                                             \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrr %0, " #name : "=r"(value_));                                        \
        value_;                                                                                    \
    })

/* What arch_space_switch(0) switches to: the kernel half and nothing else. */
extern uint64_t arch_kernel_space;
/* Every switch must flush, because the CPU tells address spaces apart by no number. */
extern bool arch_space_is_untagged;

/* --- page tables: Sv39 [RISC-V priv §4.3, §4.4] ---------------------------------------------- */

enum {
    PTE_VALID = 1 << 0,
    PTE_RIGHTS_SHIFT = 1, /* PAGE_RIGHTS; none of them: a table */
    PTE_USER = 1 << 4,
    PTE_GLOBAL = 1 << 5,
    PTE_ACCESSED = 1 << 6, /* the CPU may insist on this and the next */
    PTE_DIRTY = 1 << 7,
    PTE_PAGE_SHIFT = 10,
};

static inline uint64_t arch_entry_table(paddr_t table)
{
    return table >> PAGE_SHIFT << PTE_PAGE_SHIFT | PTE_VALID;
}

static inline uint64_t arch_entry_leaf(paddr_t paddr, unsigned level, unsigned flags)
{
    unsigned who = (flags & PAGE_KERNEL) != 0 ? PTE_GLOBAL : PTE_USER;
    (void)level;
    return arch_entry_table(paddr) | (flags & PAGE_RIGHTS) << PTE_RIGHTS_SHIFT | who |
           PTE_ACCESSED | PTE_DIRTY;
}

static inline bool arch_entry_is_block(uint64_t entry)
{
    return (entry & PAGE_RIGHTS << PTE_RIGHTS_SHIFT) != 0;
}

static inline paddr_t arch_entry_address(uint64_t entry)
{
    return entry >> PTE_PAGE_SHIFT << PAGE_SHIFT;
}

/* The CPU may remember that nothing was there, on any level [RISC-V priv §4.2.1]. */
static inline void arch_entry_set(uint64_t *entry, uint64_t value)
{
    *entry = value;
    __asm__ volatile("sfence.vma" ::: "memory");
}

static inline void arch_tlb_flush_page(vaddr_t vaddr, unsigned asid)
{
    if (asid != 0) {
        __asm__ volatile("sfence.vma %0, %1" ::"r"(vaddr), "r"((uint64_t)asid) : "memory");
    } else if (arch_space_is_untagged) {
        __asm__ volatile("sfence.vma %0, zero" ::"r"(vaddr) : "memory");
    }
}

/* The upper half of every root is a copy of the kernel's, whose lower tables never change after
 * boot; so a trap needs no switch, and a space is its lower half. */
static inline void arch_space_init(paddr_t root)
{
    enum { HALF = PAGE_BYTES / 2 };
    uint64_t kernel_root = arch_kernel_space << PAGE_SHIFT; /* satp: the mode is shifted out */
    memcpy((char *)kernel_pointer(root) + HALF, (char *)kernel_pointer(kernel_root) + HALF, HALF);
}

/* --- time, interrupts, address space ------------------------------------------------------- */

static inline ticks_t arch_now(void)
{
    return CSR_READ(time);
}

/* Only what is enabled in sie counts; a masked line of the controller does not show here. */
static inline bool arch_irq_is_pending(void)
{
    return (CSR_READ(sip) & CSR_READ(sie)) != 0;
}

static inline bool arch_timer_is_pending(void)
{
    return (CSR_READ(sip) & SIP_TIMER) != 0;
}

static inline void arch_space_switch(uint64_t space_register)
{
    uint64_t space = space_register != 0 ? space_register : arch_kernel_space;
    __asm__ volatile("csrw satp, %0" ::"r"(space) : "memory");
    if (__builtin_expect(arch_space_is_untagged, 0)) {
        __asm__ volatile("sfence.vma" ::: "memory");
    }
}

/* --- FP access: sstatus.FS, off or dirty; nobody looks at "clean" --------------------------- */

static inline void arch_fp_enable(bool on)
{
    if (on) {
        __asm__ volatile("csrs sstatus, %0" ::"r"(SSTATUS_FS) : "memory");
    } else {
        __asm__ volatile("csrc sstatus, %0" ::"r"(SSTATUS_FS) : "memory");
    }
}

static inline bool arch_fp_is_enabled(void)
{
    return (CSR_READ(sstatus) & SSTATUS_FS) != 0;
}

/* --- the frame ------------------------------------------------------------------------------- */

/* t0-t2 are arch_frame_set_ipc's. */
static inline void arch_frame_clear_message(struct frame *frame)
{
    frame->x[REG_RA] = 0;
    for (unsigned i = REG_WORD; i < REG_WORD + IPC_WORDS; i++) {
        frame->x[i] = 0;
    }
    for (unsigned i = REG_HANDLE; i < FRAME_REGISTERS; i++) { /* t3-t6 */
        frame->x[i] = 0;
    }
}

static inline uint64_t *arch_frame_register(struct frame *frame, uint64_t index)
{
    /* pc sp tp, a0-a7, then ra gp t0-t2 s0 s1 s2-s11 t3-t6 */
    static const uint8_t order[FRAME_REGISTERS] = {
        0, 2, 4,  10, 11, 12, 13, 14, 15, 16, 17, 1,  3,  5,  6,  7,
        8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    };
    return index < FRAME_REGISTERS ? &frame->x[order[index]] : NULL;
}
