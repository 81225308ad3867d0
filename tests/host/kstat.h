/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of musl's kstat.h on the host: what libc's side fills in for fstat. */
#pragma once

#include <sys/types.h>

struct kstat {
    mode_t st_mode;
    nlink_t st_nlink;
    off_t st_size;
    blksize_t st_blksize;
    blkcnt_t st_blocks;
};
