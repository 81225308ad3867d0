/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the target is known to do otherwise, and why. docs/networking/sockets.md is made from it.
 */
#pragma once

#include <stdbool.h>

/* Whether that case is one of them and this is the target. */
bool deviates_here(const char *name);

/* Why it does; NULL: it does not. */
const char *deviation_of(const char *name);
