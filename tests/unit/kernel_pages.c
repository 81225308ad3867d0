/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator of physical pages, on RAM that is only numbers.
 */
#include "test.h"

#include "page.h"
#include "tests/kernel/bench.h"

#include <stdlib.h>

enum { SMALL = 1000, LARGE = 1 << 20 /* 4 GiB */ };

static const paddr_t base = 0x80000000;
static uint64_t *bitmap;

static void start(uint64_t pages)
{
    bitmap = malloc(page_bitmap_bytes(pages));
    assert_non_null(bitmap);
    page_init(base, pages, bitmap);
}

paddr_t __real_page_alloc(void);
void __real_page_free(paddr_t page);
int __real_page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *found);

static int take_run(uint64_t pages, paddr_t *found, unsigned *calls)
{
    uint64_t from = 0;
    int error;
    *calls = 0;
    do {
        error = __real_page_alloc_run(pages, &from, found);
        (*calls)++;
    } while (error == E_AGAIN);
    return error;
}

TEST(every_page_is_given_once_and_then_none)
{
    static bool is_seen[SMALL];
    start(SMALL);
    assert_int_equal(kernel_system.free_pages, SMALL);
    for (unsigned i = 0; i < SMALL; i++) {
        paddr_t page = __real_page_alloc();
        uint64_t number = (page - base) / PAGE_BYTES;
        assert_true(page % PAGE_BYTES == 0 && number < SMALL && !is_seen[number]);
        is_seen[number] = true;
    }
    assert_int_equal(__real_page_alloc(), 0);
    assert_int_equal(kernel_system.free_pages, 0);
    __real_page_free(base + 77 * PAGE_BYTES);
    assert_int_equal(__real_page_alloc(), base + 77 * PAGE_BYTES);
    free(bitmap);
}

TEST(a_page_freed_twice_is_a_panic)
{
    jmp_buf panicked;
    start(SMALL);
    paddr_t page = __real_page_alloc();
    __real_page_free(page);
    fake_cpu.panicked = &panicked;
    if (setjmp(panicked) == 0) {
        __real_page_free(page);
        fail();
    }
    if (setjmp(panicked) == 0) {
        __real_page_free(base + SMALL * PAGE_BYTES);
        fail();
    }
    fake_cpu.panicked = NULL;
    free(bitmap);
}

TEST(a_run_is_found_between_holes_and_is_not_given_twice)
{
    paddr_t found;
    unsigned calls;
    start(SMALL);
    for (unsigned i = 5; i < SMALL; i += 10) {
        page_keep_range(base + i * PAGE_BYTES, i == 505 ? 0 : 5 * PAGE_BYTES); /* fifteen stay */
    }
    assert_int_equal(take_run(15, &found, &calls), OK);
    assert_int_equal(found, base + 500 * PAGE_BYTES);
    assert_int_equal(take_run(6, &found, &calls), E_NO_MEMORY);
    assert_int_equal(take_run(5, &found, &calls), OK);
    assert_int_equal(found, base);
    free(bitmap);
}

TEST(a_search_through_fragments_goes_on_where_it_stopped)
{
    paddr_t found;
    unsigned calls;
    start(LARGE);
    for (unsigned i = 1; i < LARGE / 2; i += 2) {
        page_keep_range(base + (paddr_t)i * PAGE_BYTES, PAGE_BYTES);
    }
    page_keep_range(base + (paddr_t)LARGE / 2 * PAGE_BYTES,
                    (uint64_t)(LARGE / 2 - PAGE_RUN_MAX) * PAGE_BYTES);
    assert_int_equal(take_run(PAGE_RUN_MAX, &found, &calls), OK);
    assert_int_equal(found, base + (paddr_t)(LARGE - PAGE_RUN_MAX) * PAGE_BYTES);
    assert_in_range(calls, 100, 2000);
    free(bitmap);
}

TEST(four_gibibytes_are_managed_to_the_last_page)
{
    start(LARGE);
    page_keep_range(0, base + 2 * PAGE_BYTES + 1); /* begins before RAM and ends in a page */
    page_keep_range(base + 2 * PAGE_BYTES, 1);     /* again: nothing changes */
    page_keep_range(base + (paddr_t)LARGE * PAGE_BYTES - 1, 2); /* reaches beyond the end */
    page_keep_range(base + 8ull * LARGE * PAGE_BYTES, PAGE_BYTES);
    assert_int_equal(kernel_system.free_pages, LARGE - 4);
    assert_int_equal(__real_page_alloc(), base + 3 * PAGE_BYTES);
    for (unsigned i = 4; i < LARGE - 1; i++) {
        assert_int_equal(__real_page_alloc(), base + (paddr_t)i * PAGE_BYTES);
    }
    assert_int_equal(__real_page_alloc(), 0);
    __real_page_free(base + (paddr_t)(LARGE - 1) * PAGE_BYTES);
    __real_page_free(base);
    assert_int_equal(__real_page_alloc(), base);
    assert_int_equal(__real_page_alloc(), base + (paddr_t)(LARGE - 1) * PAGE_BYTES);
    free(bitmap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_given_once_and_then_none),
        cmocka_unit_test(a_page_freed_twice_is_a_panic),
        cmocka_unit_test(a_run_is_found_between_holes_and_is_not_given_twice),
        cmocka_unit_test(a_search_through_fragments_goes_on_where_it_stopped),
        cmocka_unit_test(four_gibibytes_are_managed_to_the_last_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
