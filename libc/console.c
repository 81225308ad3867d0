/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/console.h>

#include <stdarg.h>
#include <string.h>

#include <base/bytes.h>
#include <base/fmt.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

enum { DEBUG_BYTES = 56 }; /* what one debug_write carries; zeros fill it up */

static struct ring_producer log_ring;
static struct log_page *page;
static handle_t wake;
static char line[LOG_RECORD_BYTES];
static size_t used;
static void (*diverted)(void *context, const char *text, size_t bytes);
static void *diverted_context;

int console_open(struct log_page *log, handle_t serial)
{
    int error = log_writer_bind(&log_ring, log);
    if (error == OK) {
        page = log;
        wake = serial;
    }
    return error;
}

void console_close(void)
{
    page = NULL;
}

struct log_page *console_page(void)
{
    return page;
}

/* The kernel's console, for init before it has a log. */
static void write_debug(const char *text, size_t bytes)
{
    handle_t system = startup_handle(ROLE_SYSTEM);
    for (size_t at = 0; system != HANDLE_NONE && at < bytes; at += DEBUG_BYTES) {
        size_t length = bytes - at < DEBUG_BYTES ? bytes - at : DEBUG_BYTES;
        uint8_t words[DEBUG_BYTES] = {0};
        memcpy(words, text + at, length);
        sys_debug_write(system, bytes_get_le64(words), bytes_get_le64(words + 8),
                        bytes_get_le64(words + 16), bytes_get_le64(words + 24),
                        bytes_get_le64(words + 32), bytes_get_le64(words + 40),
                        bytes_get_le64(words + 48));
    }
}

/* Says what was put together, as one record. */
static void emit(void)
{
    if (diverted != NULL) {
        diverted(diverted_context, line, used);
    } else if (page == NULL) {
        write_debug(line, used);
    } else if (log_write(&log_ring, line, used)) {
        sys_signal(wake, LOG_WAKE);
    }
    used = 0;
}

void console_divert(void (*take)(void *context, const char *text, size_t bytes), void *context)
{
    diverted = take;
    diverted_context = context;
}

void console_write(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (used == sizeof(line) - 1 && text[i] != '\n') {
            line[used++] = '\n'; /* too long for a record: the rest is a line of its own */
            emit();
        }
        line[used++] = text[i];
        if (text[i] == '\n') {
            emit();
        }
    }
}

void console_flush(void)
{
    if (used > 0) {
        emit();
    }
}

void console_print(const char *format, ...)
{
    char text[LOG_RECORD_BYTES];
    va_list arguments;
    va_start(arguments, format);
    size_t bytes = fmt_format_list(text, sizeof(text), format, arguments);
    va_end(arguments);
    text[bytes++] = '\n'; /* in the place of the ending zero, so it fits */
    console_write(text, bytes);
}
