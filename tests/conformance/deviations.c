/* SPDX-License-Identifier: BSD-2-Clause */
#include "deviations.h"

#include <string.h>

#include "conformance.h"

static const struct {
    const char *name; /* of a case, with _ip6 if it is that one */
    const char *why;
} deviations[] = {
    {"a_peer_that_is_not_there_is_econnrefused_ip6", "ICMPv6 errors are not told to sockets"},
    {"an_ip6_group_can_be_joined_and_left", "groups of IPv6 cannot be joined"},
    {NULL, NULL}, /* ends the list */
};

const char *deviation_of(const char *name)
{
    for (int i = 0; deviations[i].name != NULL; i++) {
        if (strcmp(deviations[i].name, name) == 0) {
            return deviations[i].why;
        }
    }
    return NULL;
}

bool deviates_here(const char *name)
{
    return has_wire() && deviation_of(name) != NULL;
}
