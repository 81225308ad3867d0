/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces by number, from 1, and name, as netd lists them [proto/netd.h].
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

enum { INTERFACE_NAME_BYTES = 16 }; /* IF_NAMESIZE */

struct interface {
    uint32_t number;
    char name[INTERFACE_NAME_BYTES];
    struct in_addr address;
    struct in_addr netmask;
    uint32_t flags; /* of IFF_UP and so on */
};

/* False: there is none of that number. */
MUST_CHECK bool interfaces_get(uint32_t number, struct interface *interface);

/*
 * The next IPv6 address of an interface that is in use, from *index on, which moves behind it.
 * False: there is none any more.
 */
MUST_CHECK bool interfaces_get_address6(uint32_t number, uint64_t *index, struct in6_addr *address,
                                        uint32_t *prefix);

/*
 * The ioctl SIOCGIFINDEX, SIOCGIFADDR, SIOCGIFNETMASK or SIOCGIFFLAGS of any socket, about the
 * interface that a struct ifreq names. -ENODEV: there is none. -ENOTTY: another request.
 */
MUST_CHECK long interfaces_control(unsigned long request, void *argument);

/* The number of the interface with that name or address; 0: none has it. */
MUST_CHECK uint32_t interfaces_find_name(const char *name);
MUST_CHECK uint32_t interfaces_find_address(struct in_addr address);
