/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus_stats.h"

static const char *const names[] = {
#define BUS_COUNTER_NAME(name, sentence) #name,
    BUS_COUNTERS(BUS_COUNTER_NAME)
#undef BUS_COUNTER_NAME
};

static const char *const sentences[] = {
#define BUS_COUNTER_SENTENCE(name, sentence) sentence,
    BUS_COUNTERS(BUS_COUNTER_SENTENCE)
#undef BUS_COUNTER_SENTENCE
};

const char *bus_counter_name(enum bus_counter counter)
{
    return names[counter];
}

const char *bus_counter_sentence(enum bus_counter counter)
{
    return sentences[counter];
}
