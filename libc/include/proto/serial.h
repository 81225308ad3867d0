/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that serial shares: who may print what, the lines of the keyboard, what was shown.
 *
 * Output: every process writes its log page [proto/log.h]; serial has them all, in the order of
 * struct serial_sources, which init fills before serial runs.
 *
 * Input: serial edits a line (echo, backspace, Ctrl-U) and hands it over whole, with its '\n', as a
 * record of the console's ring; Ctrl-C drops the line and counts. After either it signals the
 * reader with SERIAL_WAKE_INPUT, if the ring or the count asks for it. A line that finds no
 * room is dropped and counted in the ring. A serial that takes over from another counts a Ctrl-C:
 * it does not know the prompt, and half a line went with the other.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/log.h>

#define SERIAL_WAKE_INPUT (1ull << 59) /* the console reader's notification */

enum {
    SERIAL_SOURCES_MAX = 32,
    SERIAL_PREFIXES_MAX = 4,
    SERIAL_NAME_BYTES = 16, /* of a source and of a prefix, with the 0 */
    SERIAL_LINE_BYTES = 120, /* of an input line, with its '\n' */
    SERIAL_HISTORY_BYTES = 8 * PAGE_BYTES - 64,
};

/* One process. A line "WORD:..." is its own if WORD is one of its prefixes. */
struct serial_source {
    char name[SERIAL_NAME_BYTES];
    char prefixes[SERIAL_PREFIXES_MAX][SERIAL_NAME_BYTES]; /* "" ends the list */
};

struct serial_sources {
    uint32_t count;
    uint32_t console; /* index of the process that prompts and reads lines; count: nobody */
    struct serial_source sources[SERIAL_SOURCES_MAX];
};

/* The ring is written by serial and read by the console process. */
struct serial_console {
    struct log_page lines;
    alignas(RING_LINE_BYTES) _Atomic uint32_t interrupts; /* Ctrl-C so far */
};

/* The last bytes that were shown: byte n since the start is text[n % SERIAL_HISTORY_BYTES]. */
struct serial_history {
    alignas(RING_LINE_BYTES) _Atomic uint64_t written;
    alignas(RING_LINE_BYTES) _Atomic uint8_t text[SERIAL_HISTORY_BYTES];
};

static_assert(sizeof(struct serial_sources) <= PAGE_BYTES, "one page");
static_assert(sizeof(struct serial_console) <= PAGE_BYTES, "one page");
static_assert(sizeof(struct serial_history) == 8 * PAGE_BYTES, "pages of the manifest");
