/* SPDX-License-Identifier: BSD-2-Clause */
#include "interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include <abi/error.h>
#include <abi/types.h>
#include <proto/netd.h>

#include "network.h"

enum { LABEL_BYTES = 8, ADDRESS_BITS = 32 };

bool interfaces_get(uint32_t number, struct interface *interface)
{
    uint64_t words[IPC_WORDS] = {NETD_INTERFACE_GET, (uint64_t)number - 1};
    memset(interface, 0, sizeof(*interface));
    if (number == 0 || network_ask_netd(words) != OK) {
        return false;
    }
    struct netd_interface_facts facts = netd_word_facts(words[3]);
    uint32_t mask =
        facts.prefix == 0 ? 0 : UINT32_MAX << (ADDRESS_BITS - facts.prefix) % ADDRESS_BITS;
    interface->number = number;
    memcpy(interface->name, &words[1], LABEL_BYTES);
    interface->address.s_addr = htonl((uint32_t)words[2]);
    interface->netmask.s_addr = htonl(mask);
    interface->flags =
        ((facts.flags & NETD_INTERFACE_UP) != 0 ? IFF_UP : 0u) |
        ((facts.flags & NETD_INTERFACE_LINK) != 0 ? IFF_RUNNING : 0u) |
        ((facts.flags & NETD_INTERFACE_LOOPBACK) != 0 ? IFF_LOOPBACK
                                                      : IFF_BROADCAST | IFF_MULTICAST);
    return true;
}

bool interfaces_get_address6(uint32_t number, uint64_t *index, struct in6_addr *address,
                             uint32_t *prefix)
{
    for (;;) {
        uint64_t words[IPC_WORDS] = {NETD_ADDRESS6_GET, (uint64_t)number - 1, *index};
        if (number == 0 || network_ask_netd(words) != OK || words[4] <= *index) {
            return false;
        }
        *index = words[4];
        uint32_t state = (uint32_t)(words[3] >> 8);
        if (state == NETD_ADDRESS6_PREFERRED || state == NETD_ADDRESS6_DEPRECATED) {
            memcpy(address, &words[1], sizeof(*address));
            *prefix = (uint32_t)words[3] & UINT8_MAX;
            return true;
        }
    }
}

uint32_t interfaces_find_name(const char *name)
{
    struct interface interface;
    for (uint32_t number = 1; interfaces_get(number, &interface); number++) {
        if (strncmp(name, interface.name, sizeof(interface.name)) == 0) {
            return number;
        }
    }
    return 0;
}

uint32_t interfaces_find_address(struct in_addr address)
{
    struct interface interface;
    for (uint32_t number = 1; interfaces_get(number, &interface); number++) {
        if (address.s_addr == interface.address.s_addr) {
            return number;
        }
    }
    return 0;
}

static void put_address(struct ifreq *to, struct in_addr address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = address};
    memcpy(&to->ifr_addr, &name, sizeof(to->ifr_addr));
}

long interfaces_control(unsigned long request, void *argument)
{
    struct ifreq asked;
    struct interface interface;
    if (request != SIOCGIFINDEX && request != SIOCGIFADDR && request != SIOCGIFNETMASK &&
        request != SIOCGIFFLAGS) {
        return -ENOTTY;
    }
    memcpy(&asked, argument, sizeof(asked));
    asked.ifr_name[IFNAMSIZ - 1] = '\0';
    if (!interfaces_get(interfaces_find_name(asked.ifr_name), &interface)) {
        return -ENODEV;
    }
    switch (request) {
    case SIOCGIFINDEX: asked.ifr_ifindex = (int)interface.number; break;
    case SIOCGIFFLAGS: asked.ifr_flags = (short)interface.flags; break;
    case SIOCGIFADDR: put_address(&asked, interface.address); break;
    default: put_address(&asked, interface.netmask); break;
    }
    memcpy(argument, &asked, sizeof(asked));
    return 0;
}
