/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader of the program bundle that is linked into the kernel image; scripts/mkbundle.py writes it.
 *
 * Little endian. A header and a table, then the bytes of the segments, each from a page of its own
 * and padded to a whole page, in the order of the table:
 *
 *     header    0 "WHRYBNDL"   8 u32 version 2   12 u32 count   16 u64 sum
 *     program   0 name[32], ends in zeros   32 u64 entry   40 u64 sum
 *               48 one to four segments, the unused places zero
 *     segment   0 u64 vaddr   8 u64 offset in the bundle   16 u64 bytes in the bundle
 *               24 u64 bytes in memory   32 u32 flags   36 u32 zero
 *
 * Sums are those of base/sum.h. The header's covers header and table except itself, a program's
 * the pages of its segments in order.
 *
 * bundle_open checks everything but the programs' own sums, once; the rest cannot fail for a
 * reason that is in the bundle. The bytes stay the caller's and must not change.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

enum {
    BUNDLE_VERSION = 2,
    BUNDLE_PROGRAMS_MAX = 64,
    BUNDLE_SEGMENTS_MAX = 4,
    BUNDLE_NAME_BYTES = 32, /* with the 0 at the end */
    BUNDLE_HEADER_BYTES = 24,
    BUNDLE_SEGMENT_BYTES = 40,
    BUNDLE_PROGRAM_BYTES = 48 + BUNDLE_SEGMENTS_MAX * BUNDLE_SEGMENT_BYTES,
    BUNDLE_VADDR_MIN = 0x10000,
};

enum bundle_flag {
    BUNDLE_READ = 1 << 0,
    BUNDLE_WRITE = 1 << 1, /* never with BUNDLE_EXECUTE */
    BUNDLE_EXECUTE = 1 << 2,
};

struct bundle {
    const uint8_t *bytes;
    uint32_t count;
};

/* vaddr and offset are page aligned; pages of two segments never meet; all below USER_END. */
struct bundle_segment {
    uint64_t vaddr;
    uint64_t offset;
    uint64_t file_bytes; /* <= mem_bytes; the rest is zero; padding up to a page is in the bundle */
    uint64_t mem_bytes;  /* > 0 */
    uint32_t flags;
};

struct bundle_program {
    char name[BUNDLE_NAME_BYTES]; /* letters, digits and -_. ; ends in 0 */
    uint64_t entry;               /* in an executable segment */
    uint64_t sum;
    uint32_t segment_count;
    struct bundle_segment segments[BUNDLE_SEGMENTS_MAX]; /* by rising vaddr */
};

/*
 * `bytes` begins at a multiple of 8. E_CORRUPT: broken. E_UNSUPPORTED: another version. E_LIMIT:
 * too many programs.
 */
MUST_CHECK int bundle_open(const void *bytes, size_t size, struct bundle *bundle);

/* Requires index < bundle->count. */
void bundle_read(const struct bundle *bundle, uint32_t index, struct bundle_program *program);

/* E_NOT_FOUND. */
MUST_CHECK int bundle_find(const struct bundle *bundle, const char *name,
                           struct bundle_program *program);

/* Sums up the program's pages. E_CORRUPT: not what its entry says. Reads every byte. */
MUST_CHECK int bundle_check(const struct bundle *bundle, const struct bundle_program *program);
