/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on descriptors: to the file, which does what its kind can. */
#include "personality.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "descriptors.h"

long personality_read(int descriptor, const struct iovec *parts, int count)
{
    struct transfer to;
    struct file *file = descriptors_find(descriptor);
    if (file == NULL || (file->flags & O_ACCMODE) == O_WRONLY) {
        return -EBADF;
    }
    long error = transfer_check(parts, count, &to);
    if (error != 0 || file->kind->read == NULL) {
        return error != 0 ? error : -EINVAL;
    }
    return file->kind->read(file, &to);
}

long personality_write(int descriptor, const struct iovec *parts, int count)
{
    struct transfer from;
    struct file *file = descriptors_find(descriptor);
    if (file == NULL || (file->flags & O_ACCMODE) == O_RDONLY) {
        return -EBADF;
    }
    long error = transfer_check(parts, count, &from);
    if (error != 0 || file->kind->write == NULL) {
        return error != 0 ? error : -EINVAL;
    }
    return file->kind->write(file, &from);
}

long personality_lseek(int descriptor, off_t offset, int whence)
{
    struct file *file = descriptors_find(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    return file->kind->seek != NULL ? file->kind->seek(file, offset, whence) : -ESPIPE;
}

long personality_ioctl(int descriptor, unsigned long request, void *argument)
{
    struct file *file = descriptors_find(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    if (argument == NULL) {
        return -EFAULT;
    }
    if (request == FIONBIO) {
        uint32_t set = *(const int *)argument != 0 ? O_NONBLOCK : 0;
        file->flags = (file->flags & ~(uint32_t)O_NONBLOCK) | set;
        return 0;
    }
    return file->kind->control != NULL ? file->kind->control(file, request, argument) : -ENOTTY;
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* The file of a descriptor that is a socket: 0, EBADF or ENOTSOCK. */
static MUST_CHECK long find_socket(int descriptor, struct file **file)
{
    *file = descriptors_find(descriptor);
    if (*file == NULL) {
        return -EBADF;
    }
    return (*file)->kind->socket == NULL ? -ENOTSOCK : 0;
}

long personality_sendto(int descriptor, const void *bytes, size_t length, int flags,
                        const struct sockaddr *address, socklen_t address_bytes)
{
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    struct msghdr message = {
        .msg_name = (void *)(uintptr_t)address,
        .msg_namelen = address == NULL ? 0 : address_bytes,
        .msg_iov = &part,
        .msg_iovlen = 1,
    };
    struct file *file;
    long error = find_socket(descriptor, &file);
    return error != 0 ? error : file->kind->socket->send(file, &message, flags);
}

long personality_recvfrom(int descriptor, void *bytes, size_t length, int flags,
                          struct sockaddr *address, socklen_t *address_bytes)
{
    struct iovec part = {bytes, length};
    struct msghdr message = {.msg_name = address, .msg_iov = &part, .msg_iovlen = 1};
    struct file *file;
    long error = find_socket(descriptor, &file);
    if (error != 0) {
        return error;
    }
    if (address != NULL && address_bytes == NULL) {
        return -EFAULT;
    }
    message.msg_namelen = address == NULL ? 0 : *address_bytes;
    long received = file->kind->socket->receive(file, &message, flags);
    if (received >= 0 && address != NULL) {
        *address_bytes = message.msg_namelen;
    }
    return received;
}

/* Too many parts are EMSGSIZE here, and EINVAL in readv and writev. */
static MUST_CHECK long check_message(const struct msghdr *message)
{
    if (message == NULL) {
        return -EFAULT;
    }
    return (size_t)message->msg_iovlen > TRANSFER_PARTS_MAX ? -EMSGSIZE : 0;
}

long personality_sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    struct file *file;
    long error = find_socket(descriptor, &file);
    if (error == 0) {
        error = check_message(message);
    }
    return error != 0 ? error : file->kind->socket->send(file, message, flags);
}

static long receive_message(struct file *file, struct msghdr *message, int flags)
{
    long error = check_message(message);
    return error != 0 ? error : file->kind->socket->receive(file, message, flags);
}

/* One after the other; with MSG_WAITFORONE only the first waits. There is no time-out. */
static long receive_messages(struct file *file, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned done = 0;
    if (messages == NULL && count > 0) {
        return -EFAULT;
    }
    while (done < count) {
        long received = receive_message(file, &messages[done].msg_hdr, flags & ~MSG_WAITFORONE);
        if (received < 0) {
            return done > 0 ? (long)done : received;
        }
        messages[done++].msg_len = (unsigned)received;
        flags |= (flags & MSG_WAITFORONE) != 0 ? MSG_DONTWAIT : 0;
    }
    return (long)done;
}

/* A flat dispatch. */
long personality_socket(long n, long a, long b, long c, long d, long e, long f)
{
    struct file *file;
    long error = find_socket((int)a, &file);
    if (error != 0) {
        return error;
    }
    const struct socket_calls *calls = file->kind->socket;
    switch (n) {
    case SYS_bind: return calls->bind(file, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_listen: return calls->listen(file, (int)b);
    case SYS_connect: return calls->connect(file, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_accept: return calls->accept(file, (struct sockaddr *)b, (socklen_t *)c, 0);
    case SYS_accept4: return calls->accept(file, (struct sockaddr *)b, (socklen_t *)c, (int)d);
    case SYS_shutdown: return calls->shutdown(file, (int)b);
    case SYS_getsockname:
    case SYS_getpeername:
        return calls->name(file, n == SYS_getpeername, (struct sockaddr *)b, (socklen_t *)c);
    case SYS_setsockopt: return calls->set(file, (int)b, (int)c, (const void *)d, (socklen_t)e);
    case SYS_getsockopt: return calls->get(file, (int)b, (int)c, (void *)d, (socklen_t *)e);
    case SYS_sendto:
        return personality_sendto((int)a, (const void *)b, (size_t)c, (int)d,
                                  (const struct sockaddr *)e, (socklen_t)f);
    case SYS_recvfrom:
        return personality_recvfrom((int)a, (void *)b, (size_t)c, (int)d, (struct sockaddr *)e,
                                    (socklen_t *)f);
    case SYS_sendmsg: return personality_sendmsg((int)a, (const struct msghdr *)b, (int)c);
    case SYS_recvmsg: return receive_message(file, (struct msghdr *)b, (int)c);
    case SYS_recvmmsg:
        return e != 0 ? -EOPNOTSUPP
                      : receive_messages(file, (struct mmsghdr *)b, (unsigned)c, (int)d);
    default: return -ENOSYS;
    }
}
