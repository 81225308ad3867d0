/* SPDX-License-Identifier: BSD-2-Clause */
/* if_nametoindex(), in place of musl's, which asks Linux. */
#include <errno.h>
#include <net/if.h>

#include "interfaces.h"

unsigned if_nametoindex(const char *name)
{
    unsigned number = interfaces_find_name(name);
    if (number == 0) {
        errno = ENODEV;
    }
    return number;
}
