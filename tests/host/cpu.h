/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of arch.h on the host: a CPU that is a struct under the test's control. The other
 * half is tests/kernel/fake_cpu.c.
 */
#pragma once

#include "memlayout.h"
#include <abi/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_KEPT = 4, FRAME_SCRATCH = 3, FRAME_CALL_BYTES = 4, ARCH_FP_BYTES = 528 };

/* User registers, in the order of arch_frame_register. */
struct frame {
    uint64_t pc;
    uint64_t sp;
    uint64_t tp;
    uint64_t words[IPC_WORDS];
    uint64_t number;
    uint64_t target;
    uint64_t deadline;
    uint64_t handles[2];
    uint64_t scratch[FRAME_SCRATCH]; /* no call keeps them */
    uint64_t kept[FRAME_KEPT];
};

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

static inline uint8_t arch_highest_bit(uint64_t word)
{
    return (uint8_t)(63 - __builtin_clzll(word)); /* 0..63 */
}

static inline uint64_t *arch_frame_word(struct frame *frame, unsigned index)
{
    return &frame->words[index];
}

static inline uint64_t arch_frame_number(const struct frame *frame)
{
    return frame->number;
}

static inline uint64_t arch_frame_target(const struct frame *frame)
{
    return frame->target;
}

static inline ticks_t arch_frame_deadline(const struct frame *frame)
{
    return frame->deadline;
}

static inline uint64_t *arch_frame_handles(struct frame *frame, unsigned index)
{
    return &frame->handles[index];
}

static inline void arch_frame_set_ipc(struct frame *frame, int64_t status, uint64_t badge,
                                      uint64_t bits)
{
    frame->number = (uint64_t)status;
    frame->target = badge;
    frame->deadline = bits;
}

static inline void arch_frame_clear_message(struct frame *frame)
{
    arch_frame_set_ipc(frame, 0, 0, 0);
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        frame->words[i] = 0;
    }
    for (unsigned i = 0; i < FRAME_SCRATCH; i++) {
        frame->scratch[i] = 0;
    }
    frame->handles[0] = 0;
    frame->handles[1] = 0;
}

static inline void arch_frame_restart_call(struct frame *frame)
{
    frame->pc -= FRAME_CALL_BYTES;
}

static inline void arch_frame_result(struct frame *frame, int64_t status, uint64_t value)
{
    frame->words[0] = (uint64_t)status;
    frame->words[1] = value;
}

static inline uint64_t *arch_frame_register(struct frame *frame, uint64_t index)
{
    return index < sizeof(*frame) / sizeof(uint64_t) ? &frame->pc + index : NULL;
}
