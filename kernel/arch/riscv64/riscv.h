/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: the trap record, the firmware, the devices the kernel keeps.
 */
#pragma once

#include "arch/arch.h"
#include "machine.h"

/* Exceptions [RISC-V priv §4.1.8]. */
enum cause {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS,
    CAUSE_ILLEGAL_INSTRUCTION,
    CAUSE_BREAKPOINT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_LOAD_ACCESS,
    CAUSE_STORE_MISALIGNED,
    CAUSE_STORE_ACCESS,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
    CAUSES,
};

/* A trap taken in the kernel, filled by trap.S. x[0] is the program counter. */
struct kernel_trap {
    uint64_t x[ARCH_REGISTER_COUNT];
    uint64_t cause;
    uint64_t value;
    uint64_t status;
};

/* --- boot.S --- */
extern uint64_t boot_hart;
extern uint8_t stack_guard[];
extern uint8_t stack_top[];
extern uint8_t panic_stack_top[];

/* --- sbi.c: calls of the firmware [SBI 1.0] --- */
void sbi_console_putc(char c);
void sbi_timer_set(ticks_t deadline);
_Noreturn void sbi_power_off(void);
_Noreturn void sbi_reset(void);

/* --- platform.c and the devices the kernel keeps --------------------------------------------- */

/* Each reads its node once. E_NOT_FOUND: the tree has none of ours. E_CORRUPT, E_RANGE. */
int console_init(const struct fdt *tree);
int power_init(const struct fdt *tree);
int clock_init(const struct fdt *tree, uint64_t hart);
int plic_init(const struct fdt *tree, uint64_t hart);

/*
 * The registers of a device node, at least `bytes_min`, as an address of the linear map, where
 * they stay mapped. E_NOT_FOUND, E_CORRUPT (too few, misaligned), E_RANGE (the map ends before).
 */
int platform_take_window(const struct fdt *tree, const struct fdt_node *node, uint64_t bytes_min,
                         uint64_t *address);

/* Windows taken so far, `count` of them. */
const struct fdt_range *platform_windows(unsigned *count);

/* The node of a CPU. */
bool platform_find_hart(const struct fdt *tree, uint64_t hart, struct fdt_node *node);

/* --- pagetable.c --- */

/*
 * Whether the present user space maps `vaddr` so that a fault with `cause` cannot have been
 * true: the CPU may remember for a while that nothing was there. Then it is made to look again.
 */
bool pagetable_is_stale(vaddr_t vaddr, uint64_t cause);

/* --- device registers --- */

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline uint32_t mmio_read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void mmio_write8(uint64_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline uint8_t mmio_read8(uint64_t address)
{
    return *(volatile uint8_t *)address;
}
