/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the device tree says about places: registers, windows, interrupts and memory.
 *
 * Works on nodes and properties alone; fdt.c knows the format.
 *
 * [Devicetree Specification 0.4 §2.3, §2.4, §3.4, §3.5]
 */
#include <base/fdt.h>

#include <abi/error.h>
#include <base/bytes.h>

enum {
    CELL_BYTES = 4,
    CELLS_MAX = 2,             /* of a number: 64 bits */
    ADDRESS_CELLS_DEFAULT = 2, /* [Devicetree Specification 0.4 §2.3.5] */
    SIZE_CELLS_DEFAULT = 1,
};

/* A number of 0 to CELLS_MAX cells. */
static uint64_t read_cells(const uint8_t *at, uint32_t cells)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < cells; i++) {
        value = value << 32 | bytes_get_be32(at + i * CELL_BYTES);
    }
    return value;
}

/* --- addresses ----------------------------------------------------------------------------- */

/* How the children of a node write addresses and sizes. */
struct cells {
    uint32_t address; /* <= CELLS_MAX */
    uint32_t size;    /* <= CELLS_MAX */
};

static MUST_CHECK int get_cells(const struct fdt *fdt, const struct fdt_node *bus,
                                struct cells *cells)
{
    *cells = (struct cells){ADDRESS_CELLS_DEFAULT, SIZE_CELLS_DEFAULT};
    int error = fdt_get_u32(fdt, bus, "#address-cells", &cells->address);
    if (error == OK || error == E_NOT_FOUND) {
        error = fdt_get_u32(fdt, bus, "#size-cells", &cells->size);
    }
    if (error != OK && error != E_NOT_FOUND) {
        return error;
    }
    return cells->address <= CELLS_MAX && cells->size <= CELLS_MAX ? OK : E_UNSUPPORTED;
}

int fdt_get_reg(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                struct fdt_range *range)
{
    struct fdt_node parent;
    struct fdt_property reg;
    struct cells cells;

    if (!fdt_parent(node, &parent) || !fdt_find_property(fdt, node, "reg", &reg)) {
        return E_NOT_FOUND;
    }
    int error = get_cells(fdt, &parent, &cells);
    if (error != OK) {
        return error;
    }
    uint32_t entry_bytes = (cells.address + cells.size) * CELL_BYTES; /* <= 16 */
    if (entry_bytes == 0 || reg.length % entry_bytes != 0) {
        return E_CORRUPT;
    }
    if (index >= reg.length / entry_bytes) {
        return E_NOT_FOUND;
    }
    const uint8_t *entry = reg.value + index * entry_bytes; /* < reg.length, so fits u32 */
    uint64_t base = read_cells(entry, cells.address);
    uint64_t bytes = read_cells(entry + cells.address * CELL_BYTES, cells.size);
    if (bytes > UINT64_MAX - base) {
        return E_CORRUPT;
    }
    *range = (struct fdt_range){base, bytes};
    return OK;
}

/* Turns a range of the bus's children into one of the bus's own parent. The bus is not the root. */
static MUST_CHECK int translate(const struct fdt *fdt, const struct fdt_node *bus,
                                struct fdt_range *range)
{
    struct fdt_node parent;
    struct fdt_property ranges;
    struct cells below;
    struct cells above;

    if (!fdt_parent(bus, &parent) || !fdt_find_property(fdt, bus, "ranges", &ranges)) {
        return E_RANGE;
    }
    int error = get_cells(fdt, bus, &below);
    error = error == OK ? get_cells(fdt, &parent, &above) : error;
    if (error != OK || ranges.length == 0) { /* empty: the same addresses */
        return error;
    }
    uint32_t entry_bytes = (below.address + above.address + below.size) * CELL_BYTES; /* <= 24 */
    if (entry_bytes == 0 || ranges.length % entry_bytes != 0) {
        return E_CORRUPT;
    }
    for (uint32_t at = 0; at < ranges.length; at += entry_bytes) {
        const uint8_t *entry = ranges.value + at;
        uint64_t from = read_cells(entry, below.address);
        uint64_t to = read_cells(entry + below.address * CELL_BYTES, above.address);
        uint64_t bytes =
            read_cells(entry + (below.address + above.address) * CELL_BYTES, below.size);
        if (range->base >= from && is_inside(range->base - from, range->bytes, bytes)) {
            if (bytes > UINT64_MAX - to) {
                return E_CORRUPT;
            }
            range->base = to + (range->base - from); /* the end <= to + bytes */
            return OK;
        }
    }
    return E_RANGE;
}

int fdt_get_window(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                   struct fdt_range *range)
{
    struct fdt_range window;
    struct fdt_node bus = *node;
    int error = fdt_get_reg(fdt, node, index, &window);

    while (error == OK && fdt_parent(&bus, &bus) && bus.depth > 0) {
        error = translate(fdt, &bus, &window);
    }
    if (error == OK) {
        *range = window;
    }
    return error;
}

/* --- interrupts ---------------------------------------------------------------------------- */

/* How many cells an interrupt of this controller takes. */
static MUST_CHECK int get_interrupt_cells(const struct fdt *fdt, uint32_t controller,
                                          uint32_t *cells)
{
    struct fdt_node node;
    if (!fdt_find_phandle(fdt, controller, &node)) {
        return E_NOT_FOUND;
    }
    int error = fdt_get_u32(fdt, &node, "#interrupt-cells", cells);
    if (error != OK) {
        return error;
    }
    if (*cells == 0) {
        return E_CORRUPT;
    }
    return *cells <= FDT_INTERRUPT_CELLS_MAX ? OK : E_UNSUPPORTED;
}

