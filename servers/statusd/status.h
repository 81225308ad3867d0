/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of the service `status`: what init, netd and dsoftbusd tell of this machine.
 */
#pragma once

#include <stddef.h>

/* How this node is, as lines of text; gives the bytes, at most `size`, whole lines. */
size_t status_write(char *text, size_t size);
