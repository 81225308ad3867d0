/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /tmp: files in the memory of this program, gone with it.
 *
 * A file whose name was removed lives until its last descriptor is closed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

enum {
    MEMORY_FILES_MAX = 32,
    MEMORY_FILE_NAME_BYTES = 56, /* with the 0 */
    MEMORY_FILE_PIECES_MAX = 64,
    MEMORY_FILE_PIECE_BYTES = 2 * PAGE_BYTES,
    MEMORY_FILE_BYTES_MAX = MEMORY_FILE_PIECES_MAX * MEMORY_FILE_PIECE_BYTES, /* 512 KiB */
};

struct memory_file {
    char name[MEMORY_FILE_NAME_BYTES]; /* "": has none any more */
    uint32_t users;                    /* open files */
    size_t bytes;
    void *pieces[MEMORY_FILE_PIECES_MAX]; /* NULL: zeros */
};

/* The file of that name, or NULL. */
MUST_CHECK struct memory_file *memory_file_find(const char *name);

/* A new, empty file. NULL: no room for one. Requires a name that fits and that no file has. */
MUST_CHECK struct memory_file *memory_file_make(const char *name);

/* Cuts off what lies behind `bytes`. */
void memory_file_cut(struct memory_file *file, size_t bytes);

/* Takes the name away; the file goes when it has no users. */
void memory_file_unlink(struct memory_file *file);

/* One user less. */
void memory_file_leave(struct memory_file *file);

/* Memory at an offset: up to *bytes of one piece. NULL: a hole, or, if it is to be written, no
 * memory or too far out. */
MUST_CHECK void *memory_file_at(struct memory_file *file, size_t offset, size_t *bytes,
                                bool to_write);
