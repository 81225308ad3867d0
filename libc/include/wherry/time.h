/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Points in time: ticks of the CPU's counter, read without a system call [abi/types.h].
 *
 * A deadline is absolute; 0 does not wait and DEADLINE_FOREVER waits for ever, everywhere.
 * Nanoseconds are for people and for musl.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <counter_arch.h>

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull

/* The facts of this boot, in a page that every program sees. */
static inline const struct boot_facts *boot_facts(void)
{
    return (const struct boot_facts *)BOOT_FACTS_VADDR;
}

static inline ticks_t time_now(void)
{
    return counter_read();
}

/* For a counter of at most 10^10 Hz: the product of a remainder below it and 10^9 fits. */
static inline uint64_t time_ns_at(ticks_t ticks, uint64_t counter_hz)
{
    return ticks / counter_hz * NS_PER_SECOND + ticks % counter_hz * NS_PER_SECOND / counter_hz;
}

/* Rounded up, so that a wait is never short; DEADLINE_FOREVER where the result does not fit. */
static inline ticks_t time_ticks_at(uint64_t ns, uint64_t counter_hz)
{
    uint64_t seconds = ns / NS_PER_SECOND;
    if (seconds >= (DEADLINE_FOREVER - counter_hz) / counter_hz) {
        return DEADLINE_FOREVER;
    }
    return seconds * counter_hz +
           (ns % NS_PER_SECOND * counter_hz + (NS_PER_SECOND - 1)) / NS_PER_SECOND;
}

/* Nanoseconds since the kernel was entered. */
static inline uint64_t time_ns_since_boot(void)
{
    return time_ns_at(time_now() - boot_facts()->boot_ticks, boot_facts()->counter_hz);
}

/* The point that lies `ns` after `start`; FOREVER where it would lie behind the counter's end. */
static inline ticks_t time_after(ticks_t start, uint64_t ns)
{
    ticks_t ticks = time_ticks_at(ns, boot_facts()->counter_hz);
    return ticks < DEADLINE_FOREVER - start ? start + ticks : DEADLINE_FOREVER;
}
