/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket_address.h"

#include <errno.h>
#include <string.h>

#include <base/bytes.h>

enum { MAPPED_MARK_AT = 10, MAPPED_AT = 12 }; /* ::ffff:a.b.c.d [RFC 4291 §2.5.5.2] */

void socket_address_map(struct in_addr address, uint8_t bytes[SOCKET_ADDRESS_BYTES])
{
    memset(bytes, 0, SOCKET_ADDRESS_BYTES);
    memset(bytes + MAPPED_MARK_AT, 0xff, MAPPED_AT - MAPPED_MARK_AT);
    memcpy(bytes + MAPPED_AT, &address, sizeof(address));
}

struct in_addr socket_address_unmap(const uint8_t bytes[SOCKET_ADDRESS_BYTES])
{
    struct in_addr address;
    memcpy(&address, bytes + MAPPED_AT, sizeof(address));
    return address;
}

long socket_address_decode(enum socket_family family, bool may_be_none,
                           const struct sockaddr *address, socklen_t bytes,
                           struct socket_name *name)
{
    memset(name, 0, sizeof(*name));
    if (address == NULL) {
        return -EFAULT;
    }
    if (bytes < sizeof(address->sa_family)) {
        return -EINVAL;
    }
    if (address->sa_family == AF_UNSPEC && may_be_none) {
        return 0;
    }
    if (address->sa_family != (family == SOCKET_IP4 ? AF_INET : AF_INET6)) {
        return -EAFNOSUPPORT;
    }
    if (family == SOCKET_IP4) {
        struct sockaddr_in in;
        if (bytes < sizeof(in)) {
            return -EINVAL;
        }
        memcpy(&in, address, sizeof(in));
        socket_address_map(in.sin_addr, name->address);
        name->port = bytes_get_be16((const uint8_t *)&in.sin_port);
        return 0;
    }
    struct sockaddr_in6 copy;
    const struct sockaddr_in6 *in6 = (const void *)address;
    if (bytes < sizeof(copy)) {
        return -EINVAL;
    }
    if ((uintptr_t)address % _Alignof(struct sockaddr_in6) != 0) {
        memcpy(&copy, address, sizeof(copy));
        in6 = &copy;
    }
    if (in6->sin6_scope_id > UINT16_MAX) {
        return -EINVAL;
    }
    memcpy(name->address, &in6->sin6_addr, sizeof(name->address));
    name->port = bytes_get_be16((const uint8_t *)&in6->sin6_port);
    name->interface = (uint16_t)in6->sin6_scope_id;
    return 0;
}

/* Only a link-local address needs an interface to be complete. */
static uint32_t scope_of(const struct socket_name *name)
{
    bool is_link_local = name->address[0] == 0xfe && (name->address[1] & 0xc0) == 0x80;
    bool is_link_group = name->address[0] == 0xff && (name->address[1] & 0x0f) == 0x02;
    return is_link_local || is_link_group ? name->interface : 0;
}

/* As much of a whole address as there is room for, and how long it is. */
static inline void give(struct sockaddr *address, socklen_t *bytes, const void *whole,
                        socklen_t length)
{
    if (*bytes < length) {
        memcpy(address, whole, *bytes);
    } else if ((uintptr_t)address % _Alignof(struct sockaddr_in6) == 0) {
        memcpy(__builtin_assume_aligned(address, _Alignof(struct sockaddr_in6)), whole, length);
    } else {
        memcpy(address, whole, length);
    }
    *bytes = length;
}

long socket_address_give(enum socket_family family, const struct socket_name *name,
                         struct sockaddr *address, socklen_t *bytes)
{
    in_port_t port;
    bytes_put_be16((uint8_t *)&port, name->port);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
    if (address == NULL) {
        return 0;
    }
    if (bytes == NULL) {
        return -EFAULT;
    }
    if ((int32_t)*bytes < 0) {
        return -EINVAL;
    }
    if (family == SOCKET_IP4) {
        in.sin_addr = socket_address_unmap(name->address);
        give(address, bytes, &in, sizeof(in));
    } else {
        in6.sin6_scope_id = scope_of(name);
        memcpy(&in6.sin6_addr, name->address, sizeof(name->address));
        give(address, bytes, &in6, sizeof(in6));
    }
    return 0;
}

void socket_address_words(const uint8_t bytes[SOCKET_ADDRESS_BYTES], uint64_t words[2])
{
    memcpy(words, bytes, SOCKET_ADDRESS_BYTES);
}

void socket_name_words(const struct socket_name *name, uint64_t words[3])
{
    socket_address_words(name->address, words);
    words[2] = socket_place(name->port, name->interface);
}
