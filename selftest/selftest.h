/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that tests the running system. A group is a list of tests; a test is named by a
 * sentence of behaviour and fails at its first broken CHECK, with a line that says where.
 *
 * After each test the kernel's own figures must be what they were before it: objects, pages,
 * handles, mappings. A test that leaks fails, whatever else it found.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/syscall.h>
#include <wherry/ipc.h>
#include <wherry/sys.h>
#include <wherry/time.h>

struct test {
    const char *name;
    void (*run)(void);
};

struct group {
    const char *name;
    const struct test *tests;
    unsigned count;
};

#define GROUP(group_name, list) {group_name, list, sizeof(list) / sizeof((list)[0])}

extern const struct group handle_group, ipc_group, path_group, time_group, sched_group,
    memory_group, fault_group, fp_group, account_group, error_group, child_group;

/* Whether a page stays that was told to a device, when all else that knows it has gone. There is no
 * way back: the last of all tests. */
bool memory_keeps_told_pages(void);

/* Ends the test unless `condition` holds. For functions that return nothing. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!selftest_check((condition), #condition, __FILE__, __LINE__)) {                        \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Says where the running test broke, once. Returns `holds`. */
bool selftest_check(bool holds, const char *condition, const char *file, int line);

/* Runs every test of the group; true when all passed. */
bool selftest_run(const struct group *group);

/* Where tests map: nothing else is there, and the tables for TEST_PAGES stay once made. */
#define TEST_VADDR 0x60000000ull
enum { TEST_PAGES = 1024 };

/* --- what init gave us ---------------------------------------------------------------------- */

handle_t own_account(void);
handle_t own_task(void);
handle_t own_system(void);       /* figures, minting, debug console, power */
handle_t own_notification(void); /* bound to the main thread */

/* One figure of an object; UINT64_MAX when the call fails. */
uint64_t info(handle_t object, enum info selector);

/* A point in time that many milliseconds from now. */
ticks_t in_ms(uint64_t ms);

/* Sleeps that long; whoever is less urgent runs meanwhile. */
void sleep_ms(uint64_t ms);

/* How many calls leave the fast path in the best of some runs. The kernel counts everybody's, and
 * others may call meanwhile, but not each time. */
uint64_t slow_calls_of(void (*run)(const void *context), const void *context);

/* New objects, paid by this program, or HANDLE_NONE. */
handle_t new_endpoint(void);
handle_t new_notification(void);
handle_t new_memory(uint64_t pages);
