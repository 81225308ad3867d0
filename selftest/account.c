/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounts: who asks pays, and who has spent all hurts nobody else.
 */
#include "actors.h"

enum { PAGES = 40, BIG_PAGES = 16 };

static handle_t new_account(handle_t parent, uint64_t pages)
{
    return (handle_t)sys_account_create(parent, pages).value;
}

static uint64_t used_by(handle_t account)
{
    return info(account, INFO_ACCOUNT_USED_PAGES);
}

static void exhaustion_hurts_its_owner_alone(void)
{
    handle_t spendthrift = new_account(own_account(), PAGES);
    handle_t neighbour = new_account(own_account(), PAGES);
    struct sysret made = sys_memory_create(spendthrift, BIG_PAGES, false);
    while (made.status == OK) {
        made = sys_memory_create(spendthrift, 1, false);
    }
    CHECK(made.status == E_NO_MEMORY);
    while (sys_endpoint_create(spendthrift).status == OK) {
    }
    CHECK(used_by(spendthrift) == PAGES);
    CHECK(sys_endpoint_create(neighbour).status == OK);
    CHECK(sys_memory_create(neighbour, BIG_PAGES, false).status == OK);
    handle_t mine = new_memory(BIG_PAGES);
    CHECK(mine != HANDLE_NONE);
    sys_handle_close(mine);
    sys_handle_close(neighbour);
    sys_handle_close(spendthrift);
}

/* An attempt that fails half way leaves nothing behind. */
static void what_cannot_be_paid_for_costs_nothing(void)
{
    handle_t account = new_account(own_account(), PAGES);
    uint64_t used = used_by(account);
    CHECK(sys_memory_create(account, PAGES, false).status == E_NO_MEMORY);
    CHECK(sys_memory_create(account, PAGES, true).status == E_NO_MEMORY);
    CHECK(sys_task_create(account, 1024 * 3 / 4).status == OK); /* 12 pages of handles */
    CHECK(sys_task_create(account, 1024).status == OK);
    CHECK(sys_task_create(account, 1024).status == E_NO_MEMORY);
    CHECK(used_by(account) >= used);
    sys_handle_close(account);
}

static void a_child_account_is_taken_from_its_parent_and_given_back(void)
{
    handle_t parent = new_account(own_account(), PAGES);
    handle_t child = new_account(parent, PAGES / 2);
    CHECK(info(child, INFO_ACCOUNT_LIMIT_PAGES) == PAGES / 2);
    CHECK(used_by(parent) >= PAGES / 2 && used_by(child) == 0);
    CHECK(sys_account_create(parent, PAGES / 2).status == E_NO_MEMORY);
    sys_handle_close(child);
    CHECK(used_by(parent) == 0);
    sys_handle_close(parent);
}

static void the_end_of_an_account_is_the_end_of_all_it_paid_for(void)
{
    handle_t account = new_account(own_account(), PAGES);
    handle_t inner = new_account(account, PAGES / 2);
    handle_t task = (handle_t)sys_task_create(inner, 8).value;
    handle_t thread = (handle_t)sys_thread_create(inner, task, 1).value;
    handle_t endpoint = (handle_t)sys_endpoint_create(inner).value;
    handle_t memory = (handle_t)sys_memory_create(account, 4, false).value;
    CHECK(sys_memory_map(task, memory, TEST_VADDR, 0, 4, RIGHT_READ).status == OK);
    CHECK(info(account, INFO_ACCOUNT_OBJECTS) == 2 && info(inner, INFO_ACCOUNT_OBJECTS) == 3);
    CHECK(sys_handle_close(account).status == OK);
    const handle_t all[] = {account, inner, task, thread, endpoint, memory};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        CHECK(sys_object_info(all[i], INFO_TYPE).status == E_BAD_HANDLE);
    }
}

static void spin(uint64_t a, uint64_t b)
{
    for (;;) {
        sys_signal((handle_t)a, b);
    }
}

static void a_running_child_can_be_ended_at_any_time(void)
{
    for (unsigned i = 1; i <= 10; i++) {
        struct child child;
        handle_t notification = new_notification();
        CHECK(child_create(&child, PRIORITY_SELFTEST - 1));
        CHECK(child_start(&child, spin, child_give(&child, notification, RIGHT_WRITE, 0), 1));
        CHECK(sys_wait(notification, in_ms(2000)).status == OK);
        sys_wait(notification, 0);
        child_end(&child);
        sys_wait(notification, 0);
        CHECK(sys_wait(notification, in_ms(2)).status == E_TIMEOUT);
        sys_handle_close(notification);
    }
}

/* What others still map outlives the account that paid for it. */
static void a_charge_moves_to_the_parent_when_memory_outlives_its_account(void)
{
    handle_t parent = new_account(own_account(), PAGES);
    handle_t account = new_account(parent, PAGES / 2);
    handle_t memory = (handle_t)sys_memory_create(account, 4, false).value;
    CHECK(sys_memory_map(own_task(), memory, TEST_VADDR, 0, 4, RIGHT_READ | RIGHT_WRITE).status ==
          OK);
    *(volatile uint64_t *)TEST_VADDR = 11;
    CHECK(used_by(parent) >= PAGES / 2);
    CHECK(sys_handle_close(account).status == OK);
    CHECK(used_by(parent) >= 4 && used_by(parent) < PAGES / 2);
    CHECK(*(volatile uint64_t *)TEST_VADDR == 11);
    CHECK(sys_memory_unmap(own_task(), TEST_VADDR).status == OK);
    CHECK(used_by(parent) == 0);
    sys_handle_close(parent);
}

static const struct test tests[] = {
    {"exhaustion hurts its owner alone", exhaustion_hurts_its_owner_alone},
    {"what cannot be paid for costs nothing", what_cannot_be_paid_for_costs_nothing},
    {"a child account is taken from its parent and given back",
     a_child_account_is_taken_from_its_parent_and_given_back},
    {"the end of an account is the end of all it paid for",
     the_end_of_an_account_is_the_end_of_all_it_paid_for},
    {"a running child can be ended at any time", a_running_child_can_be_ended_at_any_time},
    {"a charge moves to the parent when memory outlives its account",
     a_charge_moves_to_the_parent_when_memory_outlives_its_account},
};

const struct group account_group = GROUP("account", tests);
