/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of this program: small numbers, and the open files that they stand for.
 *
 * An open file is of a kind, which is a table of functions; what a kind lacks, it does not do. A
 * kind puts struct file first in what it makes, gives it to descriptors_add and frees it in
 * `close`, which is called when the last descriptor is gone. 0, 1 and 2 are the console from the
 * start. Pure but for the memory of a greater table.
 *
 * D1  A file counts the descriptors that stand for it, and lives while there is one.
 * D2  A new descriptor is the lowest number that is free.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <abi/types.h>
#include <base/attributes.h>

enum {
    DESCRIPTORS_FIRST = 32, /* without memory of their own */
    DESCRIPTORS_MAX = 1024, /* FD_SETSIZE */
    TRANSFER_PARTS_MAX = 1024,
};

struct file;
struct kstat;

/* Where bytes of a call go or come from; `bytes` is the sum, <= SSIZE_MAX. */
struct transfer {
    const struct iovec *parts;
    size_t bytes;
    int count;
};

/* What only sockets do; arguments and results are those of the calls of the same name. */
struct socket_calls {
    long (*bind)(struct file *file, const struct sockaddr *address, socklen_t bytes);
    long (*listen)(struct file *file, int backlog);
    long (*connect)(struct file *file, const struct sockaddr *address, socklen_t bytes);
    long (*accept)(struct file *file, struct sockaddr *address, socklen_t *bytes, int flags);
    long (*shutdown)(struct file *file, int how);
    long (*name)(struct file *file, bool of_peer, struct sockaddr *address, socklen_t *bytes);
    long (*set)(struct file *file, int level, int name, const void *value, socklen_t bytes);
    long (*get)(struct file *file, int level, int name, void *value, socklen_t *bytes);
    long (*send)(struct file *file, const struct msghdr *message, int flags);
    long (*receive)(struct file *file, struct msghdr *message, int flags);
};

/* Each function gives what its call gives: a result or a negative errno. NULL: not with this. */
struct file_kind {
    long (*read)(struct file *file, const struct transfer *to);
    long (*write)(struct file *file, const struct transfer *from);
    long (*seek)(struct file *file, off_t offset, int whence);
    long (*status)(struct file *file, struct kstat *status); /* which is zero; and see file_type */
    long (*control)(struct file *file, unsigned long request, void *argument);
    /* Of POLLIN and so on: what holds now, of what was not asked it may say less. */
    uint32_t (*ready)(struct file *file, uint32_t asked);
    void (*arm)(struct file *file, uint32_t events); /* POLLOUT is wanted too */
    void (*close)(struct file *file);
    const struct socket_calls *socket;
    mode_t mode; /* S_IFCHR and so on, with the permissions */
};

/* Somebody who wants to know when there is news of a file: an entry of an epoll [epoll_file.c]. */
struct file_watch {
    struct file_watch *next;
    void (*tell)(struct file_watch *watch);
    void (*leave)(struct file_watch *watch); /* the file ends; takes the watch off its list */
};

struct file {
    const struct file_kind *kind;
    uint32_t descriptors;
    uint32_t flags; /* of O_ACCMODE, O_NONBLOCK, O_APPEND */
    bool has_news;  /* told since polling.c began to wait */
    struct file_watch *watches;
};

/*
 * A descriptor, >= `lowest`, for a file; O_CLOEXEC of `flags` is kept with it. EMFILE: none is
 * free, or no memory for it; the file is as it was. EINVAL: `lowest` is none.
 */
MUST_CHECK long descriptors_add(struct file *file, int flags, long lowest);

/* Whether descriptors_add would give one. */
bool descriptors_have_room(void);

/* The file behind a descriptor, or NULL. */
struct file *descriptors_find(long descriptor);

/* The calls of the same names. */
MUST_CHECK long descriptors_close(long descriptor);
MUST_CHECK long descriptors_dup(long descriptor, long lowest, int flags);
MUST_CHECK long descriptors_dup3(long descriptor, long other, int flags);
MUST_CHECK long descriptors_control(long descriptor, int command, long argument);

/* There is news of the file: tells all who watch it. */
void file_tell(struct file *file);

static inline bool file_is_nonblocking(const struct file *file)
{
    return (file->flags & O_NONBLOCK) != 0;
}

/* --- the bytes of a call ---------------------------------------------------------------------- */

/* Checks the parts of a call. EINVAL: too many, or too long together. EFAULT: there are none. */
MUST_CHECK long transfer_check(const struct iovec *parts, long count, struct transfer *transfer);

/* Copies `bytes` from or to the transfer, starting `offset` bytes into it; offset + bytes is
 * within it. */
void transfer_take(const struct transfer *from, size_t offset, void *to, size_t bytes);
void transfer_put(const struct transfer *to, size_t offset, const void *from, size_t bytes);
