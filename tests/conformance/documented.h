/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every error that POSIX.1-2017 documents for a call of ours, and what Linux documents besides if
 * we give it: each has come in this run, or there is a reason why no case has it on the target;
 * and every option, which was set and read.
 *
 * The checks of conformance.h tell what came; docs/networking/sockets.md is made from the list.
 */
#pragma once

enum option_way {
    OPTION_SET = 1,
    OPTION_GET = 2,
};

/*
 * A call, as text like "bind(made, ...)", has failed with that error. NULL: the list has it so.
 * Else what is wrong with that: it is not in the list, or has a reason there.
 */
const char *documented_error(const char *call, int error);

/* An option was set or read. */
void documented_option(int level, int name, enum option_way way);

/* A line for each entry, of fields with tabs between them: an error, "error", its call, its name
 * and why no case has it; an option, "option", its name and "set and read" or the like. */
void documented_print(void);
