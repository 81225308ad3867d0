/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by name, of one program: nothing here is shared with another, and nothing outlives it.
 *
 *     /etc/hosts, /etc/resolv.conf, /etc/services    libc's, read only
 *     what the program links in [image_files]        read only
 *     /dev/null, /dev/urandom, /dev/random
 *     /tmp/NAME                                      in this program's memory [memory_file.h]
 *
 * Names are absolute or, what is the same, relative to /. There are no directories to be read.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <base/attributes.h>

struct kstat;

enum { FILES_PATH_BYTES = 128 }; /* longest name, with its end */

/* A file of the image: what a program wants to read by name. */
struct image_file {
    const char *path; /* absolute; NULL behind the last of a table */
    const void *bytes;
    size_t length;
};

/* A program that has files defines this table; without one there are none. */
extern const struct image_file image_files[] __attribute__((weak));

/* As openat, fstat, fstatat with a path, unlinkat; a result or a negative errno. */
MUST_CHECK long files_open(const char *path, int flags);
MUST_CHECK long files_status(long descriptor, struct kstat *status);
MUST_CHECK long files_path_status(const char *path, struct kstat *status);
MUST_CHECK long files_unlink(const char *path);

/* As pread and pwrite. */
MUST_CHECK long files_read_at(long descriptor, void *bytes, size_t count, off_t offset);
MUST_CHECK long files_write_at(long descriptor, const void *bytes, size_t count, off_t offset);
