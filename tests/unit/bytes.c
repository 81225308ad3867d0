/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte order and alignment.
 */
#include "test.h"

#include <base/bytes.h>

static const uint8_t sample[] = {0xff, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};

TEST(big_endian_reads_the_first_byte_as_the_highest)
{
    assert_int_equal(bytes_get_be16(sample + 1), 0x8192);
    assert_int_equal(bytes_get_be32(sample + 1), 0x8192a3b4);
    assert_true(bytes_get_be64(sample + 1) == 0x8192a3b4c5d6e7f8);
}

TEST(little_endian_reads_the_first_byte_as_the_lowest)
{
    assert_int_equal(bytes_get_le16(sample + 1), 0x9281);
    assert_int_equal(bytes_get_le32(sample + 1), 0xb4a39281);
    assert_true(bytes_get_le64(sample + 1) == 0xf8e7d6c5b4a39281);
}

TEST(what_is_put_stands_in_the_bytes_and_nowhere_else)
{
    uint8_t bytes[10];

    memset(bytes, 0xee, sizeof(bytes));
    bytes_put_be64(bytes + 1, 0x8192a3b4c5d6e7f8);
    assert_memory_equal(bytes + 1, sample + 1, 8);
    assert_int_equal(bytes[0], 0xee);
    assert_int_equal(bytes[9], 0xee);
    bytes_put_le64(bytes + 1, 0xf8e7d6c5b4a39281);
    assert_memory_equal(bytes + 1, sample + 1, 8);
    bytes_put_be32(bytes, 0xff8192a3);
    assert_memory_equal(bytes, sample, 4);
    bytes_put_le32(bytes, 0xa39281ff);
    assert_memory_equal(bytes, sample, 4);
    bytes_put_be16(bytes, 0xff81);
    assert_memory_equal(bytes, sample, 2);
    bytes_put_le16(bytes, 0x81ff);
    assert_memory_equal(bytes, sample, 2);
}

TEST(alignment_rounds_down_and_up)
{
    assert_int_equal(align_down(0x1fff, 0x1000), 0x1000);
    assert_int_equal(align_up(0x1001, 0x1000), 0x2000);
    assert_int_equal(align_up(0x1000, 0x1000), 0x1000);
    assert_int_equal(align_up(0, 8), 0);
    assert_true(is_aligned(0, 4096) && is_aligned(4096, 4096) && !is_aligned(4095, 4096));
    assert_true(is_aligned(7, 1));
}

TEST(rounding_up_past_the_last_address_is_refused)
{
    uint64_t aligned = 7;
    assert_false(align_up_checked(UINT64_MAX - 4094, 4096, &aligned));
    assert_int_equal(aligned, 7);
    assert_true(align_up_checked(UINT64_MAX - 4095, 4096, &aligned));
    assert_true(aligned == UINT64_MAX - 4095);
}

TEST(a_range_is_inside_only_when_its_end_is_too)
{
    assert_true(is_inside(0, 10, 10));
    assert_true(is_inside(10, 0, 10));
    assert_false(is_inside(11, 0, 10));
    assert_false(is_inside(1, 10, 10));
    assert_false(is_inside(1, UINT64_MAX, 10)); /* the sum would wrap */
    assert_false(is_inside(UINT64_MAX, 1, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_endian_reads_the_first_byte_as_the_highest),
        cmocka_unit_test(little_endian_reads_the_first_byte_as_the_lowest),
        cmocka_unit_test(what_is_put_stands_in_the_bytes_and_nowhere_else),
        cmocka_unit_test(alignment_rounds_down_and_up),
        cmocka_unit_test(rounding_up_past_the_last_address_is_refused),
        cmocka_unit_test(a_range_is_inside_only_when_its_end_is_too),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