static void fill_interrupt(struct fdt_interrupt *interrupt, uint32_t controller, const uint8_t *at,
                           uint32_t cells)
{
    *interrupt = (struct fdt_interrupt){.controller = controller, .count = cells};
    for (uint32_t i = 0; i < cells; i++) {
        interrupt->cells[i] = bytes_get_be32(at + i * CELL_BYTES);
    }
}

/* Entries of a phandle and as many cells as that controller takes. */
static MUST_CHECK int get_extended(const struct fdt *fdt, const struct fdt_property *extended,
                                   uint32_t index, struct fdt_interrupt *interrupt)
{
    const uint8_t *at = extended->value;
    uint32_t left = extended->length;

    while (left > 0) {
        uint32_t cells;
        if (left < CELL_BYTES) {
            return E_CORRUPT;
        }
        uint32_t controller = bytes_get_be32(at);
        int error = get_interrupt_cells(fdt, controller, &cells);
        if (error != OK) {
            return error;
        }
        if ((left - CELL_BYTES) / CELL_BYTES < cells) {
            return E_CORRUPT;
        }
        if (index-- == 0) {
            fill_interrupt(interrupt, controller, at + CELL_BYTES, cells);
            return OK;
        }
        at += (1 + cells) * CELL_BYTES;
        left -= (1 + cells) * CELL_BYTES; /* >= 0 by the check above */
    }
    return E_NOT_FOUND;
}

/* The controller that the node or the nearest of its parents names. */
static MUST_CHECK int get_interrupt_parent(const struct fdt *fdt, const struct fdt_node *node,
                                           uint32_t *controller)
{
    struct fdt_node at = *node;
    int error;
    do {
        error = fdt_get_u32(fdt, &at, "interrupt-parent", controller);
    } while (error == E_NOT_FOUND && fdt_parent(&at, &at));
    return error;
}

int fdt_get_interrupt(const struct fdt *fdt, const struct fdt_node *node, uint32_t index,
                      struct fdt_interrupt *interrupt)
{
    struct fdt_property property;
    uint32_t controller;
    uint32_t cells;

    if (fdt_find_property(fdt, node, "interrupts-extended", &property)) {
        return get_extended(fdt, &property, index, interrupt);
    }
    if (!fdt_find_property(fdt, node, "interrupts", &property)) {
        return E_NOT_FOUND;
    }
    int error = get_interrupt_parent(fdt, node, &controller);
    error = error == OK ? get_interrupt_cells(fdt, controller, &cells) : error;
    if (error != OK) {
        return error;
    }
    if (property.length % (cells * CELL_BYTES) != 0) {
        return E_CORRUPT;
    }
    if (index >= property.length / (cells * CELL_BYTES)) {
        return E_NOT_FOUND;
    }
    fill_interrupt(interrupt, controller, property.value + index * cells * CELL_BYTES, cells);
    return OK;
}

/* --- memory -------------------------------------------------------------------------------- */

struct fdt_cursor fdt_start(const struct fdt *fdt)
{
    return (struct fdt_cursor){.node = fdt_root(fdt)};
}

/* The next window of the nodes that match and lie deeper than `floor`, entry by entry. */
static MUST_CHECK int next_window(const struct fdt *fdt, struct fdt_cursor *cursor, uint32_t floor,
                                  bool (*matches)(const struct fdt *, const struct fdt_node *),
                                  struct fdt_range *range)
{
    for (;;) {
        if (cursor->node.depth > floor && matches(fdt, &cursor->node)) {
            int error = fdt_get_window(fdt, &cursor->node, cursor->index, range);
            if (error != E_NOT_FOUND) {
                cursor->index++;
                return error;
            }
        }
        struct fdt_node next = cursor->node;
        if (!fdt_next(fdt, &next) || next.depth <= floor) {
            return E_NOT_FOUND;
        }
        *cursor = (struct fdt_cursor){.node = next};
    }
}

static bool is_memory(const struct fdt *fdt, const struct fdt_node *node)
{
    return fdt_has_text(fdt, node, "device_type", "memory") && fdt_is_enabled(fdt, node);
}

static bool is_reserved(const struct fdt *fdt, const struct fdt_node *node)
{
    return node->depth == 2 && fdt_is_enabled(fdt, node); /* a child of /reserved-memory */
}

int fdt_next_memory(const struct fdt *fdt, struct fdt_cursor *cursor, struct fdt_range *range)
{
    return next_window(fdt, cursor, 0, is_memory, range);
}

int fdt_next_reserved(const struct fdt *fdt, struct fdt_cursor *cursor, struct fdt_range *range)
{
    if (cursor->node.depth == 0) {
        if (cursor->index < fdt->reservation_count) {
            const uint8_t *entry = fdt->reservations + cursor->index++ * 16;
            *range = (struct fdt_range){bytes_get_be64(entry), bytes_get_be64(entry + 8)};
            return OK;
        }
        struct fdt_cursor list = {.index = 0};
        if (!fdt_find_path(fdt, "/reserved-memory", &list.node)) {
            return E_NOT_FOUND;
        }
        *cursor = list;
    }
    return next_window(fdt, cursor, 1, is_reserved, range);
}
