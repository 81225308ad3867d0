/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on memory, devices, interrupts and the machine: check everything, then commit.
 */
#include "calls.h"

#include "account.h"
#include "handle.h"
#include "irq.h"
#include "mapping.h"
#include "memory.h"
#include "print.h"
#include "task.h"

/* --- memory --------------------------------------------------------------------------------- */

/* The empty object, with its owner handle, which progress remembers: it is in the table from the
 * first step on, so that a caller that dies between two steps leaves nothing behind. */
static int begin_memory(struct call *call)
{
    struct handle_table *table = &call->self->task->table;
    struct memory *memory;
    handle_t handle = HANDLE_NONE;
    if (call_argument(call, 2) > 1) {
        return E_INVALID;
    }
    if (!handle_table_has_room(table, 1)) {
        return E_NO_SLOTS;
    }
    int error = memory_create(call_object(call, 0), call_argument(call, 1),
                              call_argument(call, 2) == 1, &memory);
    if (error == OK) {
        unsigned dma = call->entries[0]->rights & RIGHT_DMA;
        error = handle_insert(table, &memory->object, (RIGHTS_ALL & ~RIGHT_DMA) | dma, 0, &handle);
        KASSERT(error == OK);
    }
    call->self->progress = handle;
    return error;
}

int call_memory_create(struct call *call)
{
    struct handle_entry *entry;
    int error = call->self->progress == 0 ? begin_memory(call) : OK;
    if (error == OK) { /* somebody may have closed it between two steps */
        error = handle_lookup(&call->self->task->table, call->self->progress, OBJECT_MEMORY,
                              RIGHT_MANAGE, &entry);
    }
    if (error != OK) {
        return error;
    }
    struct memory *memory = container_of(entry->object, struct memory, object);
    if (!memory->is_building) {
        return E_BAD_HANDLE; /* another object has the handle now */
    }
    error = memory_build_step(memory);
    if (error == E_AGAIN) {
        return RESTART;
    }
    if (error != OK) {
        handle_remove(entry);
        object_destroy(&memory->object);
    }
    call->value = call->self->progress;
    return error;
}

int call_memory_slice(struct call *call)
{
    struct memory *memory = call_object(call, 1);
    struct memory *slice;
    if (memory->is_building) {
        return E_INVALID;
    }
    int error = memory_create_slice(call_object(call, 0), memory, call_argument(call, 2),
                                    call_argument(call, 3), &slice);
    call->made = error == OK ? &slice->object : NULL;
    call->made_rights = call->entries[1]->rights | RIGHT_MANAGE;
    return error;
}

static int begin_map(struct call *call, struct mapping **mapping)
{
    struct mapping_request request = {
        .memory = call->entries[1],
        .vaddr = call_argument(call, 2),
        .offset = call_argument(call, 3),
        .pages = call_argument(call, 4),
        .rights = call_argument(call, 5),
    };
    int error = mapping_create(call_object(call, 0), &request, mapping);
    call->self->progress = error == OK;
    return error;
}

/* Between two steps the mapping is found again by its place; progress is 1 while it is built, and
 * the negative error while it is undone. */
int call_memory_map(struct call *call)
{
    struct thread *self = call->self;
    struct mapping *mapping = mapping_find(call_object(call, 0), call_argument(call, 2));
    int error = OK;
    if (self->progress == 0) {
        error = begin_map(call, &mapping);
        if (error != OK) {
            return error;
        }
    }
    if (self->progress == 1) {
        bool is_gone = mapping == NULL || mapping->is_ending; /* somebody unmapped it meanwhile */
        error = is_gone ? E_BAD_HANDLE : mapping_build_step(mapping);
        if (error == OK || is_gone) {
            return error;
        }
        if (error == E_AGAIN) {
            return RESTART;
        }
        self->progress = (uint64_t)(int64_t)error;
    }
    bool is_undone = mapping == NULL || mapping_unmap_step(mapping);
    return is_undone ? (int)(int64_t)self->progress : RESTART;
}

int call_memory_unmap(struct call *call)
{
    struct mapping *mapping = mapping_find(call_object(call, 0), call_argument(call, 1));
    if (mapping == NULL) {
        return call->self->progress == 0 ? E_NOT_FOUND : OK;
    }
    call->self->progress = 1;
    return mapping_unmap_step(mapping) ? OK : RESTART;
}

int call_memory_physical(struct call *call)
{
    struct memory *memory = call_object(call, 0);
    uint64_t page = call_argument(call, 1);
    if (memory->is_building || page >= memory->pages) {
        return E_RANGE;
    }
    memory->root->is_told = !memory->root->is_device && !memory->root->is_boot;
    call->value = memory_page(memory, page);
    return OK;
}

int call_memory_quiet(struct call *call)
{
    struct memory *memory = call_object(call, 0);
    memory->root->is_told = false;
    memory_let_go(memory);
    return OK;
}

/* --- devices and the machine ---------------------------------------------------------------- */

int call_window_create(struct call *call)
{
    struct memory *memory;
    int error = memory_create_window(call_object(call, 1), call_argument(call, 2),
                                     call_argument(call, 3), &memory);
    call->made = error == OK ? &memory->object : NULL;
    return error;
}

int call_irq_create(struct call *call)
{
    struct irq *irq;
    int error = irq_create(call_object(call, 1), call_argument(call, 2), &irq);
    call->made = error == OK ? &irq->object : NULL;
    return error;
}

int call_irq_bind(struct call *call)
{
    uint64_t bit = call_argument(call, 2);
    if (bit >= 64) {
        return E_RANGE;
    }
    irq_bind(call_object(call, 0), call_object(call, 1), (uint32_t)bit); /* < 64 */
    return OK;
}

int call_irq_ack(struct call *call)
{
    irq_ack(call_object(call, 0));
    return OK;
}

int call_debug_write(struct call *call)
{
    enum { DEBUG_WORDS = 7 }; /* they lie side by side in the frame, little endian */
    print_bytes((const char *)arch_frame_word(&call->self->frame, 1),
                DEBUG_WORDS * sizeof(uint64_t));
    return OK;
}

int call_system_off(struct call *call)
{
    switch (call_argument(call, 1)) {
    case OFF_POWER: arch_power_off((unsigned)call_argument(call, 2) & 0xff);
    case OFF_RESET: arch_reset();
    default: return E_BAD_CALL;
    }
}
