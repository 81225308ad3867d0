/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader of the program bundle.
 *
 * B1  read_* decode and check nothing; check_* decide and decode nothing. After bundle_open the
 *     decoded values are good.
 * B2  Segments lie in the bundle in the order of the table and in memory by rising address, so
 *     one comparison with the one before shows that none overlap.
 */
#include <base/bundle.h>

#include <abi/error.h>
#include <abi/types.h>
#include <base/bytes.h>
#include <base/sum.h>

static_assert(BUNDLE_PROGRAM_BYTES == 208, "scripts/mkbundle.py");

static const uint8_t magic[8] = "WHRYBNDL";

/* --- decoding ------------------------------------------------------------------------------ */

static struct bundle_segment read_segment(const uint8_t *at)
{
    return (struct bundle_segment){
        .vaddr = bytes_get_le64(at),
        .offset = bytes_get_le64(at + 8),
        .file_bytes = bytes_get_le64(at + 16),
        .mem_bytes = bytes_get_le64(at + 24),
        .flags = bytes_get_le32(at + 32),
    };
}

static const uint8_t *program_at(const struct bundle *bundle, uint32_t index)
{
    return bundle->bytes + BUNDLE_HEADER_BYTES + index * BUNDLE_PROGRAM_BYTES;
}

void bundle_read(const struct bundle *bundle, uint32_t index, struct bundle_program *program)
{
    const uint8_t *at = program_at(bundle, index);
    for (uint32_t i = 0; i < BUNDLE_NAME_BYTES; i++) {
        program->name[i] = (char)at[i];
    }
    program->entry = bytes_get_le64(at + 32);
    program->sum = bytes_get_le64(at + 40);
    program->segment_count = 0;
    for (uint32_t i = 0; i < BUNDLE_SEGMENTS_MAX; i++) {
        program->segments[i] = read_segment(at + 48 + i * BUNDLE_SEGMENT_BYTES);
        program->segment_count += program->segments[i].mem_bytes != 0;
    }
}

/* --- checking ------------------------------------------------------------------------------ */

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
}

/* At least one letter, then zeros to the end. */
static bool is_name(const char *name)
{
    uint32_t length = 0;
    while (length < BUNDLE_NAME_BYTES && is_name_letter(name[length])) {
        length++;
    }
    for (uint32_t i = length; i < BUNDLE_NAME_BYTES; i++) {
        if (name[i] != 0) {
            return false;
        }
    }
    return length > 0 && length < BUNDLE_NAME_BYTES;
}

static bool is_flags(uint32_t flags)
{
    return (flags & ~(uint32_t)(BUNDLE_READ | BUNDLE_WRITE | BUNDLE_EXECUTE)) == 0 && flags != 0 &&
           (flags & (BUNDLE_WRITE | BUNDLE_EXECUTE)) != (BUNDLE_WRITE | BUNDLE_EXECUTE);
}

/* What is taken so far: of the address space of one program, and of the bundle. */
struct taken {
    uint64_t vaddr;
    uint64_t offset;
};

/* Checks a segment against what is taken and takes its pages. */
static bool check_segment(const struct bundle_segment *segment, uint64_t size, struct taken *taken)
{
    if (!is_flags(segment->flags) || !is_aligned(segment->vaddr, PAGE_BYTES) ||
        !is_aligned(segment->offset, PAGE_BYTES) || segment->mem_bytes == 0 ||
        segment->file_bytes > segment->mem_bytes || segment->vaddr < taken->vaddr ||
        segment->offset < taken->offset ||
        !is_inside(segment->vaddr, segment->mem_bytes, USER_END) ||
        !is_inside(segment->offset, segment->file_bytes, size)) {
        return false;
    }
    taken->vaddr = align_up(segment->vaddr + segment->mem_bytes, PAGE_BYTES);    /* <= USER_END */
    taken->offset = align_up(segment->offset + segment->file_bytes, PAGE_BYTES); /* <= 2^63 */
    return taken->offset <= size;
}

static bool is_zero(const struct bundle_segment *segment)
{
    return (segment->vaddr | segment->offset | segment->file_bytes | segment->mem_bytes |
            segment->flags) == 0;
}

