/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints: call and reply_wait, the slow path. arch/<cpu>/ipc_fast.S does the common case of
 * the same two calls and must agree with this file on every state it accepts [docs/abi.md].
 *
 * One task receives at a time, with one thread. Callers queue in order of arrival. When the
 * receiving task dies the queue stays and the next incarnation serves it.
 */
#pragma once

#include "object.h"

struct thread;

struct endpoint {
    struct object object;
    struct thread *server;       /* receives on it, now or next; &thread_none when nobody does */
    uint64_t caller_count;
    struct list_node callers; /* thread.queue */
};

/* Deliver the fault of `thread` (already stopped) through `endpoint`. */
void endpoint_send_fault(struct endpoint *endpoint, struct thread *thread, uint64_t badge);

/* `thread`, queued or being served, leaves: the queue, or the server's debt to it. That answer will
 * be dropped. */
void endpoint_leave(struct thread *thread);

/* `thread` dies: its caller gets E_PEER_DIED, the endpoint it received on is free for another. */
void endpoint_forget(struct thread *thread);

/* Begin the end; the reaper wakes the queued callers with E_CLOSED. */
void endpoint_unlink(struct object *object);
bool endpoint_reap_step(struct object *object);
