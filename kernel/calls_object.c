/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on handles, notifications, time, accounts, tasks and threads: check everything,
 * then commit.
 */
#include "calls.h"

#include "account.h"
#include "endpoint.h"
#include "info.h"
#include "mapping.h"
#include "notification.h"
#include "sched.h"
#include "syscall.h"
#include "task.h"

/* --- IPC: endpoint.c sets the registers of both sides --------------------------------------- */

int call_call(struct call *call)
{
    syscall_counters.fast_calls_missed++;
    endpoint_call(call->self);
    return REGISTERS_SET;
}

int call_reply_wait(struct call *call)
{
    syscall_counters.fast_calls_missed++;
    endpoint_reply_wait(call->self);
    return REGISTERS_SET;
}

/* --- notifications, time -------------------------------------------------------------------- */

int call_null(struct call *call)
{
    (void)call;
    return OK; /* the assembly answers it before it comes here */
}

int call_signal(struct call *call)
{
    struct thread *woken = notification_signal(call_object(call, 0), call_argument(call, 1));
    if (woken != NULL) {
        sched_enqueue(woken);
    }
    return OK;
}

int call_wait(struct call *call)
{
    struct notification *notification = call_object(call, 0);
    struct thread *self = call->self;
    ticks_t deadline = call_argument(call, 1);
    if (notification->thread != &thread_none && notification->thread != self) {
        return E_BUSY;
    }
    if (notification->bits != 0) {
        call->value = notification_take(notification);
        return OK;
    }
    if (deadline <= arch_now()) {
        return E_TIMEOUT;
    }
    /* --- committed --- */
    notification->thread = self;
    self->waiting_on = notification;
    thread_block(self, THREAD_WAITING, deadline);
    return OK;
}

int call_timer_set(struct call *call)
{
    if (call->self->bound == &notification_none) {
        return E_STATE;
    }
    timer_arm(call->self->cpu, &call->self->alarm, call_argument(call, 0));
    return OK;
}

int call_yield(struct call *call)
{
    sched_yield(call->self);
    return OK;
}

/* --- handles -------------------------------------------------------------------------------- */

/* Copy `source` into `table`, with the rights and badge in the arguments from `first` on. Only the
 * owner names badges: nobody forges another's. */
static int copy_into(struct call *call, struct handle_table *table, struct handle_entry *source,
                     unsigned first)
{
    uint64_t rights = call_argument(call, first);
    uint64_t badge = call_argument(call, first + 1);
    handle_t handle = HANDLE_NONE;
    if ((rights & ~(uint64_t)RIGHTS_ALL) != 0 || badge == BADGE_ALL) {
        return E_INVALID;
    }
    if ((source->rights & RIGHT_MANAGE) == 0 && badge != source->badge) {
        return E_NO_RIGHT;
    }
    int error = handle_copy_entry(table, source, (unsigned)rights, badge, &handle);
    call->value = handle;
    return error;
}

int call_handle_copy(struct call *call)
{
    return copy_into(call, &call->self->task->table, call->entries[0], 1);
}

int call_handle_grant(struct call *call)
{
    struct task *task = call_object(call, 0);
    return copy_into(call, &task->table, call->entries[1], 2);
}

int call_handle_close(struct call *call)
{
    struct object *object = call_object(call, 0);
    bool is_owner = (call->entries[0]->rights & RIGHT_MANAGE) != 0;
    handle_remove(call->entries[0]);
    if (is_owner) {
        object_destroy(object);
    }
    return OK;
}

/* The owner's entry goes to the end of the list first; whatever stands before it is looked at once:
 * removed, or moved behind it. */
static bool revoke_handles_step(struct handle_entry *owner, uint64_t badge)
{
    struct list_node *handles = &owner->object->handles;
    for (unsigned i = 0; i < STEP_HANDLES; i++) {
        struct handle_entry *entry = container_of(list_first(handles), struct handle_entry, link);
        if (entry == owner) {
            return true;
        }
        if (badge == BADGE_ALL || entry->badge == badge) {
            handle_remove(entry);
        } else {
            list_remove(&entry->link);
            list_append(handles, &entry->link);
        }
    }
    return false;
}

