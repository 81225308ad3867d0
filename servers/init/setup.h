/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that init makes once, before the first process runs.
 */
#pragma once

#include <base/attributes.h>

#include "system.h"

/*
 * Checks the manifest, reads tree and boot arguments, opens the bundle, makes the lasting objects.
 * What is wrong with the machine or its arguments is said in a line and left out; an error is one
 * that nothing can run with, and a line has said which.
 */
MUST_CHECK int setup_system(struct system *system);

/* The seed has been handed over: no copy of it stays. */
void setup_forget_seed(struct system *system);
