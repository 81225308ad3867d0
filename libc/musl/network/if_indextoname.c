/* SPDX-License-Identifier: BSD-2-Clause */
/* if_indextoname(), in place of musl's, which asks Linux. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "interfaces.h"

char *if_indextoname(unsigned number, char *name)
{
    struct interface interface;
    if (!interfaces_get(number, &interface)) {
        errno = ENXIO;
        return NULL;
    }
    return strcpy(name, interface.name);
}
