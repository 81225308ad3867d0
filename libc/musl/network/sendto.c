/* SPDX-License-Identifier: BSD-2-Clause */
/* sendto() and, behind it, send(), in place of musl's: straight to the socket, not by a number. */
#include <sys/socket.h>

#include "personality.h"

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *address,
               socklen_t address_bytes)
{
    return personality_result(
        personality_sendto(fd, bytes, length, flags, address, address_bytes));
}
