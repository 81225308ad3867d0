/* SPDX-License-Identifier: BSD-2-Clause */
/* memcpy in place of musl's [musl/string/words.h]. */
#include <base/mem.h>
#include "words.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    copy_forward(to, from, bytes);
    return to;
}
