/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs every group, compares the kernel's figures before and after each test, says the verdict and
 * stops the machine with it. In the lane bench it measures instead.
 */
#include "selftest.h"

#include <stdlib.h>
#include <string.h>

#include <proto/init.h>
#include <wherry/console.h>
#include <wherry/startup.h>

#include "actors.h"
#include "bench.h"
#include "bus.h"
#include "device.h"
#include "network.h"

/* --- what init gave us ---------------------------------------------------------------------- */

handle_t own_account(void)
{
    return startup_handle(ROLE_ACCOUNT);
}

handle_t own_task(void)
{
    return startup_handle(ROLE_TASK);
}

handle_t own_system(void)
{
    return startup_handle(ROLE_SYSTEM);
}

handle_t own_notification(void)
{
    return startup_handle(ROLE_NOTIFICATION);
}

uint64_t info(handle_t object, enum info selector)
{
    struct sysret answer = sys_object_info(object, selector);
    return answer.status == OK ? answer.value : UINT64_MAX;
}

ticks_t in_ms(uint64_t ms)
{
    return time_after(time_now(), ms * NS_PER_MS);
}

void sleep_ms(uint64_t ms)
{
    handle_t never = new_notification();
    sys_wait(never, in_ms(ms));
    sys_handle_close(never);
}

uint64_t slow_calls_of(void (*run)(const void *context), const void *context)
{
    enum { TRIES = 20, PAUSE_MS = 5 };
    uint64_t fewest = UINT64_MAX;
    for (unsigned i = 0; i < TRIES && fewest != 0; i++) {
        sleep_ms(i == 0 ? 0 : PAUSE_MS);
        uint64_t before = info(own_system(), INFO_SYSTEM_FAST_CALLS_MISSED);
        run(context);
        uint64_t missed = info(own_system(), INFO_SYSTEM_FAST_CALLS_MISSED) - before;
        fewest = missed < fewest ? missed : fewest;
    }
    return fewest;
}

/* The value is 0 when the call failed. */
handle_t new_endpoint(void)
{
    return (handle_t)sys_endpoint_create(own_account()).value;
}

handle_t new_notification(void)
{
    return (handle_t)sys_notification_create(own_account()).value;
}

handle_t new_memory(uint64_t pages)
{
    return (handle_t)sys_memory_create(own_account(), pages, false).value;
}

/* --- the kernel's figures, before and after ------------------------------------------------- */

struct figures {
    uint64_t objects;
    uint64_t pages;
    uint64_t handles;
    uint64_t mappings;
};

static struct figures figures_now(void)
{
    return (struct figures){
        .objects = info(own_system(), INFO_SYSTEM_OBJECTS),
        .pages = info(own_system(), INFO_SYSTEM_USED_PAGES),
        .handles = info(own_system(), INFO_SYSTEM_HANDLES),
        .mappings = info(own_system(), INFO_SYSTEM_MAPPINGS),
    };
}

static bool is_same(const struct figures *a, const struct figures *b)
{
    return a->objects == b->objects && a->pages == b->pages && a->handles == b->handles &&
           a->mappings == b->mappings;
}

/* --- running -------------------------------------------------------------------------------- */

static const char *running; /* the test */
static bool is_broken;      /* it has failed */

bool selftest_check(bool holds, const char *condition, const char *file, int line)
{
    if (!holds && !is_broken) {
        console_print("SELFTEST: FAIL %s: %s (%s:%d)", running, condition, file, line);
    }
    is_broken |= !holds;
    return holds;
}

static void say_leaks(const struct figures *before, const struct figures *after)
{
    console_print("SELFTEST: FAIL %s: leaks %ld objects, %ld pages, %ld handles, %ld mappings",
                  running, (long)(after->objects - before->objects),
                  (long)(after->pages - before->pages), (long)(after->handles - before->handles),
                  (long)(after->mappings - before->mappings));
}

/* A broken test ends where it broke; what its sides would still do must not break the next. */
static bool run_test(const struct test *test)
{
    struct figures before = figures_now();
    running = test->name;
    is_broken = false;
    test->run();
    if (is_broken) {
        sides_end_all();
    }
    struct figures after = figures_now();
    if (!is_broken && !is_same(&before, &after)) {
        say_leaks(&before, &after);
        is_broken = true;
    }
    return !is_broken;
}

bool selftest_run(const struct group *group)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < group->count; i++) {
        passed += run_test(&group->tests[i]) ? 1 : 0;
    }
    if (passed != group->count) {
        console_print("SELFTEST: FAIL group %s: %u of %u passed", group->name, passed,
                      group->count);
        return false;
    }
    console_print("SELFTEST: %s ok tests=%u", group->name, passed);
    return true;
}

