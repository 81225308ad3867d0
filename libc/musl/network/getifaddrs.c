/* SPDX-License-Identifier: BSD-2-Clause */
/* getifaddrs(), in place of musl's, which asks Linux: the IPv4 address of each interface. */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "interfaces.h"

struct entry {
    struct ifaddrs address; /* first: what the program has */
    struct sockaddr_in own;
    struct sockaddr_in mask;
    char name[INTERFACE_NAME_BYTES];
};

static struct entry *make(const struct interface *interface)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry != NULL) {
        memcpy(entry->name, interface->name, sizeof(entry->name));
        entry->own = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = interface->address};
        entry->mask = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = interface->netmask};
        entry->address.ifa_name = entry->name;
        entry->address.ifa_flags = interface->flags;
        entry->address.ifa_addr = (struct sockaddr *)&entry->own;
        entry->address.ifa_netmask = (struct sockaddr *)&entry->mask;
    }
    return entry;
}

int getifaddrs(struct ifaddrs **all)
{
    struct interface interface;
    struct ifaddrs **end = all;
    *all = NULL;
    for (uint32_t number = 1; interfaces_get(number, &interface); number++) {
        struct entry *entry = make(&interface);
        if (entry == NULL) {
            freeifaddrs(*all);
            errno = ENOMEM;
            return -1;
        }
        *end = &entry->address;
        end = &entry->address.ifa_next;
    }
    return 0;
}

void freeifaddrs(struct ifaddrs *all)
{
    while (all != NULL) {
        struct ifaddrs *next = all->ifa_next;
        free(all);
        all = next;
    }
}
