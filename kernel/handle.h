/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handle tables: what a task may reach.
 *
 * A table is a fixed number of entries in contiguous pages. Entry 0 is never a user's handle: it
 * holds the task's supervisor endpoint, so that closing and revoking that endpoint needs no
 * special case. Free entries are chained; a reused entry has the next generation.
 *
 * I1  entry.handle != 0 exactly while entry.object != NULL and the entry is on object->handles;
 *     entry 0 holds a value there that no lookup finds.
 * I2  At most one entry of an object has RIGHT_MANAGE.
 * I3  RIGHT_SEND and RIGHT_RECEIVE stand only in entries of endpoints.
 */
#pragma once

#include "object.h"

struct task;

struct handle_entry {
    uint32_t handle; /* its own value; 0 when free */
    uint16_t rights;
    uint8_t type; /* enum object_type */
    struct object *object;
    uint64_t badge;
    struct list_node link; /* object->handles */
    struct handle_table *table;
    uint32_t generation; /* of the next or present use; 1..0xfffff */
    uint32_t next_free;  /* index; 0 ends the chain */
} __attribute__((aligned(64))); /* the fast paths shift */

struct handle_table {
    struct handle_entry *entries;
    uint32_t count;
    uint32_t first_free;   /* index; 0: none was given back */
    uint32_t first_unused; /* from here on entries hold no more than handle 0 */
    uint32_t used;
};

enum { HANDLE_SLOTS_MIN = 8, HANDLE_SLOTS_MAX = 1024 };

/* An empty table of `entries`, whatever is in them. */
void handle_table_init(struct handle_table *table, struct handle_entry *entries, uint32_t count);

/* The live entry of `handle` or NULL. Pure. */
struct handle_entry *handle_find(struct handle_table *table, uint64_t handle);

/* handle_find with type (or OBJECT_ANY) and rights checked.
 * E_BAD_HANDLE, E_WRONG_TYPE, E_NO_RIGHT, in this order. */
int handle_lookup(struct handle_table *table, uint64_t handle, enum object_type type,
                  unsigned rights, struct handle_entry **entry);

/* New handle to `object`. E_NO_SLOTS. */
int handle_insert(struct handle_table *table, struct object *object, unsigned rights,
                  uint64_t badge, handle_t *handle);

/* Whether `count` more handles fit. */
bool handle_table_has_room(const struct handle_table *table, uint32_t count);

/* Empty one entry. The object is not told. */
void handle_remove(struct handle_entry *entry);

/* The same; the object of an owner handle ends. */
void handle_close(struct handle_entry *entry);

/* Put `endpoint` with `badge` into entry 0, replacing what was there. */
void handle_set_supervisor(struct handle_table *table, struct object *endpoint, uint64_t badge);
