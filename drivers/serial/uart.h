/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes in and out of a 16550 or PL011, by interrupts.
 *
 * Register logic alone: nothing waits or polls here. Speed and frame stay as the firmware set
 * them. Registers are reached through the two functions at the end, which uart_io.c does for the
 * machine and a host test for its fake.
 *
 * Order of an interrupt: uart_acknowledge, then uart_get and uart_put until they have nothing to
 * do, then unmask the line. A 16550 keeps its line up while bytes wait; a PL011 latches what
 * comes after the acknowledgement, so no byte is missed on either.
 *
 * [PC16550D] [Arm DDI 0183 PL011 §3.3]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum uart_kind {
    UART_16550,
    UART_PL011,
};

struct uart {
    enum uart_kind kind;
    void *base;
    uint32_t room;   /* 16550: bytes that surely fit */
    bool wants_room; /* the transmit interrupt is on */
};

/* Interrupts for input on, for output off; both FIFOs on and as they are. */
void uart_open(struct uart *uart);

/* Takes one byte that came in; false: none is there. */
bool uart_get(struct uart *uart, uint8_t *byte);

/* Hands over one byte; false: no room now. */
bool uart_put(struct uart *uart, uint8_t byte);

/* Asks for an interrupt when there is room again, or for none. */
void uart_want_room(struct uart *uart, bool wants_room);

/* Clears what the device latched. */
void uart_acknowledge(struct uart *uart);

/* One register, `offset` bytes from the base. A 16550's are 8 bits wide, a PL011's 32. */
uint32_t uart_read(const struct uart *uart, uint32_t offset);
void uart_write(const struct uart *uart, uint32_t offset, uint32_t value);
