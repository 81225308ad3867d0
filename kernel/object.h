/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of every kernel object, and the reaper that takes dying ones apart.
 *
 * An object is paid by one account, has at most one owner handle (RIGHT_MANAGE) and a list of all
 * handles. Closing the owner handle, or the death of the account, begins its end: it is unlinked
 * from everything that could use it at once and put on the reap list; what takes long (handles,
 * mappings, pages, queued callers) is undone there in steps of bounded length.
 *
 * Memory that is still mapped, sliced or in a device's hands cannot go: it is parked, and its
 * account with it, until whoever holds it lets go. A parked account has given back to its parent
 * all but the pages that are still in use.
 *
 * I1  An object on the reap list is reachable by nobody but the reaper.
 * I2  A syscall but for IPC that put objects there does not return to user mode before the list is
 *     empty; between two steps interrupts are taken [syscall.c]. What IPC leaves, or a thread that
 *     ended itself, is reaped while the CPU idles, and a step each tick.
 */
#pragma once

#include <abi/error.h>
#include <abi/types.h>
#include <base/attributes.h>
#include <base/list.h>
#include <stdbool.h>
#include <stddef.h>

struct account;

struct object {
    uint8_t type; /* enum object_type */
    bool is_dying;
    bool is_parked;
    struct account *account;     /* pays */
    struct list_node in_account; /* account->objects, or the reap list while dying */
    struct list_node handles;    /* head of handle_entry.link */
};

enum {
    STEP_HANDLES = 16, /* handles a step closes */
    STEP_ZEROED = 8,   /* pages a step zeroes */
    STEP_PAGES = 16,   /* pages a step maps, unmaps or frees */
    STEP_THREADS = 16, /* blocked threads a step wakes */
};

/* The object of boot's, with what is known of the whole machine [INFO_SYSTEM_*]. */
struct system {
    struct object object;
    uint64_t objects; /* alive, but for the root account and this one */
    uint64_t handles; /* in use */
    uint64_t mappings;
    uint64_t free_pages;
    uint64_t used_pages; /* handed out since boot */
    uint64_t fast_calls_missed;
    uint64_t replies_dropped;
    uint64_t irqs_spurious;
};

extern struct system kernel_system;

/* Rights that mean something on an object of `type`. */
unsigned object_rights(enum object_type type);

/* Make an object of `type`, zeroed but for its head, paid by `account`. E_NO_MEMORY. Gives it. */
int object_create(struct account *account, enum object_type type, struct object **object);

/* Free what was made just now and could not be filled. */
void object_discard(struct object *object);

/* Begin the end of `object`; nothing when it has begun. */
COLD void object_destroy(struct object *object);

/* Take a dying object off the reap list until object_unpark. For its own reap step. */
void object_park(struct object *object);
/* What a parked object waited for has happened: reap it, and its account if that waits for it. */
void object_unpark(struct object *object);

/* Dying objects; object.c's alone, but for the look whether there are any. */
extern struct list_node object_reap_list;

static inline bool object_is_reaping(void)
{
    return !list_is_empty(&object_reap_list);
}

/* Set when something goes on the reap list; the syscall that did it then reaps. */
extern bool object_has_ended;

/* One bounded step of reaping; requires object_is_reaping(). */
COLD void object_reap_step(void);
