/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <kstat.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptors.h"
#include "image_text.h"
#include "memory_file.h"
#include "personality.h"
#include "pool.h"

#define TMP "/tmp/"

enum { BLOCK_BYTES = 512, BLOCK_OF_IO_BYTES = 4096 };

/* An open file that has a place to go on from. */
struct open_file {
    struct file file; /* first, so that the file is this */
    const struct image_file *image;
    struct memory_file *memory;
    size_t offset;
};

static struct pool pool = {.bytes = sizeof(struct open_file)};

static struct open_file *open_of(struct file *file)
{
    return (struct open_file *)file;
}

static size_t length_of(const struct open_file *open)
{
    return open->memory != NULL ? open->memory->bytes : open->image->length;
}

static long seek(struct file *file, off_t offset, int whence)
{
    struct open_file *open = open_of(file);
    off_t from = whence == SEEK_SET   ? 0
                 : whence == SEEK_CUR ? (off_t)open->offset
                                      : (off_t)length_of(open);
    if ((whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) ||
        offset > LONG_MAX - from || from + offset < 0) {
        return -EINVAL;
    }
    open->offset = (size_t)(from + offset);
    return (long)open->offset;
}

static void close_file(struct file *file)
{
    struct open_file *open = open_of(file);
    if (open->memory != NULL) {
        memory_file_leave(open->memory);
    }
    pool_give(&pool, open);
}

/* How much of a transfer lies before the end of the file. */
static size_t readable(const struct open_file *open, const struct transfer *to)
{
    size_t length = length_of(open);
    size_t left = open->offset < length ? length - open->offset : 0;
    return left < to->bytes ? left : to->bytes;
}

static long read_image(struct file *file, const struct transfer *to)
{
    struct open_file *open = open_of(file);
    size_t bytes = readable(open, to);
    transfer_put(to, 0, (const char *)open->image->bytes + open->offset, bytes);
    open->offset += bytes;
    return (long)bytes;
}

static long status_image(struct file *file, struct kstat *status)
{
    status->st_size = (off_t)length_of(open_of(file));
    status->st_blocks = (status->st_size + BLOCK_BYTES - 1) / BLOCK_BYTES;
    return 0;
}

static const struct file_kind image_kind = {
    .read = read_image,
    .seek = seek,
    .status = status_image,
    .close = close_file,
    .mode = S_IFREG | S_IRUSR | S_IRGRP | S_IROTH,
};

/* --- /tmp ------------------------------------------------------------------------------------- */

static long read_memory(struct file *file, const struct transfer *to)
{
    static const char zeros[BLOCK_BYTES];
    struct open_file *open = open_of(file);
    size_t bytes = readable(open, to);
    for (size_t done = 0; done < bytes;) {
        size_t part = bytes - done;
        const void *from = memory_file_at(open->memory, open->offset, &part, false);
        if (from == NULL) {
            from = zeros;
            part = part < sizeof(zeros) ? part : sizeof(zeros);
        }
        transfer_put(to, done, from, part);
        done += part;
        open->offset += part;
    }
    return (long)bytes;
}

static long write_memory(struct file *file, const struct transfer *from)
{
    struct open_file *open = open_of(file);
    size_t done = 0;
    if ((file->flags & O_APPEND) != 0) {
        open->offset = open->memory->bytes;
    }
    while (done < from->bytes) {
        size_t part = from->bytes - done;
        void *to = memory_file_at(open->memory, open->offset, &part, true);
        if (to == NULL) {
            long error = open->offset < MEMORY_FILE_BYTES_MAX ? -ENOSPC : -EFBIG;
            return done > 0 ? (long)done : error;
        }
        transfer_take(from, done, to, part);
        done += part;
        open->offset += part;
        if (open->offset > open->memory->bytes) {
            open->memory->bytes = open->offset;
        }
    }
    return (long)done;
}

