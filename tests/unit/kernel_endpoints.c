/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call and reply_wait: every state a caller and a server can be in, and every way it may end. And
 * walks of hostile programs, on which the fast paths and the C paths are compared.
 */
#include "test.h"

#include "tests/fuzz/fuzz.h"
#include "tests/kernel/bench.h"
#include "tests/kernel/fast_model.h"

static struct thread *client;
static struct thread *server;
static struct endpoint *endpoint;
static handle_t owner;   /* init's */
static handle_t receive; /* the server's */
static handle_t send;    /* the client's */

static void start(void)
{
    bench_start();
    client = bench_make_running(5);
    server = bench_make_running(20);
    endpoint = bench_make_endpoint();
    owner = bench_own(bench.thread, &endpoint->object);
    receive = bench_give(server, &endpoint->object, RIGHT_RECEIVE, 0);
    send = bench_give(client, &endpoint->object, RIGHT_SEND, 42);
}

static void wait_for_call(ticks_t deadline)
{
    bench_ipc(server, SYS_reply_wait,
              &(struct bench_message){.target = receive, .deadline = deadline, .words = {77}});
}

static void call(ticks_t deadline)
{
    bench_ipc(client, SYS_call,
              &(struct bench_message){
                  .target = send, .deadline = deadline, .words = {1, 2, 3, 4, 5, 6, 7, 8}});
}

/* The state of the client to begin with. */
enum stage { SENDING, CALLING, FINISHED, STAGES };

static void go_to(enum stage stage)
{
    start();
    if (stage != SENDING) {
        wait_for_call(BENCH_FOREVER);
    }
    call(BENCH_FOREVER);
    if (stage == FINISHED) {
        wait_for_call(BENCH_FOREVER);
    }
    static const uint8_t states[STAGES] = {THREAD_SENDING, THREAD_CALLING, THREAD_READY};
    assert_int_equal(client->state, states[stage]);
}

static int64_t status_of(const struct thread *thread)
{
    return (int64_t)thread->frame.x[REG_NUMBER];
}

static int64_t end_object(struct object *object)
{
    handle_t handle = bench_own(bench.thread, object);
    return CALL(bench.thread, handle_close, handle).status;
}

TEST(eight_words_and_the_badge_arrive_and_the_answer_comes_back)
{
    go_to(CALLING);
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        assert_int_equal(server->frame.x[REG_WORD + i], i + 1);
    }
    assert_int_equal(server->frame.x[REG_TARGET], 42);
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(status_of(client), OK);
    assert_int_equal(client->frame.x[REG_WORD], 77);
    assert_int_equal(server->state, THREAD_RECEIVING_FAST);
    bench_end();
}

TEST(the_death_of_the_server_ends_the_call_it_serves_and_no_other)
{
    static const struct {
        enum stage stage;
        uint8_t state;
        int64_t status;
    } cases[] = {{SENDING, THREAD_SENDING, 0},
                 {CALLING, THREAD_READY, E_PEER_DIED},
                 {FINISHED, THREAD_READY, OK}};
    for (unsigned i = 0; i < STAGES; i++) {
        go_to(cases[i].stage);
        assert_int_equal(end_object(&server->object), OK);
        assert_int_equal(client->state, cases[i].state);
        if (client->state == THREAD_READY) {
            assert_int_equal(status_of(client), cases[i].status);
        }
        assert_ptr_equal(endpoint->server, &thread_none);
        bench_end();
    }
}

TEST(the_end_of_the_endpoint_closes_whoever_uses_it)
{
    for (unsigned i = 0; i < STAGES; i++) {
        go_to((enum stage)i);
        assert_int_equal(CALL(bench.thread, handle_close, owner).status, OK);
        assert_int_equal(client->state, THREAD_READY);
        assert_int_equal(status_of(client), i == FINISHED ? OK : E_CLOSED);
        if (i == FINISHED) {
            assert_int_equal(status_of(server), E_CLOSED);
        }
        assert_int_equal(server->state, THREAD_READY);
        bench_end();
    }
}

