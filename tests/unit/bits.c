/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits in words and arrays, against the slowest possible way to find them.
 */
#include "test.h"

#include <base/attributes.h>
#include <base/bits.h>

TEST(a_word_without_bits_has_none_below_its_end_and_no_highest)
{
    assert_int_equal(bits_lowest(0), 64);
    assert_int_equal(bits_highest(0), BITS_NONE);
    assert_int_equal(bits_count(0), 0);
}

TEST(every_single_bit_is_found)
{
    for (int bit = 0; bit < 64; bit++) {
        uint64_t word = (uint64_t)1 << bit;
        assert_int_equal(bits_lowest(word), bit);
        assert_int_equal(bits_highest(word), bit);
        assert_int_equal(bits_count(word), 1);
    }
    assert_int_equal(bits_count(UINT64_MAX), 64);
}

TEST(lowest_highest_and_count_agree_with_a_loop_over_the_bits)
{
    uint64_t seed = 1;
    for (int round = 0; round < 10000; round++) {
        uint64_t word = test_random(&seed) >> test_random(&seed) % 64;
        word <<= test_random(&seed) % 64;
        int lowest = 64;
        int highest = BITS_NONE;
        uint32_t count = 0;
        for (int bit = 0; bit < 64; bit++) {
            if ((word >> bit & 1) != 0) {
                lowest = lowest == 64 ? bit : lowest;
                highest = bit;
                count++;
            }
        }
        assert_int_equal(bits_lowest(word), lowest);
        assert_int_equal(bits_highest(word), highest);
        assert_int_equal(bits_count(word), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_without_bits_has_none_below_its_end_and_no_highest),
        cmocka_unit_test(every_single_bit_is_found),
        cmocka_unit_test(lowest_highest_and_count_agree_with_a_loop_over_the_bits),
    };
    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
