/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects and mappings: what they cost, when they go, and that whatever fails in the middle
 * leaves nothing behind. The checker compares page tables, records and accounts after each step.
 */
#include "test.h"

#include "tests/kernel/bench.h"

enum { VADDR = 0x20000, ACCOUNT = BOOT_HANDLE_ACCOUNT, TASK = BOOT_HANDLE_TASK };

static struct memory *memory_of(uint64_t handle)
{
    return container_of(handle_find(&bench.task->table, handle)->object, struct memory, object);
}

static struct sysret create(uint64_t pages, bool is_contiguous)
{
    return CALL(bench.thread, memory_create, boot_handle(ACCOUNT), pages, is_contiguous);
}

static int64_t map(uint64_t memory, vaddr_t vaddr, uint64_t offset, uint64_t pages, uint64_t rights)
{
    return CALL(bench.thread, memory_map, boot_handle(TASK), memory, vaddr, offset, pages, rights)
        .status;
}

static int64_t unmap(vaddr_t vaddr)
{
    return CALL(bench.thread, memory_unmap, boot_handle(TASK), vaddr).status;
}

static int64_t close(uint64_t handle)
{
    return CALL(bench.thread, handle_close, handle).status;
}

TEST(scattered_and_contiguous_memory_is_zero_and_comes_back)
{
    for (unsigned round = 0; round < 2; round++) {
        bench_start();
        uint64_t used = bench.account->used_pages;
        struct sysret made = create(50, round == 1);
        assert_int_equal(made.status, OK);
        const struct memory *memory = memory_of(made.value);
        for (unsigned i = 0; i < 50; i++) {
            paddr_t page = memory_page(memory, i);
            assert_true(round == 0 || page == memory_page(memory, 0) + i * PAGE_BYTES);
            for (unsigned k = 0; k < PAGE_BYTES / 8; k++) {
                assert_int_equal(((const uint64_t *)kernel_pointer(page))[k], 0);
            }
        }
        assert_int_equal(close(made.value), OK);
        assert_int_equal(bench.account->used_pages, used);
        bench_end();
    }
}

TEST(more_pages_than_an_index_page_names_are_found_through_two_levels)
{
    bench_start();
    struct sysret made = create(MEMORY_INDEX_ENTRIES + 40, false);
    assert_int_equal(made.status, OK);
    assert_int_equal(map(made.value, VADDR, MEMORY_INDEX_ENTRIES - 1, 41, RIGHT_READ), OK);
    assert_int_equal(close(made.value), OK); /* still mapped: parked */
    assert_int_equal(unmap(VADDR), OK);
    bench_end();
}

TEST(sizes_that_make_no_sense_are_refused)
{
    bench_start();
    assert_int_equal(create(0, false).status, E_INVALID);
    assert_int_equal(create(MEMORY_PAGES_MAX + 1ull, false).status, E_INVALID);
    assert_int_equal(create(PAGE_RUN_MAX + 1, true).status, E_INVALID);
    assert_int_equal(create(~0ull, false).status, E_INVALID);
    assert_int_equal(create(BENCH_ACCOUNT, false).status, E_NO_MEMORY);
    assert_int_equal(CALL(bench.thread, memory_create, boot_handle(ACCOUNT), 1, 2).status,
                     E_INVALID);
    bench_end();
}

/* An account of each size up to what the whole story needs: it fails at every page once. */
TEST(a_story_that_fails_at_any_page_leaves_nothing_behind)
{
    unsigned ends = 0;
    for (uint64_t limit = 1; ends < 3; limit++) {
        bench_start();
        struct sysret account = CALL(bench.thread, account_create, boot_handle(ACCOUNT), limit);
        assert_int_equal(account.status, OK);
        struct sysret task = CALL(bench.thread, task_create, account.value, 64);
        if (task.status == OK) {
            struct sysret memory = CALL(bench.thread, memory_create, account.value, 20, 0);
            assert_true(memory.status == OK || memory.status == E_NO_MEMORY);
            struct sysret thread = CALL(bench.thread, thread_create, account.value, task.value, 5);
            assert_true(thread.status == OK || thread.status == E_NO_MEMORY);
            if (memory.status == OK) {
                struct sysret mapped =
                    CALL(bench.thread, memory_map, task.value, memory.value,
                         0x40000000 - 10 * PAGE_BYTES, 0, 20, RIGHT_READ | RIGHT_WRITE);
                assert_true(mapped.status == OK || mapped.status == E_NO_MEMORY);
                ends += mapped.status == OK && thread.status == OK;
            }
        } else {
            assert_int_equal(task.status, E_NO_MEMORY);
            assert_int_equal(kernel_system.objects, 5);
        }
        assert_int_equal(close(account.value), OK);
        assert_int_equal(bench.account->object_count, 3);
        bench_end();
        assert_in_range(limit, 1, 60);
    }
}

