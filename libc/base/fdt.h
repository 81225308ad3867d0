/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader of the flattened device tree. It reads, and neither copies nor changes.
 *
 * fdt_open checks the whole blob once; afterwards nothing here can leave it. The blob stays the
 * caller's, must outlive `struct fdt` and must not change. Names and values are given as pointers
 * into it: names end in 0, values have a length and no alignment.
 *
 * A node is a path of offsets from the root, so its parents are known without a search. Walking
 * is in document order. Whatever the blob says, a walk visits each node once: the time of every
 * function is bounded by the size of the blob, for fdt_get_interrupt by its square.
 *
 *     struct fdt_node node = fdt_root(&fdt);
 *     while (fdt_next_with(&fdt, &node, "compatible", "virtio,mmio")) { ... }
 *
 * Errors, where not said otherwise: E_NOT_FOUND no such property or entry; E_CORRUPT a value whose
 * length or content makes no sense; E_UNSUPPORTED numbers of more than two cells (64 bits).
 *
 * [Devicetree Specification 0.4 §2, §5]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

enum {
    FDT_DEPTH_MAX = 16,          /* nodes from the root to the deepest, both counted */
    FDT_INTERRUPT_CELLS_MAX = 4, /* what one interrupt takes at most; the known controllers: 3 */
};

struct fdt {
    const uint8_t *structure;
    const uint8_t *strings;
    const uint8_t *reservations;
    uint32_t structure_bytes;
    uint32_t strings_bytes;
    uint32_t reservation_count;
    uint32_t total_bytes; /* of the blob, by its own header */
};

struct fdt_node {
    uint32_t depth;               /* 0 is the root */
    uint32_t path[FDT_DEPTH_MAX]; /* offsets in the structure block; path[depth] is the node */
};

struct fdt_property {
    const char *name;
    const uint8_t *value;
    uint32_t length;
    uint32_t next; /* where the walk goes on */
};

/* base + bytes does not overflow. */
struct fdt_range {
    uint64_t base;
    uint64_t bytes;
};

struct fdt_interrupt {
    uint32_t controller; /* its phandle */
    uint32_t count;      /* of cells, 1 to FDT_INTERRUPT_CELLS_MAX */
    uint32_t cells[FDT_INTERRUPT_CELLS_MAX];
};

/*
 * Checks the blob, of which at most `size` bytes may be read, and fills `*fdt`.
 * E_CORRUPT: it is none. E_UNSUPPORTED: of a version not compatible with 17. E_LIMIT: too deep.
 */
MUST_CHECK int fdt_open(const void *blob, size_t size, struct fdt *fdt);

/* --- nodes --------------------------------------------------------------------------------- */

struct fdt_node fdt_root(const struct fdt *fdt);

/* Moves to the next node in document order; false, and not moved, after the last. */
MUST_CHECK bool fdt_next(const struct fdt *fdt, struct fdt_node *node);

/* As fdt_next, to the next node whose property `name` is a list of strings with `text` in it. */
MUST_CHECK bool fdt_next_with(const struct fdt *fdt, struct fdt_node *node, const char *name,
                              const char *text);

/* False for the root. `parent` may be `node` itself. */
MUST_CHECK bool fdt_parent(const struct fdt_node *node, struct fdt_node *parent);

/* With its unit address, as in "serial@10000000"; "" for the root. */
const char *fdt_name(const struct fdt *fdt, const struct fdt_node *node);

/* `path` begins with '/' and ends at 0 or ':'; a part without '@' matches any unit address. */
MUST_CHECK bool fdt_find_path(const struct fdt *fdt, const char *path, struct fdt_node *node);

MUST_CHECK bool fdt_find_phandle(const struct fdt *fdt, uint32_t phandle, struct fdt_node *node);

/* Whether `status` is absent, "okay" or "ok". */
MUST_CHECK bool fdt_is_enabled(const struct fdt *fdt, const struct fdt_node *node);

/* --- properties ---------------------------------------------------------------------------- */

/* Moves to the next property of the node; begin with a zeroed `*property`. False after the last. */
MUST_CHECK bool fdt_next_property(const struct fdt *fdt, const struct fdt_node *node,
                                  struct fdt_property *property);

MUST_CHECK bool fdt_find_property(const struct fdt *fdt, const struct fdt_node *node,
                                  const char *name, struct fdt_property *property);

MUST_CHECK int fdt_get_u32(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                           uint32_t *value);

/* The first string of a property; NULL when there is none or it does not end. */
const char *fdt_get_text(const struct fdt *fdt, const struct fdt_node *node, const char *name);

/* Whether the property is a list of strings with `text` in it. */
MUST_CHECK bool fdt_property_has_text(const struct fdt_property *property, const char *text);

/* As fdt_property_has_text, of the property `name`; false when there is none. */
MUST_CHECK bool fdt_has_text(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                             const char *text);

/* Likewise, of any of `count` texts; the property is looked for once. */
MUST_CHECK bool fdt_has_one_of(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                               const char *const *texts, size_t count);

/* --- what a node occupies ------------------------------------------------------------------ */

/* Entry `index` of `reg`, in the numbers of the parent: a CPU's id, an address on its bus. */
MUST_CHECK int fdt_get_reg(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                           struct fdt_range *range);

/* As fdt_get_reg, in addresses of the CPU. E_RANGE: a bus above does not lead there. */
MUST_CHECK int fdt_get_window(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                              struct fdt_range *range);

/*
 * Entry `index` of `interrupts-extended`, or of `interrupts` with the controller that the node or
 * the nearest of its parents names. E_NOT_FOUND also when the controller does not exist.
 */
MUST_CHECK int fdt_get_interrupt(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                                 struct fdt_interrupt *interrupt);

/* --- memory -------------------------------------------------------------------------------- */

/* A place in one of the two lists below. */
struct fdt_cursor {
    struct fdt_node node;
    uint32_t index;
};

struct fdt_cursor fdt_start(const struct fdt *fdt);

/* The next range of RAM. E_NOT_FOUND after the last. */
MUST_CHECK int fdt_next_memory(const struct fdt *fdt, struct fdt_cursor *cursor,
                               struct fdt_range *range);

/*
 * The next range that the firmware keeps: the reservation block, then the children of
 * /reserved-memory that have a place. E_NOT_FOUND after the last. The blob itself is not in it.
 */
MUST_CHECK int fdt_next_reserved(const struct fdt *fdt, struct fdt_cursor *cursor,
                                 struct fdt_range *range);
