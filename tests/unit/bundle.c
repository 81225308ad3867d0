/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bundle reader, on bundles built here field by field; each breakage has a test of its own,
 * with sums that are right, so that nothing but the broken field can be the reason.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/error.h>
#include <abi/types.h>
#include <base/bundle.h>
#include <base/bytes.h>
#include <base/sum.h>

#include "tests/fuzz/fuzz.h"

enum {
    PAGES = 5,
    HEAD = BUNDLE_HEADER_BYTES,
    SECOND = HEAD + BUNDLE_PROGRAM_BYTES,
    ENTRY = 32,
    SUM = 40,
    SEGMENT = 48, /* of a program; then of a segment: */
    VADDR = 0,
    OFFSET = 8,
    FILE_BYTES = 16,
    MEM_BYTES = 24,
    FLAGS = 32,
};

static void put_segment(uint8_t *at, uint64_t vaddr, uint64_t offset, uint64_t file_bytes,
                        uint32_t flags)
{
    bytes_put_le64(at + VADDR, vaddr);
    bytes_put_le64(at + OFFSET, offset);
    bytes_put_le64(at + FILE_BYTES, file_bytes);
    bytes_put_le64(at + MEM_BYTES, file_bytes + 0x800);
    bytes_put_le32(at + FLAGS, flags);
}

static void put_sum(uint8_t *bytes)
{
    uint32_t count = bytes_get_le32(bytes + 12);
    uint64_t sum = sum_extend(SUM_EMPTY, bytes, 16);
    bytes_put_le64(bytes + 16, sum_extend(sum, bytes + HEAD, count * BUNDLE_PROGRAM_BYTES));
}

/* init: text of 0x1234 bytes and data of 0x10; shell: text of 0x20. Exactly PAGES pages. */
static uint8_t *build(void)
{
    uint8_t *bytes = calloc(PAGES, PAGE_BYTES);
    assert_non_null(bytes);
    memcpy(bytes, "WHRYBNDL", 8);
    bytes_put_le32(bytes + 8, BUNDLE_VERSION);
    bytes_put_le32(bytes + 12, 2);
    memcpy(bytes + HEAD, "init", 4);
    bytes_put_le64(bytes + HEAD + ENTRY, 0x10100);
    put_segment(bytes + HEAD + SEGMENT, 0x10000, 0x1000, 0x1234, BUNDLE_READ | BUNDLE_EXECUTE);
    put_segment(bytes + HEAD + SEGMENT + BUNDLE_SEGMENT_BYTES, 0x12000, 0x3000, 0x10,
                BUNDLE_READ | BUNDLE_WRITE);
    memcpy(bytes + SECOND, "shell", 5);
    bytes_put_le64(bytes + SECOND + ENTRY, 0x10000);
    put_segment(bytes + SECOND + SEGMENT, 0x10000, 0x4000, 0x20, BUNDLE_READ | BUNDLE_EXECUTE);
    for (size_t i = PAGE_BYTES; i < PAGES * PAGE_BYTES; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    bytes_put_le64(bytes + HEAD + SUM, sum_extend(SUM_EMPTY, bytes + 0x1000, 3 * PAGE_BYTES));
    bytes_put_le64(bytes + SECOND + SUM, sum_extend(SUM_EMPTY, bytes + 0x4000, PAGE_BYTES));
    put_sum(bytes);
    return bytes;
}

/* Sums up anew, opens, and frees the bytes. */
static int open_and_free(uint8_t *bytes)
{
    struct bundle bundle;
    put_sum(bytes);
    int error = bundle_open(bytes, PAGES * PAGE_BYTES, &bundle);
    free(bytes);
    return error;
}

/* What becomes of a good bundle when one field of 8 or 4 bytes is changed. */
static int with_u64(size_t at, uint64_t value)
{
    uint8_t *bytes = build();
    bytes_put_le64(bytes + at, value);
    return open_and_free(bytes);
}

static int with_u32(size_t at, uint32_t value)
{
    uint8_t *bytes = build();
    bytes_put_le32(bytes + at, value);
    return open_and_free(bytes);
}

TEST(the_sum_is_the_one_of_the_writer)
{
    _Alignas(SUM_WORD_BYTES) static const uint8_t text[] = "12345678abcdefgh";
    uint64_t half = sum_extend(SUM_EMPTY, text, 8);
    assert_int_equal(sum_extend(SUM_EMPTY, text, 0), SUM_EMPTY);
    assert_int_equal(sum_extend(SUM_EMPTY, text, 16), 0x216e19cd17648ecd);
    assert_int_equal(sum_extend(half, text + 8, 8), 0x216e19cd17648ecd);
}

TEST(programs_are_found_by_name_with_their_segments)
{
    struct bundle bundle;
    struct bundle_program program;
    uint8_t *bytes = build();
    assert_int_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), OK);
    assert_int_equal(bundle.count, 2);
    assert_int_equal(bundle_find(&bundle, "init", &program), OK);
    assert_string_equal(program.name, "init");
    assert_int_equal(program.entry, 0x10100);
    assert_int_equal(program.segment_count, 2);
    assert_int_equal(program.segments[1].vaddr, 0x12000);
    assert_int_equal(program.segments[1].offset, 0x3000);
    assert_int_equal(program.segments[1].file_bytes, 0x10);
    assert_int_equal(program.segments[1].mem_bytes, 0x810);
    assert_int_equal(program.segments[1].flags, BUNDLE_READ | BUNDLE_WRITE);
    assert_int_equal(bundle_find(&bundle, "shell", &program), OK);
    assert_int_equal(bundle_find(&bundle, "ini", &program), E_NOT_FOUND);
    assert_int_equal(bundle_find(&bundle, "initx", &program), E_NOT_FOUND);
    assert_int_equal(bundle_find(&bundle, "", &program), E_NOT_FOUND);
    free(bytes);
}

