/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where musl would trap into a kernel, it calls the personality layer.
 *
 * Stands in front of musl's arch folder; the same for every CPU. wherry_syscall takes musl's own
 * system call numbers and returns a result or a negative Linux errno [libc/personality.c].
 * Written for musl's dialect (C99, reserved names), compiled only with musl.
 */
#ifndef WHERRY_SYSCALL_ARCH_H
#define WHERRY_SYSCALL_ARCH_H

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64            0

long wherry_syscall(long n, long a, long b, long c, long d, long e, long f);

static inline long __syscall0(long n)
{
    return wherry_syscall(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
    return wherry_syscall(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
    return wherry_syscall(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
    return wherry_syscall(n, a, b, c, 0, 0, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
    return wherry_syscall(n, a, b, c, d, 0, 0);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
    return wherry_syscall(n, a, b, c, d, e, 0);
}

static inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    return wherry_syscall(n, a, b, c, d, e, f);
}

#endif
