/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process's log page: the lines it says, and a sign of life.
 *
 * One page per process, made by init, mapped into the process at LOG_VADDR [wherry/startup.h] and
 * into serial, which drains it and shows the lines. The process is the one producer, serial the
 * one consumer; the ring of a process that died is drained to its end.
 *
 * A record is an entry with the number of bytes, then the bytes, 8 in an entry, first byte lowest.
 * It ends with '\n'; one that does not is an unfinished line, such as a prompt. Records are
 * committed whole: what does not fit is dropped whole and counted in the ring.
 *
 * A writer that is told to wake the reader signals serial's notification with LOG_WAKE.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <base/ring.h>

enum {
    LOG_ENTRIES = 256,
    LOG_RECORD_BYTES = 240, /* the longest, with its '\n' */
    LOG_RECORD_ENTRIES = 1 + LOG_RECORD_BYTES / 8,
};

#define LOG_WAKE (1ull << 61) /* serial's notification: some log has news */

struct log_page {
    struct ring_shared ring;
    _Atomic uint64_t entries[LOG_ENTRIES];

    /* Written by the process. Moves each time init asks for a sign of life [wherry/event.h]. */
    alignas(RING_LINE_BYTES) _Atomic uint32_t alive;
    _Atomic uint32_t is_waiting; /* it waits for its notification, so the next bit wakes it */
};

static_assert(offsetof(struct log_page, entries) == sizeof(struct ring_shared), "as ring.h binds");
static_assert(sizeof(struct log_page) <= PAGE_BYTES, "one page");

/*
 * Writes one record; true: the caller must wake the reader. A text that is empty or too long, finds
 * no room or a broken ring is dropped and counted; a broken ring takes the next one again.
 */
MUST_CHECK bool log_write(struct ring_producer *log, const char *text, size_t bytes);

/*
 * Takes one record. E_AGAIN: none. E_CORRUPT: what stands there is no record, or the ring is
 * broken; nothing after it can be believed until log_reader_skip.
 */
MUST_CHECK int log_read(struct ring_consumer *log, char text[LOG_RECORD_BYTES], size_t *bytes);

/* Drops everything that was written and reads on behind it. */
static inline void log_reader_skip(struct ring_consumer *log, struct log_page *page)
{
    ring_consumer_restart(log, &page->ring, LOG_ENTRIES);
}

/*
 * Ends of the ring, going on where the indexes stand. The page outlives a process that broke it, so
 * one with impossible indexes is no error: what was not read is lost, and the end is bound anew.
 */
static inline MUST_CHECK int log_writer_bind(struct ring_producer *log, struct log_page *page)
{
    int error = ring_producer_bind(log, &page->ring, LOG_ENTRIES);
    if (error == E_CORRUPT) {
        ring_producer_restart(log, &page->ring, LOG_ENTRIES);
        error = OK;
    }
    return error;
}

static inline MUST_CHECK int log_reader_bind(struct ring_consumer *log, struct log_page *page)
{
    int error = ring_consumer_bind(log, &page->ring, LOG_ENTRIES);
    if (error == E_CORRUPT) {
        log_reader_skip(log, page);
        error = OK;
    }
    return error;
}
