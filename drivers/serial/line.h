/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One record of a process's log as it may be shown. Pure.
 *
 * A line "WORD:...", spaces in front or not, claims to come from whoever owns WORD. If that is not
 * the process that said it, the line is shown behind "PROCESS| ". Bytes outside printable ASCII
 * are shown as \xNN. So no process, and no text from a network, can fake a line of another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <proto/log.h>
#include <proto/serial.h>

enum { LINE_SHOWN_BYTES = SERIAL_NAME_BYTES + 2 + 4 * LOG_RECORD_BYTES };

/* Whether a record of `source` may be shown without its name. */
bool line_is_own(const struct serial_source *source, const char *text, size_t bytes);

/*
 * What to show for a record, without an end of line; returns its length.
 * *is_finished tells whether the record had its '\n'.
 */
size_t line_show(const struct serial_source *source, const char *text, size_t bytes,
                 char shown[LINE_SHOWN_BYTES], bool *is_finished);
