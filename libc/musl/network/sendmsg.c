/* SPDX-License-Identifier: BSD-2-Clause */
/* sendmsg() in place of musl's, which copies the message first: straight to the socket. */
#include <sys/socket.h>

#include "personality.h"

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return personality_result(personality_sendmsg(fd, message, flags));
}
