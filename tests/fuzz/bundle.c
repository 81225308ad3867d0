/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a program bundle. The sum of the table is set right first: a fuzzer that had to
 * guess it would never come further.
 */
#include "fuzz.h"

#include <string.h>

#include <abi/error.h>
#include <abi/types.h>
#include <base/bundle.h>
#include <base/bytes.h>
#include <base/sum.h>

static void set_sum(uint8_t *bytes, size_t size)
{
    if (size < BUNDLE_HEADER_BYTES || bytes_get_le32(bytes + 12) > BUNDLE_PROGRAMS_MAX) {
        return;
    }
    size_t length = bytes_get_le32(bytes + 12) * BUNDLE_PROGRAM_BYTES;
    if (length <= size - BUNDLE_HEADER_BYTES) {
        uint64_t sum = sum_extend(SUM_EMPTY, bytes, 16);
        bytes_put_le64(bytes + 16, sum_extend(sum, bytes + BUNDLE_HEADER_BYTES, length));
    }
}

static void try_program(const struct bundle *bundle, uint32_t index, size_t size)
{
    struct bundle_program program;
    struct bundle_program found;
    uint64_t end = BUNDLE_VADDR_MIN;

    bundle_read(bundle, index, &program);
    REQUIRE(memchr(program.name, 0, sizeof(program.name)) != NULL);
    REQUIRE(bundle_find(bundle, program.name, &found) == OK);
    REQUIRE(found.entry == program.entry && found.sum == program.sum);
    REQUIRE(program.segment_count >= 1 && program.segment_count <= BUNDLE_SEGMENTS_MAX);
    for (uint32_t i = 0; i < program.segment_count; i++) {
        const struct bundle_segment *segment = &program.segments[i];
        REQUIRE(segment->vaddr % PAGE_BYTES == 0 && segment->vaddr >= end);
        REQUIRE(segment->mem_bytes <= USER_END - segment->vaddr);
        REQUIRE(segment->offset % PAGE_BYTES == 0 && segment->offset <= size);
        REQUIRE(segment->file_bytes <= size - segment->offset);
        REQUIRE(segment->file_bytes <= segment->mem_bytes);
        REQUIRE((segment->flags & BUNDLE_WRITE) == 0 || (segment->flags & BUNDLE_EXECUTE) == 0);
        end = align_up(segment->vaddr + segment->mem_bytes, PAGE_BYTES);
    }
    int error = bundle_check(bundle, &program);
    REQUIRE(error == OK || error == E_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle bundle;
    uint8_t *bytes = malloc(size + (size == 0));

    REQUIRE(bytes != NULL);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    set_sum(bytes, size);
    if (bundle_open(bytes, size, &bundle) == OK) {
        REQUIRE(bundle.count <= BUNDLE_PROGRAMS_MAX);
        for (uint32_t i = 0; i < bundle.count; i++) {
            try_program(&bundle, i, size);
        }
    }
    free(bytes);
    return 0;
}
