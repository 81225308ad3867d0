/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a UART on the machine; a host test has its fake instead. */
#include "uart.h"

#include <wherry/mmio.h>

uint32_t uart_read(const struct uart *uart, uint32_t offset)
{
    return uart->kind == UART_16550 ? mmio_get8(uart->base, offset)
                                    : mmio_get32(uart->base, offset);
}

void uart_write(const struct uart *uart, uint32_t offset, uint32_t value)
{
    if (uart->kind == UART_16550) {
        mmio_put8(uart->base, offset, (uint8_t)value);
    } else {
        mmio_put32(uart->base, offset, value);
    }
}
