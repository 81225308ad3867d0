/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strict numbers and addresses: what is accepted, and that nothing else is.
 */
#include "test.h"

#include <stdio.h>

#include <abi/error.h>
#include <base/parse.h>

static int number(const char *text, unsigned base, uint64_t *value)
{
    return parse_u64(text, strlen(text), base, value);
}

TEST(numbers_up_to_the_last_are_read)
{
    uint64_t value;
    assert_int_equal(number("0", 10, &value), OK);
    assert_true(value == 0);
    assert_int_equal(number("18446744073709551615", 10, &value), OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(number("fFfFffffffffFFFF", 16, &value), OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(number("000000000000000000000000012", 10, &value), OK);
    assert_true(value == 12);
    assert_int_equal(number("101", 2, &value), OK);
    assert_true(value == 5);
}

TEST(a_number_that_does_not_fit_is_out_of_range)
{
    uint64_t value = 7;
    assert_int_equal(number("18446744073709551616", 10, &value), E_RANGE);
    assert_int_equal(number("99999999999999999999", 10, &value), E_RANGE);
    assert_int_equal(number("10000000000000000", 16, &value), E_RANGE);
    assert_true(value == 7);
}

TEST(anything_beside_digits_is_refused)
{
    static const char *const wrong[] = {"", " 1", "1 ", "+1", "-1", "0x1", "1a", "1.", ":", "/"};
    uint64_t value = 7;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(number(wrong[i], 10, &value), E_INVALID);
    }
    assert_int_equal(number("99999999999999999999999x", 10, &value), E_INVALID);
    assert_int_equal(number("12", 2, &value), E_INVALID);
    assert_int_equal(number("g", 16, &value), E_INVALID);
    assert_true(value == 7);
}

TEST(the_length_and_not_a_terminator_ends_the_text)
{
    uint64_t value;
    assert_int_equal(parse_u64("1234", 2, 10, &value), OK);
    assert_true(value == 12);
    assert_int_equal(parse_u64("12\0", 3, 10, &value), E_INVALID);
}

TEST(every_number_is_read_back_as_printed)
{
    uint64_t seed = 4;
    for (int round = 0; round < 10000; round++) {
        uint64_t expected = test_random(&seed) >> test_random(&seed) % 64;
        uint64_t value;
        char text[32];
        snprintf(text, sizeof(text), "%lu", expected);
        assert_int_equal(number(text, 10, &value), OK);
        assert_true(value == expected);
        snprintf(text, sizeof(text), "%lx", expected);
        assert_int_equal(number(text, 16, &value), OK);
        assert_true(value == expected);
    }
}

TEST(a_dotted_quad_is_read_in_host_order)
{
    uint32_t address;
    assert_int_equal(parse_ipv4("10.0.2.15", 9, &address), OK);
    assert_int_equal(address, 0x0a00020f);
    assert_int_equal(parse_ipv4("255.255.255.255", 15, &address), OK);
    assert_int_equal(address, 0xffffffff);
    assert_int_equal(parse_ipv4("0.0.0.0", 7, &address), OK);
    assert_int_equal(address, 0);
}

TEST(a_dotted_quad_of_any_other_form_is_refused)
{
    static const char *const wrong[] = {
        "",
        "1.2.3",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "1.2.3.4.",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.04",
        "1.2.3.4 ",
        "0x1.2.3.4",
        "1,2,3,4",
        "1.2.3.-4",
        "1.2.3.4/8",
        "99999999999999999999.1.1.1",
    };
    uint32_t address = 7;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse_ipv4(wrong[i], strlen(wrong[i]), &address), E_INVALID);
    }
    assert_int_equal(address, 7);
}

TEST(a_prefix_has_a_length_up_to_32)
{
    static const char *const wrong[] = {"10.0.2.15",    "10.0.2.15/",   "10.0.2.15/33",
                                        "10.0.2.15/08", "10.0.2.15/-1", "10.0.2.15/8/8",
                                        "/8",           "10.0.2/8",     "10.0.2.15/ 8"};
    uint32_t address = 7;
    uint32_t bits = 7;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse_ipv4_prefix(wrong[i], strlen(wrong[i]), &address, &bits), E_INVALID);
    }
    assert_true(address == 7 && bits == 7);
    assert_int_equal(parse_ipv4_prefix("10.0.2.15/24", 12, &address, &bits), OK);
    assert_true(address == 0x0a00020f && bits == 24);
    assert_int_equal(parse_ipv4_prefix("0.0.0.0/0", 9, &address, &bits), OK);
    assert_true(address == 0 && bits == 0);
    assert_int_equal(parse_ipv4_prefix("1.2.3.4/32", 10, &address, &bits), OK);
    assert_int_equal(bits, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_up_to_the_last_are_read),
        cmocka_unit_test(a_number_that_does_not_fit_is_out_of_range),
        cmocka_unit_test(anything_beside_digits_is_refused),
        cmocka_unit_test(the_length_and_not_a_terminator_ends_the_text),
        cmocka_unit_test(every_number_is_read_back_as_printed),
        cmocka_unit_test(a_dotted_quad_is_read_in_host_order),
        cmocka_unit_test(a_dotted_quad_of_any_other_form_is_refused),
        cmocka_unit_test(a_prefix_has_a_length_up_to_32),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
