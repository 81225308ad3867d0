/* SPDX-License-Identifier: BSD-2-Clause */
/* memcmp in place of musl's [musl/string/words.h]. */
#include <base/mem.h>
#include "words.h"

int memcmp(const void *left, const void *right, size_t bytes)
{
    return compare(left, right, bytes);
}
