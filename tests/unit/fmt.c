/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The formatter: its own contract, and agreement with the host's printf on random conversions.
 */
#include "test.h"

#include <stdio.h>

#include <base/fmt.h>

#define assert_format(expected, ...)                                                               \
    do {                                                                                           \
        char buffer_[128];                                                                         \
        size_t length_ = fmt_format(buffer_, sizeof(buffer_), __VA_ARGS__);                        \
        assert_string_equal(buffer_, expected);                                                    \
        assert_int_equal(length_, strlen(expected));                                               \
    } while (0)

TEST(numbers_are_printed_in_their_base_and_size)
{
    assert_format("0 -1 4294967295", "%d %i %u", 0, -1, UINT32_MAX);
    assert_format("-2147483648 deadbeef DEADBEEF", "%d %x %X", INT32_MIN, 0xdeadbeef, 0xdeadbeef);
    assert_format("-9223372036854775808", "%ld", INT64_MIN);
    assert_format("18446744073709551615 ffffffffffffffff", "%lu %llx", UINT64_MAX,
                  (unsigned long long)UINT64_MAX);
    assert_format("4096", "%zu", (size_t)4096);
    assert_format("0x80200000 0x0", "%p %p", (void *)0x80200000, NULL);
}

TEST(width_pads_with_spaces_or_zeros_on_the_right_side_of_the_sign)
{
    assert_format("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    assert_format("[-0042][  -42][-42  ]", "[%05d][%*d][%*d]", -42, 5, -42, -5, -42);
    assert_format("[123456]", "[%3d]", 123456);
    assert_format("[  x][x  ]", "[%3c][%-3c]", 'x', 'x');
}

TEST(strings_take_width_and_precision_and_null)
{
    const char *null = NULL;
    const char unterminated[2] = {'a', 'b'};
    assert_format("[abc][  abc][abc  ]", "[%s][%5s][%-5s]", "abc", "abc", "abc");
    assert_format("[ab][ab][]", "[%.2s][%.*s][%.0s]", "abc", 2, unterminated, "abc");
    assert_format("[(null)][abc]", "[%s][%.*s]", null, -1, "abc");
    assert_format("100%", "%d%%", 100);
}

TEST(text_that_does_not_fit_is_cut_and_terminated)
{
    char buffer[8];
    memset(buffer, '#', sizeof(buffer));
    assert_int_equal(fmt_format(buffer, 5, "%s%d", "abc", 1234), 4);
    assert_string_equal(buffer, "abc1");
    assert_int_equal(buffer[5], '#');
    assert_int_equal(fmt_format(buffer, 1, "%d", 5), 0);
    assert_string_equal(buffer, "");
    buffer[0] = '#';
    assert_int_equal(fmt_format(buffer, 0, "%d", 5), 0);
    assert_int_equal(buffer[0], '#');
    assert_int_equal(fmt_format(buffer, sizeof(buffer), "%1000000d", 1), 7);
}

/* For formats that the compiler's check would refuse. */
static size_t format_unchecked(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = fmt_format_list(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

TEST(an_unknown_conversion_is_printed_as_it_stands)
{
    char buffer[16];
    assert_int_equal(format_unchecked(buffer, sizeof(buffer), "a%qb%5"), 6);
    assert_string_equal(buffer, "a%qb%5");
}

TEST(random_conversions_agree_with_the_hosts_printf)
{
    static const char *const kinds[] = {"d", "u", "x", "X", "ld", "lu", "lx", "llu", "zu"};
    uint64_t seed = 3;
    for (int round = 0; round < 20000; round++) {
        char format[32];
        char expected[96];
        char actual[96];
        uint64_t value = test_random(&seed) >> test_random(&seed) % 64;
        const char *flag = (const char *[]){"", "0", "-"}[test_random(&seed) % 3];
        const char *kind = kinds[test_random(&seed) % (sizeof(kinds) / sizeof(kinds[0]))];
        snprintf(format, sizeof(format), "<%%%s%d%s>", flag, (int)(test_random(&seed) % 30) + 1,
                 kind);
        size_t size = 1 + test_random(&seed) % sizeof(expected);
        int full = snprintf(expected, size, format, value);
        size_t length = format_unchecked(actual, size, format, value);
        assert_string_equal(actual, expected);
        assert_int_equal(length, (size_t)full < size ? (size_t)full : size - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_printed_in_their_base_and_size),
        cmocka_unit_test(width_pads_with_spaces_or_zeros_on_the_right_side_of_the_sign),
        cmocka_unit_test(strings_take_width_and_precision_and_null),
        cmocka_unit_test(text_that_does_not_fit_is_cut_and_terminated),
        cmocka_unit_test(an_unknown_conversion_is_printed_as_it_stands),
        cmocka_unit_test(random_conversions_agree_with_the_hosts_printf),
    };
    return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
