/* SPDX-License-Identifier: BSD-2-Clause */
/* memset in place of musl's [musl/string/words.h]. */
#include <base/mem.h>
#include "words.h"

void *memset(void *to, int value, size_t bytes)
{
    fill(to, (uint8_t)value, bytes);
    return to;
}