TEST(a_program_whose_bytes_changed_fails_its_check)
{
    struct bundle bundle;
    struct bundle_program program;
    uint8_t *bytes = build();
    assert_int_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), OK);
    assert_int_equal(bundle_find(&bundle, "init", &program), OK);
    assert_int_equal(bundle_check(&bundle, &program), OK);
    bytes[0x300f] ^= 1; /* the last byte of its data */
    assert_int_equal(bundle_check(&bundle, &program), E_CORRUPT);
    assert_int_equal(bundle_find(&bundle, "shell", &program), OK);
    assert_int_equal(bundle_check(&bundle, &program), OK);
    free(bytes);
}

TEST(any_changed_bit_of_a_program_is_noticed)
{
    struct bundle bundle;
    struct bundle_program program;
    uint8_t *bytes = build();
    assert_int_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), OK);
    assert_int_equal(bundle_find(&bundle, "shell", &program), OK);
    for (size_t bit = 0x4000 * 8; bit < 0x5000 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(bundle_check(&bundle, &program), E_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(bundle_check(&bundle, &program), OK);
    free(bytes);
}

static void swap(uint8_t *left, uint8_t *right, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = left[i];
        left[i] = right[i];
        right[i] = byte;
    }
}

TEST(words_and_pages_in_the_wrong_place_are_noticed)
{
    struct bundle bundle;
    struct bundle_program program;
    uint8_t *bytes = build();
    assert_int_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), OK);
    assert_int_equal(bundle_find(&bundle, "init", &program), OK);
    for (size_t at = 0x1008; at < 0x4000; at += 8) {
        if (memcmp(bytes + 0x1000, bytes + at, 8) != 0) {
            swap(bytes + 0x1000, bytes + at, 8);
            assert_int_equal(bundle_check(&bundle, &program), E_CORRUPT);
            swap(bytes + 0x1000, bytes + at, 8);
        }
    }
    bytes[0x1000] ^= 1; /* otherwise the pages are the same */
    uint64_t before = sum_extend(SUM_EMPTY, bytes + 0x1000, 2 * PAGE_BYTES);
    swap(bytes + 0x1000, bytes + 0x2000, PAGE_BYTES);
    assert_int_not_equal(sum_extend(SUM_EMPTY, bytes + 0x1000, 2 * PAGE_BYTES), before);
    free(bytes);
}

TEST(any_changed_bit_of_header_and_table_is_noticed)
{
    struct bundle bundle;
    uint8_t *bytes = build();
    for (size_t bit = 0; bit < (SECOND + BUNDLE_PROGRAM_BYTES) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), OK);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
}

TEST(a_bundle_cut_short_is_refused)
{
    for (size_t size = 0; size < PAGES * PAGE_BYTES; size += size < 1024 ? 1 : 512) {
        struct bundle bundle;
        uint8_t *bytes = build();
        uint8_t *cut = malloc(size + (size == 0));
        memcpy(cut, bytes, size);
        assert_int_equal(bundle_open(cut, size, &bundle), E_CORRUPT);
        free(cut);
        free(bytes);
    }
}

