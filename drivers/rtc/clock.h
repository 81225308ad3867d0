/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wall time from a Goldfish or PL031 real-time clock. Pure: the caller does the reads.
 *
 * [Goldfish virtual platform, RTC] [Arm DDI 0224 PL031 §3.3]
 */
#pragma once

#include <stdint.h>

#include <base/attributes.h>

enum clock_kind {
    CLOCK_GOLDFISH, /* nanoseconds; reading the low half latches the high one */
    CLOCK_PL031,    /* seconds */
};

/* E_NOT_FOUND: no clock of a kind we know. */
MUST_CHECK int clock_find_kind(const char *compatible, enum clock_kind *kind);

/* Nanoseconds since 1970. `base` is where the registers are mapped. */
uint64_t clock_read_ns(enum clock_kind kind, const void *base,
                       uint32_t (*read)(const void *base, uint32_t offset));
