/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call behind pthread_create, in place of musl's, which traps into Linux: programs have one
 * thread, so pthread_create is EAGAIN.
 */
#include <errno.h>
#include <stdarg.h>

int __clone(int (*start)(void *), void *stack, int flags, void *argument, ...);

int __clone(int (*start)(void *), void *stack, int flags, void *argument, ...)
{
    (void)start;
    (void)stack;
    (void)flags;
    (void)argument;
    return -EAGAIN;
}
