/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on handles, notifications, time and endpoints: check everything, then commit.
 */
#include "calls.h"

#include "info.h"
#include "sched.h"

/* --- notifications, time ----------------------------------------------------------------------- */

int64_t handle_null(struct thread *self, uint64_t *value)
{
    (void)self;
    (void)value;
    return OK; /* trap.S / vectors.S answer it before it comes here */
}

int64_t handle_signal(struct thread *self, uint64_t *value)
{
    struct notification *notification;
    (void)value;
    int error = calls_find_notification(self, 0, RIGHT_WRITE, &notification);
    if (error == OK) {
        struct thread *woken = notification_signal(notification, calls_argument(self, 1));
        if (woken != NULL) {
            sched_enqueue(woken);
        }
    }
    return error;
}

int64_t handle_wait(struct thread *self, uint64_t *value)
{
    struct notification *notification;
    int error = calls_find_notification(self, 0, RIGHT_READ, &notification);
    if (error != OK) {
        return error;
    }
    if (notification->thread != &thread_none && notification->thread != self) {
        return E_BUSY;
    }
    if (notification->bits != 0) {
        *value = notification_take(notification);
        return OK;
    }
    if (calls_argument(self, 1) <= arch_now()) {
        return E_TIMEOUT;
    }
    /* --- committed --- */
    notification->thread = self;
    self->waiting_on = notification;
    thread_block(self, THREAD_WAITING, calls_argument(self, 1));
    return OK;
}

int64_t handle_timer_set(struct thread *self, uint64_t *value)
{
    (void)value;
    if (self->bound == &notification_none) {
        return E_STATE;
    }
    timer_arm(self->cpu, &self->alarm, calls_argument(self, 0));
    return OK;
}

int64_t handle_yield(struct thread *self, uint64_t *value)
{
    (void)value;
    sched_yield(self);
    return OK;
}

/* --- handles ------------------------------------------------------------------------------------- */

static int copy_into(struct thread *self, struct handle_table *table, unsigned first,
                     uint64_t *value)
{
    struct handle_entry *source;
    handle_t handle;
    int error = calls_find(self, first, OBJECT_NONE, 0, &source);
    if (error != OK) {
        return error;
    }
    uint64_t rights = calls_argument(self, first + 1);
    uint64_t badge = calls_argument(self, first + 2);
    bool is_owner = (source->rights & RIGHT_MANAGE) != 0;
    if ((rights & ~(uint64_t)RIGHTS_ALL) != 0 || badge == BADGE_ALL) {
        return E_INVALID;
    }
    if (table != &self->task->table && (source->rights & RIGHT_GRANT) == 0) {
        return E_NO_RIGHT;
    }
    if (!is_owner && badge != source->badge) {
        return E_NO_RIGHT; /* only the owner names badges: nobody forges another's */
    }
    error = handle_copy_entry(table, source, (unsigned)rights, badge, &handle);
    if (error == OK) {
        *value = handle;
    }
    return error;
}

int64_t handle_handle_copy(struct thread *self, uint64_t *value)
{
    return copy_into(self, &self->task->table, 0, value);
}

int64_t handle_handle_grant(struct thread *self, uint64_t *value)
{
    struct task *task;
    int error = calls_find_task(self, 0, RIGHT_WRITE, &task);
    return error == OK ? copy_into(self, &task->table, 1, value) : error;
}

int64_t handle_handle_close(struct thread *self, uint64_t *value)
{
    struct handle_entry *entry;
    (void)value;
    int error = calls_find(self, 0, OBJECT_NONE, 0, &entry);
    if (error != OK) {
        return error;
    }
    struct object *object = entry->object;
    bool is_owner = (entry->rights & RIGHT_MANAGE) != 0;
    /* --- committed --- */
    handle_remove(entry);
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

int64_t handle_revoke(struct thread *self, uint64_t *value)
{
    struct handle_entry *owner;
    (void)value;
    int error = calls_find(self, 0, OBJECT_NONE, RIGHT_MANAGE, &owner);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    uint64_t badge = calls_argument(self, 1);
    if (self->progress == 0) {
        self->progress = 1;
        list_remove(&owner->link);
        list_append(&owner->object->handles, &owner->link);
    }
    if (!revoke_handles_step(owner, badge)) {
        return RESTART;
    }
    if (owner->type == OBJECT_MEMORY &&
        !mapping_revoke_step(container_of(owner->object, struct memory, object), badge)) {
        return RESTART;
    }
    return OK;
}

int64_t handle_object_info(struct thread *self, uint64_t *value)
{
    struct handle_entry *entry;
    int error = calls_find(self, 0, OBJECT_NONE, 0, &entry);
    return error == OK ? info_read(entry, calls_argument(self, 1), value) : error;
}

/* --- endpoints, notifications ------------------------------------------------------------------ */

int64_t handle_endpoint_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct endpoint *endpoint;
    int error = calls_find_account(self, 0, &account);
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = endpoint_create(account, &endpoint);
    }
    return error == OK ? calls_give_owner(self, &endpoint->object, value) : error;
}

int64_t handle_notification_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct notification *notification;
    int error = calls_find_account(self, 0, &account);
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = notification_create(account, &notification);
    }
    return error == OK ? calls_give_owner(self, &notification->object, value) : error;
}
