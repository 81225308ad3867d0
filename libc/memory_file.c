/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory_file.h"

#include <string.h>

#include "pool.h"

enum { PIECE_BYTES = MEMORY_FILE_PIECE_BYTES };

static struct pool files = {.bytes = sizeof(struct memory_file)};
static struct pool pieces = {.bytes = PIECE_BYTES};
static struct memory_file *named[MEMORY_FILES_MAX]; /* NULL: free */

struct memory_file *memory_file_find(const char *name)
{
    for (int i = 0; i < MEMORY_FILES_MAX; i++) {
        if (named[i] != NULL && strcmp(named[i]->name, name) == 0) {
            return named[i];
        }
    }
    return NULL;
}

struct memory_file *memory_file_make(const char *name)
{
    for (int i = 0; i < MEMORY_FILES_MAX; i++) {
        if (named[i] == NULL) {
            named[i] = pool_take(&files);
            if (named[i] != NULL) {
                memcpy(named[i]->name, name, strlen(name) + 1);
            }
            return named[i];
        }
    }
    return NULL;
}

void memory_file_cut(struct memory_file *file, size_t bytes)
{
    size_t kept = (bytes + PIECE_BYTES - 1) / PIECE_BYTES;
    for (size_t i = kept; i < MEMORY_FILE_PIECES_MAX; i++) {
        if (file->pieces[i] != NULL) {
            pool_give(&pieces, file->pieces[i]);
            file->pieces[i] = NULL;
        }
    }
    if (bytes % PIECE_BYTES != 0 && file->pieces[kept - 1] != NULL) {
        memset((char *)file->pieces[kept - 1] + bytes % PIECE_BYTES, 0,
               PIECE_BYTES - bytes % PIECE_BYTES); /* what is written behind it later is a hole */
    }
    file->bytes = bytes;
}

static void end_if_done(struct memory_file *file)
{
    if (file->users == 0 && file->name[0] == 0) {
        memory_file_cut(file, 0);
        pool_give(&files, file);
    }
}

void memory_file_unlink(struct memory_file *file)
{
    for (int i = 0; i < MEMORY_FILES_MAX; i++) {
        if (named[i] == file) {
            named[i] = NULL;
        }
    }
    file->name[0] = 0;
    end_if_done(file);
}

void memory_file_leave(struct memory_file *file)
{
    file->users--;
    end_if_done(file);
}

void *memory_file_at(struct memory_file *file, size_t offset, size_t *bytes, bool to_write)
{
    size_t piece = offset / PIECE_BYTES, left = PIECE_BYTES - offset % PIECE_BYTES;
    *bytes = *bytes < left ? *bytes : left;
    if (piece >= MEMORY_FILE_PIECES_MAX) {
        return NULL;
    }
    if (file->pieces[piece] == NULL && to_write) {
        file->pieces[piece] = pool_take(&pieces);
    }
    return file->pieces[piece] == NULL ? NULL : (char *)file->pieces[piece] + offset % PIECE_BYTES;
}