static const struct file_kind memory_kind = {
    .read = read_memory,
    .write = write_memory,
    .seek = seek,
    .status = status_image,
    .close = close_file,
    .mode = S_IFREG | S_IRUSR | S_IWUSR,
};

/* --- /dev ------------------------------------------------------------------------------------- */

static long read_nothing(struct file *file, const struct transfer *to)
{
    (void)file, (void)to;
    return 0;
}

static long write_nowhere(struct file *file, const struct transfer *from)
{
    (void)file;
    return (long)from->bytes;
}

static const struct file_kind null_kind = {
    .read = read_nothing,
    .write = write_nowhere,
    .close = close_file,
    .mode = S_IFCHR | S_IRUSR | S_IWUSR,
};

static long read_random(struct file *file, const struct transfer *to)
{
    (void)file;
    for (int i = 0; i < to->count; i++) {
        long error = personality_getrandom(to->parts[i].iov_base, to->parts[i].iov_len);
        if (error < 0) {
            return error;
        }
    }
    return (long)to->bytes;
}

static const struct file_kind random_kind = {
    .read = read_random,
    .write = write_nowhere, /* what a program adds is not needed */
    .close = close_file,
    .mode = S_IFCHR | S_IRUSR | S_IWUSR,
};

/* --- by name ---------------------------------------------------------------------------------- */

/* What a path names, as an open file without a place. */
struct found {
    const struct file_kind *kind;
    const struct image_file *image;
    struct memory_file *memory;
};

static MUST_CHECK const struct image_file *find_image(const struct image_file *table,
                                                      const char *path)
{
    for (; table != NULL && table->path != NULL; table++) {
        if (strcmp(table->path, path) == 0) {
            return table;
        }
    }
    return NULL;
}

/* The name below /tmp. NULL: the path is elsewhere. */
static MUST_CHECK const char *name_in_tmp(const char *path)
{
    return strncmp(path, TMP, sizeof(TMP) - 1) == 0 ? path + sizeof(TMP) - 1 : NULL;
}

static MUST_CHECK long look_up(const char *path, struct found *found)
{
    const char *name = name_in_tmp(path);
    *found = (struct found){.kind = NULL};
    if (strcmp(path, "/dev/null") == 0) {
        found->kind = &null_kind;
    } else if (strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0) {
        found->kind = &random_kind;
    } else if (name != NULL) {
        found->memory = memory_file_find(name);
        found->kind = found->memory != NULL ? &memory_kind : NULL;
    } else {
        found->image = find_image(image_files, path);
        found->image = found->image != NULL ? found->image : find_image(image_text, path);
        found->kind = found->image != NULL ? &image_kind : NULL;
    }
    return found->kind != NULL ? 0 : -ENOENT;
}

/* Makes the path absolute in a buffer of FILES_PATH_BYTES. */
static MUST_CHECK long complete(const char *path, char *whole)
{
    if (path == NULL) {
        return -EFAULT;
    }
    size_t length = strlen(path), slash = path[0] == '/' ? 0 : 1;
    if (length == 0) {
        return -ENOENT;
    }
    if (length + slash > FILES_PATH_BYTES - 1) {
        return -ENAMETOOLONG;
    }
    whole[0] = '/';
    memcpy(whole + slash, path, length + 1);
    return 0;
}

/* A new file of /tmp. */
static MUST_CHECK long create(const char *path, struct found *found)
{
    const char *name = name_in_tmp(path);
    if (name == NULL) {
        return -EROFS;
    }
    if (name[0] == 0 || strchr(name, '/') != NULL) {
        return name[0] == 0 ? -EISDIR : -ENOENT;
    }
    if (strlen(name) >= MEMORY_FILE_NAME_BYTES) {
        return -ENAMETOOLONG;
    }
    found->memory = memory_file_make(name);
    found->kind = &memory_kind;
    return found->memory != NULL ? 0 : -ENOSPC;
}