TEST(the_death_or_stop_of_the_caller_takes_it_out_of_every_queue)
{
    for (unsigned i = 0; i < 2 * STAGES; i++) {
        go_to((enum stage)(i / 2));
        uint64_t dropped = kernel_system.replies_dropped;
        if (i % 2 == 0) {
            assert_int_equal(end_object(&client->object), OK);
            assert_int_equal(kernel_system.replies_dropped, dropped + (i / 2 == CALLING));
        } else {
            thread_stop(client);
            check_kernel();
        }
        assert_int_equal(endpoint->caller_count, 0);
        if (i / 2 == CALLING) { /* the answer goes nowhere */
            assert_ptr_equal(server->caller, &thread_none);
            wait_for_call(BENCH_FOREVER);
        }
        bench_end();
    }
}

TEST(a_deadline_ends_the_call_in_every_state)
{
    for (unsigned i = 0; i < 2; i++) {
        start();
        if (i == CALLING) {
            wait_for_call(BENCH_FOREVER);
        }
        call(fake_cpu.now + 500);
        bench_sleep_until(fake_cpu.now + 499);
        assert_int_equal(client->state, i == CALLING ? THREAD_CALLING : THREAD_SENDING);
        bench_sleep_until(fake_cpu.now + 1);
        assert_int_equal(client->state, THREAD_READY);
        assert_int_equal(status_of(client), E_TIMEOUT);
        assert_int_equal(client->frame.x[REG_WORD], 0);
        bench_end();
    }
    start();
    call(0);
    assert_int_equal(status_of(client), E_TIMEOUT);
    wait_for_call(fake_cpu.now + 10);
    bench_sleep_until(fake_cpu.now + 10);
    assert_int_equal(status_of(server), E_TIMEOUT);
    wait_for_call(0);
    assert_int_equal(status_of(server), E_TIMEOUT);
    bench_end();
}

TEST(callers_are_served_in_order_of_arrival_and_by_the_next_incarnation)
{
    start();
    struct thread *second = bench_make_running(30);
    handle_t theirs = bench_give(second, &endpoint->object, RIGHT_SEND, 43);
    call(BENCH_FOREVER);
    bench_ipc(second, SYS_call,
              &(struct bench_message){.target = theirs, .deadline = BENCH_FOREVER});
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(server->frame.x[REG_TARGET], 42);
    assert_int_equal(end_object(&server->task->object), OK);
    assert_int_equal(status_of(client), E_PEER_DIED);
    server = bench_make_running(20);
    receive = bench_give(server, &endpoint->object, RIGHT_RECEIVE, 0);
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(server->frame.x[REG_TARGET], 43);
    bench_end();
}

TEST(a_second_receiver_is_told_that_the_endpoint_is_busy)
{
    start();
    struct thread *second = bench_make_running(8);
    handle_t theirs = bench_give(second, &endpoint->object, RIGHT_RECEIVE, 0);
    wait_for_call(BENCH_FOREVER);
    bench_ipc(second, SYS_reply_wait,
              &(struct bench_message){.target = theirs, .deadline = BENCH_FOREVER});
    assert_int_equal(status_of(second), E_BUSY);
    bench_end();
}

TEST(more_handles_than_the_receiver_takes_fail_the_caller_and_leave_the_server_waiting)
{
    start();
    handle_t cargo = bench_give(client, &endpoint->object, RIGHT_GRANT, 0);
    struct bench_message message = {
        .target = send, .deadline = BENCH_FOREVER, .sent = 1, .handles = {cargo}};
    wait_for_call(BENCH_FOREVER);
    bench_ipc(client, SYS_call, &message);
    assert_int_equal(status_of(client), E_TOO_MANY_HANDLES);
    assert_int_equal(server->state, THREAD_RECEIVING_FAST);
    message.sent = 5;
    bench_ipc(client, SYS_call, &message);
    assert_int_equal(status_of(client), E_INVALID);
    message.sent = 2;
    message.handles[0] = (uint64_t)cargo << 32 | cargo;
    bench_ipc(client, SYS_call, &message);
    assert_int_equal(status_of(client), E_INVALID);
    message.sent = 1;
    message.handles[0] = send; /* may not be granted */
    bench_ipc(client, SYS_call, &message);
    assert_int_equal(status_of(client), E_NO_RIGHT);
    bench_end();
}

