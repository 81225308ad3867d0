/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees for the tests of their reader: QEMU's, as the Makefile had it write them, and small
 * ones that libfdt builds. Our names and libfdt's in one file, but for one struct that both have.
 */
#pragma once

#include <libfdt.h>

#include <abi/error.h>
#define fdt_property base_property
#include <base/fdt.h>
#undef fdt_property

enum { BUILT_BYTES = 4096 };

enum { RISCV64, AARCH64, CPUS };

extern void *trees[CPUS]; /* QEMU's, packed, in as many bytes as they have */

int read_trees(void **state);
int free_trees(void **state);

/* --- reading; these fail the test when they cannot do what they say --- */

struct fdt open_tree(const void *tree);
struct fdt_node find(const struct fdt *fdt, const char *path);

/* --- building: start, nodes and properties, finish --- */

/* Two reserved ranges and the open root, with two cells for addresses and sizes. */
void start(void *tree);
void finish(void *tree);

/* A node that has children with addresses. */
void begin(void *tree, const char *name, uint32_t address_cells, uint32_t size_cells);
void put_cells(void *tree, const char *name, uint32_t count, const uint32_t *cells);

#define PUT_CELLS(tree, name, ...)                                                                 \
    put_cells(tree, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})
