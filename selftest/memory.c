/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: contents, slices, what may be mapped how, and when pages are free again.
 */
#include "actors.h"
#include "machine.h"

enum { MANY_PAGES = 1000, WORDS_IN_PAGE = PAGE_BYTES / 8 };

#define SECOND_VADDR (TEST_VADDR + 16 * PAGE_BYTES)

static volatile uint64_t *word_at(vaddr_t vaddr)
{
    return (volatile uint64_t *)vaddr;
}

static int64_t map(handle_t memory, vaddr_t vaddr, uint64_t pages, uint64_t rights)
{
    return sys_memory_map(own_task(), memory, vaddr, 0, pages, rights).status;
}

static int64_t unmap(vaddr_t vaddr)
{
    return sys_memory_unmap(own_task(), vaddr).status;
}

/* --- contents ------------------------------------------------------------------------------- */

static void new_memory_is_zero(void)
{
    for (unsigned round = 0; round < 4; round++) { /* the second may get what the first wrote to */
        handle_t memory = new_memory(2);
        CHECK(map(memory, TEST_VADDR, 2, RIGHT_READ | RIGHT_WRITE) == OK);
        for (unsigned i = 0; i < 2 * WORDS_IN_PAGE; i++) {
            CHECK(word_at(TEST_VADDR)[i] == 0);
            word_at(TEST_VADDR)[i] = ~0ull;
        }
        CHECK(unmap(TEST_VADDR) == OK);
        sys_handle_close(memory);
    }
}

static void contents_stay_while_unmapped(void)
{
    handle_t memory = new_memory(1);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE) == OK);
    *word_at(TEST_VADDR) = 0x1122334455667788;
    CHECK(unmap(TEST_VADDR) == OK);
    CHECK(map(memory, SECOND_VADDR, 1, RIGHT_READ) == OK);
    CHECK(*word_at(SECOND_VADDR) == 0x1122334455667788);
    CHECK(unmap(SECOND_VADDR) == OK);
    sys_handle_close(memory);
}

static void a_thousand_pages_map_and_come_back(void)
{
    handle_t memory = new_memory(MANY_PAGES);
    CHECK(memory != HANDLE_NONE);
    CHECK(map(memory, TEST_VADDR, MANY_PAGES, RIGHT_READ | RIGHT_WRITE) == OK);
    for (uint64_t i = 0; i < MANY_PAGES; i++) {
        *word_at(TEST_VADDR + i * PAGE_BYTES) = i + 1;
    }
    for (uint64_t i = 0; i < MANY_PAGES; i++) { /* each is a page of its own */
        CHECK(*word_at(TEST_VADDR + i * PAGE_BYTES) == i + 1);
    }
    CHECK(unmap(TEST_VADDR) == OK);
    sys_handle_close(memory);
}

static void one_memory_mapped_twice_is_one_memory(void)
{
    handle_t memory = new_memory(1);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE) == OK);
    CHECK(map(memory, SECOND_VADDR, 1, RIGHT_READ) == OK);
    CHECK(info(memory, INFO_MEMORY_MAPPINGS) == 2);
    *word_at(TEST_VADDR) = 7;
    CHECK(*word_at(SECOND_VADDR) == 7);
    CHECK(unmap(TEST_VADDR) == OK); /* the other stays */
    CHECK(*word_at(SECOND_VADDR) == 7);
    CHECK(unmap(SECOND_VADDR) == OK);
    sys_handle_close(memory);
}

/* --- slices --------------------------------------------------------------------------------- */

static void a_slice_shows_its_part_and_no_more(void)
{
    handle_t memory = new_memory(4);
    handle_t slice = (handle_t)sys_memory_slice(own_account(), memory, 2, 1).value;
    CHECK(info(slice, INFO_MEMORY_PAGES) == 1);
    CHECK(map(memory, TEST_VADDR, 4, RIGHT_READ | RIGHT_WRITE) == OK);
    *word_at(TEST_VADDR + 2 * PAGE_BYTES) = 42;
    CHECK(map(slice, SECOND_VADDR, 1, RIGHT_READ) == OK);
    CHECK(*word_at(SECOND_VADDR) == 42);
    CHECK(map(slice, SECOND_VADDR + PAGE_BYTES, 2, RIGHT_READ) == E_RANGE);
    CHECK(sys_memory_slice(own_account(), slice, 1, 1).status == E_RANGE);
    CHECK(unmap(TEST_VADDR) == OK && unmap(SECOND_VADDR) == OK);
    sys_handle_close(slice);
    sys_handle_close(memory);
}

