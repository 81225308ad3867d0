/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power off and reset through the firmware. An exit status other than 0 goes to QEMU by
 * semihosting first; where nobody listens the instruction traps, and the machine goes off without.
 *
 * [Arm DEN 0022 PSCI 1.1 §5] [Arm semihosting 2.0 §6.4 SYS_EXIT]
 */
#include "aarch64.h"

enum { SEMIHOSTING_EXIT = 0x18, SEMIHOSTING_APPLICATION_EXIT = 0x20026 };

static const uint32_t psci_system_off = 0x84000008, psci_system_reset = 0x84000009;

static bool takes_hvc;
static bool takes_smc;

extern const uint8_t semihosting_instruction[];

void psci_init(const struct fdt *tree)
{
    struct fdt_node node;
    if (device_find(tree, "arm,psci-1.0", &node) || device_find(tree, "arm,psci-0.2", &node)) {
        takes_hvc = fdt_has_text(tree, &node, "method", "hvc");
        takes_smc = fdt_has_text(tree, &node, "method", "smc");
    }
}

static _Noreturn void call_firmware(uint32_t function)
{
    register uint64_t x0 __asm__("x0") = function;
    if (takes_hvc) {
        __asm__ volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
    } else if (takes_smc) {
        __asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
    }
    for (;;) {
        arch_idle();
    }
}

static void exit_qemu(unsigned code)
{
    uint64_t block[2] = {SEMIHOSTING_APPLICATION_EXIT, code};
    register uint64_t operation __asm__("x0") = SEMIHOSTING_EXIT;
    register uint64_t argument __asm__("x1") = (uint64_t)block;
    __asm__ volatile(".global semihosting_instruction\n"
                     "semihosting_instruction:\n\t"
                     "hlt #0xf000"
                     : "+r"(operation)
                     : "r"(argument)
                     : "memory");
}

void psci_check_semihosting(uint64_t pc)
{
    if (pc == (uint64_t)semihosting_instruction) {
        call_firmware(psci_system_off);
    }
}

void arch_power_off(unsigned code)
{
    if (code != 0) {
        exit_qemu(code);
    }
    call_firmware(psci_system_off);
}

void arch_reset(void)
{
    call_firmware(psci_system_reset);
}
