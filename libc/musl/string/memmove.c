/* SPDX-License-Identifier: BSD-2-Clause */
/* memmove in place of musl's [musl/string/words.h]. */
#include <base/mem.h>
#include "words.h"

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to - (uintptr_t)from >= bytes) { /* below, or no overlap */
        copy_forward(to, from, bytes);
    } else {
        copy_backward(to, from, bytes);
    }
    return to;
}
