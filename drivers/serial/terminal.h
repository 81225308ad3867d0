/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands on the screen: lines of all processes, below them the prompt with the line that is
 * being typed. Pure: bytes to send go into a buffer, the driver takes them from there.
 *
 * T1  A line begins at the left edge and is sent whole; no two lines mix.
 * T2  A line that comes while the prompt stands there begins a new row, and the prompt is drawn
 *     again below it, with what was typed, once the lines have come to rest.
 * T3  Only the console process may leave a line unfinished: that is the prompt. What is typed while
 *     there is none is not echoed until there is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <proto/serial.h>

#include "editor.h"
#include "line.h"

enum {
    TERMINAL_OUTPUT_BYTES = 4096, /* a power of two */
    TERMINAL_PROMPT_BYTES = 64,
    TERMINAL_ROOM_BYTES = LINE_SHOWN_BYTES + TERMINAL_PROMPT_BYTES + 4 * SERIAL_LINE_BYTES,
};

struct terminal {
    struct serial_history *history; /* borrowed */
    struct editor editor;
    char prompt[TERMINAL_PROMPT_BYTES];
    size_t prompt_bytes;
    bool has_prompt;
    bool is_drawn; /* the prompt stands on the last row */
    uint8_t output[TERMINAL_OUTPUT_BYTES];
    uint32_t head; /* modulo 2^32, as `tail` */
    uint32_t tail;
};

/* Whether any one record or key can be shown now. */
bool terminal_has_room(const struct terminal *terminal);

/* Shows a record. Requires room. */
void terminal_show(struct terminal *terminal, const struct serial_source *source, bool is_console,
                   const char *text, size_t bytes);

/* Takes a key. Requires room. After EDITOR_LINE take the line, then editor_clear. */
enum editor_event terminal_key(struct terminal *terminal, uint8_t byte);

/* Whether there is a prompt that does not stand on the screen. */
bool terminal_is_unsettled(const struct terminal *terminal);

/* Draws the prompt, if there is one. Requires room; a key may follow with no further check. */
void terminal_settle(struct terminal *terminal);

/* The next byte to send stays until terminal_sent; false: none. */
bool terminal_next(const struct terminal *terminal, uint8_t *byte);
void terminal_sent(struct terminal *terminal);