static void only_the_owner_slices(void)
{
    handle_t memory = new_memory(1);
    uint64_t all_but_manage = RIGHT_MAP | RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT;
    handle_t copy = (handle_t)sys_handle_copy(memory, all_but_manage, 0).value;
    CHECK(sys_memory_slice(own_account(), copy, 0, 1).status == E_NO_RIGHT);
    sys_handle_close(memory);
}

static void a_slice_keeps_the_pages_of_its_root(void)
{
    handle_t memory = new_memory(2);
    handle_t slice = (handle_t)sys_memory_slice(own_account(), memory, 1, 1).value;
    CHECK(map(memory, TEST_VADDR, 2, RIGHT_READ | RIGHT_WRITE) == OK);
    *word_at(TEST_VADDR + PAGE_BYTES) = 9;
    CHECK(unmap(TEST_VADDR) == OK);
    CHECK(sys_handle_close(memory).status == OK);
    CHECK(map(slice, TEST_VADDR, 1, RIGHT_READ) == OK && *word_at(TEST_VADDR) == 9);
    CHECK(unmap(TEST_VADDR) == OK);
    sys_handle_close(slice);
}

/* --- how ------------------------------------------------------------------------------------ */

static void nothing_is_writable_and_executable(void)
{
    handle_t memory = new_memory(1);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE) == E_DENIED);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_WRITE) == E_INVALID);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_EXECUTE) == OK);
    CHECK(unmap(TEST_VADDR) == OK);
    sys_handle_close(memory);
}

static void memory_is_not_writable_here_and_executable_there(void)
{
    handle_t memory = new_memory(1);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE) == OK);
    CHECK(map(memory, SECOND_VADDR, 1, RIGHT_READ | RIGHT_EXECUTE) == E_DENIED);
    CHECK(unmap(TEST_VADDR) == OK);
    CHECK(map(memory, SECOND_VADDR, 1, RIGHT_READ | RIGHT_EXECUTE) == OK);
    CHECK(map(memory, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE) == E_DENIED);
    CHECK(unmap(SECOND_VADDR) == OK);
    sys_handle_close(memory);
}

static void a_mapping_has_no_right_that_its_handle_lacks(void)
{
    handle_t memory = new_memory(1);
    handle_t weak = (handle_t)sys_handle_copy(memory, RIGHT_MAP | RIGHT_READ, 0).value;
    handle_t blind = (handle_t)sys_handle_copy(memory, RIGHT_READ, 0).value;
    CHECK(map(weak, TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE) == E_NO_RIGHT);
    CHECK(map(weak, TEST_VADDR, 1, RIGHT_READ | RIGHT_EXECUTE) == E_NO_RIGHT);
    CHECK(map(blind, TEST_VADDR, 1, RIGHT_READ) == E_NO_RIGHT);
    sys_handle_close(memory);
}

static void the_first_page_and_the_kernel_s_half_are_never_mapped(void)
{
    handle_t memory = new_memory(2);
    CHECK(map(memory, 0, 1, RIGHT_READ) == E_RANGE);
    CHECK(map(memory, USER_END, 1, RIGHT_READ) == E_RANGE);
    CHECK(map(memory, USER_END - PAGE_BYTES, 2, RIGHT_READ) == E_RANGE);
    CHECK(map(memory, machine_facts.kernel, 1, RIGHT_READ) == E_RANGE);
    CHECK(map(memory, ~(uint64_t)(PAGE_BYTES - 1), 1, RIGHT_READ) == E_RANGE);
    CHECK(map(memory, TEST_VADDR, ~0ull, RIGHT_READ) == E_RANGE);
    sys_handle_close(memory);
}

/* --- physical addresses --------------------------------------------------------------------- */

static void contiguous_memory_is_one_run(void)
{
    enum { RUN_PAGES = 32 };
    struct sysret memory = sys_memory_create(own_account(), RUN_PAGES, true);
    CHECK(memory.status == OK);
    uint64_t base = sys_memory_physical((handle_t)memory.value, 0).value;
    for (unsigned i = 0; i < RUN_PAGES; i++) {
        CHECK(sys_memory_physical((handle_t)memory.value, i).value == base + i * PAGE_BYTES);
    }
    CHECK(sys_memory_quiet((handle_t)memory.value).status == OK);
    sys_handle_close((handle_t)memory.value);
}

