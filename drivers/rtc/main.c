/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process rtc: reads the wall time once, publishes it [proto/rtc.h], lets go of the device and
 * ends. From then on time is the CPU's counter.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/parse.h>
#include <proto/init.h>
#include <proto/rtc.h>
#include <wherry/console.h>
#include <wherry/memory.h>
#include <wherry/mmio.h>
#include <wherry/startup.h>
#include <wherry/time.h>

#include "clock.h"

static uint32_t read_register(const void *base, uint32_t offset)
{
    return mmio_get32(base, offset);
}

/* Reads the clock in its window, at the counter's value *ticks. */
static int read_clock(ticks_t *ticks, uint64_t *unix_ns)
{
    const char *compatible = getenv(SETTING_COMPATIBLE);
    const char *setting = getenv(SETTING_OFFSET);
    enum clock_kind kind;
    uint64_t offset, pages;
    void *window;

    if (compatible == NULL || setting == NULL) {
        return E_NOT_FOUND;
    }
    int error = clock_find_kind(compatible, &kind);
    if (error == OK) {
        error = parse_u64(setting, strlen(setting), 10, &offset);
    }
    if (error == OK && offset >= PAGE_BYTES) {
        error = E_RANGE;
    }
    if (error == OK) {
        error =
            memory_attach(startup_handle(ROLE_WINDOW), RIGHT_READ | RIGHT_WRITE, &window, &pages);
    }
    if (error != OK) {
        return error;
    }
    *ticks = time_now();
    *unix_ns = clock_read_ns(kind, (const uint8_t *)window + offset, read_register);
    return memory_release(window);
}

int main(void)
{
    ticks_t ticks;
    uint64_t unix_ns, pages;
    void *page;

    int error = memory_attach(startup_handle(ROLE_CLOCK), RIGHT_READ | RIGHT_WRITE, &page, &pages);
    if (error == OK) {
        error = read_clock(&ticks, &unix_ns);
    }
    if (error != OK) {
        console_print("rtc: the time is unknown: %s", error_text(error));
        return EXIT_FAILURE;
    }
    rtc_publish(page, ticks, unix_ns);
    console_print("rtc: %lu seconds since 1970", (unsigned long)(unix_ns / NS_PER_SECOND));
    return EXIT_SUCCESS;
}