TEST(header_fields_are_checked)
{
    assert_int_equal(with_u64(0, 0), E_CORRUPT);
    assert_int_equal(with_u32(8, BUNDLE_VERSION - 1), E_UNSUPPORTED);
    assert_int_equal(with_u32(12, 0), OK); /* an empty bundle is one */
    uint8_t *bytes = build();
    struct bundle bundle;
    bytes_put_le32(bytes + 12, BUNDLE_PROGRAMS_MAX + 1);
    assert_int_equal(bundle_open(bytes, PAGES * PAGE_BYTES, &bundle), E_LIMIT);
    free(bytes);
}

TEST(names_are_words_of_their_own)
{
    assert_int_equal(with_u64(HEAD, 0), E_CORRUPT);
    assert_int_equal(with_u32(HEAD, 0x2f696e69), E_CORRUPT);      /* "ini/" */
    assert_int_equal(with_u32(HEAD + 28, 0x61616161), E_CORRUPT); /* letters behind the end */
    uint8_t *bytes = build();
    memset(bytes + HEAD, 'a', BUNDLE_NAME_BYTES); /* no end */
    assert_int_equal(open_and_free(bytes), E_CORRUPT);
    bytes = build();
    memcpy(bytes + SECOND, bytes + HEAD, BUNDLE_NAME_BYTES); /* the same twice */
    assert_int_equal(open_and_free(bytes), E_CORRUPT);
}

TEST(a_segment_lies_on_pages_of_its_own_in_user_memory)
{
    size_t first = HEAD + SEGMENT;
    size_t second = first + BUNDLE_SEGMENT_BYTES;
    assert_int_equal(with_u64(first + VADDR, 0xf000), E_CORRUPT);
    assert_int_equal(with_u64(first + VADDR, 0x10001), E_CORRUPT);
    assert_int_equal(with_u64(second + VADDR, 0x11000), E_CORRUPT); /* the last page of the first */
    assert_int_equal(with_u64(second + VADDR, 0x10000), E_CORRUPT);
    assert_int_equal(with_u64(second + VADDR, USER_END - 0x1000), OK);
    assert_int_equal(with_u64(second + VADDR, USER_END), E_CORRUPT);
    assert_int_equal(with_u64(second + VADDR, UINT64_MAX - 0xfff), E_CORRUPT);
    assert_int_equal(with_u64(second + MEM_BYTES, USER_END - 0x12000), OK);
    assert_int_equal(with_u64(second + MEM_BYTES, USER_END - 0x11fff), E_CORRUPT);
    assert_int_equal(with_u64(second + MEM_BYTES, UINT64_MAX), E_CORRUPT);
    assert_int_equal(with_u64(second + MEM_BYTES, 0xf), E_CORRUPT); /* less than in the file */
    assert_int_equal(with_u64(second + MEM_BYTES, 0x10), OK);
}

TEST(a_segments_bytes_lie_in_the_bundle_and_are_nobody_elses)
{
    size_t first = HEAD + SEGMENT;
    size_t last = SECOND + SEGMENT;
    assert_int_equal(with_u64(first + OFFSET, 0), E_CORRUPT); /* the table */
    assert_int_equal(with_u64(first + OFFSET, 0x1008), E_CORRUPT);
    assert_int_equal(with_u64(last + OFFSET, 0x3000), E_CORRUPT); /* init's data */
    assert_int_equal(with_u64(last + OFFSET, PAGES * PAGE_BYTES), E_CORRUPT);
    assert_int_equal(with_u64(last + OFFSET, UINT64_MAX - 0xfff), E_CORRUPT);
    assert_int_equal(with_u64(first + FILE_BYTES, 0x2001), E_CORRUPT);
    uint8_t *bytes = build();
    bytes_put_le64(bytes + last + FILE_BYTES, PAGE_BYTES + 1);
    bytes_put_le64(bytes + last + MEM_BYTES, PAGE_BYTES + 1);
    assert_int_equal(open_and_free(bytes), E_CORRUPT);
    bytes = build(); /* nothing in the file, all zero in memory */
    bytes_put_le64(bytes + last + FILE_BYTES, 0);
    bytes_put_le64(bytes + last + OFFSET, PAGES * PAGE_BYTES);
    assert_int_equal(open_and_free(bytes), OK);
}

