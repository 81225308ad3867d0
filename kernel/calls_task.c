/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on accounts, tasks and threads: check everything, then commit.
 */
#include "calls.h"

#include "sched.h"

/* --- accounts, tasks, threads ------------------------------------------------------------------ */

int64_t handle_account_create(struct thread *self, uint64_t *value)
{
    struct account *parent;
    struct account *account;
    int error = calls_find_account(self, 0, &parent);
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = account_create(parent, calls_argument(self, 1), &account);
    }
    return error == OK ? calls_give_owner(self, &account->object, value) : error;
}

int64_t handle_task_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct task *task;
    int error = calls_find_account(self, 0, &account);
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = task_create(account, calls_argument(self, 1), &self->progress, &task);
    }
    if (error == E_AGAIN) {
        return RESTART;
    }
    return error == OK ? calls_give_owner(self, &task->object, value) : error;
}

int64_t handle_task_supervise(struct thread *self, uint64_t *value)
{
    struct task *task;
    struct handle_entry *endpoint;
    (void)value;
    int error = calls_find_task(self, 0, RIGHT_MANAGE, &task);
    if (error == OK) {
        error = calls_find(self, 1, OBJECT_ENDPOINT, RIGHT_MANAGE, &endpoint);
    }
    if (error == OK && calls_argument(self, 2) == BADGE_ALL) {
        error = E_INVALID;
    }
    if (error == OK) {
        handle_set_supervisor(&task->table, endpoint->object, calls_argument(self, 2));
    }
    return error;
}

int64_t handle_thread_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct task *task;
    struct thread *thread;
    int error = calls_find_account(self, 0, &account);
    if (error == OK) {
        error = calls_find_task(self, 1, RIGHT_WRITE, &task);
    }
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = thread_create(account, task, calls_argument(self, 2), &thread);
    }
    return error == OK ? calls_give_owner(self, &thread->object, value) : error;
}

int64_t handle_thread_start(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    (void)value;
    int error = calls_find_thread(self, 0, RIGHT_MANAGE, &thread);
    if (error == OK && thread->state != THREAD_STOPPED) {
        error = E_STATE;
    }
    if (error == OK) {
        thread_wake(thread);
    }
    return error;
}

int64_t handle_thread_stop(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    (void)value;
    int error = calls_find_thread(self, 0, RIGHT_MANAGE, &thread);
    if (error == OK) {
        thread_stop(thread);
    }
    return error;
}

/* A thread whose registers may be looked at: not one that runs. */
static int find_stopped(struct thread *self, unsigned rights, struct thread **thread)
{
    int error = calls_find_thread(self, 0, rights, thread);
    if (error == OK && (*thread)->state != THREAD_STOPPED && (*thread)->state != THREAD_FAULTED) {
        error = E_STATE;
    }
    return error;
}

/* Eight registers in the argument registers; the status takes the place of none. */
int64_t handle_thread_read(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    int error = find_stopped(self, RIGHT_READ, &thread);
    if (error != OK) {
        return error;
    }
    uint64_t *reg = arch_frame_register(&thread->frame, calls_argument(self, 1));
    if (reg == NULL) {
        return E_RANGE;
    }
    *value = *reg;
    return OK;
}

int64_t handle_thread_write(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    (void)value;
    int error = find_stopped(self, RIGHT_WRITE, &thread);
    if (error != OK) {
        return error;
    }
    uint64_t *reg = arch_frame_register(&thread->frame, calls_argument(self, 1));
    if (reg == NULL) {
        return E_RANGE;
    }
    *reg = calls_argument(self, 2);
    return OK;
}

int64_t handle_thread_schedule(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    (void)value;
    int error = calls_find_thread(self, 0, RIGHT_MANAGE, &thread);
    if (error != OK) {
        return error;
    }
    uint64_t priority = calls_argument(self, 1);
    ticks_t budget = calls_argument(self, 2);
    ticks_t period = calls_argument(self, 3);
    if (priority >= PRIORITY_LEVELS || budget > period || period > (DEADLINE_FOREVER >> 1)) {
        return E_INVALID;
    }
    sched_set_budget(thread, (uint8_t)priority, budget, period); /* < PRIORITY_LEVELS */
    return OK;
}

int64_t handle_thread_bind(struct thread *self, uint64_t *value)
{
    struct thread *thread;
    struct notification *notification;
    (void)value;
    int error = calls_find_thread(self, 0, RIGHT_MANAGE, &thread);
    if (error == OK) {
        error = calls_find_notification(self, 1, RIGHT_READ, &notification);
    }
    if (error == OK && thread != self && thread->state != THREAD_STOPPED) {
        error = E_STATE;
    }
    if (error == OK && notification->thread != &thread_none) {
        error = E_BUSY;
    }
    if (error == OK) {
        notification_bind(notification, thread);
    }
    return error;
}
