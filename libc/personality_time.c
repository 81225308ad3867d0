/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks and sleeping.
 *
 * CLOCK_REALTIME comes from the page of the clock's driver; until that is set, or in a program that
 * does not have it, the system began in 1970.
 */
#include "personality.h"

#include <errno.h>

#include <abi/error.h>
#include <proto/init.h>
#include <proto/rtc.h>
#include <wherry/event.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/time.h>

#include "process.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_COMMAND_MASK = 0x7f };

static const struct rtc_page *rtc_page; /* NULL until the first question */

static uint64_t wall_ns(void)
{
    void *page;
    uint64_t ns, pages;
    handle_t clock = startup_handle(ROLE_CLOCK);
    if (rtc_page == NULL && clock != HANDLE_NONE &&
        memory_attach(clock, RIGHT_READ, &page, &pages) == OK) {
        rtc_page = page;
    }
    if (rtc_page != NULL && rtc_wall_ns(rtc_page, time_now(), boot_facts()->counter_hz, &ns)) {
        return ns;
    }
    return time_ns_since_boot();
}

/* Nanoseconds of a clock. */
static MUST_CHECK long read_clock(clockid_t clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = wall_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = time_ns_since_boot();
        return 0;
    default:
        return -EINVAL;
    }
}

long personality_clock_gettime(clockid_t clock, struct timespec *time)
{
    uint64_t ns;
    long error = read_clock(clock, &ns);
    if (error == 0) {
        *time = (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND),
                                  .tv_nsec = (long)(ns % NS_PER_SECOND)};
    }
    return error;
}

long personality_clock_getres(clockid_t clock, struct timespec *resolution)
{
    uint64_t ns;
    long error = read_clock(clock, &ns);
    if (error == 0 && resolution != NULL) {
        *resolution = (struct timespec){
            .tv_nsec = (long)((NS_PER_SECOND - 1) / boot_facts()->counter_hz + 1)};
    }
    return error;
}

bool personality_span_ns(const struct timespec *span, uint64_t *ns)
{
    const uint64_t seconds_max = UINT64_MAX / NS_PER_SECOND - 1;
    if (span->tv_sec < 0 || span->tv_nsec < 0 || (uint64_t)span->tv_nsec >= NS_PER_SECOND) {
        return false;
    }
    uint64_t seconds = (uint64_t)span->tv_sec < seconds_max ? (uint64_t)span->tv_sec : seconds_max;
    *ns = seconds * NS_PER_SECOND + (uint64_t)span->tv_nsec;
    return true;
}

ticks_t personality_deadline(uint64_t ns)
{
    return ns == 0 ? 0 : time_after(time_now(), ns);
}

long personality_clock_nanosleep(clockid_t clock, int flags, const struct timespec *request)
{
    uint64_t now, ns;
    long error = read_clock(clock, &now);
    if (error != 0 || !personality_span_ns(request, &ns)) {
        return -EINVAL;
    }
    if ((flags & TIMER_ABSTIME) != 0) {
        ns = ns > now ? ns - now : 0;
    }
    return personality_errno(event_sleep(time_after(time_now(), ns)));
}

/*
 * One thread: nobody can be woken, and nobody else can end a wait. A wait without an end is a lock
 * that this program holds already, and stops where the supervisor sees it.
 */
long personality_futex(const int *word, int operation, int value, const struct timespec *time_out)
{
    uint64_t ns;
    switch (operation & FUTEX_COMMAND_MASK) {
    case FUTEX_WAKE:
        return 0;
    case FUTEX_WAIT:
        break;
    default:
        return -ENOSYS;
    }
    if (*word != value) {
        return -EAGAIN;
    }
    if (time_out == NULL) {
        process_crash();
    }
    if (!personality_span_ns(time_out, &ns)) {
        return -EINVAL;
    }
    int error = event_sleep(time_after(time_now(), ns));
    return error == OK ? -ETIMEDOUT : personality_errno(error);
}
