/* SPDX-License-Identifier: BSD-2-Clause */
/* memchr in place of musl's [musl/string/words.h]. */
#include <string.h>

#include "words.h"

void *memchr(const void *buffer, int wanted, size_t bytes)
{
    return (void *)(uintptr_t)find(buffer, (uint8_t)wanted, bytes);
}
