/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page in which the real-time clock's driver publishes the wall time, once.
 *
 * The driver stores the two numbers, then `is_set` with release; readers map the page read-only
 * and look at `is_set` with acquire. A page nobody has set means that the wall time is unknown.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

struct rtc_page {
    _Atomic uint32_t is_set;
    uint32_t zero;
    _Atomic uint64_t ticks;   /* the counter when the clock was read */
    _Atomic uint64_t unix_ns; /* nanoseconds since 1970 at that moment, UTC */
};

static_assert(sizeof(struct rtc_page) <= PAGE_BYTES, "one page, made by init");

/* The driver's side. */
static inline void rtc_publish(struct rtc_page *page, ticks_t ticks, uint64_t unix_ns)
{
    atomic_store_explicit(&page->ticks, ticks, memory_order_relaxed);
    atomic_store_explicit(&page->unix_ns, unix_ns, memory_order_relaxed);
    atomic_store_explicit(&page->is_set, 1, memory_order_release); /* pairs with rtc_wall_ns */
}

/*
 * Nanoseconds since 1970 at `now`; false when nobody has set the clock. A `now` before the moment
 * of publishing gives that moment.
 */
static inline MUST_CHECK bool rtc_wall_ns(const struct rtc_page *page, ticks_t now,
                                          uint64_t counter_hz, uint64_t *unix_ns)
{
    if (atomic_load_explicit(&page->is_set, memory_order_acquire) == 0 || counter_hz == 0) {
        return false;
    }
    ticks_t base = atomic_load_explicit(&page->ticks, memory_order_relaxed);
    uint64_t passed = now > base ? now - base : 0;
    uint64_t seconds = passed / counter_hz;
    uint64_t rest = passed % counter_hz; /* for a counter below 10 GHz the product fits */
    *unix_ns = atomic_load_explicit(&page->unix_ns, memory_order_relaxed) +
               seconds * 1000000000u + rest * 1000000000u / counter_hz;
    return true;
}
