/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system call's function gets and gives. The table in syscall.c says which leading
 * arguments are handles, of what, with which rights; they are looked up before it runs. What it
 * makes is there too, zeroed but for its head, and gets its owner handle, or goes, after it.
 *
 * It returns OK or an error. RESTART means: a bounded step is done and an interrupt may be taken;
 * the same call is issued again with the registers it came with, and self->progress tells it from
 * a new one. REGISTERS_SET: the result is in the frame already.
 */
#pragma once

#include "handle.h"
#include "thread.h"

enum { RESTART = -1000, REGISTERS_SET = -1001 }; /* no errors of abi/error.h */

enum { CALL_HANDLES_MAX = 2 };

struct call {
    struct thread *self;
    struct handle_entry *entries[CALL_HANDLES_MAX]; /* of the leading arguments */
    uint64_t value;                                 /* result */
    void *made; /* the object that the call makes: to be filled; its owner handle is the result */
    unsigned made_rights; /* of that handle */
};

/* The call of thread `self`, in every case; gives the thread to go on with. */
COLD struct thread *kernel_call(struct thread *self);

typedef int call_function(struct call *call);

#define CALL_FUNCTION(number, name, handles, made, parameters) COLD call_function call_##name;
SYSCALLS(CALL_FUNCTION)
#undef CALL_FUNCTION

static inline uint64_t call_argument(const struct call *call, unsigned index)
{
    return call->self->frame.x[REG_WORD + index];
}

/* The object of the handle in argument `index`; the table has seen to its type. Every object type
 * begins with its struct object. */
static inline void *call_object(const struct call *call, unsigned index)
{
    return call->entries[index]->object;
}
