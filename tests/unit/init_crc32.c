/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init's fast CRC-32 is the CRC-32 of the standard, at every alignment and length.
 */
#include "test.h"

#include <base/crc32.h>

/* By the definition, a bit at a time. */
static uint32_t sum_bits(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < 8 * length; i++) {
        uint32_t bit = bytes[i / 8] >> i % 8 & 1;
        crc = crc >> 1 ^ (((crc ^ bit) & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

TEST(it_is_that_of_the_standard)
{
    assert_int_equal(crc32_extend(CRC32_EMPTY, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_extend(CRC32_EMPTY, "", 0), 0);
}

TEST(every_alignment_and_length_gives_the_sum_of_the_bits)
{
    uint8_t bytes[64];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)test_random(&seed);
    }
    for (size_t start = 0; start < 8; start++) {
        for (size_t length = 0; length <= sizeof(bytes) - start; length++) {
            assert_int_equal(crc32_extend(CRC32_EMPTY, bytes + start, length),
                             sum_bits(bytes + start, length));
        }
    }
}

TEST(a_sum_in_parts_is_the_sum_of_the_whole)
{
    uint8_t bytes[64];
    memset(bytes, 0x5a, sizeof(bytes));
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        uint32_t crc = crc32_extend(CRC32_EMPTY, bytes, cut);
        assert_int_equal(crc32_extend(crc, bytes + cut, sizeof(bytes) - cut),
                         sum_bits(bytes, sizeof(bytes)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_that_of_the_standard),
        cmocka_unit_test(every_alignment_and_length_gives_the_sum_of_the_bits),
        cmocka_unit_test(a_sum_in_parts_is_the_sum_of_the_whole),
    };
    return cmocka_run_group_tests_name("init_crc32", tests, NULL, NULL);
}
