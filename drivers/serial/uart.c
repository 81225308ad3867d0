/* SPDX-License-Identifier: BSD-2-Clause */
#include "uart.h"

/* [PC16550D §8] */
enum {
    NS_DATA = 0,
    NS_INTERRUPT_ENABLE = 1,
    NS_INTERRUPT_ENABLE_INPUT = 1 << 0,
    NS_INTERRUPT_ENABLE_ROOM = 1 << 1,
    NS_INTERRUPT_IDENTITY = 2, /* reading it takes back "room" */
    NS_FIFO_CONTROL = 2,
    NS_FIFO_CONTROL_ENABLE = 1 << 0,
    NS_LINE_STATUS = 5,
    NS_LINE_STATUS_INPUT = 1 << 0,
    NS_LINE_STATUS_EMPTY = 1 << 5, /* the transmit FIFO */
    NS_FIFO_BYTES = 16,
};

/* [Arm DDI 0183 §3.2] */
enum {
    PL_DATA = 0x00,
    PL_FLAGS = 0x18,
    PL_FLAGS_INPUT_EMPTY = 1 << 4,
    PL_FLAGS_OUTPUT_FULL = 1 << 5,
    PL_LINE_CONTROL = 0x2c,
    PL_LINE_CONTROL_FIFOS = 1 << 4,
    PL_CONTROL = 0x30,
    PL_CONTROL_ALL = 1 << 0 | 1 << 8 | 1 << 9, /* the device, its transmitter, its receiver */
    PL_INTERRUPT_MASK = 0x38,
    PL_INTERRUPT_CLEAR = 0x44,
    PL_INTERRUPT_INPUT = 1 << 4 | 1 << 6, /* FIFO level, and time-out below it */
    PL_INTERRUPT_ROOM = 1 << 5,
    PL_INTERRUPT_ALL = 0x7ff,
};

static void set_interrupts(const struct uart *uart)
{
    if (uart->kind == UART_16550) {
        uart_write(uart, NS_INTERRUPT_ENABLE,
                   NS_INTERRUPT_ENABLE_INPUT |
                       (uart->wants_room ? (uint32_t)NS_INTERRUPT_ENABLE_ROOM : 0));
    } else {
        uart_write(uart, PL_INTERRUPT_MASK,
                   PL_INTERRUPT_INPUT | (uart->wants_room ? (uint32_t)PL_INTERRUPT_ROOM : 0));
    }
}

void uart_open(struct uart *uart)
{
    uart->room = 0;
    uart->wants_room = false;
    if (uart->kind == UART_16550) {
        uart_write(uart, NS_FIFO_CONTROL, NS_FIFO_CONTROL_ENABLE);
    } else {
        uart_write(uart, PL_LINE_CONTROL, uart_read(uart, PL_LINE_CONTROL) | PL_LINE_CONTROL_FIFOS);
        uart_write(uart, PL_CONTROL, uart_read(uart, PL_CONTROL) | PL_CONTROL_ALL);
    }
    set_interrupts(uart);
}

bool uart_get(struct uart *uart, uint8_t *byte)
{
    if (uart->kind == UART_16550) {
        if ((uart_read(uart, NS_LINE_STATUS) & NS_LINE_STATUS_INPUT) == 0) {
            return false;
        }
        *byte = (uint8_t)uart_read(uart, NS_DATA);
        return true;
    }
    if ((uart_read(uart, PL_FLAGS) & PL_FLAGS_INPUT_EMPTY) != 0) {
        return false;
    }
    *byte = (uint8_t)uart_read(uart, PL_DATA); /* above it are error bits */
    return true;
}

bool uart_put(struct uart *uart, uint8_t byte)
{
    if (uart->kind == UART_16550) {
        if (uart->room == 0) {
            if ((uart_read(uart, NS_LINE_STATUS) & NS_LINE_STATUS_EMPTY) == 0) {
                return false;
            }
            uart->room = NS_FIFO_BYTES;
        }
        uart->room--;
        uart_write(uart, NS_DATA, byte);
        return true;
    }
    if ((uart_read(uart, PL_FLAGS) & PL_FLAGS_OUTPUT_FULL) != 0) {
        return false;
    }
    uart_write(uart, PL_DATA, byte);
    return true;
}

void uart_want_room(struct uart *uart, bool wants_room)
{
    if (uart->wants_room != wants_room) {
        uart->wants_room = wants_room;
        set_interrupts(uart);
    }
}

void uart_acknowledge(struct uart *uart)
{
    if (uart->kind == UART_16550) {
        (void)uart_read(uart, NS_INTERRUPT_IDENTITY);
    } else {
        uart_write(uart, PL_INTERRUPT_CLEAR, PL_INTERRUPT_ALL);
    }
}
