/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <abi/types.h>
#include <base/list.h>

#include "descriptors.h"
#include "pool.h"

enum { ROOM_BYTES = 2 * PAGE_BYTES - 256 }; /* with the rest, what a pool can make */
static_assert(ROOM_BYTES >= PIPE_BUF, "a write of PIPE_BUF is whole");

struct pipe {
    struct file out; /* the end that is read */
    struct file in;  /* the end that is written */
    bool is_out_open, is_in_open;
    size_t head; /* where the next byte is read */
    size_t filled;
    uint8_t bytes[ROOM_BYTES];
};
static_assert(sizeof(struct pipe) <= 2 * PAGE_BYTES, "a pool makes it");

static struct pool pool = {.bytes = sizeof(struct pipe)};

static struct pipe *pipe_of_out(struct file *file)
{
    return container_of(file, struct pipe, out);
}

static struct pipe *pipe_of_in(struct file *file)
{
    return container_of(file, struct pipe, in);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static long read_out(struct file *file, const struct transfer *to)
{
    struct pipe *pipe = pipe_of_out(file);
    size_t bytes = least(to->bytes, pipe->filled);
    if (pipe->filled == 0 && to->bytes > 0 && pipe->is_in_open) {
        return file_is_nonblocking(file) ? -EAGAIN : -EDEADLK;
    }
    size_t first = least(bytes, ROOM_BYTES - pipe->head);
    transfer_put(to, 0, pipe->bytes + pipe->head, first);
    transfer_put(to, first, pipe->bytes, bytes - first);
    pipe->head = (pipe->head + bytes) % ROOM_BYTES;
    pipe->filled -= bytes;
    if (bytes > 0 && pipe->is_in_open) {
        file_tell(&pipe->in);
    }
    return (long)bytes;
}

static long write_in(struct file *file, const struct transfer *from)
{
    struct pipe *pipe = pipe_of_in(file);
    size_t room = ROOM_BYTES - pipe->filled;
    if (!pipe->is_out_open) {
        return -EPIPE;
    }
    if (from->bytes > room && (room == 0 || from->bytes <= PIPE_BUF)) {
        return file_is_nonblocking(file) ? -EAGAIN : -EDEADLK;
    }
    size_t bytes = least(from->bytes, room), tail = (pipe->head + pipe->filled) % ROOM_BYTES;
    size_t first = least(bytes, ROOM_BYTES - tail);
    transfer_take(from, 0, pipe->bytes + tail, first);
    transfer_take(from, first, pipe->bytes, bytes - first);
    pipe->filled += bytes;
    if (bytes > 0) {
        file_tell(&pipe->out);
    }
    return (long)bytes;
}

static uint32_t out_ready(struct file *file, uint32_t asked)
{
    (void)asked;
    const struct pipe *pipe = pipe_of_out(file);
    return (pipe->filled > 0 ? POLLIN | POLLRDNORM : 0) | (pipe->is_in_open ? 0 : POLLHUP);
}

static uint32_t in_ready(struct file *file, uint32_t asked)
{
    (void)asked;
    const struct pipe *pipe = pipe_of_in(file);
    return (ROOM_BYTES - pipe->filled >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0) |
           (pipe->is_out_open ? 0 : POLLERR);
}

static long control_out(struct file *file, unsigned long request, void *argument)
{
    if (request != FIONREAD) {
        return -ENOTTY;
    }
    *(int *)argument = (int)pipe_of_out(file)->filled;
    return 0;
}

static void leave_if_closed(struct pipe *pipe)
{
    if (!pipe->is_in_open && !pipe->is_out_open) {
        pool_give(&pool, pipe);
    }
}

static void close_out(struct file *file)
{
    struct pipe *pipe = pipe_of_out(file);
    pipe->is_out_open = false;
    file_tell(&pipe->in);
    leave_if_closed(pipe);
}

static void close_in(struct file *file)
{
    struct pipe *pipe = pipe_of_in(file);
    pipe->is_in_open = false;
    file_tell(&pipe->out);
    leave_if_closed(pipe);
}

static const struct file_kind out_kind = {
    .read = read_out,
    .control = control_out,
    .ready = out_ready,
    .close = close_out,
    .mode = S_IFIFO | S_IRUSR | S_IWUSR,
};

static const struct file_kind in_kind = {
    .write = write_in,
    .ready = in_ready,
    .close = close_in,
    .mode = S_IFIFO | S_IRUSR | S_IWUSR,
};

long pipe_make(int descriptors[2], int flags)
{
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    if (descriptors == NULL) {
        return -EFAULT;
    }
    struct pipe *pipe = pool_take(&pool);
    if (pipe == NULL) {
        return -ENFILE;
    }
    uint32_t status = (uint32_t)flags & O_NONBLOCK;
    pipe->out = (struct file){.kind = &out_kind, .flags = O_RDONLY | status};
    pipe->in = (struct file){.kind = &in_kind, .flags = O_WRONLY | status};
    pipe->is_out_open = pipe->is_in_open = true;
    long out = descriptors_add(&pipe->out, flags, 0);
    long in = out < 0 ? out : descriptors_add(&pipe->in, flags, 0);
    if (in < 0) {
        pipe->is_in_open = false;
        if (out < 0) {
            pool_give(&pool, pipe);
        } else {
            long closed = descriptors_close(out); /* gives the pipe back */
            (void)closed;
        }
        return in;
    }
    descriptors[0] = (int)out;
    descriptors[1] = (int)in;
    return 0;
}