TEST(a_failed_mapping_is_undone_to_the_last_page)
{
    bench_start();
    struct sysret memory = create(40, false);
    struct sysret one = create(1, false);
    assert_int_equal(map(one.value, VADDR + 30 * PAGE_BYTES, 0, 1, RIGHT_READ), OK);
    assert_int_equal(map(memory.value, VADDR, 0, 40, RIGHT_READ), E_EXISTS);
    assert_int_equal(bench.task->mapped_pages, 1);
    assert_int_equal(map(memory.value, BOOT_FACTS_VADDR, 0, 1, RIGHT_READ), E_EXISTS);
    assert_int_equal(bench.task->mapped_pages, 1);
    bench_end();
}

TEST(what_may_not_be_mapped_is_refused)
{
    const unsigned all = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
    bench_start();
    uint64_t memory = create(4, false).value;
    assert_int_equal(map(memory, VADDR, 0, 4, all), E_DENIED);
    assert_int_equal(map(memory, VADDR, 0, 4, RIGHT_WRITE), E_INVALID);
    assert_int_equal(map(memory, VADDR, 0, 4, RIGHT_READ | RIGHT_MAP), E_INVALID);
    assert_int_equal(map(memory, VADDR, 0, 5, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, VADDR, 5, 1, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, VADDR, ~0ull, 1, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, VADDR, 0, 0, RIGHT_READ), E_INVALID);
    assert_int_equal(map(memory, VADDR + 1, 0, 1, RIGHT_READ), E_INVALID);
    assert_int_equal(map(memory, 0, 0, 1, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, USER_END - PAGE_BYTES, 0, 2, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, USER_END, 0, 1, RIGHT_READ), E_RANGE);
    assert_int_equal(map(memory, USER_END - PAGE_BYTES, 0, 1, RIGHT_READ), OK);
    assert_int_equal(unmap(VADDR), E_NOT_FOUND);
    uint64_t less = CALL(bench.thread, handle_copy, memory, RIGHT_READ | RIGHT_MAP, 0).value;
    assert_int_equal(map(less, VADDR, 0, 1, RIGHT_READ | RIGHT_WRITE), E_NO_RIGHT);
    assert_int_equal(map(less, VADDR, 0, 1, RIGHT_READ), OK);
    bench_end();
}

TEST(a_window_has_one_holder_is_a_device_and_never_executable)
{
    bench_start();
    struct thread *other = bench_make_running(BENCH_PRIORITY);
    handle_t system = boot_handle(BOOT_HANDLE_SYSTEM);
    handle_t account = boot_handle(ACCOUNT);
    struct sysret window =
        CALL(bench.thread, window_create, system, account, BENCH_WINDOW, 2 * PAGE_BYTES);
    assert_int_equal(window.status, OK);
    static const struct {
        uint64_t base, bytes;
        int64_t status;
    } refused[] = {
        {BENCH_WINDOW, PAGE_BYTES, E_EXISTS},
        {BENCH_WINDOW + PAGE_BYTES, PAGE_BYTES, E_EXISTS},
        {BENCH_DENIED - PAGE_BYTES, 2 * PAGE_BYTES, E_DENIED},
        {BENCH_WINDOW + 0x800, PAGE_BYTES, E_INVALID},
        {BENCH_WINDOW, 0, E_INVALID},
        {~0xfffull, PAGE_BYTES, E_INVALID},
        {0x1000, ~0xfffull, E_INVALID},
    };
    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(
            CALL(bench.thread, window_create, system, account, refused[i].base, refused[i].bytes)
                .status,
            refused[i].status);
    }
    assert_int_equal(
        CALL(bench.thread, window_create, system, account, fake_ram_base() + PAGE_BYTES, PAGE_BYTES)
            .status,
        E_DENIED);
    assert_int_equal(map(window.value, VADDR, 0, 1, RIGHT_READ | RIGHT_EXECUTE), E_DENIED);
    assert_int_equal(map(window.value, VADDR, 0, 1, RIGHT_READ | RIGHT_WRITE), OK);
    handle_t task = bench_own(bench.thread, &other->task->object);
    assert_int_equal(
        CALL(bench.thread, memory_map, task, window.value, VADDR, 0, 1, RIGHT_READ).status, E_BUSY);
    assert_int_equal(unmap(VADDR), OK);
    assert_int_equal(
        CALL(bench.thread, memory_map, task, window.value, VADDR, 0, 1, RIGHT_READ).status, OK);
    bench_end();
}

TEST(memory_that_a_device_knows_stays_until_the_device_is_quiet)
{
    bench_start();
    uint64_t memory = create(3, true).value;
    uint64_t lent = CALL(bench.thread, handle_copy, memory, RIGHT_MAP | RIGHT_DMA, 0).value;
    uint64_t used = bench.account->used_pages;
    struct memory *object = memory_of(memory);
    struct sysret told = CALL(bench.thread, memory_physical, lent, 2);
    assert_int_equal(told.status, OK);
    assert_int_equal(told.value, memory_page(object, 2));
    assert_int_equal(CALL(bench.thread, memory_physical, lent, 3).status, E_RANGE);
    assert_int_equal(close(memory), OK);
    assert_true(object->object.is_parked);
    assert_int_equal(bench.account->used_pages, used);
    object->is_told = false;
    memory_let_go(object);
    bench_reap();
    assert_int_equal(bench.account->used_pages, used - 3);
    bench_end();
}

