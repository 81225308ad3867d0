/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller, as the S-mode context of the boot hart.
 *
 * Every line is enabled for ever and masked by priority 0. The enable bit would not do: a line
 * masked with it between claim and complete would lose its complete.
 *
 * [RISC-V PLIC 1.0.0 §3]
 */
#include "riscv.h"

/* Four bytes of priority a line; of a context, enable bits and a page of registers. */
enum { PLIC_PRIORITY = 0, PLIC_ENABLE = 0x2000, PLIC_CONTEXT = 0x200000 };
enum { PLIC_ENABLE_STRIDE = 0x80, PLIC_CONTEXT_STRIDE = 0x1000 };
enum { PLIC_THRESHOLD = 0, PLIC_CLAIM = 4 };
enum { PLIC_LINES_MAX = 1024, PLIC_CONTEXTS_MAX = 15872 };
/* What the hart's own controller calls its S-mode input. */
enum { CAUSE_S_EXTERNAL = 9, SIE_EXTERNAL = 1 << CAUSE_S_EXTERNAL };

static uint64_t plic;
static uint64_t plic_enable;
static uint64_t plic_context;
static unsigned plic_lines;

bool arch_irq_is_valid(unsigned line)
{
    return line > 0 && line < plic_lines;
}

void arch_irq_mask(unsigned line)
{
    mmio_write32(plic + PLIC_PRIORITY + 4 * line, 0);
}

void arch_irq_unmask(unsigned line)
{
    mmio_write32(plic + PLIC_PRIORITY + 4 * line, 1);
}

unsigned arch_irq_take(void)
{
    uint64_t line = mmio_read32(plic_context + PLIC_CLAIM);
    if (line != 0) {
        mmio_write32(plic + PLIC_PRIORITY + 4 * line, 0);
        mmio_write32(plic_context + PLIC_CLAIM, (uint32_t)line);
    }
    return (unsigned)line;
}

void arch_irq_init(void)
{
    for (unsigned line = 1; line < plic_lines; line++) {
        arch_irq_mask(line);
    }
    for (unsigned word = 0; word < (plic_lines + 31) / 32; word++) {
        mmio_write32(plic_enable + 4 * word, UINT32_MAX);
    }
    mmio_write32(plic_context + PLIC_THRESHOLD, 0);
    arch_timer_set(DEADLINE_FOREVER);
    __asm__ volatile("csrs sie, %0" ::"r"(SIP_TIMER | SIE_EXTERNAL));
}

void arch_idle(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

/* The phandle of the boot hart's own interrupt controller, a child of its node. */
static bool find_hart_controller(const struct fdt *tree, uint32_t *phandle)
{
    struct fdt_node cpu;
    struct fdt_node parent;
    if (!boot_hart_find(tree, &cpu)) {
        return false;
    }
    struct fdt_node node = cpu; /* its children come next in the tree */
    return fdt_next_with(tree, &node, "compatible", "riscv,cpu-intc") &&
           fdt_parent(&node, &parent) && parent.path[parent.depth] == cpu.path[cpu.depth] &&
           fdt_get_u32(tree, &node, "phandle", phandle) == OK;
}

/* The context that interrupts the boot hart in S-mode: its place in the node's list. */
static int find_context(const struct fdt *tree, const struct fdt_node *node, uint64_t *context)
{
    uint32_t controller;
    if (!find_hart_controller(tree, &controller)) {
        return E_NOT_FOUND;
    }
    for (unsigned index = 0; index < PLIC_CONTEXTS_MAX; index++) {
        struct fdt_interrupt input;
        int error = fdt_get_interrupt(tree, node, index, &input);
        if (error != OK) {
            return error;
        }
        if (input.controller == controller && input.cells[0] == CAUSE_S_EXTERNAL) {
            *context = index;
            return OK;
        }
    }
    return E_CORRUPT;
}

int plic_init(const struct fdt *tree)
{
    struct fdt_node node;
    uint32_t devices;
    uint64_t context;
    if (!device_find(tree, "sifive,plic-1.0.0", &node) &&
        !device_find(tree, "riscv,plic0", &node)) {
        return E_NOT_FOUND;
    }
    int error = fdt_get_u32(tree, &node, "riscv,ndev", &devices);
    if (error == OK && (devices == 0 || devices >= PLIC_LINES_MAX)) {
        error = E_CORRUPT;
    }
    if (error == OK) {
        error = find_context(tree, &node, &context);
    }
    if (error != OK) {
        return error;
    }
    uint64_t offset = PLIC_CONTEXT + context * PLIC_CONTEXT_STRIDE;
    error = device_keep(tree, &node, 0, offset + PLIC_CONTEXT_STRIDE, &plic);
    plic_enable = plic + PLIC_ENABLE + context * PLIC_ENABLE_STRIDE;
    plic_context = plic + offset;
    plic_lines = devices + 1;
    return error;
}

/* --- what this machine is made of ------------------------------------------------------------ */

bool boot_hart_find(const struct fdt *tree, struct fdt_node *node)
{
    struct fdt_range id;
    *node = fdt_root(tree);
    while (fdt_next_with(tree, node, "device_type", "cpu")) {
        if (fdt_get_reg(tree, node, 0, &id) == OK && id.base == boot_hart) {
            return true;
        }
    }
    return false;
}

/* The test device is optional; clock and interrupt controller are not. */
int arch_machine_init(const struct fdt *tree)
{
    int power = power_init(tree);
    if ((power != OK && power != E_NOT_FOUND) || clock_init(tree) != OK || plic_init(tree) != OK) {
        return E_UNSUPPORTED;
    }
    return OK;
}
