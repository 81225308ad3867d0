/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this program says: whole lines into its log page [proto/log.h].
 *
 * Formats with base/fmt.h: no floating point, no allocation. musl's stdout and stderr end here
 * too, but a program that uses printf pays for its FP state.
 */
#pragma once

#include <stddef.h>

#include <base/attributes.h>
#include <proto/log.h>

/* Says one line; '\n' is added, and what is longer than a record is cut off. */
PRINTF_LIKE(1, 2) void console_print(const char *format, ...);

/* Adds text to the line that is being put together; each '\n' ends a line. */
void console_write(const char *text, size_t bytes);

/* Shows an unfinished line, such as a prompt. */
void console_flush(void);

/* Lines go to `take`, with their '\n', instead; NULL: to the log again. Flush before changing. */
void console_divert(void (*take)(void *context, const char *text, size_t bytes), void *context);

/*
 * For init, which makes its own page. Before this, and in a program without a log page, lines go to
 * the kernel's console if there is a handle for it, else nowhere. Errors: as log_writer_bind.
 */
MUST_CHECK int console_open(struct log_page *page, handle_t serial);

/* For init, when nobody reads its page any more: lines go where they went before console_open. */
void console_close(void);

/* For the sign of life [wherry/event.h]; NULL without a log page. */
struct log_page *console_page(void);
