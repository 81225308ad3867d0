/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console. Until the tree is read it is the PL011 of QEMU `virt`, so that a broken tree
 * can be told. The serial driver sets the device up anew when it takes over.
 *
 * [Arm DDI 0183 §3.3]
 */
#include "console.h"

#include "arch/arch.h"
#include "sysreg.h"

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

    POLLS_MAX = 1 << 20, /* a console that takes nothing must not stop the kernel */
};

static paddr_t base = UART_DEFAULT;

static bool find(const struct fdt *tree, struct fdt_node *node)
{
    struct fdt_node chosen;
    if (!fdt_find_path(tree, "/chosen", &chosen)) {
        return false;
    }
    const char *path = fdt_get_text(tree, &chosen, "stdout-path");
    return path != NULL && fdt_find_path(tree, path, node) &&
           fdt_has_text(tree, node, "compatible", "arm,pl011");
}

static void enable(void)
{
    uint64_t registers = KERNEL_BASE + base;
    if ((mmio_read32(registers + UARTCR) & UARTCR_UARTEN) == 0) {
        mmio_write32(registers + UARTLCR_H, UARTLCR_H_FEN_8);
        mmio_write32(registers + UARTCR, UARTCR_ON);
    }
}

void console_init(const struct fdt *tree)
{
    struct fdt_node node;
    struct fdt_range window;
    base = 0;
    if (find(tree, &node) && fdt_get_window(tree, &node, 0, &window) == OK &&
        window.base < LINEAR_BYTES) {
        base = window.base;
    }
}

paddr_t console_page(void)
{
    return base & ~(paddr_t)(PAGE_BYTES - 1);
}

void arch_console_putc(char c)
{
    if (base == 0) {
        return;
    }
    uint64_t registers = KERNEL_BASE + base;
    enable();
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        if ((mmio_read32(registers + UARTFR) & UARTFR_TXFF) == 0) {
            break;
        }
    }
    mmio_write32(registers + UARTDR, (uint8_t)c);
}
