/* SPDX-License-Identifier: BSD-2-Clause */
#include "sources.h"

#include <stddef.h>

enum { TOKEN = 1000 * 1000 };

struct bucket bucket_full(uint64_t burst, uint64_t now_us)
{
    return (struct bucket){.level = burst * TOKEN, .last_us = now_us};
}

bool bucket_take(struct bucket *bucket, uint64_t rate, uint64_t burst, uint64_t now_us)
{
    uint64_t most = burst * TOKEN;
    uint64_t passed_us = now_us - bucket->last_us;
    /* A microsecond at one token a second is a millionth; a longer pause than `most` fills it. */
    uint64_t gained = passed_us > most ? most : passed_us * rate;
    bucket->level = gained > most - bucket->level ? most : bucket->level + gained;
    bucket->last_us = now_us;
    if (bucket->level < TOKEN) {
        return false;
    }
    bucket->level -= TOKEN;
    return true;
}

bool sources_take(struct sources *sources, uint32_t address, uint64_t now_us)
{
    struct source *found = NULL; /* the one heard longest ago, a free one before all */
    for (int i = 0; i < SOURCES_MAX; i++) {
        struct source *source = &sources->slot[i];
        if (source->is_used && source->address == address) {
            return bucket_take(&source->bucket, SOURCE_RATE, SOURCE_BURST, now_us);
        }
        if (found == NULL || (found->is_used && (!source->is_used ||
                                                 source->bucket.last_us < found->bucket.last_us))) {
            found = source;
        }
    }
    *found = (struct source){
        .is_used = true,
        .address = address,
        .bucket = bucket_full(SOURCE_BURST, now_us),
    };
    return bucket_take(&found->bucket, SOURCE_RATE, SOURCE_BURST, now_us);
}
