/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a device tree: every function of the reader on every node.
 */
#include "fuzz.h"

#include <string.h>

#include <abi/error.h>
#include <base/fdt.h>

enum { ENTRIES_MAX = 64 }; /* of one property; a list may be as long as the blob */

/* Whether `text` ends inside the blob. */
static int is_text_inside(const struct fdt *fdt, const char *text, const uint8_t *data)
{
    const char *end = (const char *)data + fdt->total_bytes;
    return text < end && text >= (const char *)data &&
           memchr(text, 0, (size_t)(end - text)) != NULL;
}

static void try_properties(const struct fdt *fdt, const struct fdt_node *node, const uint8_t *data)
{
    struct fdt_property property = {0};
    uint32_t count = 0;
    while (fdt_next_property(fdt, node, &property)) {
        struct fdt_property found;
        uint32_t value;
        REQUIRE(++count <= fdt->structure_bytes / 12);
        REQUIRE(is_text_inside(fdt, property.name, data));
        REQUIRE(property.value >= data);
        REQUIRE(property.length <= (size_t)(data + fdt->total_bytes - property.value));
        REQUIRE(fdt_find_property(fdt, node, property.name, &found));
        REQUIRE((fdt_get_u32(fdt, node, property.name, &value) == OK) == (found.length == 4));
        const char *text = fdt_get_text(fdt, node, property.name);
        REQUIRE(text == NULL || is_text_inside(fdt, text, data));
        REQUIRE(text == NULL || fdt_has_text(fdt, node, property.name, text) ||
                memchr(found.value, 0, found.length) != found.value + found.length - 1);
    }
}

static void try_places(const struct fdt *fdt, const struct fdt_node *node)
{
    struct fdt_range range;
    struct fdt_interrupt interrupt;
    for (uint32_t i = 0; i < ENTRIES_MAX && fdt_get_reg(fdt, node, i, &range) == OK; i++) {
        REQUIRE(range.base + range.bytes >= range.base);
        if (fdt_get_window(fdt, node, i, &range) == OK) {
            REQUIRE(range.base + range.bytes >= range.base);
        }
    }
    for (uint32_t i = 0; i < 4 && fdt_get_interrupt(fdt, node, i, &interrupt) == OK; i++) {
        struct fdt_node controller;
        REQUIRE(interrupt.count >= 1 && interrupt.count <= FDT_INTERRUPT_CELLS_MAX);
        REQUIRE(fdt_find_phandle(fdt, interrupt.controller, &controller));
    }
}

static void try_node(const struct fdt *fdt, const struct fdt_node *node, const uint8_t *data)
{
    struct fdt_node parent;
    REQUIRE(node->depth < FDT_DEPTH_MAX);
    REQUIRE(is_text_inside(fdt, fdt_name(fdt, node), data));
    REQUIRE(fdt_parent(node, &parent) == (node->depth > 0));
    if (fdt_is_enabled(fdt, node)) {
        try_places(fdt, node);
    }
    try_properties(fdt, node, data);
}

static void try_memory(const struct fdt *fdt,
                       int (*next)(const struct fdt *, struct fdt_cursor *, struct fdt_range *))
{
    struct fdt_cursor cursor = fdt_start(fdt);
    struct fdt_range range;
    int error;
    uint32_t count = 0;
    do {
        error = next(fdt, &cursor, &range);
        REQUIRE(error != OK || range.base + range.bytes >= range.base);
        REQUIRE(++count <= fdt->total_bytes + 1);
    } while (error == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fdt fdt;
    struct fdt_node found;
    uint32_t count = 0;

    if (fdt_open(data, size, &fdt) != OK) {
        return 0;
    }
    REQUIRE(fdt.total_bytes <= size);
    struct fdt_node node = fdt_root(&fdt);
    REQUIRE(fdt_find_path(&fdt, "/", &found) && found.path[0] == node.path[0]);
    do {
        REQUIRE(++count <= fdt.structure_bytes / 8); /* two tokens make a node */
        try_node(&fdt, &node, data);
    } while (count < 256 && fdt_next(&fdt, &node));
    if (fdt_find_path(&fdt, "/chosen", &found)) {
        REQUIRE(strncmp(fdt_name(&fdt, &found), "chosen", 6) == 0 && found.depth == 1);
    }
    try_memory(&fdt, fdt_next_memory);
    try_memory(&fdt, fdt_next_reserved);
    return 0;
}
