/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine is made of, read from the tree once.
 *
 * The console and the test device are optional; clock and interrupt controller are not.
 */
#include "riscv.h"

#include "print.h"

enum { WINDOWS_MAX = 3 };

static struct fdt_range windows[WINDOWS_MAX];
static unsigned window_count;

const struct fdt_range *platform_windows(unsigned *count)
{
    *count = window_count;
    return windows;
}

bool platform_find_hart(const struct fdt *tree, uint64_t hart, struct fdt_node *node)
{
    struct fdt_range id;
    *node = fdt_root(tree);
    while (fdt_next_with(tree, node, "device_type", "cpu")) {
        if (fdt_get_reg(tree, node, 0, &id) == OK && id.base == hart) {
            return true;
        }
    }
    return false;
}

int platform_take_window(const struct fdt *tree, const struct fdt_node *node, uint64_t bytes_min,
                         uint64_t *address)
{
    struct fdt_range registers;
    int error = fdt_get_window(tree, node, 0, &registers);
    if (error != OK) {
        return error;
    }
    if (registers.bytes < bytes_min || registers.base % sizeof(uint32_t) != 0) {
        return E_CORRUPT;
    }
    if (registers.bytes > LINEAR_BYTES || registers.base > LINEAR_BYTES - registers.bytes) {
        return E_RANGE;
    }
    KASSERT(window_count < WINDOWS_MAX); /* one for each x_init of riscv.h */
    windows[window_count++] = registers;
    *address = KERNEL_BASE + registers.base;
    return OK;
}

int arch_machine_init(const struct fdt *tree, struct machine *machine)
{
    int console = console_init(tree);
    int power = power_init(tree);
    (void)machine;
    if ((console != OK && console != E_NOT_FOUND) || (power != OK && power != E_NOT_FOUND) ||
        clock_init(tree, boot_hart) != OK || plic_init(tree, boot_hart) != OK) {
        return E_UNSUPPORTED;
    }
    return OK;
}
