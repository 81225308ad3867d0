/* SPDX-License-Identifier: BSD-2-Clause */
/* What parent and child agree on [spawn.c, errand.c]. */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#define ODD_NAME "a name = of its own"
#define ODD_WORD "with spaces, \"quotes\" and \t\n"
enum { LONG_WORD_BYTES = 900, RANDOM_TEXT_BYTES = 2 * 16 + 1 };

/* The 16 bytes of AT_RANDOM as text. False: there are none, or they are zero. */
static inline bool random_text(char text[RANDOM_TEXT_BYTES])
{
    uint64_t words[2] = {0};
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random != NULL) {
        memcpy(words, random, sizeof(words));
    }
    (void)snprintf(text, RANDOM_TEXT_BYTES, "%016" PRIx64 "%016" PRIx64, words[0], words[1]);
    return (words[0] | words[1]) != 0;
}
