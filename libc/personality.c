/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of what musl's calls become, and the small ones themselves.
 */
#include "personality.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <abi/error.h>
#include <wherry/console.h>

#include "process.h"

enum {
    DESCRIPTORS_STANDARD = 3, /* 0, 1 and 2 are the console */
    THREAD_ID = 1,
    STATUS_SIGNALLED = 128,
};

long personality_errno(int error)
{
    switch (error) {
    case OK:
        return 0;
    case E_NO_MEMORY:
    case E_NO_SLOTS:
    case E_LIMIT:
        return -ENOMEM;
    case E_TIMEOUT:
        return -ETIMEDOUT;
    case E_NO_RIGHT:
    case E_DENIED:
        return -EACCES;
    case E_BUSY:
        return -EBUSY;
    case E_AGAIN:
        return -EAGAIN;
    case E_BAD_HANDLE: /* the program was not given what this needs */
    case E_UNSUPPORTED:
        return -ENOSYS;
    default:
        return -EINVAL;
    }
}

static long write_vector(int descriptor, const struct iovec *parts, int count)
{
    size_t written = 0;
    if (descriptor != 1 && descriptor != 2) {
        return -EBADF;
    }
    for (int i = 0; i < count; i++) {
        console_write(parts[i].iov_base, parts[i].iov_len);
        written += parts[i].iov_len;
    }
    return (long)written;
}

/* musl ends a line of stdout at '\n' when this succeeds; the size is unknown, which is 0. */
static long window_size(int descriptor, unsigned long request, struct winsize *size)
{
    if (descriptor < 0 || descriptor >= DESCRIPTORS_STANDARD || request != TIOCGWINSZ) {
        return -ENOTTY;
    }
    *size = (struct winsize){0};
    return 0;
}

/* There are no signals, so there is nothing to block. */
static long signal_mask(void *old, size_t bytes)
{
    if (old != NULL) {
        memset(old, 0, bytes);
    }
    return 0;
}

/* abort() ends the program; other signals do not exist. */
static long signal_self(int signal)
{
    if (signal == SIGABRT) {
        process_exit(STATUS_SIGNALLED + SIGABRT);
    }
    return -ENOSYS;
}

/* A flat dispatch, longer than a function should be. */
long wherry_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    (void)f;
    switch (n) {
    case SYS_write:
        return write_vector((int)a, &(struct iovec){(void *)b, (size_t)c}, 1);
    case SYS_writev:
        return write_vector((int)a, (const struct iovec *)b, (int)c);
    case SYS_ioctl:
        return window_size((int)a, (unsigned long)b, (struct winsize *)c);
    case SYS_lseek:
        return a >= 0 && a < DESCRIPTORS_STANDARD ? -ESPIPE : -EBADF;
    case SYS_close:
        return a >= 0 && a < DESCRIPTORS_STANDARD ? 0 : -EBADF;
    case SYS_mmap:
        return personality_mmap((void *)a, (size_t)b, (int)c, (int)d, (int)e);
    case SYS_munmap:
        return personality_munmap((void *)a, (size_t)b);
    case SYS_clock_gettime:
        return personality_clock_gettime((clockid_t)a, (struct timespec *)b);
    case SYS_clock_getres:
        return personality_clock_getres((clockid_t)a, (struct timespec *)b);
    case SYS_nanosleep:
        return personality_clock_nanosleep(CLOCK_REALTIME, 0, (const struct timespec *)a);
    case SYS_clock_nanosleep:
        return personality_clock_nanosleep((clockid_t)a, (int)b, (const struct timespec *)c);
    case SYS_futex:
        return personality_futex((const int *)a, (int)b, (int)c, (const struct timespec *)d);
    case SYS_getrandom:
        return personality_getrandom((void *)a, (size_t)b);
    case SYS_exit:
    case SYS_exit_group:
        process_exit((int)a);
    case SYS_set_tid_address:
    case SYS_gettid:
    case SYS_getpid:
        return THREAD_ID;
    case SYS_tkill:
        return signal_self((int)b);
    case SYS_rt_sigprocmask:
        return signal_mask((void *)c, (size_t)d);
    default:
        return -ENOSYS;
    }
}
