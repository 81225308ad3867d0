/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What musl asks of a kernel, done with ours. Each function takes the arguments of the Linux call
 * it stands for and returns its result or a negative errno.
 *
 * personality.c says which calls there are; every other is ENOSYS.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <abi/types.h>
#include <base/attributes.h>

/* Under musl's internal headers it calls this where it would trap [musl/include/syscall_arch.h]. */
long wherry_syscall(long n, long a, long b, long c, long d, long e, long f);

/* The errno, negative, that says what a negative error of ours says. */
MUST_CHECK long personality_errno(int error);

/* What a C function gives: a result, or -1 with the negative errno in its place. */
static inline long personality_result(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* A span of time in nanoseconds, cut off after 500 years. False: malformed. */
MUST_CHECK bool personality_span_ns(const struct timespec *span, uint64_t *ns);

/* The point that lies `ns` from now; 0 for 0, which does not wait. */
MUST_CHECK ticks_t personality_deadline(uint64_t ns);

long personality_clock_gettime(clockid_t clock, struct timespec *time);
long personality_clock_getres(clockid_t clock, struct timespec *resolution);
long personality_clock_nanosleep(clockid_t clock, int flags, const struct timespec *request);
long personality_futex(const int *word, int operation, int value, const struct timespec *time_out);

/* EAGAIN: no entropy yet. */
long personality_getrandom(void *buffer, size_t bytes);

/* personality_files.c */
long personality_read(int descriptor, const struct iovec *parts, int count);
long personality_write(int descriptor, const struct iovec *parts, int count);
long personality_lseek(int descriptor, off_t offset, int whence);
long personality_ioctl(int descriptor, unsigned long request, void *argument);

long personality_sendto(int descriptor, const void *bytes, size_t length, int flags,
                        const struct sockaddr *address, socklen_t address_bytes);
long personality_sendmsg(int descriptor, const struct msghdr *message, int flags);
long personality_recvfrom(int descriptor, void *bytes, size_t length, int flags,
                          struct sockaddr *address, socklen_t *address_bytes);

/* Gives a call on a socket to its file. ENOTSOCK: it is another kind of file. */
long personality_socket(long n, long a, long b, long c, long d, long e, long f);

long personality_mmap(void *address, size_t bytes, int protection, int flags, int descriptor);
long personality_munmap(void *address, size_t bytes);
