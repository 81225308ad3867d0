/* SPDX-License-Identifier: BSD-2-Clause */
/* recvfrom() and, behind it, recv(), in place of musl's: straight to the socket. */
#include <sys/socket.h>

#include "personality.h"

ssize_t recvfrom(int fd, void *restrict bytes, size_t length, int flags,
                 struct sockaddr *restrict address, socklen_t *restrict address_bytes)
{
    return personality_result(
        personality_recvfrom(fd, bytes, length, flags, address, address_bytes));
}