TEST(writable_and_executable_never_go_together)
{
    size_t flags = HEAD + SEGMENT + FLAGS;
    assert_int_equal(with_u32(flags, BUNDLE_WRITE | BUNDLE_EXECUTE), E_CORRUPT);
    assert_int_equal(with_u32(flags, BUNDLE_READ | BUNDLE_WRITE | BUNDLE_EXECUTE), E_CORRUPT);
    assert_int_equal(with_u32(flags, 0), E_CORRUPT);
    assert_int_equal(with_u32(flags, 8 | BUNDLE_EXECUTE), E_CORRUPT);
    assert_int_equal(with_u32(flags, BUNDLE_EXECUTE), OK);
}

TEST(the_entry_lies_in_an_executable_segment)
{
    assert_int_equal(with_u64(HEAD + ENTRY, 0xffff), E_CORRUPT);
    assert_int_equal(with_u64(HEAD + ENTRY, 0x12000), E_CORRUPT); /* data */
    assert_int_equal(with_u64(HEAD + ENTRY, 0x11a33), OK);
    assert_int_equal(with_u64(HEAD + ENTRY, 0x11a34), E_CORRUPT);
    assert_int_equal(with_u32(HEAD + SEGMENT + FLAGS, BUNDLE_READ), E_CORRUPT);
}

TEST(there_are_one_to_four_segments_and_the_rest_is_zero)
{
    size_t third = HEAD + SEGMENT + 2 * BUNDLE_SEGMENT_BYTES;
    assert_int_equal(with_u32(third + FLAGS, BUNDLE_READ), E_CORRUPT);
    assert_int_equal(with_u64(third + VADDR, 0x14000), E_CORRUPT);
    assert_int_equal(with_u64(third + MEM_BYTES, 1), E_CORRUPT); /* one without an address */
    uint8_t *bytes = build();
    memset(bytes + SECOND + SEGMENT, 0, BUNDLE_SEGMENT_BYTES); /* none */
    assert_int_equal(open_and_free(bytes), E_CORRUPT);
    bytes = build();
    memset(bytes + HEAD + SEGMENT, 0, BUNDLE_SEGMENT_BYTES); /* the second without a first */
    assert_int_equal(open_and_free(bytes), E_CORRUPT);
    bytes = build();
    for (uint32_t i = 2; i < BUNDLE_SEGMENTS_MAX; i++) {
        put_segment(bytes + HEAD + SEGMENT + i * BUNDLE_SEGMENT_BYTES, 0x12000 + i * PAGE_BYTES,
                    0x4000, 0, BUNDLE_READ);
    }
    assert_int_equal(open_and_free(bytes), OK);
}

TEST(random_fields_with_right_sums_are_refused_or_safe)
{
    uint64_t seed = 12;
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
        uint8_t *bytes = build();
        size_t at = HEAD + test_random(&seed) % (2 * BUNDLE_PROGRAM_BYTES);
        bytes[at] = (uint8_t)test_random(&seed);
        put_sum(bytes);
        struct bundle bundle;
        accepted += bundle_open(bytes, PAGES * PAGE_BYTES, &bundle) == OK;
        LLVMFuzzerTestOneInput(bytes, PAGES * PAGE_BYTES);
        free(bytes);
    }
    assert_true(accepted > 100 && accepted < 2900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_the_one_of_the_writer),
        cmocka_unit_test(programs_are_found_by_name_with_their_segments),
        cmocka_unit_test(a_program_whose_bytes_changed_fails_its_check),
        cmocka_unit_test(any_changed_bit_of_a_program_is_noticed),
        cmocka_unit_test(words_and_pages_in_the_wrong_place_are_noticed),
        cmocka_unit_test(any_changed_bit_of_header_and_table_is_noticed),
        cmocka_unit_test(a_bundle_cut_short_is_refused),
        cmocka_unit_test(header_fields_are_checked),
        cmocka_unit_test(names_are_words_of_their_own),
        cmocka_unit_test(a_segment_lies_on_pages_of_its_own_in_user_memory),
        cmocka_unit_test(a_segments_bytes_lie_in_the_bundle_and_are_nobody_elses),
        cmocka_unit_test(writable_and_executable_never_go_together),
        cmocka_unit_test(the_entry_lies_in_an_executable_segment),
        cmocka_unit_test(there_are_one_to_four_segments_and_the_rest_is_zero),
        cmocka_unit_test(random_fields_with_right_sums_are_refused_or_safe),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