TEST(a_parked_account_gives_back_what_nobody_holds)
{
    bench_start();
    uint64_t used = bench.account->used_pages;
    uint64_t account = CALL(bench.thread, account_create, boot_handle(ACCOUNT), 100).value;
    uint64_t memory = CALL(bench.thread, memory_create, account, 10, 0).value;
    assert_int_equal(map(memory, VADDR, 0, 10, RIGHT_READ), OK);
    uint64_t tables = fake_count_tables(bench.task->root);
    assert_int_equal(close(account), OK); /* ends the memory as well, but for the mapping */
    assert_in_range(bench.account->used_pages, used + 11, used + 20);
    assert_int_equal(unmap(VADDR), OK);
    assert_in_range(bench.account->used_pages, used, used + tables + 1);
    bench_end();
}

TEST(revoking_memory_ends_the_mappings_of_others_and_leaves_the_owners)
{
    bench_start();
    struct thread *other = bench_make_running(BENCH_PRIORITY);
    uint64_t memory = create(20, false).value;
    handle_t theirs = bench_give(other, &memory_of(memory)->object, RIGHT_MAP | RIGHT_READ, 3);
    handle_t task = bench_own(other, &other->task->object);
    assert_int_equal(map(memory, VADDR, 0, 20, RIGHT_READ), OK);
    assert_int_equal(CALL(other, memory_map, task, theirs, VADDR, 0, 20, RIGHT_READ).status, OK);
    assert_int_equal(CALL(bench.thread, revoke, memory, 4).status, OK);
    assert_int_equal(other->task->mapped_pages, 20);
    assert_int_equal(CALL(bench.thread, revoke, memory, 3).status, OK);
    assert_int_equal(other->task->mapped_pages, 0);
    assert_int_equal(bench.task->mapped_pages, 20);
    assert_int_equal(CALL(other, memory_map, task, theirs, VADDR, 0, 1, RIGHT_READ).status,
                     E_BAD_HANDLE);
    bench_end();
}

TEST(a_slice_sees_its_part_and_keeps_the_root)
{
    bench_start();
    uint64_t used = bench.account->used_pages;
    uint64_t memory = create(10, false).value;
    handle_t account = boot_handle(ACCOUNT);
    paddr_t page = memory_page(memory_of(memory), 4);
    assert_int_equal(CALL(bench.thread, memory_slice, account, memory, 8, 3).status, E_RANGE);
    assert_int_equal(CALL(bench.thread, memory_slice, account, memory, 11, ~0ull).status, E_RANGE);
    assert_int_equal(CALL(bench.thread, memory_slice, account, memory, 1, 0).status, E_INVALID);
    uint64_t slice = CALL(bench.thread, memory_slice, account, memory, 2, 4).value;
    uint64_t inner = CALL(bench.thread, memory_slice, account, slice, 2, 1).value;
    assert_int_equal(memory_page(memory_of(inner), 0), page);
    assert_int_equal(close(memory), OK);
    assert_int_equal(close(slice), OK);
    assert_int_equal(map(inner, VADDR, 0, 1, RIGHT_READ), OK);
    assert_int_equal(unmap(VADDR), OK);
    assert_int_equal(close(inner), OK);
    assert_in_range(bench.account->used_pages, used, used + 3); /* page tables stay */
    bench_end();
}

TEST(a_mapping_that_is_interrupted_goes_on)
{
    bench_start();
    uint64_t memory = create(64, false).value;
    struct irq *irq = bench_make_irq(2);
    arch_irq_unmask(irq->line);
    bench.thread->frame.x[REG_PC] = 8;
    assert_int_equal(map(memory, VADDR, 0, 64, RIGHT_READ), OK);
    assert_int_equal(bench.thread->frame.x[REG_PC], 12);
    assert_int_equal(bench.task->mapped_pages, 64);
    bench_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scattered_and_contiguous_memory_is_zero_and_comes_back),
        cmocka_unit_test(more_pages_than_an_index_page_names_are_found_through_two_levels),
        cmocka_unit_test(sizes_that_make_no_sense_are_refused),
        cmocka_unit_test(a_story_that_fails_at_any_page_leaves_nothing_behind),
        cmocka_unit_test(a_failed_mapping_is_undone_to_the_last_page),
        cmocka_unit_test(what_may_not_be_mapped_is_refused),
        cmocka_unit_test(a_window_has_one_holder_is_a_device_and_never_executable),
        cmocka_unit_test(memory_that_a_device_knows_stays_until_the_device_is_quiet),
        cmocka_unit_test(a_parked_account_gives_back_what_nobody_holds),
        cmocka_unit_test(revoking_memory_ends_the_mappings_of_others_and_leaves_the_owners),
        cmocka_unit_test(a_slice_sees_its_part_and_keeps_the_root),
        cmocka_unit_test(a_mapping_that_is_interrupted_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
