/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups of the arguments of system calls.
 */
#include "calls.h"

#include "print.h"

int calls_find(struct thread *self, unsigned index, enum object_type type, unsigned rights,
               struct handle_entry **entry)
{
    return handle_lookup(&self->task->table, calls_argument(self, index), type, rights, entry);
}

int calls_find_account(struct thread *self, unsigned index, struct account **account)
{
    struct handle_entry *entry;
    int error = calls_find(self, index, OBJECT_ACCOUNT, RIGHT_WRITE, &entry);
    if (error == OK) {
        *account = container_of(entry->object, struct account, object);
    }
    return error;
}

int calls_find_notification(struct thread *self, unsigned index, unsigned rights,
                            struct notification **notification)
{
    struct handle_entry *entry;
    int error = calls_find(self, index, OBJECT_NOTIFICATION, rights, &entry);
    if (error == OK) {
        *notification = container_of(entry->object, struct notification, object);
    }
    return error;
}

int calls_find_thread(struct thread *self, unsigned index, unsigned rights, struct thread **thread)
{
    struct handle_entry *entry;
    int error = calls_find(self, index, OBJECT_THREAD, rights, &entry);
    if (error == OK) {
        *thread = container_of(entry->object, struct thread, object);
    }
    return error;
}

int calls_find_task(struct thread *self, unsigned index, unsigned rights, struct task **task)
{
    struct handle_entry *entry;
    int error = calls_find(self, index, OBJECT_TASK, rights, &entry);
    if (error == OK) {
        *task = container_of(entry->object, struct task, object);
    }
    return error;
}

int calls_find_memory(struct thread *self, unsigned index, unsigned rights,
                      struct handle_entry **entry, struct memory **memory)
{
    int error = calls_find(self, index, OBJECT_MEMORY, rights, entry);
    if (error == OK) {
        *memory = container_of((*entry)->object, struct memory, object);
    }
    return error;
}

int calls_find_irq(struct thread *self, unsigned index, struct irq **irq)
{
    struct handle_entry *entry;
    int error = calls_find(self, index, OBJECT_IRQ, RIGHT_WRITE, &entry);
    if (error == OK) {
        *irq = container_of(entry->object, struct irq, object);
    }
    return error;
}

int calls_check_slot(struct thread *self)
{
    return handle_table_has_room(&self->task->table, 1) ? OK : E_NO_SLOTS;
}

int64_t calls_give_owner(struct thread *self, struct object *object, uint64_t *value)
{
    handle_t handle = HANDLE_NONE;
    int error = handle_insert(&self->task->table, object, RIGHTS_ALL, 0, &handle);
    KASSERT(error == OK);
    *value = handle;
    return OK;
}
