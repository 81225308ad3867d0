/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include <abi/error.h>
#include <string.h>

enum {
    GOLDFISH_TIME_LOW = 0x00,
    GOLDFISH_TIME_HIGH = 0x04,
    PL031_DATA = 0x00,
};

int clock_find_kind(const char *compatible, enum clock_kind *kind)
{
    if (strcmp(compatible, "google,goldfish-rtc") == 0) {
        *kind = CLOCK_GOLDFISH;
        return OK;
    }
    if (strcmp(compatible, "arm,pl031") == 0) {
        *kind = CLOCK_PL031;
        return OK;
    }
    return E_NOT_FOUND;
}

uint64_t clock_read_ns(enum clock_kind kind, const void *base,
                       uint32_t (*read)(const void *base, uint32_t offset))
{
    if (kind == CLOCK_PL031) {
        return read(base, PL031_DATA) * 1000000000ull; /* 32 bits of seconds fit until 2106 */
    }
    uint64_t low = read(base, GOLDFISH_TIME_LOW);
    return (uint64_t)read(base, GOLDFISH_TIME_HIGH) << 32 | low;
}
