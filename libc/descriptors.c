/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptors.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <abi/error.h>
#include <wherry/memory.h>

#include "console_file.h"

struct descriptor {
    struct file *file; /* NULL: free */
    int flags;         /* of FD_CLOEXEC */
};

static struct descriptor first[DESCRIPTORS_FIRST] = {
    {&console_file, 0}, {&console_file, 0}, {&console_file, 0}};
static struct descriptor *table = first;
static long table_length = DESCRIPTORS_FIRST;

/* Makes the table as long as it may be. */
static MUST_CHECK bool grow(void)
{
    void *longer;
    enum { PAGES = DESCRIPTORS_MAX * sizeof(struct descriptor) / PAGE_BYTES };
    static_assert(PAGES * PAGE_BYTES == DESCRIPTORS_MAX * sizeof(struct descriptor), "whole pages");
    if (table_length == DESCRIPTORS_MAX || memory_allocate(PAGES, &longer) != OK) {
        return false;
    }
    memcpy(longer, first, sizeof(first));
    table = longer;
    table_length = DESCRIPTORS_MAX;
    return true;
}

/* The lowest free descriptor, >= `lowest` >= 0, or -1. */
static long find_free(long lowest)
{
    do {
        for (long i = lowest; i < table_length; i++) {
            if (table[i].file == NULL) {
                return i;
            }
        }
    } while (grow());
    return -1;
}

long descriptors_add(struct file *file, int flags, long lowest)
{
    if (lowest < 0 || lowest >= DESCRIPTORS_MAX) {
        return -EINVAL;
    }
    long found = find_free(lowest);
    if (found < 0) {
        return -EMFILE;
    }
    /* --- committed --- */
    table[found] = (struct descriptor){file, (flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0};
    file->descriptors++;
    return found;
}

bool descriptors_have_room(void)
{
    return find_free(0) >= 0;
}

struct file *descriptors_find(long descriptor)
{
    return descriptor >= 0 && descriptor < table_length ? table[descriptor].file : NULL;
}

long descriptors_close(long descriptor)
{
    struct file *file = descriptors_find(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    /* --- committed --- */
    table[descriptor].file = NULL;
    if (--file->descriptors == 0) {
        while (file->watches != NULL) {
            file->watches->leave(file->watches);
        }
        if (file->kind->close != NULL) {
            file->kind->close(file);
        }
    }
    return 0;
}

long descriptors_dup(long descriptor, long lowest, int flags)
{
    struct file *file = descriptors_find(descriptor);
    return file == NULL ? -EBADF : descriptors_add(file, flags, lowest);
}

long descriptors_dup3(long descriptor, long other, int flags)
{
    struct file *file = descriptors_find(descriptor);
    if (descriptor == other || (flags & ~O_CLOEXEC) != 0) {
        return -EINVAL;
    }
    if (file == NULL || other < 0 || other >= DESCRIPTORS_MAX ||
        (other >= table_length && !grow())) {
        return -EBADF;
    }
    /* --- committed --- */
    if (table[other].file != NULL) {
        long closed = descriptors_close(other);
        (void)closed; /* it was open */
    }
    return descriptors_add(file, flags, other);
}

long descriptors_control(long descriptor, int command, long argument)
{
    enum { SETTABLE = O_NONBLOCK | O_APPEND };
    struct file *file = descriptors_find(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    switch (command) {
    case F_DUPFD: return descriptors_add(file, 0, argument);
    case F_DUPFD_CLOEXEC: return descriptors_add(file, O_CLOEXEC, argument);
    case F_GETFD: return table[descriptor].flags;
    case F_SETFD: table[descriptor].flags = (int)argument & FD_CLOEXEC; return 0;
    case F_GETFL: return file->flags;
    case F_SETFL:
        file->flags = (file->flags & ~(uint32_t)SETTABLE) | ((uint32_t)argument & SETTABLE);
        return 0;
    default: return -EINVAL;
    }
}

void file_tell(struct file *file)
{
    file->has_news = true;
    for (struct file_watch *watch = file->watches; watch != NULL; watch = watch->next) {
        watch->tell(watch);
    }
}

long transfer_check(const struct iovec *parts, long count, struct transfer *transfer)
{
    size_t bytes = 0;
    if (count < 0 || count > TRANSFER_PARTS_MAX) {
        return -EINVAL;
    }
    if (parts == NULL && count > 0) {
        return -EFAULT;
    }
    for (long i = 0; i < count; i++) {
        if (parts[i].iov_len > SSIZE_MAX - bytes) {
            return -EINVAL;
        }
        if (parts[i].iov_base == NULL && parts[i].iov_len > 0) {
            return -EFAULT;
        }
        bytes += parts[i].iov_len;
    }
    *transfer = (struct transfer){.parts = parts, .bytes = bytes, .count = (int)count};
    return 0;
}

/* Moves bytes between a plain buffer and the parts of a transfer, one way or the other. */
static __attribute__((noinline)) void move(const struct transfer *transfer, size_t offset,
                                           uint8_t *buffer, size_t bytes, bool into_buffer)
{
    const struct iovec *part = transfer->parts;
    for (; bytes > 0 && offset >= part->iov_len; part++) {
        offset -= part->iov_len;
    }
    for (; bytes > 0; part++, offset = 0) {
        size_t length = part->iov_len - offset < bytes ? part->iov_len - offset : bytes;
        uint8_t *at = (uint8_t *)part->iov_base + offset;
        if (length > 0) { /* else there may be no address */
            memcpy(into_buffer ? buffer : at, into_buffer ? at : buffer, length);
            buffer += length;
            bytes -= length;
        }
    }
}

/* Whether all of it lies in the first part, as it usually does. */
static bool is_in_first(const struct transfer *transfer, size_t offset, size_t bytes)
{
    return bytes != 0 && offset + bytes <= transfer->parts->iov_len; /* both <= SSIZE_MAX */
}

void transfer_take(const struct transfer *from, size_t offset, void *to, size_t bytes)
{
    if (is_in_first(from, offset, bytes)) {
        memcpy(to, (const uint8_t *)from->parts->iov_base + offset, bytes);
    } else {
        move(from, offset, to, bytes, true);
    }
}

void transfer_put(const struct transfer *to, size_t offset, const void *from, size_t bytes)
{
    if (is_in_first(to, offset, bytes)) {
        memcpy((uint8_t *)to->parts->iov_base + offset, from, bytes);
    } else {
        move(to, offset, (uint8_t *)(uintptr_t)from, bytes, false);
    }
}
