/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop and reset: by the test device of QEMU and SiFive, which carries an exit status, else by the
 * firmware, which does not.
 *
 * [SBI 1.0 §10]
 */
#include "riscv.h"

/* Of the test device; the status of a failure stands in the upper half. */
enum { TEST_FAIL = 0x3333, TEST_PASS = 0x5555, TEST_RESET = 0x7777 };
enum { SBI_RESET = 0x53525354, SBI_RESET_SHUTDOWN = 0, SBI_RESET_COLD = 1 };

static uint64_t test_device; /* 0: there is none */

static _Noreturn void stop(uint32_t test_value, uint64_t firmware_type)
{
    if (test_device != 0) {
        mmio_write32(test_device, test_value);
    }
    sbi_call(SBI_RESET, firmware_type, 0);
    for (;;) {
        arch_idle();
    }
}

void arch_power_off(unsigned code)
{
    stop(code == 0 ? TEST_PASS : code << 16 | TEST_FAIL, SBI_RESET_SHUTDOWN);
}

void arch_reset(void)
{
    stop(TEST_RESET, SBI_RESET_COLD);
}

int power_init(const struct fdt *tree)
{
    struct fdt_node node;
    if (!device_find(tree, "sifive,test0", &node)) {
        return E_NOT_FOUND;
    }
    return device_keep(tree, &node, 0, sizeof(uint32_t), &test_device);
}
