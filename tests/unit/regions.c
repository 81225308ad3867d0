/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a program's memory is mapped: never over something, never beside it, and all comes back. */
#include "test.h"

#include <abi/error.h>

#include "libc/regions.h"

#define START 0x20000ull
#define PAGES 400

static struct regions regions;

static int start(void **state)
{
    (void)state;
    regions = (struct regions){.start = START, .end = START + PAGES * PAGE_BYTES};
    return 0;
}

/* Takes room for `pages` and checks that it is free, page by page, with a page on either side. */
static int take(uint64_t pages, vaddr_t *at)
{
    int error = regions_find_room(&regions, pages, at);
    if (error != OK) {
        return error;
    }
    assert_int_equal(*at % PAGE_BYTES, 0);
    assert_true(*at >= regions.start + PAGE_BYTES);
    assert_true(*at + (pages + 1) * PAGE_BYTES <= regions.end);
    for (uint32_t i = 0; i < regions.count; i++) {
        const struct region *other = &regions.items[i];
        assert_true(*at + (pages + 1) * PAGE_BYTES <= other->start ||
                    *at >= other->start + (other->pages + 1) * PAGE_BYTES);
    }
    regions_insert(&regions, (struct region){.start = *at, .pages = pages});
    return OK;
}

TEST(the_lowest_hole_that_is_large_enough_is_taken)
{
    vaddr_t a, b, c, again;
    assert_int_equal(take(4, &a), OK);
    assert_int_equal(take(1, &b), OK);
    assert_int_equal(take(4, &c), OK);
    assert_int_equal(a, START + PAGE_BYTES);
    assert_int_equal(b, a + 5 * PAGE_BYTES);
    regions_remove(&regions, regions_find(&regions, a));
    assert_int_equal(take(5, &again), OK);
    assert_int_equal(again, c + 5 * PAGE_BYTES);
    assert_int_equal(take(4, &again), OK);
    assert_int_equal(again, a);
}

TEST(the_whole_space_can_be_taken_and_no_page_more)
{
    vaddr_t at;
    assert_int_equal(take(PAGES - 1, &at), E_LIMIT);
    assert_int_equal(take(PAGES - 2, &at), OK);
    assert_int_equal(take(1, &at), E_LIMIT);
}

TEST(counts_that_cannot_be_are_refused)
{
    vaddr_t at;
    assert_int_equal(take(0, &at), E_INVALID);
    assert_int_equal(take(UINT64_MAX, &at), E_LIMIT);
    assert_int_equal(take(UINT64_MAX / PAGE_BYTES, &at), E_LIMIT);
}

TEST(the_table_ends)
{
    vaddr_t at;
    regions.end = USER_END;
    for (int i = 0; i < REGIONS_MAX; i++) {
        assert_int_equal(take(1, &at), OK);
    }
    assert_int_equal(take(1, &at), E_LIMIT);
}

TEST(only_the_start_of_a_region_names_it)
{
    vaddr_t at;
    assert_int_equal(take(3, &at), OK);
    assert_null(regions_find(&regions, at + PAGE_BYTES));
    assert_null(regions_find(&regions, at - PAGE_BYTES));
    assert_int_equal(regions_find(&regions, at)->pages, 3);
}

TEST(after_any_history_all_room_comes_back)
{
    uint64_t seed = 1;
    vaddr_t at;
    for (int i = 0; i < 20000; i++) {
        uint64_t dice = test_random(&seed);
        if (regions.count > 0 && (dice & 1) != 0) {
            regions_remove(&regions, &regions.items[(dice >> 8) % regions.count]);
        } else {
            int error = take(1 + (dice >> 8) % 20, &at);
            assert_true(error == OK || error == E_LIMIT);
        }
    }
    while (regions.count > 0) {
        regions_remove(&regions, &regions.items[0]);
    }
    assert_int_equal(take(PAGES - 2, &at), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lowest_hole_that_is_large_enough_is_taken, start),
        cmocka_unit_test_setup(the_whole_space_can_be_taken_and_no_page_more, start),
        cmocka_unit_test_setup(counts_that_cannot_be_are_refused, start),
        cmocka_unit_test_setup(the_table_ends, start),
        cmocka_unit_test_setup(only_the_start_of_a_region_names_it, start),
        cmocka_unit_test_setup(after_any_history_all_room_comes_back, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
