/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop and reset: by the test device of QEMU and SiFive, which carries an exit status, else by the
 * firmware, which does not.
 */
#include "riscv.h"

enum {
    TEST_FAIL = 0x3333, /* with the status in the upper half */
    TEST_PASS = 0x5555,
    TEST_RESET = 0x7777,
};

static uint64_t test_device; /* 0: there is none */

void arch_power_off(unsigned code)
{
    if (test_device != 0) {
        mmio_write32(test_device, code == 0 ? TEST_PASS : code << 16 | TEST_FAIL);
    }
    sbi_power_off();
}

void arch_reset(void)
{
    if (test_device != 0) {
        mmio_write32(test_device, TEST_RESET);
    }
    sbi_reset();
}

int power_init(const struct fdt *tree)
{
    struct fdt_node node = fdt_root(tree);
    if (!fdt_next_with(tree, &node, "compatible", "sifive,test0")) {
        return E_NOT_FOUND;
    }
    return platform_take_window(tree, &node, sizeof(uint32_t), &test_device);
}
