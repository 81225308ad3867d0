/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and sentences of the counters, from the list in stats.h.
 */
#include "stats.h"

static const struct {
    const char *name;
    const char *sentence;
} texts[COUNTERS] = {
#define COUNTER_TEXT(name, sentence) [COUNTER_##name] = {#name, sentence},
    NETD_COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
};

const char *stats_name(enum counter counter)
{
    return texts[counter].name;
}

const char *stats_sentence(enum counter counter)
{
    return texts[counter].sentence;
}
