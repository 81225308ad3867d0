/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket(), in place of musl's: the one way a socket comes to be. Calling it here, and not through
 * the table of personality.c, links sockets into those programs only that use them.
 */
#include <errno.h>
#include <sys/socket.h>

#include "socket_file.h"

int socket(int domain, int type, int protocol)
{
    long descriptor = socket_make(domain, type, protocol);
    if (descriptor < 0) {
        errno = (int)-descriptor;
        return -1;
    }
    return (int)descriptor;
}
