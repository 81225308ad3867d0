/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console. Until the tree is read it is the PL011 of QEMU `virt`, so that a broken tree
 * can be told. The serial driver sets the device up anew when it takes over.
 *
 * [Arm DDI 0183 §3.3]
 */
#include "aarch64.h"

enum {
    UART_DEFAULT = 0x09000000,

    UARTDR = 0x00,
    UARTFR = 0x18,
    UARTFR_TXFF = 1 << 5,
    UARTLCR_H = 0x2c,
    UARTLCR_H_FEN_8 = 0x70, /* FIFOs, 8 bits, no parity */
    UARTCR = 0x30,
    UARTCR_UARTEN = 1 << 0,
    UARTCR_ON = 0x301, /* RXE, TXE, UARTEN */

    UART_BYTES = 0x1000,

    POLLS_MAX = 1 << 20, /* a console that takes nothing must not stop the kernel */
};

static uint64_t uart = KERNEL_BASE + UART_DEFAULT; /* 0: there is none */

void console_init(const struct fdt *tree)
{
    struct fdt_node node;
    uart = 0;
    if (device_find_console(tree, "arm,pl011", &node) &&
        device_keep(tree, &node, 0, UART_BYTES, &uart) != OK) {
        uart = 0;
    }
}

void arch_console_putc(char c)
{
    if (uart == 0) {
        return;
    }
    if ((mmio_read32(uart + UARTCR) & UARTCR_UARTEN) == 0) {
        mmio_write32(uart + UARTLCR_H, UARTLCR_H_FEN_8);
        mmio_write32(uart + UARTCR, UARTCR_ON);
    }
    for (unsigned i = 0; i < POLLS_MAX && (mmio_read32(uart + UARTFR) & UARTFR_TXFF) != 0; i++) {
    }
    mmio_write32(uart + UARTDR, (uint8_t)c);
}
