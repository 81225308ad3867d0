/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll: which of many open files are ready, at the cost of those that are.
 *
 * An epoll has a watch for each file in it, and a list of the watches that may be ready. A watch
 * comes onto the list when its file has news [file_tell]; it leaves when a look finds nothing, and
 * goes to the end after it was reported, unless it is edge triggered or for one shot. So a wait
 * looks at files that had news since the last look, or were ready then, and at no other.
 */
#pragma once

#include <sys/epoll.h>

#include <base/attributes.h>

/* As the calls; a result or a negative errno. An epoll does not watch an epoll: EINVAL. */
MUST_CHECK long epoll_make(int flags);
MUST_CHECK long epoll_change(int epoll, int operation, int descriptor,
                             const struct epoll_event *event);
MUST_CHECK long epoll_look(int epoll, struct epoll_event *events, int count, int time_out_ms);