/* A slice still names it when its owner is gone, and whoever has that may say that it is quiet. */
static void a_told_page_is_free_once_its_device_is_quiet(void)
{
    handle_t account = (handle_t)sys_account_create(own_account(), 16).value;
    handle_t memory = (handle_t)sys_memory_create(account, 8, false).value;
    handle_t slice = (handle_t)sys_memory_slice(own_account(), memory, 0, 1).value;
    uint64_t used = info(own_system(), INFO_SYSTEM_USED_PAGES);
    CHECK(sys_memory_physical(memory, 0).status == OK);
    CHECK(sys_handle_close(memory).status == OK);
    CHECK(info(own_system(), INFO_SYSTEM_USED_PAGES) == used);
    CHECK(sys_memory_quiet(slice).status == OK);
    CHECK(sys_handle_close(slice).status == OK);
    CHECK(info(own_system(), INFO_SYSTEM_USED_PAGES) <= used - 8);
    sys_handle_close(account);
}

bool memory_keeps_told_pages(void)
{
    handle_t memory = new_memory(1);
    uint64_t used = info(own_system(), INFO_SYSTEM_USED_PAGES);
    return sys_memory_physical(memory, 0).status == OK && sys_handle_close(memory).status == OK &&
           info(own_system(), INFO_SYSTEM_USED_PAGES) == used;
}

/* --- the end -------------------------------------------------------------------------------- */

static void pages_are_free_when_the_last_mapping_ends(void)
{
    handle_t memory = new_memory(8);
    CHECK(map(memory, TEST_VADDR, 8, RIGHT_READ | RIGHT_WRITE) == OK);
    *word_at(TEST_VADDR) = 3;
    uint64_t used = info(own_system(), INFO_SYSTEM_USED_PAGES);
    CHECK(sys_handle_close(memory).status == OK);
    CHECK(info(own_system(), INFO_SYSTEM_USED_PAGES) == used);
    CHECK(*word_at(TEST_VADDR) == 3);
    CHECK(unmap(TEST_VADDR) == OK);
    CHECK(info(own_system(), INFO_SYSTEM_USED_PAGES) <= used - 8);
}

static struct side builder;

static void build_memory(uint64_t unused)
{
    (void)unused;
    handle_t memory = new_memory(MANY_PAGES);
    sys_handle_close(memory);
    side_rest(builder.thread);
}

/* Sleeps a moment at a time while the side builds, and tries to map what it builds. Gives E_BUSY
 * when it was caught half built. */
static int64_t map_while_building(void)
{
    int64_t seen = OK;
    handle_t never = new_notification();
    handle_t freed = new_notification();
    sys_handle_close(freed); /* its slot is the next to be used, with the next generation */
    handle_t guess = freed + (1u << HANDLE_INDEX_BITS);
    sys_thread_start(builder.thread);
    while (seen != E_BUSY && info(builder.thread, INFO_THREAD_STATE) != THREAD_STOPPED) {
        sys_wait(never, time_after(time_now(), NS_PER_MS / 20));
        seen = map(guess, TEST_VADDR, 1, RIGHT_READ);
        if (seen == OK) {
            unmap(TEST_VADDR);
        }
    }
    wait_for_state(builder.thread, THREAD_STOPPED);
    sys_handle_close(never);
    return seen;
}

/* Building takes many steps, between which others run. */
static void half_built_memory_is_not_mappable(void)
{
    int64_t seen = OK;
    for (unsigned i = 0; i < 20 && seen != E_BUSY; i++) {
        CHECK(side_create(&builder, build_memory, 0, PRIORITY_SELFTEST - 1));
        seen = map_while_building();
        side_end(&builder);
    }
    CHECK(seen == E_BUSY);
}

static const struct test tests[] = {
    {"new memory is zero", new_memory_is_zero},
    {"contents stay while unmapped", contents_stay_while_unmapped},
    {"a thousand pages map and come back", a_thousand_pages_map_and_come_back},
    {"one memory mapped twice is one memory", one_memory_mapped_twice_is_one_memory},
    {"a slice shows its part and no more", a_slice_shows_its_part_and_no_more},
    {"only the owner slices", only_the_owner_slices},
    {"a slice keeps the pages of its root", a_slice_keeps_the_pages_of_its_root},
    {"nothing is writable and executable", nothing_is_writable_and_executable},
    {"memory is not writable here and executable there",
     memory_is_not_writable_here_and_executable_there},
    {"a mapping has no right that its handle lacks", a_mapping_has_no_right_that_its_handle_lacks},
    {"the first page and the kernel's half are never mapped",
     the_first_page_and_the_kernel_s_half_are_never_mapped},
    {"contiguous memory is one run", contiguous_memory_is_one_run},
    {"a told page is free once its device is quiet", a_told_page_is_free_once_its_device_is_quiet},
    {"pages are free when the last mapping ends", pages_are_free_when_the_last_mapping_ends},
    {"half-built memory is not mappable", half_built_memory_is_not_mappable},
};

const struct group memory_group = GROUP("memory", tests);
