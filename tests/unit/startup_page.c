/* SPDX-License-Identifier: BSD-2-Clause */
/* The start-up page: what init writes is what a program finds, and what does not fit is refused. */
#include "test.h"

#include <stdio.h>

#include <abi/error.h>
#include <wherry/startup.h>

static struct startup page;

static int start(void **state)
{
    (void)state;
    return startup_page_init(&page, "netd");
}

TEST(a_handle_is_found_by_its_role_and_by_no_other)
{
    assert_int_equal(startup_page_add_handle(&page, "account", 0x1001), OK);
    assert_int_equal(startup_page_add_handle(&page, "fifteen-letters", 0x1002), OK);
    assert_int_equal(startup_page_handle(&page, "account"), 0x1001);
    assert_int_equal(startup_page_handle(&page, "fifteen-letters"), 0x1002);
    assert_int_equal(startup_page_handle(&page, "acc"), HANDLE_NONE);
    assert_int_equal(startup_page_handle(&page, "accounts"), HANDLE_NONE);
}

TEST(names_that_do_not_fit_are_refused)
{
    struct startup other;
    assert_int_equal(startup_page_init(&other, ""), E_RANGE);
    assert_int_equal(startup_page_init(&other, "a name of more than thirty letters"), E_RANGE);
    assert_int_equal(startup_page_add_handle(&page, "", 1), E_RANGE);
    assert_int_equal(startup_page_add_handle(&page, "sixteen-letters-", 1), E_RANGE);
    assert_int_equal(page.handle_count, 0);
}

TEST(a_role_is_given_once_and_the_table_ends)
{
    char role[STARTUP_ROLE_BYTES];
    for (unsigned i = 0; i < STARTUP_HANDLES_MAX; i++) {
        snprintf(role, sizeof(role), "role%u", i);
        assert_int_equal(startup_page_add_handle(&page, role, i + 1), OK);
    }
    assert_int_equal(startup_page_add_handle(&page, "more", 1), E_LIMIT);
    page.handle_count--;
    assert_int_equal(startup_page_add_handle(&page, "role3", 1), E_EXISTS);
    assert_int_equal(startup_page_handle(&page, "role3"), 4);
}

TEST(words_stand_behind_each_other_with_arguments_first)
{
    assert_int_equal(startup_page_add_argument(&page, "-v"), OK);
    assert_int_equal(startup_page_add_argument(&page, ""), OK);
    assert_int_equal(startup_page_add_setting(&page, "gw", "10.0.2.2"), OK);
    assert_int_equal(startup_page_add_argument(&page, "late"), E_STATE);
    assert_int_equal(page.argument_count, 2);
    assert_int_equal(page.setting_count, 1);
    assert_int_equal(page.text_bytes, 3 + 1 + 12);
    assert_memory_equal(page.text, "-v\0\0gw=10.0.2.2", 16);
}

TEST(a_word_that_does_not_fit_leaves_the_page_as_it_was)
{
    char word[STARTUP_TEXT_BYTES];
    memset(word, 'x', sizeof(word));
    word[STARTUP_TEXT_BYTES - 8] = '\0';
    assert_int_equal(startup_page_add_setting(&page, "key", word), OK);
    assert_int_equal(startup_page_add_setting(&page, "k", "value"), E_LIMIT);
    assert_int_equal(page.setting_count, 1);
    assert_int_equal(page.text_bytes, STARTUP_TEXT_BYTES - 8 + 4 + 1);
    assert_int_equal(startup_page_add_setting(&page, "k", ""), OK);
    assert_int_equal(page.text_bytes, STARTUP_TEXT_BYTES);
}

TEST(there_is_a_most_of_words)
{
    for (int i = 0; i < STARTUP_WORDS_MAX; i++) {
        assert_int_equal(startup_page_add_argument(&page, "a"), OK);
    }
    assert_int_equal(startup_page_add_argument(&page, "a"), E_LIMIT);
    assert_int_equal(startup_page_add_setting(&page, "a", "b"), E_LIMIT);
}

TEST(the_words_of_a_child_are_as_many_as_it_is_told)
{
    static const char text[] = "c1\0name\0-v\0A=1"; /* with its end: four words */
    assert_int_equal(startup_page_add_text(&page, text, 5), OK);
    assert_int_equal(startup_page_add_text(&page, text + 5, sizeof(text) - 5), OK);
    assert_int_equal(startup_page_count_words(&page, 1, 2, 2), E_INVALID);
    assert_int_equal(startup_page_count_words(&page, 1, 1, 1), E_INVALID);
    assert_int_equal(startup_page_count_words(&page, 3, 0, 1), E_INVALID); /* without a name */
    assert_int_equal(page.is_child, 0);
    assert_int_equal(startup_page_count_words(&page, 1, 2, 1), OK);
    assert_int_equal(page.is_child, 1);
    assert_int_equal(page.action_count, 1);
    assert_int_equal(page.argument_count, 2);
    assert_int_equal(page.setting_count, 1);
    assert_memory_equal(page.text, text, sizeof(text));
}

TEST(a_child_whose_text_has_no_end_is_refused)
{
    assert_int_equal(startup_page_count_words(&page, 0, 1, 0), E_INVALID);
    assert_int_equal(startup_page_add_text(&page, "a\0b", 3), OK);
    assert_int_equal(startup_page_count_words(&page, 0, 1, 0), E_INVALID);
}

TEST(the_text_of_a_child_fits_its_page_or_is_refused)
{
    static char text[STARTUP_TEXT_BYTES];
    memset(text, 0, sizeof(text));
    assert_int_equal(startup_page_add_text(&page, text, sizeof(text) - 1), OK);
    assert_int_equal(startup_page_add_text(&page, text, 2), E_LIMIT);
    assert_int_equal(startup_page_add_text(&page, text, SIZE_MAX), E_LIMIT);
    assert_int_equal(startup_page_add_text(&page, text, 1), OK);
    assert_int_equal(startup_page_count_words(&page, 0, STARTUP_TEXT_BYTES, 0), E_LIMIT);
    assert_int_equal(startup_page_count_words(&page, UINT32_MAX, 1, STARTUP_TEXT_BYTES), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_handle_is_found_by_its_role_and_by_no_other, start),
        cmocka_unit_test_setup(names_that_do_not_fit_are_refused, start),
        cmocka_unit_test_setup(a_role_is_given_once_and_the_table_ends, start),
        cmocka_unit_test_setup(words_stand_behind_each_other_with_arguments_first, start),
        cmocka_unit_test_setup(a_word_that_does_not_fit_leaves_the_page_as_it_was, start),
        cmocka_unit_test_setup(there_is_a_most_of_words, start),
        cmocka_unit_test_setup(the_words_of_a_child_are_as_many_as_it_is_told, start),
        cmocka_unit_test_setup(a_child_whose_text_has_no_end_is_refused, start),
        cmocka_unit_test_setup(the_text_of_a_child_fits_its_page_or_is_refused, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
