/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fast paths of call and reply_wait accept and write [kernel/arch/<cpu>/ipc_fast.S], as a
 * function from a state to the next, to be compared with what endpoint.c and sched.c make of it.
 *
 * Not compared, because the fast paths leave them behind on purpose: who pays for time and how far,
 * the end of the slice, the hardware timer, the counter of missed fast calls; a badge that only a
 * queued caller needs; registers of a blocked thread that the answer overwrites; FP access, which
 * the fast paths take away from everybody.
 */
#pragma once

#include "bench.h"

struct fast_model {
    struct thread *self;
    struct thread *partner; /* switched to */
    struct endpoint *endpoint;
    struct thread self_after;
    struct thread partner_after;
    struct endpoint endpoint_after;
    struct cpu cpu_after;
    uint64_t space_after;
};

/* Whether the fast path takes the call in the running thread's frame, and then what it writes. */
bool fast_model_predict(struct fast_model *model, struct thread *self);

/* The C path has done the call and goes on with `next`: the same, field by field. */
void fast_model_compare(const struct fast_model *model, const struct thread *next);

/* Calls and replies compared so far. */
extern uint64_t fast_model_calls;
extern uint64_t fast_model_replies;
