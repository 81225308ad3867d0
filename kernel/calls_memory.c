/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on memory, devices, interrupts and the machine: check everything, then commit.
 */
#include "calls.h"

#include "print.h"

/* --- memory ----------------------------------------------------------------------------------------- */

/* The owner handle is in the table from the first step on, so that a caller that dies between two
 * steps leaves nothing behind. progress is that handle. */
int64_t handle_memory_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct handle_entry *entry;
    struct memory *memory;
    if (self->progress == 0) {
        int error = calls_find_account(self, 0, &account);
        if (error == OK && calls_argument(self, 2) > 1) {
            error = E_INVALID;
        }
        if (error == OK) {
            error = calls_check_slot(self);
        }
        if (error == OK) {
            error = memory_create(account, calls_argument(self, 1), calls_argument(self, 2) == 1,
                                  &memory);
        }
        if (error != OK) {
            return error;
        }
        calls_give_owner(self, &memory->object, &self->progress);
    }
    int error =
        handle_lookup(&self->task->table, self->progress, OBJECT_MEMORY, RIGHT_MANAGE, &entry);
    if (error != OK) {
        return error; /* somebody closed it meanwhile */
    }
    memory = container_of(entry->object, struct memory, object);
    error = memory_build_step(memory);
    if (error == E_AGAIN) {
        return RESTART;
    }
    if (error != OK) {
        handle_remove(entry);
        object_destroy(&memory->object);
        return error;
    }
    *value = self->progress;
    return OK;
}

int64_t handle_memory_slice(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct handle_entry *entry;
    struct memory *memory;
    struct memory *slice;
    handle_t handle = HANDLE_NONE;
    int error = calls_find_account(self, 0, &account);
    if (error == OK) {
        error = calls_find_memory(self, 1, RIGHT_MAP, &entry, &memory);
    }
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK && memory->is_building) {
        error = E_INVALID;
    }
    if (error == OK) {
        error = memory_create_slice(account, memory, calls_argument(self, 2),
                                    calls_argument(self, 3), &slice);
    }
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    error =
        handle_insert(&self->task->table, &slice->object, entry->rights | RIGHT_MANAGE, 0, &handle);
    KASSERT(error == OK);
    *value = handle;
    return OK;
}

static int64_t begin_map(struct thread *self, struct mapping **mapping)
{
    struct task *task;
    struct memory *memory;
    struct mapping_request request = {
        .vaddr = calls_argument(self, 2),
        .offset = calls_argument(self, 3),
        .pages = calls_argument(self, 4),
        .rights = calls_argument(self, 5),
    };
    int error = calls_find_task(self, 0, RIGHT_MAP, &task);
    if (error == OK) {
        error = calls_find_memory(self, 1, RIGHT_MAP, &request.memory, &memory);
    }
    return error == OK ? mapping_create(task, &request, mapping) : error;
}

/* Between two steps the mapping is found again by its place; progress is 1 while it is built and
 * the negative error while it is undone. */
int64_t handle_memory_map(struct thread *self, uint64_t *value)
{
    struct mapping *mapping;
    struct task *task;
    (void)value;
    int64_t error = OK;
    if (self->progress == 0) {
        error = begin_map(self, &mapping);
        if (error != OK) {
            return error;
        }
        self->progress = 1;
    } else {
        error = calls_find_task(self, 0, RIGHT_MAP, &task);
        mapping = error == OK ? mapping_find(task, calls_argument(self, 2)) : NULL;
        if (mapping == NULL) {
            return self->progress == 1 ? E_BAD_HANDLE : (int64_t)self->progress;
        }
    }
    if (self->progress == 1) {
        error = mapping->is_ending ? E_BAD_HANDLE : mapping_build_step(mapping);
        if (error == OK) {
            return OK;
        }
        if (error == E_AGAIN) {
            return RESTART;
        }
        self->progress = (uint64_t)error;
    }
    return mapping_unmap_step(mapping) ? (int64_t)self->progress : RESTART;
}

