/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses as programs have them (struct sockaddr) and as netd has them (struct socket_name).
 * Pure.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <base/attributes.h>
#include <proto/socket.h>

/*
 * What a program gave, for a socket of that family. EFAULT: nothing. EINVAL: too short.
 * EAFNOSUPPORT: of another family. AF_UNSPEC, if `may_be_none`: all zero.
 */
MUST_CHECK long socket_address_decode(enum socket_family family, bool may_be_none,
                                      const struct sockaddr *address, socklen_t bytes,
                                      struct socket_name *name);

/*
 * Gives a name to a program, cut off at *bytes, which becomes the whole length; with no buffer
 * nothing happens. EFAULT: a buffer without *bytes. EINVAL: *bytes is negative.
 */
MUST_CHECK long socket_address_give(enum socket_family family, const struct socket_name *name,
                                    struct sockaddr *address, socklen_t *bytes);

/* The 16 bytes of an IPv4 address in network order. */
void socket_address_map(struct in_addr address, uint8_t bytes[SOCKET_ADDRESS_BYTES]);

/* The IPv4 address of 16 bytes that are one. */
struct in_addr socket_address_unmap(const uint8_t bytes[SOCKET_ADDRESS_BYTES]);

/* Two words of a request. */
void socket_address_words(const uint8_t bytes[SOCKET_ADDRESS_BYTES], uint64_t words[2]);

/* The words of a request that name a place: address and socket_place. */
void socket_name_words(const struct socket_name *name, uint64_t words[3]);
