/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as boot arguments: values are good or the default, every report is about a word.
 */
#include "fuzz.h"

#include <string.h>

#include <base/bootargs.h>

struct text {
    const char *start;
    size_t length;
};

static void check_report(void *context, const char *word, size_t length, const char *reason)
{
    const struct text *text = context;
    REQUIRE(word >= text->start && length > 0);
    REQUIRE(length <= text->length - (size_t)(word - text->start));
    REQUIRE(reason != NULL && reason[0] != 0);
}

static void check_name(const char *name, size_t bytes)
{
    REQUIRE(memchr(name, 0, bytes) != NULL);
    REQUIRE(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bootargs bootargs;
    struct text text = {.start = (const char *)data, .length = size};
    struct bootargs_reporter reporter = {.report = check_report, .context = &text};

    bootargs_parse(text.start, size, &reporter, &bootargs);
    check_name(bootargs.node, sizeof(bootargs.node));
    check_name(bootargs.lane, sizeof(bootargs.lane));
    REQUIRE((bootargs.address[0].ip == 0) == (bootargs.address[0].prefix_bits == 0));
    REQUIRE(bootargs.address[0].prefix_bits <= 30);
    REQUIRE(bootargs.panic <= BOOTARGS_PANIC_EXIT);
    REQUIRE(bootargs.profile <= BOOTARGS_PROFILE_MINIMAL);
    return 0;
}
