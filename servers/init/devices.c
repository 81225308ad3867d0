/* SPDX-License-Identifier: BSD-2-Clause */
#include "devices.h"

#include <abi/error.h>
#include <string.h>

enum {
    CELLS_PLIC = 1, /* the line [PLIC binding] */
    CELLS_GIC = 3,  /* kind, number, flags [GIC binding] */
    GIC_SPI = 0,    /* shared lines, from INTID 32 */
    GIC_SPI_FIRST = 32,
};

/* Which text of the manifest names the node; NULL: none. */
static const char *find_compatible(const struct fdt *tree, const struct fdt_node *node,
                                   const struct manifest *wanted)
{
    struct fdt_property compatible;
    if (!fdt_find_property(tree, node, "compatible", &compatible)) {
        return NULL;
    }
    for (uint32_t i = 0; i < wanted->process_count; i++) {
        const struct manifest_device *device = &wanted->processes[i].device;
        for (int j = 0; j < MANIFEST_COMPATIBLES_MAX && device->compatibles[j] != NULL; j++) {
            if (fdt_property_has_text(&compatible, device->compatibles[j])) {
                return device->compatibles[j];
            }
        }
    }
    return NULL;
}

/* Adds a node that the manifest names. */
static void add_node(const struct fdt *tree, const struct fdt_node *node,
                     const struct manifest *wanted, struct device *devices, uint32_t *count,
                     uint32_t *refused)
{
    struct fdt_range range;
    const char *compatible = find_compatible(tree, node, wanted);
    if (compatible == NULL || !fdt_is_enabled(tree, node)) {
        return;
    }
    if (fdt_get_window(tree, node, 0, &range) != OK || range.bytes == 0 ||
        range.base + range.bytes > UINT64_MAX - PAGE_BYTES || *count == DEVICES_MAX) {
        (*refused)++;
        return;
    }
    devices[(*count)++] = (struct device){
        .compatible = compatible,
        .base = range.base,
        .bytes = range.bytes,
        .node = *node,
    };
}

static bool find_console(const struct fdt *tree, struct fdt_node *node)
{
    struct fdt_node chosen;
    const char *path;
    return fdt_find_path(tree, "/chosen", &chosen) &&
           (path = fdt_get_text(tree, &chosen, "stdout-path")) != NULL && path[0] == '/' &&
           fdt_find_path(tree, path, node);
}

uint32_t devices_find(const struct fdt *tree, const struct manifest *wanted,
                      struct device devices[DEVICES_MAX], uint32_t *refused)
{
    struct fdt_node node = fdt_root(tree);
    struct fdt_node console = node;
    uint32_t count = 0;
    bool has_console = find_console(tree, &console);

    *refused = 0;
    if (has_console) {
        add_node(tree, &console, wanted, devices, &count, refused);
    }
    while (fdt_next(tree, &node)) {
        if (!has_console || node.path[node.depth] != console.path[console.depth]) {
            add_node(tree, &node, wanted, devices, &count, refused);
        }
    }
    return count;
}

/* --- who gets what ---------------------------------------------------------------------------- */

static bool is_wanted(const struct manifest_device *wanted, const struct device *device)
{
    for (int i = 0; i < MANIFEST_COMPATIBLES_MAX && wanted->compatibles[i] != NULL; i++) {
        if (strcmp(wanted->compatibles[i], device->compatible) == 0) {
            return wanted->virtio_device == device->virtio_device;
        }
    }
    return false;
}

static bool is_page_shared(const struct device *one, const struct device *other)
{
    paddr_t first = device_first_page(one);
    paddr_t second = device_first_page(other);
    return first - second < device_window_bytes(other) || second - first < device_window_bytes(one);
}

/* The process before `index` that got a device in a page of this one, or DEVICES_NOBODY. */
static uint32_t find_holder(const struct device *devices, const struct device_choice *choices,
                            uint32_t index, const struct device *device)
{
    for (uint32_t i = 0; i < index; i++) {
        if (choices[i].verdict == DEVICE_GIVEN &&
            is_page_shared(&devices[choices[i].device], device)) {
            return i;
        }
    }
    return DEVICES_NOBODY;
}

static struct device_choice choose(const struct manifest *wanted, const struct device *devices,
                                   uint32_t count, const struct device_choice *choices,
                                   uint32_t index)
{
    const struct manifest_device *device = &wanted->processes[index].device;
    struct device_choice choice = {.verdict = DEVICE_ABSENT};

    if (device->compatibles[0] == NULL) {
        return (struct device_choice){.verdict = DEVICE_NONE};
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!is_wanted(device, &devices[i])) {
            continue;
        }
        uint32_t holder = find_holder(devices, choices, index, &devices[i]);
        if (holder != DEVICES_NOBODY && choices[holder].device == i) {
            continue; /* another of its kind has it */
        }
        if (holder == DEVICES_NOBODY) {
            return (struct device_choice){.verdict = DEVICE_GIVEN, .device = i};
        }
        choice = (struct device_choice){.verdict = DEVICE_SHARED, .holder = holder};
    }
    return choice;
}

void devices_assign(const struct manifest *wanted, const struct device *devices, uint32_t count,
                    struct device_choice *choices)
{
    for (uint32_t i = 0; i < wanted->process_count; i++) {
        choices[i] = choose(wanted, devices, count, choices, i);
    }
}

/* --- lines ------------------------------------------------------------------------------------ */

uint32_t devices_find_line(const struct fdt *tree, const struct device *device)
{
    struct fdt_interrupt interrupt;
    if (fdt_get_interrupt(tree, &device->node, 0, &interrupt) != OK) {
        return 0;
    }
    if (interrupt.count == CELLS_PLIC) {
        return interrupt.cells[0];
    }
    if (interrupt.count == CELLS_GIC && interrupt.cells[0] == GIC_SPI &&
        interrupt.cells[1] < UINT32_MAX - GIC_SPI_FIRST) {
        return GIC_SPI_FIRST + interrupt.cells[1];
    }
    return 0;
}
