/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and SIMD registers belong to a thread, and are switched only when somebody uses them.
 */
#include "actors.h"
#include "machine.h"

enum { PRIORITY_BELOW = PRIORITY_SELFTEST - 1, RUN_MS = 100, RUNS = 20 };

/* --- two that hold different contents ------------------------------------------------------- */

static volatile uint64_t rounds[2];
static volatile uint64_t broken[2];

static void hold(uint64_t index)
{
    uint64_t seed = (index + 1) << 32;
    machine_fp_fill(seed);
    for (;;) {
        broken[index] += machine_fp_differs(seed);
        rounds[index]++;
    }
}

static void two_threads_keep_their_contents_under_preemption(void)
{
    struct side sides[2];
    for (unsigned i = 0; i < 2; i++) {
        rounds[i] = 0;
        broken[i] = 0;
        CHECK(side_start(&sides[i], hold, i, PRIORITY_BELOW));
    }
    uint64_t fewest = 0;
    for (unsigned i = 0; i < RUNS && fewest <= 1; i++) { /* more than one: the host may be slow */
        sleep_ms(RUN_MS);
        uint64_t one = info(sides[0].thread, INFO_THREAD_FP_TRAPS);
        uint64_t two = info(sides[1].thread, INFO_THREAD_FP_TRAPS);
        fewest = one < two ? one : two;
    }
    CHECK(fewest > 1); /* taken away and given back */
    for (unsigned i = 0; i < 2; i++) {
        CHECK(rounds[i] > 0);
        CHECK(broken[i] == 0);
    }
    side_end(&sides[1]);
    side_end(&sides[0]);
}

/* --- a fresh one ---------------------------------------------------------------------------- */

static struct side fresh;
static volatile uint64_t used;

static void look(uint64_t unused)
{
    (void)unused;
    used = machine_fp_used();
    side_rest(fresh.thread);
}

static void a_fresh_thread_sees_zeros(void)
{
    struct side holder;
    CHECK(side_start(&holder, hold, 0, PRIORITY_BELOW));
    while (info(holder.thread, INFO_THREAD_FP_TRAPS) == 0) {
        sleep_ms(2); /* until the registers are full of what the holder put there */
    }
    used = 1;
    CHECK(side_start(&fresh, look, 0, PRIORITY_SELFTEST + 1));
    CHECK(info(fresh.thread, INFO_THREAD_STATE) == THREAD_STOPPED && used == 0);
    side_end(&fresh);
    side_end(&holder);
}

static void sleep_and_rest(uint64_t unused)
{
    (void)unused;
    sys_null();
    side_rest(fresh.thread);
}

static void only_threads_that_use_them_trap(void)
{
    CHECK(side_start(&fresh, sleep_and_rest, 0, PRIORITY_SELFTEST + 1));
    CHECK(info(fresh.thread, INFO_THREAD_FP_TRAPS) == 0);
    side_end(&fresh);
    CHECK(side_start(&fresh, look, 0, PRIORITY_SELFTEST + 1));
    CHECK(info(fresh.thread, INFO_THREAD_FP_TRAPS) == 1);
    side_end(&fresh);
}

/* --- one that cannot pay -------------------------------------------------------------------- */

static void use_registers(uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
    machine_fp_fill(1);
    child_rest();
}

static void a_thread_whose_account_is_empty_faults(void)
{
    struct child child;
    struct message m = {.handle_count = 0};
    handle_t endpoint = new_endpoint();
    CHECK(child_create(&child, PRIORITY_BELOW));
    while (sys_memory_create(child.account, 1, false).status == OK) {
    }
    while (sys_thread_create(child.account, child.task, 1).status == OK) { /* the last free slots */
    }
    CHECK(sys_task_supervise(child.task, endpoint, 0).status == OK);
    CHECK(child_start(&child, use_registers, 0, 0));
    CHECK(ipc_reply_wait(endpoint, &m, in_ms(2000)) == OK);
    CHECK(m.words[0] == IPC_LABEL_FAULT && m.words[1] == FAULT_NO_FP_MEMORY);
    child_end(&child);
    sys_handle_close(endpoint);
}

static const struct test tests[] = {
    {"two threads keep their contents under preemption",
     two_threads_keep_their_contents_under_preemption},
    {"a fresh thread sees zeros", a_fresh_thread_sees_zeros},
    {"only threads that use them trap", only_threads_that_use_them_trap},
    {"a thread whose account is empty faults", a_thread_whose_account_is_empty_faults},
};

const struct group fp_group = GROUP("fp", tests);
