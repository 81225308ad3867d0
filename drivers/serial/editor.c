/* SPDX-License-Identifier: BSD-2-Clause */
#include "editor.h"

#include <string.h>

enum {
    KEY_INTERRUPT = 0x03, /* Ctrl-C */
    KEY_BACKSPACE = 0x08,
    KEY_KILL = 0x15, /* Ctrl-U */
    KEY_ESCAPE = 0x1b,
    KEY_DELETE = 0x7f,
};

static void show(struct editor_echo *echo, const char *text)
{
    size_t bytes = strlen(text);
    memcpy(echo->text + echo->bytes, text, bytes); /* at most 3 bytes for each letter of a line */
    echo->bytes += bytes;
}

/* ESC, '[', parameters, a letter [ECMA-48 §5.4]; after ESC anything else is a key of two bytes. */
static bool is_escape(struct editor *editor, uint8_t byte)
{
    switch (editor->escape) {
    case ESCAPE_NONE:
        if (byte == KEY_ESCAPE) {
            editor->escape = ESCAPE_BEGUN;
        }
        return byte == KEY_ESCAPE;
    case ESCAPE_BEGUN:
        editor->escape = byte == '[' || byte == 'O' ? ESCAPE_INSIDE : ESCAPE_NONE;
        return true;
    case ESCAPE_INSIDE:
        if (byte >= 0x40 && byte <= 0x7e) {
            editor->escape = ESCAPE_NONE;
        }
        return true;
    }
    return false;
}

static void take_letter(struct editor *editor, uint8_t byte, struct editor_echo *echo)
{
    if (editor->used == SERIAL_LINE_BYTES - 1) { /* one is kept for the end */
        show(echo, "\a");
        return;
    }
    editor->line[editor->used++] = (char)byte;
    echo->text[echo->bytes++] = (char)byte;
}

static void take_back(struct editor *editor, struct editor_echo *echo)
{
    if (editor->used > 0) {
        editor->used--;
        show(echo, "\b \b");
    }
}

enum editor_event editor_take(struct editor *editor, uint8_t byte, struct editor_echo *echo)
{
    echo->bytes = 0;
    if (is_escape(editor, byte)) {
        return EDITOR_NOTHING;
    }
    switch (byte) {
    case '\r':
    case '\n':
        editor->line[editor->used++] = '\n';
        show(echo, "\r\n");
        return EDITOR_LINE;
    case KEY_INTERRUPT:
        editor_clear(editor);
        show(echo, "^C\r\n");
        return EDITOR_INTERRUPT;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        take_back(editor, echo);
        return EDITOR_NOTHING;
    case KEY_KILL:
        while (editor->used > 0) {
            take_back(editor, echo);
        }
        return EDITOR_NOTHING;
    default:
        if (byte >= ' ' && byte <= '~') {
            take_letter(editor, byte, echo);
        }
        return EDITOR_NOTHING;
    }
}

void editor_clear(struct editor *editor)
{
    editor->used = 0;
}
