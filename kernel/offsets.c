/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the assembly finds fields, and the constants it shares with C. This file is compiled to
 * assembly and no further: each line below leaves a line in it from which the Makefile makes
 * offsets.h.
 */
#include "endpoint.h"
#include "handle.h"
#include "notification.h"
#include "sched.h"
#include <base/attributes.h>

#define VALUE(name, value)       __asm__ volatile(".ascii \"OFFSET " #name " %c0\"" : : "i"(value))
#define FIELD(name, type, field) VALUE(name, offsetof(struct type, field))
#define BIT_OF(name, value)      VALUE(name, __builtin_ctz(value))

static_assert(offsetof(struct thread, call_accepts) == offsetof(struct thread, state) + 1 &&
                  offsetof(struct thread, has_deadline) == offsetof(struct thread, state) + 2,
              "state as a u32 is the state alone, without deadline and handles");
static_assert(RIGHT_SEND == 1 << 7, "rights as a signed byte below zero may call");

void offsets(void);
void offsets(void)
{
    FIELD(THREAD_CPU, thread, cpu);
    FIELD(THREAD_SPACE, thread, space); /* what arch_space_switch takes; 0: only C may switch */
    FIELD(THREAD_HANDLES, thread, handles);
    FIELD(THREAD_HANDLES_BYTES, thread, handles_bytes);
    FIELD(THREAD_SERVER, thread, server);
    FIELD(THREAD_CALLER, thread, caller);
    FIELD(THREAD_BOUND, thread, bound);
    FIELD(THREAD_STATE, thread, state);
    FIELD(THREAD_PRIORITY, thread, priority);
    FIELD(THREAD_WAITING_ON, thread, waiting_on);
    FIELD(THREAD_QUEUE, thread, queue);
    FIELD(THREAD_FRAME, thread, frame);
    VALUE(ENTRY_BYTES, sizeof(struct handle_entry));
    BIT_OF(ENTRY_SHIFT, sizeof(struct handle_entry));
    FIELD(ENTRY_HANDLE, handle_entry, handle);
    FIELD(ENTRY_RIGHTS, handle_entry, rights);
    FIELD(ENTRY_TYPE, handle_entry, type);
    FIELD(ENTRY_OBJECT, handle_entry, object);
    FIELD(ENTRY_BADGE, handle_entry, badge);
    FIELD(ENDPOINT_SERVER, endpoint, server);
    FIELD(ENDPOINT_CALLERS, endpoint, caller_count);
    FIELD(NOTIFICATION_BITS, notification, bits);
    FIELD(NOTIFICATION_THREAD, notification, thread);
    FIELD(CPU_CURRENT, cpu, current);
    FIELD(CPU_STACK_TOP, cpu, stack_top);
    FIELD(CPU_TOP_READY, cpu, top_ready);
    FIELD(CPU_READY_MASK, cpu, ready_mask);
    FIELD(CPU_READY, cpu, ready);
    VALUE(STATE_READY, THREAD_READY);
    VALUE(STATE_CALLING, THREAD_CALLING);
    VALUE(STATE_WAITING, THREAD_WAITING);
    VALUE(STATE_RECEIVING_FAST, THREAD_RECEIVING_FAST);
    VALUE(CALL_CALL, SYS_call);
    VALUE(CALL_REPLY_WAIT, SYS_reply_wait);
    VALUE(CALL_NULL, SYS_null);
    VALUE(CALL_SIGNAL, SYS_signal);
    VALUE(TYPE_NOTIFICATION, OBJECT_NOTIFICATION);
    VALUE(HANDLE_BITS, HANDLE_INDEX_BITS);
    BIT_OF(RIGHT_BIT_WRITE, RIGHT_WRITE);
    BIT_OF(RIGHT_BIT_SEND, RIGHT_SEND);
    BIT_OF(RIGHT_BIT_RECEIVE, RIGHT_RECEIVE);
}
