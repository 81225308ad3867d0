/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes inside one program, for event loops that wake themselves.
 *
 * A program has one thread, so nobody else can end a wait for a pipe: where another system would
 * block for ever, a call here is EDEADLK.
 */
#pragma once

#include <base/attributes.h>

/* As pipe2. */
MUST_CHECK long pipe_make(int descriptors[2], int flags);
