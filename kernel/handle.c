/* SPDX-License-Identifier: BSD-2-Clause */
#include "handle.h"

#include "calls.h"
#include "irq.h"
#include "mapping.h"
#include "task.h"

enum {
    GENERATION_MAX = (1 << 20) - 1,
    SUPERVISOR_INDEX = 0,
    HANDLE_UNSPEAKABLE = HANDLE_INDEX_MASK, /* in entry 0: no lookup of index 0 can equal it */
};

void handle_table_init(struct handle_table *table, struct handle_entry *entries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        entries[i].handle = HANDLE_NONE; /* the rest is filled when it is first used */
    }
    entries[SUPERVISOR_INDEX] = (struct handle_entry){.handle = HANDLE_UNSPEAKABLE, .table = table};
    *table = (struct handle_table){.entries = entries, .count = count, .first_unused = 1};
}

/* A free entry: one given back, else one never used. 0 when there is none. */
static uint32_t take_free(struct handle_table *table)
{
    uint32_t index = table->first_free;
    if (index != 0) {
        table->first_free = table->entries[index].next_free;
    } else if (table->first_unused < table->count) {
        index = table->first_unused++;
        table->entries[index].table = table;
        table->entries[index].generation = 1;
    }
    return index;
}

struct handle_entry *handle_find(struct handle_table *table, uint64_t handle)
{
    uint32_t index = handle & HANDLE_INDEX_MASK;
    struct handle_entry *entry = &table->entries[index];
    if (handle == HANDLE_NONE || index >= table->count || entry->handle != handle ||
        entry->object->is_dying) { /* its handles go in steps, but it is gone now */
        return NULL;
    }
    return entry;
}

int handle_lookup(struct handle_table *table, uint64_t handle, enum object_type type,
                  unsigned rights, struct handle_entry **entry)
{
    struct handle_entry *found = handle_find(table, handle);
    if (found == NULL) {
        return E_BAD_HANDLE;
    }
    if (type != OBJECT_ANY && found->type != type) {
        return E_WRONG_TYPE;
    }
    if ((found->rights & rights) != rights) {
        return E_NO_RIGHT;
    }
    *entry = found;
    return OK;
}

static void fill(struct handle_entry *entry, uint32_t handle, struct object *object,
                 unsigned rights, uint64_t badge)
{
    entry->handle = handle;
    entry->rights = (uint16_t)(rights & object_rights(object->type)); /* I3 */
    entry->type = object->type;
    entry->object = object;
    entry->badge = badge;
    list_append(&object->handles, &entry->link);
    kernel_system.handles++;
}

int handle_insert(struct handle_table *table, struct object *object, unsigned rights,
                  uint64_t badge, handle_t *handle)
{
    uint32_t index = take_free(table);
    if (index == 0) {
        return E_NO_SLOTS;
    }
    struct handle_entry *entry = &table->entries[index];
    table->used++;
    fill(entry, entry->generation << HANDLE_INDEX_BITS | index, object, rights, badge);
    *handle = entry->handle;
    return OK;
}

bool handle_table_has_room(const struct handle_table *table, uint32_t count)
{
    return table->count - 1 - table->used >= count; /* entry 0 is never handed out */
}

void handle_remove(struct handle_entry *entry)
{
    struct handle_table *table = entry->table;
    uint32_t index = (uint32_t)(entry - table->entries);
    if (entry->type == OBJECT_IRQ) {
        arch_irq_mask(container_of(entry->object, struct irq, object)->line);
    }
    list_remove(&entry->link);
    entry->rights = 0;
    entry->type = OBJECT_NONE;
    entry->object = NULL;
    kernel_system.handles--;
    if (index == SUPERVISOR_INDEX) {
        return;
    }
    entry->handle = HANDLE_NONE;
    entry->generation = entry->generation == GENERATION_MAX ? 1 : entry->generation + 1;
    entry->next_free = table->first_free;
    table->first_free = index;
    table->used--;
}

void handle_close(struct handle_entry *entry)
{
    struct object *object = entry->object;
    bool is_owner = (entry->rights & RIGHT_MANAGE) != 0;
    handle_remove(entry);
    if (is_owner) {
        object_destroy(object);
    }
}

void handle_set_supervisor(struct handle_table *table, struct object *endpoint, uint64_t badge)
{
    struct handle_entry *entry = &table->entries[SUPERVISOR_INDEX];
    if (entry->object != NULL) {
        handle_remove(entry);
    }
    fill(entry, HANDLE_UNSPEAKABLE, endpoint, RIGHT_SEND, badge);
}

/* --- system calls --------------------------------------------------------------------------- */

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
    unsigned kept = source->rights & (unsigned)rights & ~(unsigned)RIGHT_MANAGE;
    int error = handle_insert(table, source->object, kept, badge, &handle);
    if (error == OK) { /* beside its source, so that a revoke that goes in steps meets both */
        struct handle_entry *copy = &table->entries[handle & HANDLE_INDEX_MASK];
        list_remove(&copy->link);
        list_insert_before(&source->link, &copy->link);
    }
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
    handle_close(call->entries[0]);
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
