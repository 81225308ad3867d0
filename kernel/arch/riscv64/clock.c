/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer of this hart: stimecmp where the tree says Sstc, else a call of the firmware.
 *
 * Frequency and what the hart can do are the tree's.
 *
 * [RISC-V Sstc 0.5.4 §2]  [SBI 1.0 §6]  [Devicetree Specification 0.4 §3.8]
 */
#include "riscv.h"

#include "machine.h"

enum { SBI_TIME = 0x54494d45 };

static uint32_t counter_hz;
static bool has_stimecmp;

void arch_timer_set(ticks_t deadline)
{
    if (has_stimecmp) {
        __asm__ volatile("csrw 0x14d, %0" ::"r"(deadline)); /* stimecmp */
    } else {
        sbi_call(SBI_TIME, deadline, 0);
    }
}

uint64_t arch_counter_hz(void)
{
    return counter_hz;
}

int clock_init(const struct fdt *tree)
{
    struct fdt_node cpus;
    struct fdt_node node;
    if (!boot_hart_find(tree, &node) || !fdt_parent(&node, &cpus)) {
        return E_NOT_FOUND;
    }
    has_stimecmp = fdt_has_text(tree, &node, "riscv,isa-extensions", "sstc") ||
                   machine_has_word(fdt_get_text(tree, &node, "riscv,isa"), "sstc", '_');
    int error = fdt_get_u32(tree, &cpus, "timebase-frequency", &counter_hz);
    if (error == E_NOT_FOUND) {
        error = fdt_get_u32(tree, &node, "timebase-frequency", &counter_hz);
    }
    return error == OK && counter_hz == 0 ? E_CORRUPT : error;
}