static MUST_CHECK long open_found(const struct found *found, int flags)
{
    enum { KEPT = O_ACCMODE | O_NONBLOCK | O_APPEND };
    struct open_file *open = pool_take(&pool);
    if (open == NULL) {
        return -ENFILE;
    }
    open->file = (struct file){.kind = found->kind, .flags = (uint32_t)flags & KEPT};
    open->image = found->image;
    open->memory = found->memory;
    long descriptor = descriptors_add(&open->file, flags, 0);
    if (descriptor < 0) {
        pool_give(&pool, open);
        return descriptor;
    }
    if (open->memory != NULL) {
        open->memory->users++;
        if ((flags & O_TRUNC) != 0) {
            memory_file_cut(open->memory, 0);
        }
    }
    return descriptor;
}

long files_open(const char *path, int flags)
{
    char whole[FILES_PATH_BYTES];
    struct found found;
    bool is_to_write = (flags & O_ACCMODE) != O_RDONLY;
    long error = complete(path, whole);
    if (error != 0) {
        return error;
    }
    error = look_up(whole, &found);
    if (error == 0 && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    if (error == 0 && (flags & O_DIRECTORY) != 0) {
        return -ENOTDIR;
    }
    if (error == 0 && is_to_write && found.image != NULL) {
        return -EROFS;
    }
    if (error != 0 && (flags & O_CREAT) != 0) {
        error = create(whole, &found);
    }
    return error != 0 ? error : open_found(&found, flags);
}

long files_unlink(const char *path)
{
    char whole[FILES_PATH_BYTES];
    struct found found;
    long error = complete(path, whole);
    if (error == 0) {
        error = look_up(whole, &found);
    }
    if (error != 0 || found.memory == NULL) {
        return error != 0 ? error : -EROFS;
    }
    memory_file_unlink(found.memory);
    return 0;
}

static MUST_CHECK long give_status(struct file *file, struct kstat *status)
{
    if (status == NULL) {
        return -EFAULT;
    }
    memset(status, 0, sizeof(*status));
    status->st_mode = file->kind->mode;
    status->st_nlink = 1;
    status->st_blksize = BLOCK_OF_IO_BYTES;
    return file->kind->status != NULL ? file->kind->status(file, status) : 0;
}

long files_status(long descriptor, struct kstat *status)
{
    struct file *file = descriptors_find(descriptor);
    return file == NULL ? -EBADF : give_status(file, status);
}

long files_path_status(const char *path, struct kstat *status)
{
    char whole[FILES_PATH_BYTES];
    struct found found;
    long error = complete(path, whole);
    if (error == 0) {
        error = look_up(whole, &found);
    }
    if (error != 0) {
        return error;
    }
    struct open_file open = {.file.kind = found.kind, .image = found.image, .memory = found.memory};
    return give_status(&open.file, status);
}

/* --- at a place of the caller's --------------------------------------------------------------- */

/* Reads or writes at `offset` and goes back to where the file stood. */
static MUST_CHECK long move_at(long descriptor, const struct iovec *part, off_t offset,
                               bool is_to_write)
{
    struct file *file = descriptors_find(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    if (file->kind->seek == NULL) {
        return -ESPIPE;
    }
    if (offset < 0) {
        return -EINVAL;
    }
    struct open_file *open = open_of(file); /* the one kind that seeks */
    size_t before = open->offset;
    open->offset = (size_t)offset;
    long moved = is_to_write ? personality_write((int)descriptor, part, 1)
                             : personality_read((int)descriptor, part, 1);
    open->offset = before;
    return moved;
}

long files_read_at(long descriptor, void *bytes, size_t count, off_t offset)
{
    return move_at(descriptor, &(struct iovec){bytes, count}, offset, false);
}

long files_write_at(long descriptor, const void *bytes, size_t count, off_t offset)
{
    return move_at(descriptor, &(struct iovec){(void *)(uintptr_t)bytes, count}, offset, true);
}
