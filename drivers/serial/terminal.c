/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

#include <string.h>

static uint32_t waiting_bytes(const struct terminal *terminal)
{
    return terminal->tail - terminal->head; /* <= TERMINAL_OUTPUT_BYTES */
}

static void put(struct terminal *terminal, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        terminal->output[terminal->tail++ % TERMINAL_OUTPUT_BYTES] = (uint8_t)text[i];
    }
}

/* Release: pairs with the reader's acquire, which then sees the bytes before the count. */
static void remember(struct serial_history *history, const char *text, size_t bytes)
{
    uint64_t written = atomic_load_explicit(&history->written, memory_order_relaxed);
    for (size_t i = 0; i < bytes; i++) {
        atomic_store_explicit(&history->text[(written + i) % SERIAL_HISTORY_BYTES],
                              (uint8_t)text[i], memory_order_relaxed);
    }
    atomic_store_explicit(&history->written, written + bytes, memory_order_release);
}

/* Leaves the row of the prompt. */
static void leave_prompt(struct terminal *terminal)
{
    if (terminal->is_drawn) {
        put(terminal, "\r\n", 2);
        terminal->is_drawn = false;
    }
}

bool terminal_has_room(const struct terminal *terminal)
{
    return TERMINAL_OUTPUT_BYTES - waiting_bytes(terminal) >= TERMINAL_ROOM_BYTES;
}

void terminal_show(struct terminal *terminal, const struct serial_source *source, bool is_console,
                   const char *text, size_t bytes)
{
    char shown[LINE_SHOWN_BYTES];
    bool is_finished;
    size_t length = line_show(source, text, bytes, shown, &is_finished);

    leave_prompt(terminal);
    if (is_console && !is_finished) {
        terminal->prompt_bytes = length < TERMINAL_PROMPT_BYTES ? length : TERMINAL_PROMPT_BYTES;
        memcpy(terminal->prompt, shown, terminal->prompt_bytes);
        terminal->has_prompt = true;
        return;
    }
    put(terminal, shown, length);
    put(terminal, "\r\n", 2);
    remember(terminal->history, shown, length);
    remember(terminal->history, "\n", 1);
}

enum editor_event terminal_key(struct terminal *terminal, uint8_t byte)
{
    struct editor_echo echo;
    enum editor_event event = editor_take(&terminal->editor, byte, &echo);

    if (terminal->is_drawn) {
        put(terminal, echo.text, echo.bytes);
    }
    if (event != EDITOR_NOTHING) {
        terminal->has_prompt = false;
        terminal->is_drawn = false;
    }
    return event;
}

bool terminal_is_unsettled(const struct terminal *terminal)
{
    return terminal->has_prompt && !terminal->is_drawn;
}

void terminal_settle(struct terminal *terminal)
{
    if (terminal_is_unsettled(terminal)) {
        put(terminal, terminal->prompt, terminal->prompt_bytes);
        put(terminal, terminal->editor.line, terminal->editor.used);
        terminal->is_drawn = true;
    }
}

bool terminal_next(const struct terminal *terminal, uint8_t *byte)
{
    *byte = terminal->output[terminal->head % TERMINAL_OUTPUT_BYTES];
    return waiting_bytes(terminal) != 0;
}

void terminal_sent(struct terminal *terminal)
{
    terminal->head++;
}
