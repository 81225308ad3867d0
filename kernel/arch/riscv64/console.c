/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console: the 16550 that stdout-path names, or the firmware's until it is known and when
 * it is another. Polls, and leaves speed and interrupts as the firmware set them; the `serial`
 * program owns the device later, and the kernel writes again only in a panic.
 *
 * [SBI 1.0 §5.2]
 */
#include "riscv.h"

enum {
    UART_DATA = 0,
    UART_LINE_STATUS = 5,
    UART_LINE_STATUS_EMPTY = 1 << 5, /* room for one byte more */
    UART_REGISTERS = 8,
    UART_POLLS_MAX = 1 << 16, /* a dead device loses bytes instead of stopping the kernel */
    UART_SHIFT_MAX = 2,
    SBI_CONSOLE_PUTCHAR = 1,
};

static uint64_t uart; /* 0: the firmware's console */
static uint32_t uart_shift;

void arch_console_putc(char c)
{
    if (uart == 0) {
        sbi_call(SBI_CONSOLE_PUTCHAR, (uint8_t)c, 0);
        return;
    }
    for (int polls = 0; polls < UART_POLLS_MAX; polls++) {
        if ((mmio_read8(uart + (UART_LINE_STATUS << uart_shift)) & UART_LINE_STATUS_EMPTY) != 0) {
            mmio_write8(uart + UART_DATA, (uint8_t)c);
            return;
        }
    }
}

int console_init(const struct fdt *tree)
{
    struct fdt_node node;
    if (!device_find_console(tree, "ns16550a", &node) &&
        !device_find_console(tree, "ns16550", &node)) {
        return E_NOT_FOUND;
    }
    int error = fdt_get_u32(tree, &node, "reg-shift", &uart_shift);
    if (error != OK && error != E_NOT_FOUND) {
        return error;
    }
    if (uart_shift > UART_SHIFT_MAX) {
        return E_CORRUPT;
    }
    return device_keep(tree, &node, 0, UART_REGISTERS << uart_shift, &uart);
}