int64_t handle_memory_unmap(struct thread *self, uint64_t *value)
{
    struct task *task;
    (void)value;
    int error = calls_find_task(self, 0, RIGHT_MAP, &task);
    if (error != OK) {
        return error;
    }
    struct mapping *mapping = mapping_find(task, calls_argument(self, 1));
    if (mapping == NULL) {
        return self->progress == 0 ? E_NOT_FOUND : OK;
    }
    self->progress = 1;
    return mapping_unmap_step(mapping) ? OK : RESTART;
}

int64_t handle_memory_physical(struct thread *self, uint64_t *value)
{
    struct handle_entry *entry;
    struct memory *memory;
    int error = calls_find_memory(self, 0, RIGHT_DMA, &entry, &memory);
    if (error != OK) {
        return error;
    }
    if (memory->is_building || calls_argument(self, 1) >= memory->pages) {
        return E_RANGE;
    }
    memory->root->is_told = !memory->root->is_device && !memory->root->is_boot;
    *value = memory_page(memory, calls_argument(self, 1));
    return OK;
}

int64_t handle_memory_quiet(struct thread *self, uint64_t *value)
{
    struct handle_entry *entry;
    struct memory *memory;
    (void)value;
    int error = calls_find_memory(self, 0, RIGHT_DMA, &entry, &memory);
    if (error == OK) {
        memory->root->is_told = false;
        memory_let_go(memory);
    }
    return error;
}

/* --- devices and the system ------------------------------------------------------------------- */

static int find_system(struct thread *self, unsigned rights)
{
    struct handle_entry *entry;
    return calls_find(self, 0, OBJECT_SYSTEM, rights, &entry);
}

int64_t handle_window_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct memory *memory;
    int error = find_system(self, RIGHT_MAP);
    if (error == OK) {
        error = calls_find_account(self, 1, &account);
    }
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = memory_create_window(account, calls_argument(self, 2), calls_argument(self, 3),
                                     &memory);
    }
    return error == OK ? calls_give_owner(self, &memory->object, value) : error;
}

int64_t handle_irq_create(struct thread *self, uint64_t *value)
{
    struct account *account;
    struct irq *irq;
    int error = find_system(self, RIGHT_MAP);
    if (error == OK) {
        error = calls_find_account(self, 1, &account);
    }
    if (error == OK) {
        error = calls_check_slot(self);
    }
    if (error == OK) {
        error = irq_create(account, calls_argument(self, 2), &irq);
    }
    return error == OK ? calls_give_owner(self, &irq->object, value) : error;
}

int64_t handle_irq_bind(struct thread *self, uint64_t *value)
{
    struct irq *irq;
    struct notification *notification;
    (void)value;
    int error = calls_find_irq(self, 0, &irq);
    if (error == OK) {
        error = calls_find_notification(self, 1, RIGHT_WRITE, &notification);
    }
    if (error == OK && calls_argument(self, 2) >= 64) {
        error = E_RANGE;
    }
    if (error == OK) {
        irq_bind(irq, notification, (uint32_t)calls_argument(self, 2)); /* < 64 */
    }
    return error;
}

int64_t handle_irq_ack(struct thread *self, uint64_t *value)
{
    struct irq *irq;
    (void)value;
    int error = calls_find_irq(self, 0, &irq);
    if (error == OK) {
        irq_ack(irq);
    }
    return error;
}

int64_t handle_debug_write(struct thread *self, uint64_t *value)
{
    char bytes[56];
    (void)value;
    int error = find_system(self, RIGHT_WRITE);
    if (error != OK) {
        return error;
    }
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(calls_argument(self, 1 + i / 8) >> i % 8 * 8);
    }
    print_bytes(bytes, sizeof(bytes));
    return OK;
}

int64_t handle_system_off(struct thread *self, uint64_t *value)
{
    (void)value;
    int error = find_system(self, RIGHT_EXECUTE);
    if (error != OK) {
        return error;
    }
    switch (calls_argument(self, 1)) {
    case OFF_POWER:
        arch_power_off((unsigned)calls_argument(self, 2) & 0xff);
    case OFF_RESET:
        arch_reset();
    default:
        return E_BAD_CALL;
    }
}