static bool check_program(const struct bundle_program *program, uint64_t size, uint64_t *offset)
{
    struct taken taken = {.vaddr = BUNDLE_VADDR_MIN, .offset = *offset};
    bool has_entry = false;

    if (!is_name(program->name)) {
        return false;
    }
    for (uint32_t i = 0; i < BUNDLE_SEGMENTS_MAX; i++) {
        const struct bundle_segment *segment = &program->segments[i];
        if (i >= program->segment_count) {
            if (!is_zero(segment)) {
                return false;
            }
            continue;
        }
        if (!check_segment(segment, size, &taken)) {
            return false;
        }
        has_entry |= (segment->flags & BUNDLE_EXECUTE) != 0 && program->entry >= segment->vaddr &&
                     program->entry - segment->vaddr < segment->mem_bytes;
    }
    *offset = taken.offset;
    return has_entry;
}

/* Requires count <= BUNDLE_PROGRAMS_MAX, so the result is <= 13,336. */
static uint32_t table_end(uint32_t count)
{
    return BUNDLE_HEADER_BYTES + count * BUNDLE_PROGRAM_BYTES;
}

/* The sum of header and table, without the field of the sum itself. */
static uint64_t sum_table(const uint8_t *bytes, uint32_t count)
{
    uint64_t sum = sum_extend(SUM_EMPTY, bytes, 16);
    return sum_extend(sum, bytes + BUNDLE_HEADER_BYTES, table_end(count) - BUNDLE_HEADER_BYTES);
}

static MUST_CHECK int check_header(const uint8_t *bytes, size_t size, uint32_t *programs)
{
    if (size < BUNDLE_HEADER_BYTES) {
        return E_CORRUPT;
    }
    for (uint32_t i = 0; i < sizeof(magic); i++) {
        if (bytes[i] != magic[i]) {
            return E_CORRUPT;
        }
    }
    uint32_t count = bytes_get_le32(bytes + 12);
    if (bytes_get_le32(bytes + 8) != BUNDLE_VERSION) {
        return E_UNSUPPORTED;
    }
    if (count > BUNDLE_PROGRAMS_MAX) {
        return E_LIMIT;
    }
    if (table_end(count) > size || bytes_get_le64(bytes + 16) != sum_table(bytes, count)) {
        return E_CORRUPT;
    }
    *programs = count;
    return OK;
}

static bool is_same(const char *left, const char *right)
{
    uint32_t at = 0;
    while (at < BUNDLE_NAME_BYTES && left[at] == right[at]) {
        if (left[at] == 0) {
            return true;
        }
        at++;
    }
    return false;
}

/* The index of a program among the first `count`; `count` when it is not there. */
static uint32_t find(const struct bundle *bundle, const char *name, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && !is_same((const char *)program_at(bundle, i), name)) {
        i++;
    }
    return i;
}

int bundle_open(const void *bytes, size_t size, struct bundle *bundle)
{
    struct bundle opened = {.bytes = bytes};
    int error = check_header(bytes, size, &opened.count);
    if (error != OK) {
        return error;
    }
    uint64_t offset = align_up(table_end(opened.count), PAGE_BYTES);
    for (uint32_t i = 0; i < opened.count; i++) {
        struct bundle_program program;
        bundle_read(&opened, i, &program);
        if (!check_program(&program, size, &offset) || find(&opened, program.name, i) < i) {
            return E_CORRUPT;
        }
    }
    *bundle = opened;
    return OK;
}

int bundle_find(const struct bundle *bundle, const char *name, struct bundle_program *program)
{
    uint32_t index = find(bundle, name, bundle->count);
    if (index == bundle->count) {
        return E_NOT_FOUND;
    }
    bundle_read(bundle, index, program);
    return OK;
}

int bundle_check(const struct bundle *bundle, const struct bundle_program *program)
{
    uint64_t sum = SUM_EMPTY;
    for (uint32_t i = 0; i < program->segment_count; i++) {
        const struct bundle_segment *segment = &program->segments[i];
        sum = sum_extend(sum, bundle->bytes + segment->offset,
                         align_up(segment->file_bytes, PAGE_BYTES));
    }
    return sum == program->sum ? OK : E_CORRUPT;
}
