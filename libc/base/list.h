/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intrusive doubly linked list.
 *
 * The list and its members are the same struct: a circle through `struct list_node`, in which
 * the list itself is the node that belongs to no member. A node is in at most one list; one that
 * is in none points to itself, so removing it again does nothing. No function here owns or frees.
 *
 *     LIST_EACH (node, &list) { ... }
 *
 * goes from the first to the last; a loop that removes its node takes list_next before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node *previous;
};

/* The struct of `type` whose field `member` is `*pointer`. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#define LIST_EACH(node, list)                                                                      \
    for (struct list_node *node = list_first(list); (node) != NULL; (node) = list_next(list, node))

/* For a list before its first use, and for a node that is in no list. */
static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->previous = node;
}

static inline bool list_is_empty(const struct list_node *list)
{
    return list->next == list;
}

/* Whether the node is in some list. */
static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != node;
}

/* Requires that `node` is in no list; before the list itself means last. */
static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    node->next = place;
    node->previous = place->previous;
    place->previous->next = node;
    place->previous = node;
}

static inline void list_append(struct list_node *list, struct list_node *node)
{
    list_insert_before(list, node);
}

static inline void list_prepend(struct list_node *list, struct list_node *node)
{
    list_insert_before(list->next, node);
}

static inline void list_remove(struct list_node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/* NULL when the list is empty. */
static inline struct list_node *list_first(const struct list_node *list)
{
    return list_is_empty(list) ? NULL : list->next;
}

/* NULL after the last. */
static inline struct list_node *list_next(const struct list_node *list,
                                          const struct list_node *node)
{
    return node->next == list ? NULL : node->next;
}

/* Removes the first node and gives it; NULL when the list is empty. */
static inline struct list_node *list_take_first(struct list_node *list)
{
    struct list_node *node = list_first(list);
    if (node != NULL) {
        list_remove(node);
    }
    return node;
}
