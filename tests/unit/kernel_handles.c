/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's handle tables: who may name what, and for how long.
 */
#include "test.h"

#include "tests/kernel/bench.h"

static handle_t duplicate(handle_t source, uint64_t rights, uint64_t badge)
{
    struct sysret result = CALL(bench.thread, handle_copy, source, rights, badge);
    assert_int_equal(result.status, OK);
    return (handle_t)result.value;
}

static struct handle_entry *entry_of(handle_t handle)
{
    return handle_find(&bench.task->table, handle);
}

TEST(a_closed_handle_is_stale_and_its_slot_gets_the_next_generation)
{
    bench_start();
    handle_t owner = bench_own(bench.thread, &bench_make_endpoint()->object);
    handle_t first = duplicate(owner, RIGHT_SEND, 0);
    assert_int_equal(CALL(bench.thread, handle_close, first).status, OK);
    assert_int_equal(CALL(bench.thread, handle_close, first).status, E_BAD_HANDLE);
    handle_t second = duplicate(owner, RIGHT_SEND, 0);
    assert_int_equal(first & HANDLE_INDEX_MASK, second & HANDLE_INDEX_MASK);
    assert_int_equal((first >> HANDLE_INDEX_BITS) + 1, second >> HANDLE_INDEX_BITS);
    assert_null(entry_of(first));
    bench_end();
}

TEST(the_generation_after_the_last_is_the_first)
{
    bench_start();
    handle_t owner = bench_own(bench.thread, &bench_make_endpoint()->object);
    handle_t handle = duplicate(owner, RIGHT_SEND, 0);
    uint32_t index = handle & HANDLE_INDEX_MASK;
    assert_int_equal(CALL(bench.thread, handle_close, handle).status, OK);
    bench.task->table.entries[index].generation = 0xfffff;
    handle = duplicate(owner, RIGHT_SEND, 0);
    assert_int_equal(handle, 0xfffffu << HANDLE_INDEX_BITS | index);
    assert_int_equal(CALL(bench.thread, handle_close, handle).status, OK);
    assert_int_equal(duplicate(owner, RIGHT_SEND, 0), 1u << HANDLE_INDEX_BITS | index);
    bench_end();
}

TEST(neither_zero_nor_the_supervisors_entry_nor_an_index_beyond_the_table_is_a_handle)
{
    static const uint64_t wrong[] = {0, 1u << HANDLE_INDEX_BITS, 0xfff,
                                     BENCH_SLOTS | 1u << HANDLE_INDEX_BITS,
                                     1ull << 32 | 1u << HANDLE_INDEX_BITS | 1};
    bench_start();
    handle_set_supervisor(&bench.task->table, &bench_make_endpoint()->object, 3);
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(CALL(bench.thread, object_info, wrong[i], INFO_TYPE).status, E_BAD_HANDLE);
    }
    bench_end();
}

