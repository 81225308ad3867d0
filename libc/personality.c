/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of what musl's calls become, and the small ones themselves.
 */
#include "personality.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include <abi/error.h>
#include <wherry/startup.h>

#include "child.h"
#include "descriptors.h"
#include "files.h"
#include "polling.h"
#include "process.h"

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
        process_exit(PROCESS_ABORTED);
    }
    return -ENOSYS;
}

/* Longer than 70 lines: a flat dispatch. */
long wherry_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    switch (n) {
    case SYS_read:
        return personality_read((int)a, &(struct iovec){(void *)b, (size_t)c}, 1);
    case SYS_readv:
        return personality_read((int)a, (const struct iovec *)b, (int)c);
    case SYS_write:
        return personality_write((int)a, &(struct iovec){(void *)b, (size_t)c}, 1);
    case SYS_writev:
        return personality_write((int)a, (const struct iovec *)b, (int)c);
    case SYS_pread64:
        return files_read_at((int)a, (void *)b, (size_t)c, d);
    case SYS_pwrite64:
        return files_write_at((int)a, (const void *)b, (size_t)c, d);
    case SYS_openat:
        return files_open((const char *)b, (int)c);
    case SYS_unlinkat:
        return files_unlink((const char *)b);
    case SYS_fstat:
        return files_status((int)a, (struct kstat *)b);
    case SYS_newfstatat:
        return files_path_status((const char *)b, (struct kstat *)c);
    case SYS_lseek:
        return personality_lseek((int)a, b, (int)c);
    case SYS_ioctl:
        return personality_ioctl((int)a, (unsigned long)b, (void *)c);
    case SYS_close:
        return descriptors_close((int)a);
    case SYS_dup:
        return descriptors_dup((int)a, 0, 0);
    case SYS_dup3:
        return descriptors_dup3((int)a, (int)b, (int)c);
    case SYS_fcntl:
        return descriptors_control((int)a, (int)b, c);
    case SYS_ppoll:
        return polling_poll((struct pollfd *)a, (nfds_t)b, (const struct timespec *)c);
    case SYS_pselect6:
        return polling_select((int)a, (fd_set *)b, (fd_set *)c, (fd_set *)d,
                              (const struct timespec *)e);
    case SYS_socketpair: /* of no family that there is; the others are asked for in vain */
        return a == AF_INET || a == AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
    case SYS_bind:
    case SYS_listen:
    case SYS_connect:
    case SYS_accept:
    case SYS_accept4:
    case SYS_shutdown:
    case SYS_getsockname:
    case SYS_getpeername:
    case SYS_setsockopt:
    case SYS_getsockopt:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
        return personality_socket(n, a, b, c, d, e, f);
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
        process_exit((int)a & 0xff); /* as much as a parent can learn */
    case SYS_set_tid_address:
    case SYS_gettid:
    case SYS_getpid:
        return startup_own()->id;
    case SYS_wait4:
        return child_wait(a, (int *)b, (int)c, (struct rusage *)d);
    case SYS_tkill:
        return signal_self((int)b);
    case SYS_rt_sigprocmask:
        return signal_mask((void *)c, (size_t)d);
    default:
        return -ENOSYS;
    }
}
