/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dsoftbusd says on the console of what happens to a node.
 *
 * Ids come from the network: serial escapes what is not printable, and they have no control
 * characters, so they cannot make a line of their own. Nothing secret is in any line. Pure.
 */
#pragma once

#include <stddef.h>

#include <base/attributes.h>

#include "dual.h"
#include "node.h"

enum {
    LINES_MAX = 2, /* of one event */
    LINE_BYTES = 256,
};

struct lines {
    int count;
    char text[LINES_MAX][LINE_BYTES];
};

/* The lines of an event, without their ends; none when it is not worth one. */
void lines_of_event(const struct node_event *event, struct lines *lines);

/* The lines when both nodes of dual mode have met: the marker, then whom each one met. */
void lines_of_dual(const struct dual *dual, struct lines *lines);