TEST(a_fault_is_a_message_and_the_answer_lets_the_thread_go_on_or_not)
{
    for (unsigned action = FAULT_STOP; action <= FAULT_RESUME; action++) {
        start();
        handle_set_supervisor(&client->task->table, &endpoint->object, 6);
        wait_for_call(BENCH_FOREVER);
        bench_run_as(client);
        bench_fault(client, FAULT_WRITE, 0x5000);
        assert_int_equal(client->state, THREAD_FAULTED);
        assert_int_equal(server->frame.x[REG_WORD], IPC_LABEL_FAULT);
        assert_int_equal(server->frame.x[REG_WORD + 1], FAULT_WRITE);
        assert_int_equal(server->frame.x[REG_WORD + 2], 0x5000);
        assert_int_equal(server->frame.x[REG_TARGET], 6);
        bench_ipc(server, SYS_reply_wait,
                  &(struct bench_message){
                      .target = receive, .deadline = BENCH_FOREVER, .words = {action}});
        assert_int_equal(client->state, action == FAULT_RESUME ? THREAD_READY : THREAD_STOPPED);
        bench_end();
    }
}

TEST(a_faulted_thread_stops_when_its_supervisor_or_the_endpoint_goes)
{
    for (unsigned i = 0; i < 3; i++) {
        start();
        handle_set_supervisor(&client->task->table, &endpoint->object, 6);
        if (i != 2) {
            wait_for_call(BENCH_FOREVER);
        }
        bench_run_as(client);
        bench_fault(client, FAULT_READ, 0);
        assert_int_equal(i == 0 ? end_object(&server->object)
                                : CALL(bench.thread, handle_close, owner).status,
                         OK);
        assert_int_equal(client->state, THREAD_STOPPED);
        bench_end();
    }
}

TEST(a_bound_notification_ends_the_wait_and_comes_before_callers)
{
    start();
    struct notification *notification = bench_make_notification();
    handle_t signal = bench_own(client, &notification->object);
    handle_t thread = bench_own(server, &server->object);
    handle_t wait = bench_give(server, &notification->object, RIGHT_READ, 0);
    assert_int_equal(CALL(server, thread_bind, thread, wait).status, OK);
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(CALL(client, signal, signal, 5).status, OK);
    assert_int_equal(status_of(server), OK);
    assert_int_equal(server->frame.x[REG_DEADLINE], 5);
    assert_int_equal(notification->bits, 0);
    assert_int_equal(CALL(client, signal, signal, 2).status, OK);
    call(BENCH_FOREVER);
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(server->frame.x[REG_DEADLINE], 2);
    wait_for_call(BENCH_FOREVER);
    assert_int_equal(server->frame.x[REG_TARGET], 42);
    bench_end();
}

TEST(a_receiver_that_nobody_waits_for_blocks_only_for_valid_counts_and_without_bits)
{
    start();
    struct notification *notification = bench_make_notification();
    handle_t signal = bench_own(client, &notification->object);
    handle_t thread = bench_own(server, &server->object);
    handle_t wait = bench_give(server, &notification->object, RIGHT_READ, 0);
    struct bench_message message = {.target = receive, .deadline = BENCH_FOREVER, .accepted = 5};
    assert_int_equal(CALL(server, thread_bind, thread, wait).status, OK);
    wait_for_call(fake_cpu.now + 1); /* from now on it is the endpoint's receiver */
    bench_sleep_until(fake_cpu.now + 2);
    bench_ipc(server, SYS_reply_wait, &message);
    assert_int_equal(status_of(server), E_INVALID);
    assert_int_equal(CALL(client, signal, signal, 5).status, OK);
    message.accepted = 2;
    bench_ipc(server, SYS_reply_wait, &message);
    assert_int_equal(status_of(server), OK);
    assert_int_equal(server->frame.x[REG_DEADLINE], 5);
    bench_ipc(server, SYS_reply_wait, &message);
    assert_int_equal(server->state, THREAD_RECEIVING);
    assert_int_equal(server->call_accepts, 2);
    bench_end();
}

