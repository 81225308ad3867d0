/* SPDX-License-Identifier: BSD-2-Clause */
#include "handle.h"

#include "irq.h"
#include "offsets.h"
#include <base/attributes.h>

static_assert(sizeof(struct handle_entry) == ENTRY_BYTES, "offsets.h");
static_assert(offsetof(struct handle_entry, handle) == ENTRY_HANDLE, "offsets.h");
static_assert(offsetof(struct handle_entry, rights) == ENTRY_RIGHTS, "offsets.h");
static_assert(offsetof(struct handle_entry, type) == ENTRY_TYPE, "offsets.h");
static_assert(offsetof(struct handle_entry, object) == ENTRY_OBJECT, "offsets.h");
static_assert(offsetof(struct handle_entry, badge) == ENTRY_BADGE, "offsets.h");

enum {
    GENERATION_MAX = (1 << 20) - 1,
    SUPERVISOR_INDEX = 0,
    HANDLE_UNSPEAKABLE = HANDLE_INDEX_MASK, /* in entry 0: no lookup of index 0 can equal it */
};

static uint64_t in_use;

uint64_t handle_count(void)
{
    return in_use;
}

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
    if (type != OBJECT_NONE && found->type != type) {
        return E_WRONG_TYPE;
    }
    if ((found->rights & rights) != rights) {
        return E_NO_RIGHT;
    }
    *entry = found;
    return OK;
}

unsigned handle_rights_of(enum object_type type)
{
    unsigned common = RIGHT_GRANT | RIGHT_MANAGE;
    switch (type) {
    case OBJECT_ENDPOINT: return common | RIGHT_SEND | RIGHT_RECEIVE;
    case OBJECT_SYSTEM: return common | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_MAP;
    case OBJECT_MEMORY:
        return common | RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_MAP | RIGHT_DMA;
    case OBJECT_TASK: return common | RIGHT_READ | RIGHT_WRITE | RIGHT_MAP;
    case OBJECT_ACCOUNT: return common | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_DMA;
    case OBJECT_THREAD:
    case OBJECT_NOTIFICATION:
    case OBJECT_IRQ: return common | RIGHT_READ | RIGHT_WRITE;
    case OBJECT_NONE:
    case OBJECT_TYPES: break;
    }
    return 0;
}

static void fill(struct handle_entry *entry, uint32_t handle, struct object *object,
                 unsigned rights, uint64_t badge)
{
    entry->handle = handle;
    entry->rights = (uint16_t)(rights & handle_rights_of(object->type)); /* I3 */
    entry->type = object->type;
    entry->object = object;
    entry->badge = badge;
    list_append(&object->handles, &entry->link);
    in_use++;
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

int handle_copy_entry(struct handle_table *table, struct handle_entry *source, unsigned rights,
                      uint64_t badge, handle_t *handle)
{
    int error = handle_insert(table, source->object,
                              source->rights & rights & ~(unsigned)RIGHT_MANAGE, badge, handle);
    if (error == OK) { /* beside its source, so that a revoke that goes in steps meets both */
        struct handle_entry *copy = &table->entries[*handle & HANDLE_INDEX_MASK];
        list_remove(&copy->link);
        list_insert_before(&source->link, &copy->link);
    }
    return error;
}

void handle_remove(struct handle_entry *entry)
{
    struct handle_table *table = entry->table;
    uint32_t index = (uint32_t)(entry - table->entries);
    if (entry->type == OBJECT_IRQ) {
        irq_silence(container_of(entry->object, struct irq, object));
    }
    list_remove(&entry->link);
    entry->rights = 0;
    entry->type = OBJECT_NONE;
    entry->object = NULL;
    in_use--;
    if (index == SUPERVISOR_INDEX) {
        return;
    }
    entry->handle = HANDLE_NONE;
    entry->generation = entry->generation == GENERATION_MAX ? 1 : entry->generation + 1;
    entry->next_free = table->first_free;
    table->first_free = index;
    table->used--;
}

void handle_set_supervisor(struct handle_table *table, struct object *endpoint, uint64_t badge)
{
    struct handle_entry *entry = &table->entries[SUPERVISOR_INDEX];
    if (entry->object != NULL) {
        handle_remove(entry);
    }
    fill(entry, HANDLE_UNSPEAKABLE, endpoint, RIGHT_SEND, badge);
}
