/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#include "machine.h"
#include <abi/error.h>
#include <base/bytes.h>
#include <memlayout.h>

bool device_find(const struct fdt *tree, const char *name, struct fdt_node *node)
{
    *node = fdt_root(tree);
    return fdt_next_with(tree, node, "compatible", name);
}

bool device_find_console(const struct fdt *tree, const char *name, struct fdt_node *node)
{
    if (!fdt_find_path(tree, "/chosen", node)) {
        return false;
    }
    const char *path = fdt_get_text(tree, node, "stdout-path");
    return path != NULL && fdt_find_path(tree, path, node) &&
           fdt_has_text(tree, node, "compatible", name);
}

int device_keep(const struct fdt *tree, const struct fdt_node *node, uint32_t index, uint64_t bytes,
                uint64_t *address)
{
    struct fdt_range window;
    int error = fdt_get_window(tree, node, index, &window);
    if (error != OK) {
        return error;
    }
    if (window.bytes < bytes || !is_aligned(window.base, sizeof(uint32_t))) {
        return E_CORRUPT;
    }
    window.bytes = bytes != 0 ? bytes : window.bytes;
    if (!is_inside(window.base, window.bytes, LINEAR_BYTES)) {
        return E_RANGE;
    }
    *address = KERNEL_BASE + window.base;
    return machine_add(&boot_machine.kept, window, "devices of its own");
}
