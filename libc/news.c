/* SPDX-License-Identifier: BSD-2-Clause */
#include "news.h"

#include <stddef.h>

#include <abi/error.h>
#include <wherry/event.h>

#include "process.h"

static struct news_source *sources;

void news_join(struct news_source *source)
{
    source->next = sources;
    sources = source;
}

void news_collect(void)
{
    for (struct news_source *source = sources; source != NULL; source = source->next) {
        source->collect();
    }
}

int news_wait(ticks_t deadline)
{
    uint64_t bits = 0;
    process_waits();
    for (struct news_source *source = sources; source != NULL; source = source->next) {
        if (!source->prepare()) {
            news_collect();
            return OK;
        }
        bits |= source->bit;
    }
    int error = bits != 0 ? event_wait(bits, deadline, &bits) : event_sleep(deadline);
    if (error == OK) {
        news_collect();
    }
    return bits == 0 && error == OK ? E_TIMEOUT : error;
}

int news_serve(handle_t endpoint, struct message *message, ticks_t deadline, bool *is_request)
{
    uint64_t bits = 0;
    bool is_new = false;
    process_waits();
    for (struct news_source *source = sources; source != NULL; source = source->next) {
        is_new |= !source->prepare();
        bits |= source->bit;
    }
    int error = event_serve_until(endpoint, message, is_new ? 0 : deadline);
    *is_request = error == OK && message->bits == 0;
    if (error != OK && error != E_TIMEOUT) {
        return error;
    }
    if (error != OK) {
        message->bits = 0;
    }
    if (is_new || (message->bits & bits) != 0) {
        news_collect();
    }
    message->bits &= ~bits;
    return OK;
}
