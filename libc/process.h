/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of this program.
 */
#pragma once

#include <base/attributes.h>

/* Writes out what is left of a line, tells init the status and never returns. */
NO_RETURN void process_exit(int status);

/* Stops by a fault, so that the supervisor sees where. For a bug of our own. */
NO_RETURN void process_crash(void);