int call_revoke(struct call *call)
{
    struct handle_entry *owner = call->entries[0];
    uint64_t badge = call_argument(call, 1);
    if (call->self->progress == 0) {
        call->self->progress = 1;
        list_remove(&owner->link);
        list_append(&owner->object->handles, &owner->link);
    }
    if (!revoke_handles_step(owner, badge) ||
        (owner->type == OBJECT_MEMORY && !mapping_revoke_step(call_object(call, 0), badge))) {
        return RESTART;
    }
    return OK;
}

int call_object_info(struct call *call)
{
    return info_read(call->entries[0], call_argument(call, 1), &call->value);
}

/* --- accounts, tasks, endpoints ------------------------------------------------------------- */

int call_account_create(struct call *call)
{
    struct account *account;
    int error = account_create(call_object(call, 0), call_argument(call, 1), &account);
    call->made = error == OK ? &account->object : NULL;
    return error;
}

int call_task_create(struct call *call)
{
    struct task *task;
    int error =
        task_create(call_object(call, 0), call_argument(call, 1), &call->self->progress, &task);
    call->made = error == OK ? &task->object : NULL;
    return error == E_AGAIN ? RESTART : error;
}

int call_task_supervise(struct call *call)
{
    struct task *task = call_object(call, 0);
    if (call_argument(call, 2) == BADGE_ALL) {
        return E_INVALID;
    }
    handle_set_supervisor(&task->table, call_object(call, 1), call_argument(call, 2));
    return OK;
}

int call_endpoint_create(struct call *call)
{
    struct endpoint *endpoint;
    int error = endpoint_create(call_object(call, 0), &endpoint);
    call->made = error == OK ? &endpoint->object : NULL;
    return error;
}

int call_notification_create(struct call *call)
{
    struct notification *notification;
    int error = notification_create(call_object(call, 0), &notification);
    call->made = error == OK ? &notification->object : NULL;
    return error;
}

/* --- threads -------------------------------------------------------------------------------- */

int call_thread_create(struct call *call)
{
    struct thread *thread;
    int error =
        thread_create(call_object(call, 0), call_object(call, 1), call_argument(call, 2), &thread);
    call->made = error == OK ? &thread->object : NULL;
    return error;
}

int call_thread_start(struct call *call)
{
    struct thread *thread = call_object(call, 0);
    if (thread->state != THREAD_STOPPED) {
        return E_STATE;
    }
    thread_wake(thread);
    return OK;
}

int call_thread_stop(struct call *call)
{
    thread_stop(call_object(call, 0));
    return OK;
}

/* The register named in argument 1 of a thread that does not run. E_STATE, E_RANGE. */
static int find_register(struct call *call, uint64_t **found)
{
    struct thread *thread = call_object(call, 0);
    if (thread->state != THREAD_STOPPED && thread->state != THREAD_FAULTED) {
        return E_STATE;
    }
    *found = arch_frame_register(&thread->frame, call_argument(call, 1));
    return *found == NULL ? E_RANGE : OK;
}

int call_thread_read(struct call *call)
{
    uint64_t *found;
    int error = find_register(call, &found);
    if (error == OK) {
        call->value = *found;
    }
    return error;
}

int call_thread_write(struct call *call)
{
    uint64_t *found;
    int error = find_register(call, &found);
    if (error == OK) {
        struct thread *thread = call_object(call, 0);
        thread->progress = 0; /* what it does next may be another call */
        thread->has_result = false;
        *found = call_argument(call, 2);
    }
    return error;
}

int call_thread_schedule(struct call *call)
{
    uint64_t priority = call_argument(call, 1);
    ticks_t budget = call_argument(call, 2);
    ticks_t period = call_argument(call, 3);
    if (priority >= PRIORITY_LEVELS || budget > period || period > DEADLINE_FOREVER >> 1 ||
        (budget != 0 && budget < call->self->cpu->budget_min_ticks)) {
        return E_INVALID;
    }
    sched_set_budget(call_object(call, 0), (uint8_t)priority, budget, period); /* < LEVELS */
    return OK;
}

int call_thread_bind(struct call *call)
{
    struct thread *thread = call_object(call, 0);
    struct notification *notification = call_object(call, 1);
    if (thread != call->self && thread->state != THREAD_STOPPED) {
        return E_STATE;
    }
    if (notification->thread != &thread_none) {
        return E_BUSY;
    }
    notification_bind(notification, thread);
    return OK;
}
