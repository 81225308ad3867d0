/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the handlers of the ordinary system calls share. A handler returns a status and sets
 * *value.
 *
 * RESTART means: a bounded step is done and an interrupt may be taken; the same call is issued
 * again with the registers it came with, and self->progress tells it from a new one.
 */
#pragma once

#include "account.h"
#include "arch/arch.h"
#include "endpoint.h"
#include "irq.h"
#include "mapping.h"
#include "memory.h"
#include "notification.h"
#include "task.h"
#include "thread.h"
#include <abi/syscall.h>

/* Beside the errors of abi/error.h. */
enum { RESTART = -1000, REGISTERS_SET = -1001 };

typedef int64_t call_handler(struct thread *self, uint64_t *value);

#define CALL_HANDLER(number, name, parameters) call_handler handle_##name;
SYSCALLS(CALL_HANDLER)
#undef CALL_HANDLER

static inline uint64_t calls_argument(struct thread *self, unsigned index)
{
    return *arch_frame_word(&self->frame, index);
}

/* The handle in argument `index` as what it must be, with `rights`.
 * E_BAD_HANDLE, E_WRONG_TYPE, E_NO_RIGHT. */
int calls_find(struct thread *self, unsigned index, enum object_type type, unsigned rights,
               struct handle_entry **entry);
int calls_find_account(struct thread *self, unsigned index, struct account **account);
int calls_find_notification(struct thread *self, unsigned index, unsigned rights,
                            struct notification **notification);
int calls_find_thread(struct thread *self, unsigned index, unsigned rights, struct thread **thread);
int calls_find_task(struct thread *self, unsigned index, unsigned rights, struct task **task);
int calls_find_memory(struct thread *self, unsigned index, unsigned rights,
                      struct handle_entry **entry, struct memory **memory);
int calls_find_irq(struct thread *self, unsigned index, struct irq **irq);

/* Whether the caller has room for the owner handle that a create call makes last: E_NO_SLOTS. */
int calls_check_slot(struct thread *self);

/* The owner handle of a new object; check_slot has succeeded. Always OK. */
int64_t calls_give_owner(struct thread *self, struct object *object, uint64_t *value);
