/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeping until an open file may have changed.
 *
 * Whatever changes by itself (the network, the keyboard) is a source, which joins when it is first
 * used: a bit of the program's notification and two functions. Everything that blocks here goes
 *
 *     for (;;) { try it; if it went or may not block, return; news_wait(deadline) }
 *
 * and nothing is lost between the try and the sleep: a source that had news since it was last
 * collected does not let the program sleep.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <wherry/ipc.h>

struct news_source {
    struct news_source *next;
    uint64_t bit;          /* of the program's notification */
    bool (*prepare)(void); /* true: nothing is new, and the bit will come when something is */
    void (*collect)(void); /* tells the files what is new [file_tell] */
};

/* Joins; the source stays the caller's and lives as long as the program. */
void news_join(struct news_source *source);

/* Tells the files what is new, and does not wait. */
void news_collect(void);

/*
 * Returns when something may have changed; what did has been told to the files. E_TIMEOUT: the
 * deadline has passed. Else as the kernel's wait.
 */
MUST_CHECK int news_wait(ticks_t deadline);

/*
 * A server's wait: answers the current caller with `message`, then waits for a request, for bits,
 * or until something may have changed; what did has been told to the files. *is_request: the
 * message is one; else message->bits are those that are no source's. Errors as the kernel's wait.
 */
MUST_CHECK int news_serve(handle_t endpoint, struct message *message, ticks_t deadline,
                          bool *is_request);
