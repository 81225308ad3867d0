/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU `virt` on aarch64: GIC, PL011, PL031 [hw/arm/virt.c]. */
#include <machine.h>

#include <wherry/mmio.h>

/* [PL031 TRM §3.3] */
enum {
    RTC_DR = 0x000, /* seconds */
    RTC_MR = 0x004, /* the second at which the interrupt comes; now: at once */
    RTC_IMSC = 0x010,
    RTC_ICR = 0x01c,
};

#define NS_IN_A_SECOND 1000000000ull

const struct machine_facts machine_facts = {
    .ram = 0x42000000,
    .interrupt_controller = 0x08000000,
    .serial = 0x09000000,
    .serial_line = 33,
    .clock_step_ns = NS_IN_A_SECOND,
    .kernel = 0xffff000040000000ull,
};

uint64_t machine_clock_ns(const void *registers)
{
    return mmio_get32(registers, RTC_DR) * NS_IN_A_SECOND;
}

void machine_alarm_enable(void *registers)
{
    mmio_put32(registers, RTC_IMSC, 1);
}

uint32_t machine_alarm_value(const void *registers)
{
    return mmio_get32(registers, RTC_DR);
}

void machine_alarm_raise(void *registers, uint32_t value)
{
    mmio_put32(registers, RTC_MR, value);
}

void machine_alarm_clear(void *registers)
{
    mmio_put32(registers, RTC_ICR, 1);
}
