/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children of this program, which init makes, runs and ends; and what a child does first.
 *
 * A child has nothing of its parent's but its words and the console: another open file lies in its
 * parent's memory, and is closed in the child as if it were O_CLOEXEC. What is to be done with
 * descriptors is done by the child before main, in its own files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include <base/attributes.h>
#include <wherry/startup.h>

/* One step of what is done with the child's descriptors. */
struct child_action {
    enum { CHILD_CLOSE, CHILD_DUP, CHILD_OPEN } kind;
    int descriptor;
    int source;       /* CHILD_DUP */
    int flags;        /* CHILD_OPEN */
    const char *path; /* CHILD_OPEN */
};

/*
 * Runs the program of that path, which is /bin/ and its name in the image, with words that end with
 * NULL. The child's id, or a negative errno. ENOENT: no such program; EACCES: the manifest does not
 * allow it; EAGAIN: as many run as may, or too many were made just before; E2BIG: more words than a
 * start-up page holds; ENOTSUP: an action passes a file that cannot be passed.
 */
MUST_CHECK long child_spawn(const char *path, const struct child_action *actions, size_t count,
                               char *const argv[], char *const environment[]);

/* The call wait4. There are no signals, so it is never interrupted. */
MUST_CHECK long child_wait(long id, int *status, int options, struct rusage *usage);

/* Does what the page says of descriptors; called before main. False: something did not go. */
MUST_CHECK bool child_begin(const struct startup *page);
