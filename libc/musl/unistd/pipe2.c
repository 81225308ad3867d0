/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe2() and pipe(), in place of musl's, so that only programs that use pipes have them.
 */
#include <errno.h>
#include <unistd.h>

#include "pipe_file.h"

int pipe2(int descriptors[2], int flags)
{
    long error = pipe_make(descriptors, flags);
    if (error < 0) {
        errno = (int)-error;
        return -1;
    }
    return 0;
}

int pipe(int descriptors[2])
{
    return pipe2(descriptors, 0);
}
