/* SPDX-License-Identifier: BSD-2-Clause */
/* if_nameindex(), in place of musl's, which asks Linux. One block, as if_freenameindex frees it. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "interfaces.h"

struct if_nameindex *if_nameindex(void)
{
    struct interface interface;
    uint32_t count = 0;
    while (interfaces_get(count + 1, &interface)) {
        count++;
    }
    struct if_nameindex *all = malloc((count + 1) * sizeof(*all) + count * IF_NAMESIZE);
    if (all == NULL) {
        errno = ENOBUFS;
        return NULL;
    }
    char *names = (char *)(all + count + 1);
    uint32_t found = 0;
    for (; found < count && interfaces_get(found + 1, &interface); found++) {
        all[found].if_index = found + 1;
        all[found].if_name = strcpy(names + found * IF_NAMESIZE, interface.name);
    }
    all[found] = (struct if_nameindex){0, NULL};
    return all;
}