TEST(an_answered_caller_runs_before_others_of_its_level)
{
    start();
    wait_for_call(BENCH_FOREVER);
    call(BENCH_FOREVER);
    struct thread *equal = bench_make_running(client->priority);
    thread_stop(bench.thread);
    wait_for_call(fake_cpu.now + 1000); /* not the fast path's */
    assert_ptr_equal(boot_cpu.current, client);
    assert_int_equal(equal->state, THREAD_READY);
    bench_end();
}

TEST(on_every_walk_the_fast_paths_and_the_c_paths_agree)
{
    enum { WALKS = 60, BYTES = 600 };
    uint8_t bytes[BYTES];
    uint64_t seed = 1;
    fast_model_calls = 0;
    fast_model_replies = 0;
    for (unsigned walk = 0; walk < WALKS; walk++) {
        for (unsigned i = 0; i < BYTES; i++) {
            bytes[i] = (uint8_t)test_random(&seed);
        }
        LLVMFuzzerTestOneInput(bytes, BYTES - walk);
    }
    for (unsigned i = 0; i < 50; i++) { /* and where it is sure to be fast */
        struct fast_model model;
        start();
        sched_set_budget(server, (uint8_t)(i % 24), 0, 0);
        wait_for_call(BENCH_FOREVER);
        bench_run_as(client);
        client->frame.x[REG_NUMBER] = SYS_call;
        client->frame.x[REG_TARGET] = send;
        client->frame.x[REG_DEADLINE] = BENCH_FOREVER;
        bool is_fast = fast_model_predict(&model, client);
        assert_int_equal(is_fast, server->priority >= BENCH_PRIORITY);
        struct thread *next = bench_trap(client);
        if (is_fast) {
            fast_model_compare(&model, next);
            server->frame.x[REG_NUMBER] = SYS_reply_wait;
            server->frame.x[REG_TARGET] = receive;
            server->frame.x[REG_DEADLINE] = BENCH_FOREVER;
            bench_run_as(server);
            assert_false(fast_model_predict(&model, server)); /* init is more urgent */
            thread_stop(bench.thread);
            assert_true(fast_model_predict(&model, server));
            fast_model_compare(&model, bench_trap(server));
        }
        bench_end();
    }
    assert_in_range(fast_model_calls, 10, UINT64_MAX);
    assert_in_range(fast_model_replies, 10, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_words_and_the_badge_arrive_and_the_answer_comes_back),
        cmocka_unit_test(the_death_of_the_server_ends_the_call_it_serves_and_no_other),
        cmocka_unit_test(the_end_of_the_endpoint_closes_whoever_uses_it),
        cmocka_unit_test(the_death_or_stop_of_the_caller_takes_it_out_of_every_queue),
        cmocka_unit_test(a_deadline_ends_the_call_in_every_state),
        cmocka_unit_test(callers_are_served_in_order_of_arrival_and_by_the_next_incarnation),
        cmocka_unit_test(a_second_receiver_is_told_that_the_endpoint_is_busy),
        cmocka_unit_test(
            more_handles_than_the_receiver_takes_fail_the_caller_and_leave_the_server_waiting),
        cmocka_unit_test(a_fault_is_a_message_and_the_answer_lets_the_thread_go_on_or_not),
        cmocka_unit_test(a_faulted_thread_stops_when_its_supervisor_or_the_endpoint_goes),
        cmocka_unit_test(a_bound_notification_ends_the_wait_and_comes_before_callers),
        cmocka_unit_test(
            a_receiver_that_nobody_waits_for_blocks_only_for_valid_counts_and_without_bits),
        cmocka_unit_test(an_answered_caller_runs_before_others_of_its_level),
        cmocka_unit_test(on_every_walk_the_fast_paths_and_the_c_paths_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
