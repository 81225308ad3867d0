/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's services that the kernel uses: first console, timer without Sstc, power.
 *
 * [SBI 1.0 §3, §5.2, §6, §10]
 */
#include "riscv.h"

enum {
    SBI_LEGACY_PUTCHAR = 1,
    SBI_TIME = 0x54494d45,
    SBI_TIME_SET = 0,
    SBI_SRST = 0x53525354,
    SBI_SRST_RESET = 0,
    SRST_SHUTDOWN = 0,
    SRST_COLD_REBOOT = 1,
};

/* The error is no use to any caller here: none of these calls has a second way. */
static void sbi_call(uint64_t extension, uint64_t function, uint64_t argument0, uint64_t argument1)
{
    register uint64_t a0 __asm__("a0") = argument0;
    register uint64_t a1 __asm__("a1") = argument1;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}

void sbi_console_putc(char c)
{
    sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)c, 0);
}

void sbi_timer_set(ticks_t deadline)
{
    sbi_call(SBI_TIME, SBI_TIME_SET, deadline, 0);
}

static _Noreturn void halt(void)
{
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void sbi_power_off(void)
{
    sbi_call(SBI_SRST, SBI_SRST_RESET, SRST_SHUTDOWN, 0);
    halt();
}

void sbi_reset(void)
{
    sbi_call(SBI_SRST, SBI_SRST_RESET, SRST_COLD_REBOOT, 0);
    halt();
}
