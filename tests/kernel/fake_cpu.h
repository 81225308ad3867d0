/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU for the portable kernel on the host: the functions of arch.h, with what hardware would do
 * checked on the way.
 *
 * T1  A page table never maps a page writable and executable, nor a page of the allocator's.
 * T2  A translation that the CPU may remember is never used after it became false.
 * T3  A root that is loaded is never freed.
 * T4  Between two polls for interrupts the kernel does a bounded amount of work on pages.
 */
#pragma once

#include "arch/arch.h"
#include <setjmp.h>

struct task;

enum {
    FAKE_LINES = 64,     /* valid ones are 1..FAKE_LINES - 1 */
    FAKE_TLB = 64,       /* translations it remembers */
    FAKE_WORK_MAX = 160, /* T4: three pages touched for each of a step's, and the ends of objects */
    FAKE_FP_BYTES = ARCH_FP_BYTES,
    FAKE_HZ = 10000000,
};

struct fake_translation {
    uint64_t asid;
    vaddr_t vaddr;
    uint64_t entry; /* 0: nothing remembered */
};

struct fake_cpu {
    ticks_t now;
    ticks_t per_read; /* that pass with each look at the counter */
    ticks_t timer;    /* what arch_timer_set asked for */
    bool is_pending[FAKE_LINES];
    bool is_unmasked[FAKE_LINES];
    unsigned polls_left; /* polls for interrupts until `late_line` is raised; 0: never */
    unsigned late_line;
    unsigned asids;
    uint64_t space; /* loaded; 0: the empty one */
    bool is_fp_on;
    uint8_t fp[FAKE_FP_BYTES]; /* the registers */
    struct fake_translation tlb[FAKE_TLB];
    unsigned tlb_next;
    unsigned work; /* since the last poll, T4 */
    unsigned work_most;
    uint64_t polls;
    unsigned power_code; /* of arch_power_off */
    bool is_off;
    jmp_buf *stuck;    /* where to go when nothing can ever wake the CPU, or it is turned off */
    jmp_buf *panicked; /* where a panic goes; NULL: the end of the process */
    char line[512];               /* the last line, bytes of debug_write or panic */
};

extern struct fake_cpu fake_cpu;

void fake_cpu_reset(void);

/* A device raises a line. */
void fake_raise(unsigned line);
bool fake_line_is_pending(void);
/* The user program of the loaded space uses `vaddr`: whether it may. T2. */
bool fake_access(vaddr_t vaddr);

/* --- page tables ------------------------------------------------------------------------------ */

/* The page at `vaddr` and its flags; false when there is none. */
bool fake_walk(paddr_t root, vaddr_t vaddr, paddr_t *page, unsigned *flags);
/* Tables below `root`, and pages mapped. */
unsigned fake_count_tables(paddr_t root);
uint64_t fake_count_pages(paddr_t root);

/* --- in place of print.c and main.c ----------------------------------------------------------- */

extern uint8_t fake_facts_page[PAGE_BYTES];
_Noreturn void panic_assert(const char *file, int line);
