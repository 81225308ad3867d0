/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of arch.h on the host: a CPU that is a struct under the test's control. The other
 * half is tests/kernel/fake_cpu.c.
 */
#pragma once

#include "arch/frame.h"
#include "memlayout.h"
#include <abi/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARCH_FP_BYTES = 528 };

/* --- entries of page tables: address, flags of enum page_flag, valid -------------------------- */

enum { ENTRY_FLAGS_SHIFT = 1, ENTRY_FLAGS_MASK = 0x1f, ENTRY_VALID = 1 };

static inline uint64_t arch_entry_table(paddr_t table)
{
    return table | ENTRY_VALID;
}

static inline uint64_t arch_entry_leaf(paddr_t paddr, unsigned level, unsigned flags)
{
    (void)level;
    return paddr | flags << ENTRY_FLAGS_SHIFT | ENTRY_VALID;
}

static inline bool arch_entry_is_block(uint64_t entry)
{
    return (entry >> ENTRY_FLAGS_SHIFT & ENTRY_FLAGS_MASK) != 0;
}

static inline paddr_t arch_entry_address(uint64_t entry)
{
    return entry >> PAGE_SHIFT << PAGE_SHIFT;
}

/* [tests/kernel/fake_cpu.h] */
void arch_entry_set(uint64_t *entry, uint64_t value);
void arch_tlb_flush_page(vaddr_t vaddr, unsigned asid);
void arch_space_init(paddr_t root);
ticks_t arch_now(void);
bool arch_irq_is_pending(void);
bool arch_timer_is_pending(void);
void arch_space_switch(uint64_t space_register);
void arch_fp_enable(bool on);
bool arch_fp_is_enabled(void);

static inline void arch_frame_clear_message(struct frame *frame)
{
    for (unsigned i = REG_WORD; i < REG_KEPT; i++) {
        frame->x[i] = 0;
    }
}

static inline uint64_t *arch_frame_register(struct frame *frame, uint64_t index)
{
    return index < FRAME_REGISTERS ? &frame->x[index] : NULL;
}
