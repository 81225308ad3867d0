/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console: the UART that stdout-path names, if it is of the kind this CPU's machines have
 * [cpu.h]. Until the tree is read it is where QEMU `virt` has it, so that a broken tree can be
 * told. Polls, and leaves speed and interrupts as it found them; the `serial` program owns the
 * device later, and the kernel writes again only in a panic.
 */
#include "console.h"

#include "arch/arch.h"
#include "device.h"

enum {
    CONSOLE_BYTES = 0x20,
    POLLS_MAX = 1 << 16, /* a dead device loses bytes instead of stopping the kernel */
};

static uint64_t console = KERNEL_BASE + CONSOLE_AT_BOOT; /* 0: there is none */

void console_init(const struct fdt *tree)
{
    struct fdt_node node;
    if (!device_find_console(tree, CONSOLE_COMPATIBLE, &node) ||
        device_keep(tree, &node, 0, CONSOLE_BYTES, &console) != OK) {
        console = 0;
    }
}

void console_putc(char c)
{
    volatile console_register_t *registers = (volatile console_register_t *)console;
    if (console == 0) {
        return;
    }
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        if ((registers[CONSOLE_STATUS] & CONSOLE_STATUS_MASK) == CONSOLE_STATUS_READY) {
            break;
        }
    }
    registers[CONSOLE_DATA] = (uint8_t)c;
}
