/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console: the 16550 that stdout-path names, or the firmware's until it is known and when
 * it is another. Polls, and leaves speed and interrupts as the firmware set them; the `serial`
 * program owns the device later, and the kernel writes again only in a panic.
 *
 * [Devicetree Specification 0.4 §3.6, §4.2.2]
 */
#include "riscv.h"

enum {
    UART_DATA = 0,
    UART_LINE_STATUS = 5,
    UART_LINE_STATUS_EMPTY = 1 << 5, /* room for one byte more */
    UART_REGISTERS = 8,
    UART_POLLS_MAX = 1 << 16, /* a dead device loses bytes instead of stopping the kernel */
    UART_SHIFT_MAX = 2,
};

static uint64_t uart; /* 0: the firmware's console */
static uint32_t uart_shift;

void arch_console_putc(char c)
{
    if (uart == 0) {
        sbi_console_putc(c);
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
    struct fdt_node chosen;
    struct fdt_node node;
    const char *path = NULL;
    uint32_t shift = 0;
    if (fdt_find_path(tree, "/chosen", &chosen)) {
        path = fdt_get_text(tree, &chosen, "stdout-path");
    }
    if (path == NULL || !fdt_find_path(tree, path, &node) ||
        (!fdt_has_text(tree, &node, "compatible", "ns16550a") &&
         !fdt_has_text(tree, &node, "compatible", "ns16550"))) {
        return E_NOT_FOUND;
    }
    int error = fdt_get_u32(tree, &node, "reg-shift", &shift);
    if (error != OK && error != E_NOT_FOUND) {
        return error;
    }
    if (shift > UART_SHIFT_MAX) {
        return E_CORRUPT;
    }
    uart_shift = shift;
    return platform_take_window(tree, &node, UART_REGISTERS << shift, &uart);
}
