/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads and tasks for tests to play with.
 *
 * A side is a thread in this program's own task. A child is a task of its own with a copy of this
 * program, paid by an account of its own: any function can be its entry, and what it writes stays
 * there. Neither may use the C library: errno and stdio belong to the main thread.
 */
#pragma once

#include "selftest.h"

enum { SIDE_STACK_BYTES = 4096, SIDES_MAX = 4, PRIORITY_SELFTEST = 16, CHILD_PAGES = 256 };

struct side {
    handle_t thread; /* its owner handle */
    unsigned stack;  /* which of the stacks */
};

/* A stopped thread at `entry` with `argument` in the first argument register. */
bool side_create(struct side *side, void (*entry)(uint64_t argument), uint64_t argument,
                 unsigned priority);
bool side_start(struct side *side, void (*entry)(uint64_t argument), uint64_t argument,
                unsigned priority);
void side_end(struct side *side);
void sides_end_all(void); /* whatever sides there are */

struct child {
    handle_t account;
    handle_t task;
    handle_t thread;
};

/* A stopped task whose account holds CHILD_PAGES. */
bool child_create(struct child *child, unsigned priority);

/* A copy of `source` in the child's table, or HANDLE_NONE. */
handle_t child_give(const struct child *child, handle_t source, uint64_t rights, uint64_t badge);

/* Starts it at `entry` with the two arguments. */
bool child_start(const struct child *child, void (*entry)(uint64_t a, uint64_t b), uint64_t a,
                 uint64_t b);

/* Its account dies, and everything with it. */
void child_end(struct child *child);

/* Waits until the thread is in `state`, at most a second. */
bool wait_for_state(handle_t thread, enum thread_state state);

/* For a child that has done its part: stops, because nobody supervises its faults. */
_Noreturn void child_rest(void);

/* The same for a side, which must name its own thread. */
_Noreturn void side_rest(handle_t thread);
