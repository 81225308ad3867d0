/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll's calls, in place of musl's, so that only programs that use epoll are linked with it.
 */
#include <errno.h>
#include <signal.h>

#include "epoll_file.h"

static int give(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (int)result;
}

int epoll_create(int size)
{
    return size <= 0 ? give(-EINVAL) : epoll_create1(0);
}

int epoll_create1(int flags)
{
    return give(epoll_make(flags));
}

int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event)
{
    return give(epoll_change(epoll, operation, descriptor, event));
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int time_out_ms)
{
    return give(epoll_look(epoll, events, count, time_out_ms));
}

int epoll_pwait(int epoll, struct epoll_event *events, int count, int time_out_ms,
                const sigset_t *mask)
{
    (void)mask; /* there are no signals */
    return epoll_wait(epoll, events, count, time_out_ms);
}