TEST(a_copy_only_drops_rights_and_never_owns)
{
    bench_start();
    handle_t owner = bench_own(bench.thread, &bench_make_notification()->object);
    handle_t all = duplicate(owner, RIGHTS_ALL, 0);
    assert_int_equal(entry_of(all)->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
    handle_t less = duplicate(all, RIGHT_READ, 0);
    assert_int_equal(entry_of(duplicate(less, RIGHTS_ALL, 0))->rights, RIGHT_READ);
    bench_end();
}

TEST(a_table_that_is_full_takes_no_handle_and_one_given_back_makes_room)
{
    bench_start();
    handle_t owner = bench_own(bench.thread, &bench_make_endpoint()->object);
    handle_t last = HANDLE_NONE;
    while (handle_table_has_room(&bench.task->table, 1)) {
        last = duplicate(owner, RIGHT_SEND, 0);
    }
    assert_int_equal(bench.task->table.used, BENCH_SLOTS - 1);
    assert_int_equal(CALL(bench.thread, handle_copy, owner, 0, 0).status, E_NO_SLOTS);
    handle_t account = boot_handle(BOOT_HANDLE_ACCOUNT);
    uint64_t objects = kernel_system.objects;
    assert_int_equal(CALL(bench.thread, endpoint_create, account).status, E_NO_SLOTS);
    assert_int_equal(CALL(bench.thread, memory_create, account, 1, 0).status, E_NO_SLOTS);
    assert_int_equal(kernel_system.objects, objects);
    assert_int_equal(CALL(bench.thread, handle_close, last).status, OK);
    assert_int_equal(CALL(bench.thread, endpoint_create, account).status, OK);
    bench_end();
}

TEST(only_the_owner_names_badges)
{
    bench_start();
    handle_t owner = bench_own(bench.thread, &bench_make_endpoint()->object);
    handle_t badged = duplicate(owner, RIGHTS_ALL, 5);
    assert_int_equal(CALL(bench.thread, handle_copy, badged, RIGHT_SEND, 6).status, E_NO_RIGHT);
    assert_int_equal(CALL(bench.thread, handle_copy, badged, RIGHT_SEND, 0).status, E_NO_RIGHT);
    assert_int_equal(CALL(bench.thread, handle_copy, owner, 0, BADGE_ALL).status, E_INVALID);
    assert_int_equal(entry_of(duplicate(badged, RIGHT_SEND, 5))->badge, 5);
    bench_end();
}

/* More than a step revokes, in two tables, with two badges. */
TEST(revoke_takes_one_badge_or_all_and_leaves_the_owner)
{
    enum { EACH = 20 };
    bench_start();
    struct thread *other = bench_make_running(BENCH_PRIORITY);
    struct endpoint *endpoint = bench_make_endpoint();
    handle_t owner = bench_own(bench.thread, &endpoint->object);
    handle_t kept[EACH];
    handle_t taken[EACH];
    for (unsigned i = 0; i < EACH; i++) {
        kept[i] = duplicate(owner, RIGHT_SEND, 1);
        taken[i] = duplicate(owner, RIGHT_SEND, 2);
    }
    handle_t far = bench_give(other, &endpoint->object, RIGHT_SEND, 2);
    assert_int_equal(CALL(bench.thread, revoke, kept[0], 2).status, E_NO_RIGHT);
    assert_int_equal(CALL(bench.thread, revoke, owner, 2).status, OK);
    for (unsigned i = 0; i < EACH; i++) {
        assert_non_null(entry_of(kept[i]));
        assert_null(entry_of(taken[i]));
    }
    assert_null(handle_find(&other->task->table, far));
    assert_int_equal(CALL(bench.thread, revoke, owner, BADGE_ALL).status, OK);
    assert_null(entry_of(kept[0]));
    assert_non_null(entry_of(owner));
    bench_end();
}

TEST(a_grant_needs_the_right_to_grant_and_the_right_to_write_the_task)
{
    bench_start();
    struct thread *other = bench_make_running(BENCH_PRIORITY);
    handle_t task = bench_give(bench.thread, &other->task->object, RIGHT_WRITE, 0);
    handle_t foreign = bench_give(bench.thread, &other->task->object, RIGHT_READ, 0);
    handle_t owner = bench_own(bench.thread, &bench_make_endpoint()->object);
    handle_t held = duplicate(owner, RIGHT_SEND, 0);
    assert_int_equal(CALL(bench.thread, handle_grant, task, held, RIGHT_SEND, 0).status,
                     E_NO_RIGHT);
    assert_int_equal(CALL(bench.thread, handle_grant, foreign, owner, 0, 0).status, E_NO_RIGHT);
    struct sysret granted = CALL(bench.thread, handle_grant, task, owner, RIGHT_SEND, 9);
    assert_int_equal(granted.status, OK);
    assert_int_equal(handle_find(&other->task->table, granted.value)->badge, 9);
    bench_end();
}

TEST(a_handle_that_moves_owns_where_it_arrives)
{
    bench_start();
    struct thread *server = bench_make_running(20);
    struct endpoint *endpoint = bench_make_endpoint();
    handle_t receive = bench_give(server, &endpoint->object, RIGHT_RECEIVE, 0);
    handle_t send = bench_give(bench.thread, &endpoint->object, RIGHT_SEND, 4);
    struct endpoint *cargo = bench_make_endpoint();
    handle_t owner = bench_own(bench.thread, &cargo->object);
    bench_ipc(server, SYS_reply_wait,
              &(struct bench_message){.target = receive, .deadline = BENCH_FOREVER, .accepted = 1});
    bench_ipc(bench.thread, SYS_call,
              &(struct bench_message){
                  .target = send, .deadline = BENCH_FOREVER, .sent = 1, .handles = {owner}});
    assert_null(entry_of(owner));
    struct handle_entry *arrived =
        handle_find(&server->task->table, (uint32_t)server->frame.x[REG_HANDLE]);
    assert_ptr_equal(arrived->object, &cargo->object);
    assert_true((arrived->rights & RIGHT_MANAGE) != 0);
    assert_int_equal(server->frame.x[REG_NUMBER], 1 << IPC_SENT_SHIFT);
    assert_int_equal(server->frame.x[REG_TARGET], 4);
    bench_end();
}

TEST(handles_of_a_dying_object_find_nothing_while_the_reaper_is_interrupted)
{
    bench_start();
    struct thread *other = bench_make_running(BENCH_PRIORITY);
    struct notification *alarm = bench_make_notification();
    struct notification *notification = bench_make_notification();
    struct irq *irq = bench_make_irq(3);
    bench_bind_irq(irq, alarm, 0);
    arch_irq_unmask(irq->line);
    handle_t owner = bench_own(bench.thread, &notification->object);
    handle_t held = bench_give(other, &notification->object, RIGHTS_ALL & ~RIGHT_MANAGE, 0);
    for (unsigned i = 0; i < 2 * STEP_HANDLES; i++) { /* more than one step closes */
        duplicate(owner, RIGHT_READ, 0);
    }
    list_remove(&handle_find(&other->task->table, held)->link); /* the last to be closed */
    list_append(&notification->object.handles, &handle_find(&other->task->table, held)->link);
    fake_cpu.polls_left = 1;
    fake_cpu.late_line = 3;
    bench.thread->frame.x[REG_NUMBER] = SYS_handle_close;
    bench.thread->frame.x[REG_WORD] = owner;
    bench_run_as(bench.thread);
    bench_trap(bench.thread);
    assert_true(object_is_reaping());
    bench_run_as(other);
    other->frame.x[REG_NUMBER] = SYS_wait;
    other->frame.x[REG_WORD] = held;
    other->frame.x[REG_WORD + 1] = BENCH_FOREVER;
    bench_trap(other);
    assert_int_equal(other->state, THREAD_READY);
    bench_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_handle_is_stale_and_its_slot_gets_the_next_generation),
        cmocka_unit_test(the_generation_after_the_last_is_the_first),
        cmocka_unit_test(
            neither_zero_nor_the_supervisors_entry_nor_an_index_beyond_the_table_is_a_handle),
        cmocka_unit_test(a_copy_only_drops_rights_and_never_owns),
        cmocka_unit_test(a_table_that_is_full_takes_no_handle_and_one_given_back_makes_room),
        cmocka_unit_test(only_the_owner_names_badges),
        cmocka_unit_test(revoke_takes_one_badge_or_all_and_leaves_the_owner),
        cmocka_unit_test(a_grant_needs_the_right_to_grant_and_the_right_to_write_the_task),
        cmocka_unit_test(a_handle_that_moves_owns_where_it_arrives),
        cmocka_unit_test(handles_of_a_dying_object_find_nothing_while_the_reaper_is_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
