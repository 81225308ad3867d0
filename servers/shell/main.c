/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process shell: a prompt, lines from serial [proto/serial.h], commands [commands.h].
 */
#include <stdlib.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <proto/init.h>
#include <proto/serial.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>

#include "commands.h"

static const char prompt[] = "wherry> ";

/* Waits for the next line; *bytes is 0 when Ctrl-C gave it up. */
static int read_line(struct serial_console *console, struct ring_consumer *lines,
                     char text[LOG_RECORD_BYTES], size_t *bytes)
{
    uint32_t interrupts = atomic_load_explicit(&console->interrupts, memory_order_acquire);
    for (;;) {
        uint64_t bits;
        int error = log_read(lines, text, bytes);
        if (error == OK) {
            bool must_signal = ring_consumer_commit(lines);
            (void)must_signal; /* serial drops what finds no room, it does not wait */
        }
        if (error != E_AGAIN) {
            return error;
        }
        if (interrupts != atomic_load_explicit(&console->interrupts, memory_order_acquire)) {
            *bytes = 0;
            return OK;
        }
        if (ring_consumer_prepare_sleep(lines)) {
            error = event_wait(SERIAL_WAKE_INPUT, DEADLINE_FOREVER, &bits);
            if (error != OK) {
                return error;
            }
        }
    }
}

static int serve(struct serial_console *console)
{
    struct ring_consumer lines;
    char text[LOG_RECORD_BYTES + 1];
    size_t bytes;

    int error = log_reader_bind(&lines, &console->lines);
    while (error == OK) {
        console_write(prompt, sizeof(prompt) - 1);
        console_flush();
        error = read_line(console, &lines, text, &bytes);
        if (error == OK) {
            text[bytes] = '\0'; /* <= LOG_RECORD_BYTES */
            commands_run(text, console);
        }
    }
    return error;
}

static int tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message.words[0] : error;
}

int main(void)
{
    void *console;
    uint64_t pages;
    int error =
        memory_attach(startup_handle(ROLE_CONSOLE), RIGHT_READ | RIGHT_WRITE, &console, &pages);
    if (error == OK) {
        error = tell_up();
    }
    if (error == OK) {
        error = serve(console);
    }
    console_print("shell: gives up: %s", error_text(error));
    return EXIT_FAILURE;
}
