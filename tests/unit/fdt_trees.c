/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees for the tests of their reader.
 */
#include "test.h"

#include "fdt_trees.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const cpus[] = {"riscv64", "aarch64"};

void *trees[CPUS];

static uint8_t buffer[1 << 21]; /* a megabyte, and some for a later QEMU */

/* Reads the tree that the Makefile had QEMU write, and packs it: QEMU pads to a megabyte. */
static void *read_tree(const char *cpu)
{
    char path[256];
    const char *build = getenv("BUILD");
    snprintf(path, sizeof(path), "%s/host/%s.dtb", build == NULL ? "build" : build, cpu);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    assert_true(size > 0 && fdt_check_full(buffer, size) == 0);
    assert_int_equal(fdt_pack(buffer), 0);
    void *tree = malloc(fdt_totalsize(buffer));
    assert_non_null(tree);
    return memcpy(tree, buffer, fdt_totalsize(buffer));
}

int read_trees(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < CPUS; cpu++) {
        trees[cpu] = read_tree(cpus[cpu]);
    }
    return 0;
}

int free_trees(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < CPUS; cpu++) {
        free(trees[cpu]);
    }
    return 0;
}

struct fdt open_tree(const void *tree)
{
    struct fdt fdt;
    assert_int_equal(fdt_open(tree, fdt_totalsize(tree), &fdt), OK);
    return fdt;
}

struct fdt_node find(const struct fdt *fdt, const char *path)
{
    struct fdt_node node;
    assert_true(fdt_find_path(fdt, path, &node));
    return node;
}

void begin(void *tree, const char *name, uint32_t address_cells, uint32_t size_cells)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
    assert_int_equal(fdt_property_u32(tree, "#address-cells", address_cells), 0);
    assert_int_equal(fdt_property_u32(tree, "#size-cells", size_cells), 0);
}

void put_cells(void *tree, const char *name, uint32_t count, const uint32_t *cells)
{
    uint32_t bytes[32];
    for (uint32_t i = 0; i < count; i++) {
        fdt32_st(&bytes[i], cells[i]);
    }
    assert_int_equal(fdt_property(tree, name, bytes, (int)(count * 4)), 0);
}

void start(void *tree)
{
    assert_int_equal(fdt_create(tree, BUILT_BYTES), 0);
    assert_int_equal(fdt_add_reservemap_entry(tree, 0x1000, 0x2000), 0);
    assert_int_equal(fdt_add_reservemap_entry(tree, 0x200000000, 0x1000), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    begin(tree, "", 2, 2);
}

void finish(void *tree)
{
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_finish(tree), 0);
}
