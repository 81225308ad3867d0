/* SPDX-License-Identifier: BSD-2-Clause */
#include "deviations.h"

#include <string.h>

#include "conformance.h"

static const struct {
    const char *name; /* of a case, with _ip6 if it is that one */
    const char *why;
} deviations[] = {
    {"a_socket_can_be_passed", "ENOTSUP: a socket lies in its owner's arena"},
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
