/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU `virt` on riscv64: PLIC, 16550, goldfish-rtc [hw/riscv/virt.c, hw/rtc/goldfish_rtc.c]. */
#include "../../machine.h"

#include <wherry/mmio.h>

enum { RTC_TIME_LOW = 0x00, RTC_TIME_HIGH = 0x04 }; /* reading the low half holds the high one */

const struct machine_facts machine_facts = {
    .ram = 0x82000000,
    .interrupt_controller = 0x0c000000,
    .serial = 0x10000000,
    .serial_line = 10,
    .clock_step_ns = 1000,
    .kernel = 0xffffffff80000000ull,
};

uint64_t machine_clock_ns(const void *registers)
{
    uint64_t low = mmio_get32(registers, RTC_TIME_LOW);
    return (uint64_t)mmio_get32(registers, RTC_TIME_HIGH) << 32 | low;
}
