/* SPDX-License-Identifier: BSD-2-Clause */
/* getifaddrs(), in place of musl's, which asks Linux: the addresses of each interface. */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "interfaces.h"

union name {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct entry {
    struct ifaddrs address; /* first: what the program has */
    union name own;
    union name mask;
    char name[INTERFACE_NAME_BYTES];
};

/* A further entry at the end of the list. NULL: no memory. */
static struct entry *append(struct ifaddrs ***end, const struct interface *interface)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry != NULL) {
        memcpy(entry->name, interface->name, sizeof(entry->name));
        entry->address.ifa_name = entry->name;
        entry->address.ifa_flags = interface->flags;
        entry->address.ifa_addr = &entry->own.any;
        entry->address.ifa_netmask = &entry->mask.any;
        **end = &entry->address;
        *end = &entry->address.ifa_next;
    }
    return entry;
}

static void fill6(struct entry *entry, uint32_t number, const struct in6_addr *address,
                  uint32_t prefix)
{
    entry->own.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = *address};
    entry->own.in6.sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(address) ? number : 0;
    entry->mask.in6.sin6_family = AF_INET6;
    for (uint32_t bit = 0; bit < prefix && bit < 8 * sizeof(*address); bit++) {
        entry->mask.in6.sin6_addr.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
}

/* The entries of one interface. False: no memory. */
static bool list(struct ifaddrs ***end, const struct interface *interface)
{
    struct in6_addr address;
    uint64_t index = 0;
    uint32_t prefix;
    struct entry *entry = append(end, interface);
    if (entry == NULL) {
        return false;
    }
    entry->own.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = interface->address};
    entry->mask.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = interface->netmask};
    while (interfaces_get_address6(interface->number, &index, &address, &prefix)) {
        entry = append(end, interface);
        if (entry == NULL) {
            return false;
        }
        fill6(entry, interface->number, &address, prefix);
    }
    return true;
}

int getifaddrs(struct ifaddrs **all)
{
    struct interface interface;
    struct ifaddrs **end = all;
    *all = NULL;
    for (uint32_t number = 1; interfaces_get(number, &interface); number++) {
        if (!list(&end, &interface)) {
            freeifaddrs(*all);
            errno = ENOMEM;
            return -1;
        }
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