/* --- the end -------------------------------------------------------------------------------- */

static bool check_leaks(const struct figures *start)
{
    struct figures end = figures_now();
    bool is_clean = is_same(start, &end) && network_frames_are_back();
    if (!is_same(start, &end)) {
        running = "the whole run";
        say_leaks(start, &end);
    }
    console_print("SELFTEST: leak zero %s objects=%lu pages=%lu handles=%lu frames=%lu",
                  is_clean ? "ok" : "FAIL", end.objects, end.pages, end.handles,
                  network_frames_in_use());
    return is_clean;
}

/* NULL: at a person's prompt, or in a lane that is another program's. */
static const char *own_lane(void)
{
    const char *lane = getenv("lane");
    static const char *const others[] = {"sockets", "dns", "crowd"};
    for (unsigned i = 0; lane != NULL && i < sizeof(others) / sizeof(others[0]); i++) {
        lane = strcmp(lane, others[i]) == 0 ? NULL : lane;
    }
    return lane;
}

/* In a lane the machine stops with the verdict as its status; at a person's prompt it goes on. */
static void stop_machine(bool is_passed)
{
    if (own_lane() == NULL) {
        return;
    }
    struct message m = {.words = {INIT_POWER, OFF_POWER, is_passed ? 0 : 1}};
    int error = ipc_call(startup_handle(ROLE_INIT), &m, DEADLINE_FOREVER);
    (void)error;
}

/* Makes once what stays: page tables, and whatever the C library takes for itself. */
static void warm_up(void)
{
    handle_t memory = new_memory(TEST_PAGES);
    sys_memory_map(own_task(), memory, TEST_VADDR, 0, TEST_PAGES, RIGHT_READ);
    sys_memory_unmap(own_task(), TEST_VADDR);
    sys_handle_close(memory);
    network_warm_up();
}

/* Waits until every process has started or never will, so that the figures are ours alone. */
static void wait_for_others(void)
{
    enum { START_WAIT_MS = 20000 };
    struct init_process process;
    struct message m = {.words = {INIT_LIST, 0}};
    ticks_t end = in_ms(START_WAIT_MS);
    for (uint64_t index = 0; time_now() < end;) {
        m = (struct message){.words = {INIT_LIST, index}};
        if (ipc_call(startup_handle(ROLE_INIT), &m, DEADLINE_FOREVER) != OK || m.words[0] != OK) {
            return; /* behind the last */
        }
        init_process_unpack(m.words, &process);
        bool is_starting = process.state == INIT_STATE_STARTING && strcmp(process.name, "selftest");
        if (is_starting) {
            sleep_ms(5);
        } else {
            index++;
        }
    }
}

/* What others do after their start, such as opening arenas, must not look like a leak of ours. */
static void wait_for_quiet(void)
{
    enum { QUIET_MS = 50, QUIET_ROUNDS = 3, QUIET_WAIT_MS = 20000 };
    struct figures before = figures_now();
    ticks_t end = in_ms(QUIET_WAIT_MS);
    for (int round = 0; round < QUIET_ROUNDS && time_now() < end; round++) {
        sleep_ms(QUIET_MS);
        struct figures now = figures_now();
        if (!is_same(&before, &now)) {
            before = now;
            round = -1;
        }
    }
}

static bool run_tests(void)
{
    static const struct group *const groups[] = {
        &handle_group, &ipc_group,   &path_group, &time_group,    &sched_group,
        &memory_group, &fault_group, &fp_group,   &account_group, &error_group,
        &child_group,
    };
    struct figures start = figures_now();
    console_print("netd: said by selftest"); /* shown as a line of ours: the prefix is netd's */
    bool is_passed = device_run();
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        is_passed &= selftest_run(groups[i]);
    }
    is_passed = is_passed && network_run_inside(network_has_device()) && network_run();
    is_passed = is_passed && bus_run();
    is_passed &= check_leaks(&start);
    if (!memory_keeps_told_pages()) {
        console_print("SELFTEST: FAIL a told page is kept while its device may write to it");
        is_passed = false;
    }
    return is_passed;
}

/* What measures the machine needs it warm and quiet. */
static bool run_lane(const char *lane)
{
    warm_up();
    wait_for_others();
    wait_for_quiet();
    return strcmp(lane, "bench") == 0 ? bench_run() : run_tests();
}

int main(void)
{
    const char *lane = own_lane();
    bool is_passed = lane == NULL ? network_run() /* at a person's prompt: is the gateway there? */
                                  : run_lane(lane);
    console_print("SELFTEST: end%s", is_passed ? "" : " FAIL");
    stop_machine(is_passed);
    return is_passed ? 0 : 1;
}
