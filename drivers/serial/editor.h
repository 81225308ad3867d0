/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that is being typed. Pure.
 *
 * Enter ends it, Backspace takes a letter back, Ctrl-U all of them, Ctrl-C gives it up. Escape
 * sequences (arrow keys) and other control bytes are swallowed; what does not fit rings the bell.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <proto/serial.h>

enum editor_event {
    EDITOR_NOTHING,
    EDITOR_LINE,      /* the line, with its '\n', is in `line`; take it, then editor_clear */
    EDITOR_INTERRUPT, /* the line is empty again */
};

enum editor_escape { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_INSIDE };

struct editor {
    char line[SERIAL_LINE_BYTES];
    size_t used;
    enum editor_escape escape;
};

/* What the terminal is to show for one key. */
struct editor_echo {
    char text[3 * SERIAL_LINE_BYTES];
    size_t bytes;
};

enum editor_event editor_take(struct editor *editor, uint8_t byte, struct editor_echo *echo);

void editor_clear(struct editor *editor);
