/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU `virt` on riscv64: PLIC, 16550, goldfish-rtc [hw/riscv/virt.c, hw/rtc/goldfish_rtc.c]. */
#include <machine.h>

#include <wherry/mmio.h>

enum {
    RTC_TIME_LOW = 0x00, /* reading it holds the high half */
    RTC_TIME_HIGH = 0x04,
    RTC_ALARM_LOW = 0x08, /* writing it sets the alarm; a time in the past comes at once */
    RTC_ALARM_HIGH = 0x0c,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_INTERRUPT = 0x1c,
};

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

void machine_alarm_enable(void *registers)
{
    mmio_put32(registers, RTC_ALARM_HIGH, 0);
    mmio_put32(registers, RTC_IRQ_ENABLED, 1);
}

uint32_t machine_alarm_value(const void *registers)
{
    (void)registers;
    return 0;
}

void machine_alarm_raise(void *registers, uint32_t value)
{
    mmio_put32(registers, RTC_ALARM_LOW, value);
}

void machine_alarm_clear(void *registers)
{
    mmio_put32(registers, RTC_CLEAR_INTERRUPT, 1);
}
