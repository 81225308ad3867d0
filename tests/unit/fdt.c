/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree reader against libfdt: on the trees of this machine's QEMU, on those trees with
 * seeded damage, and on small ones that libfdt builds here.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <libfdt.h>

#include <abi/error.h>
#define fdt_property base_property /* libfdt has a struct of that name, too */
#include <base/fdt.h>
#undef fdt_property

#include "tests/fuzz/fuzz.h"

enum { BUILT_BYTES = 4096 };

static const char *const cpus[] = {"riscv64", "aarch64"};
enum { RISCV64, AARCH64, CPUS };

static void *trees[CPUS]; /* packed, in as many bytes as they have */

/* Reads the tree that the Makefile had QEMU write, and packs it: QEMU pads to a megabyte. */
static void *read_tree(const char *cpu)
{
    char path[256];
    static uint8_t buffer[1 << 21];
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

static int read_trees(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < CPUS; cpu++) {
        trees[cpu] = read_tree(cpus[cpu]);
    }
    return 0;
}

static int free_trees(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < CPUS; cpu++) {
        free(trees[cpu]);
    }
    return 0;
}

static struct fdt open_tree(const void *tree)
{
    struct fdt fdt;
    assert_int_equal(fdt_open(tree, fdt_totalsize(tree), &fdt), OK);
    return fdt;
}

static struct fdt_node find(const struct fdt *fdt, const char *path)
{
    struct fdt_node node;
    assert_true(fdt_find_path(fdt, path, &node));
    return node;
}

/* Both count offsets from the start of the structure block. */
static int offset_of(const struct fdt_node *node)
{
    return (int)node->path[node->depth];
}

/* --- agreement with libfdt ----------------------------------------------------------------- */

static void properties_agree(const struct fdt *fdt, const struct fdt_node *node, const void *tree)
{
    struct base_property property = {0};
    int at;
    fdt_for_each_property_offset(at, tree, offset_of(node))
    {
        const char *name;
        int length;
        const void *value = fdt_getprop_by_offset(tree, at, &name, &length);
        assert_true(fdt_next_property(fdt, node, &property));
        assert_string_equal(property.name, name);
        assert_ptr_equal(property.value, value);
        assert_int_equal(property.length, length);
    }
    assert_false(fdt_next_property(fdt, node, &property));
}

static void nodes_agree(const struct fdt *fdt, const void *tree)
{
    struct fdt_node node = fdt_root(fdt);
    int depth = 0;
    int offset = fdt_next_node(tree, -1, NULL);
    bool has_node = true;
    while (has_node) {
        assert_int_equal(offset, offset_of(&node));
        assert_int_equal(depth, node.depth);
        assert_string_equal(fdt_name(fdt, &node), fdt_get_name(tree, offset, NULL));
        properties_agree(fdt, &node, tree);
        offset = fdt_next_node(tree, offset, &depth);
        has_node = fdt_next(fdt, &node);
        assert_true(has_node == (offset >= 0 && depth > 0));
    }
}

TEST(every_node_and_property_agrees_with_libfdt)
{
    for (int cpu = 0; cpu < CPUS; cpu++) {
        struct fdt fdt = open_tree(trees[cpu]);
        nodes_agree(&fdt, trees[cpu]);
    }
}

TEST(paths_and_phandles_lead_where_libfdt_goes)
{
    for (int cpu = 0; cpu < CPUS; cpu++) {
        struct fdt fdt = open_tree(trees[cpu]);
        struct fdt_node node = fdt_root(&fdt);
        struct fdt_node parent;
        do {
            char path[256];
            uint32_t phandle = fdt_get_phandle(trees[cpu], offset_of(&node));
            assert_int_equal(fdt_get_path(trees[cpu], offset_of(&node), path, sizeof(path)), 0);
            struct fdt_node found = find(&fdt, path);
            assert_int_equal(offset_of(&found), offset_of(&node));
            if (phandle != 0) {
                assert_true(fdt_find_phandle(&fdt, phandle, &found));
                assert_int_equal(offset_of(&found), offset_of(&node));
            }
            if (fdt_parent(&node, &parent)) {
                assert_int_equal(offset_of(&parent),
                                 fdt_parent_offset(trees[cpu], offset_of(&node)));
            }
        } while (fdt_next(&fdt, &node));
        assert_false(fdt_find_path(&fdt, "/no/such/node", &node));
        assert_false(fdt_find_path(&fdt, "chosen", &node));
        assert_false(fdt_find_phandle(&fdt, 0x12345678, &node));
    }
}

TEST(compatible_nodes_are_those_of_libfdt)
{
    static const int slots[CPUS] = {8, 32};
    for (int cpu = 0; cpu < CPUS; cpu++) {
        struct fdt fdt = open_tree(trees[cpu]);
        struct fdt_node node = fdt_root(&fdt);
        int offset = -1;
        int count = 0;
        while (fdt_next_with(&fdt, &node, "compatible", "virtio,mmio")) {
            offset = fdt_node_offset_by_compatible(trees[cpu], offset, "virtio,mmio");
            assert_int_equal(offset, offset_of(&node));
            count++;
        }
        assert_int_equal(count, slots[cpu]);
    }
}

/* --- damage -------------------------------------------------------------------------------- */

/* Overwrites a few bytes or words somewhere, most often where the structure begins. */
static void damage(uint8_t *tree, size_t size, uint64_t *seed)
{
    static const uint32_t words[] = {0, 1, 2, 3, 4, 9, 0x7fffffff, 0x80000000, 0xffffffff};
    for (uint64_t hits = 1 + test_random(seed) % 3; hits > 0; hits--) {
        size_t at = test_random(seed) % (test_random(seed) % 4 == 0 ? 64 : size);
        if (test_random(seed) % 2 == 0) {
            tree[at] = (uint8_t)test_random(seed);
        } else if (at / 4 * 4 + 4 <= size) {
            uint32_t word = words[test_random(seed) % (sizeof(words) / sizeof(words[0]))];
            fdt32_st(tree + at / 4 * 4, word + test_random(seed) % 2 * (uint32_t)at);
        }
    }
}

TEST(a_damaged_tree_is_refused_or_read_as_libfdt_reads_it)
{
    uint64_t seed = 7;
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < 6000; round++) {
        const void *tree = trees[round % CPUS];
        size_t size = fdt_totalsize(tree);
        uint8_t *copy = malloc(size);
        struct fdt fdt;
        assert_non_null(copy);
        memcpy(copy, tree, size);
        damage(copy, size, &seed);
        if (fdt_open(copy, size, &fdt) == OK) {
            accepted++;
            if (fdt_check_full(copy, size) == 0) {
                nodes_agree(&fdt, copy);
            }
            if (round % 8 == 0) {
                LLVMFuzzerTestOneInput(copy, size);
            }
        } else {
            refused++;
        }
        free(copy);
    }
    assert_true(accepted > 500 && refused > 500);
}

TEST(a_tree_cut_short_anywhere_is_refused)
{
    const uint8_t *tree = trees[RISCV64];
    for (size_t size = 0; size < fdt_totalsize(tree); size++) {
        struct fdt fdt;
        uint8_t *copy = malloc(size + (size == 0));
        memcpy(copy, tree, size);
        assert_int_equal(fdt_open(copy, size, &fdt), E_CORRUPT);
        if (size >= 40) { /* and when its header says that this is all */
            fdt32_st(copy + 4, (uint32_t)size);
            assert_int_equal(fdt_open(copy, size, &fdt), E_CORRUPT);
        }
        free(copy);
    }
}

TEST(another_version_is_unsupported)
{
    struct fdt fdt;
    size_t size = fdt_totalsize(trees[AARCH64]);
    uint8_t *copy = malloc(size);
    memcpy(copy, trees[AARCH64], size);
    fdt_set_last_comp_version(copy, 18);
    assert_int_equal(fdt_open(copy, size, &fdt), E_UNSUPPORTED);
    fdt_set_last_comp_version(copy, 16);
    fdt_set_version(copy, 16);
    assert_int_equal(fdt_open(copy, size, &fdt), E_UNSUPPORTED);
    free(copy);
}

/* --- what QEMU's machines have ------------------------------------------------------------- */

TEST(memory_is_where_the_machine_has_it)
{
    static const uint64_t base[CPUS] = {0x80000000, 0x40000000};
    for (int cpu = 0; cpu < CPUS; cpu++) {
        struct fdt fdt = open_tree(trees[cpu]);
        struct fdt_cursor cursor = fdt_start(&fdt);
        struct fdt_range range;
        assert_int_equal(fdt_next_memory(&fdt, &cursor, &range), OK);
        assert_true(range.base == base[cpu]);
        assert_true(range.bytes == 256 << 20);
        assert_int_equal(fdt_next_memory(&fdt, &cursor, &range), E_NOT_FOUND);
        assert_int_equal(fdt_next_memory(&fdt, &cursor, &range), E_NOT_FOUND);
        cursor = fdt_start(&fdt);
        assert_int_equal(fdt_next_reserved(&fdt, &cursor, &range), E_NOT_FOUND);
    }
}

TEST(chosen_holds_the_boot_arguments_and_a_seed)
{
    for (int cpu = 0; cpu < CPUS; cpu++) {
        struct fdt fdt = open_tree(trees[cpu]);
        struct fdt_node chosen = find(&fdt, "/chosen");
        struct base_property seed;
        const char *text = fdt_get_text(&fdt, &chosen, "bootargs");
        assert_non_null(text);
        assert_non_null(strstr(text, "lane=default"));
        assert_true(fdt_find_property(&fdt, &chosen, "rng-seed", &seed));
        assert_int_equal(seed.length, 32);
        const char *console = fdt_get_text(&fdt, &chosen, "stdout-path");
        assert_non_null(console);
        struct fdt_node uart = find(&fdt, console);
        const char *kind = cpu == RISCV64 ? "ns16550a" : "arm,pl011";
        assert_true(fdt_has_text(&fdt, &uart, "compatible", kind));
    }
}

TEST(devices_have_windows_and_interrupts)
{
    struct fdt fdt = open_tree(trees[RISCV64]);
    struct fdt_node node = find(&fdt, "/soc/virtio_mmio@10003000");
    struct fdt_range range;
    struct fdt_interrupt interrupt;
    struct fdt_node controller;

    assert_int_equal(fdt_get_window(&fdt, &node, 0, &range), OK);
    assert_true(range.base == 0x10003000 && range.bytes == 0x1000);
    assert_int_equal(fdt_get_window(&fdt, &node, 1, &range), E_NOT_FOUND);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), OK);
    assert_int_equal(interrupt.count, 1);
    assert_int_equal(interrupt.cells[0], 3);
    assert_true(fdt_find_phandle(&fdt, interrupt.controller, &controller));
    assert_true(fdt_has_text(&fdt, &controller, "compatible", "riscv,plic0"));
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 1, &interrupt), E_NOT_FOUND);

    fdt = open_tree(trees[AARCH64]);
    node = find(&fdt, "/virtio_mmio@a000600");
    assert_int_equal(fdt_get_window(&fdt, &node, 0, &range), OK);
    assert_true(range.base == 0xa000600 && range.bytes == 0x200);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), OK); /* parent named by root */
    assert_int_equal(interrupt.count, 3);
    assert_int_equal(interrupt.cells[0], 0);
    assert_int_equal(interrupt.cells[1], 16 + 3);
    node = find(&fdt, "/timer");
    for (uint32_t i = 0; i < 4; i++) {
        static const uint32_t lines[] = {13, 14, 11, 10};
        assert_int_equal(fdt_get_interrupt(&fdt, &node, i, &interrupt), OK);
        assert_int_equal(interrupt.cells[0], 1);
        assert_int_equal(interrupt.cells[1], lines[i]);
    }
}

TEST(the_contexts_of_the_plic_lead_to_their_cpu)
{
    struct fdt fdt = open_tree(trees[RISCV64]);
    struct fdt_node plic = fdt_root(&fdt);
    struct fdt_interrupt interrupt;
    struct fdt_node node;
    struct fdt_range hart;

    assert_true(fdt_next_with(&fdt, &plic, "compatible", "riscv,plic0"));
    assert_int_equal(fdt_get_interrupt(&fdt, &plic, 0, &interrupt), OK);
    assert_int_equal(interrupt.cells[0], 11); /* external, machine mode */
    assert_int_equal(fdt_get_interrupt(&fdt, &plic, 1, &interrupt), OK);
    assert_int_equal(interrupt.cells[0], 9); /* external, supervisor mode */
    assert_true(fdt_find_phandle(&fdt, interrupt.controller, &node));
    assert_true(fdt_parent(&node, &node));
    assert_true(fdt_has_text(&fdt, &node, "device_type", "cpu"));
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &hart), OK);
    assert_true(hart.base == 0 && hart.bytes == 0);
    assert_int_equal(fdt_get_window(&fdt, &node, 0, &hart), E_RANGE); /* an id is no address */
    assert_int_equal(fdt_get_interrupt(&fdt, &plic, 2, &interrupt), E_NOT_FOUND);
}

/* --- trees built here ---------------------------------------------------------------------- */

static void begin(void *tree, const char *name, uint32_t address_cells, uint32_t size_cells)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
    assert_int_equal(fdt_property_u32(tree, "#address-cells", address_cells), 0);
    assert_int_equal(fdt_property_u32(tree, "#size-cells", size_cells), 0);
}

static void put_cells(void *tree, const char *name, uint32_t count, const uint32_t *cells)
{
    uint32_t bytes[32];
    for (uint32_t i = 0; i < count; i++) {
        fdt32_st(&bytes[i], cells[i]);
    }
    assert_int_equal(fdt_property(tree, name, bytes, (int)(count * 4)), 0);
}

#define PUT_CELLS(tree, name, ...)                                                                 \
    put_cells(tree, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

static void start(void *tree)
{
    assert_int_equal(fdt_create(tree, BUILT_BYTES), 0);
    assert_int_equal(fdt_add_reservemap_entry(tree, 0x1000, 0x2000), 0);
    assert_int_equal(fdt_add_reservemap_entry(tree, 0x200000000, 0x1000), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    begin(tree, "", 2, 2);
}

static void finish(void *tree)
{
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_finish(tree), 0);
}

TEST(reserved_ranges_come_from_the_block_and_from_reserved_memory)
{
    uint32_t tree[BUILT_BYTES / 4];
    static const struct fdt_range expected[] = {
        {0x1000, 0x2000}, {0x200000000, 0x1000}, {0x80000000, 0x40000}, {0x90000000, 1}, {5, 6}};

    start(tree);
    begin(tree, "reserved-memory", 2, 2);
    fdt_property(tree, "ranges", NULL, 0);
    fdt_begin_node(tree, "mmode@80000000");
    PUT_CELLS(tree, "reg", 0, 0x80000000, 0, 0x40000, 0, 0x90000000, 0, 1);
    fdt_end_node(tree);
    fdt_begin_node(tree, "dynamic"); /* wants a place, has none */
    PUT_CELLS(tree, "size", 0, 0x1000);
    fdt_end_node(tree);
    fdt_begin_node(tree, "off@1");
    PUT_CELLS(tree, "reg", 0, 1, 0, 1);
    fdt_property_string(tree, "status", "disabled");
    fdt_end_node(tree);
    fdt_begin_node(tree, "last@5");
    PUT_CELLS(tree, "reg", 0, 5, 0, 6);
    fdt_end_node(tree);
    fdt_end_node(tree);
    begin(tree, "other", 2, 2);
    fdt_begin_node(tree, "node@7");
    PUT_CELLS(tree, "reg", 0, 7, 0, 7);
    fdt_end_node(tree);
    fdt_end_node(tree);
    finish(tree);

    struct fdt fdt = open_tree(tree);
    struct fdt_cursor cursor = fdt_start(&fdt);
    struct fdt_range range;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(fdt_next_reserved(&fdt, &cursor, &range), OK);
        assert_true(range.base == expected[i].base && range.bytes == expected[i].bytes);
    }
    assert_int_equal(fdt_next_reserved(&fdt, &cursor, &range), E_NOT_FOUND);
}

TEST(windows_are_translated_through_every_bus)
{
    uint32_t tree[BUILT_BYTES / 4];
    struct fdt_range range;

    start(tree);
    begin(tree, "outer", 2, 2);
    PUT_CELLS(tree, "ranges", 0, 0, 1, 0x40000000, 0, 0x10000000);
    begin(tree, "inner", 1, 1);
    PUT_CELLS(tree, "ranges", 0x0, 0, 0x100, 0x1000, 0x8000, 0, 0x2000, 0x1000);
    fdt_begin_node(tree, "device@8010");
    PUT_CELLS(tree, "reg", 0x8010, 0x20, 0xff0, 0x10, 0xff0, 0x11, 0x9000, 1);
    fdt_end_node(tree);
    fdt_end_node(tree);
    fdt_end_node(tree);
    begin(tree, "closed", 1, 1); /* no ranges: nothing below is an address of the CPU */
    fdt_begin_node(tree, "device@0");
    PUT_CELLS(tree, "reg", 0, 1);
    fdt_end_node(tree);
    fdt_end_node(tree);
    finish(tree);

    struct fdt fdt = open_tree(tree);
    struct fdt_node node = find(&fdt, "/outer/inner/device");
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), OK);
    assert_true(range.base == 0x8010 && range.bytes == 0x20);
    assert_int_equal(fdt_get_window(&fdt, &node, 0, &range), OK);
    assert_true(range.base == 0x140002010 && range.bytes == 0x20);
    assert_int_equal(fdt_get_window(&fdt, &node, 1, &range), OK);
    assert_true(range.base == 0x1400010f0 && range.bytes == 0x10);
    assert_int_equal(fdt_get_window(&fdt, &node, 2, &range), E_RANGE); /* one byte too long */
    assert_int_equal(fdt_get_window(&fdt, &node, 3, &range), E_RANGE);
    assert_int_equal(fdt_get_window(&fdt, &node, 4, &range), E_NOT_FOUND);
    node = find(&fdt, "/closed/device");
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), OK);
    assert_int_equal(fdt_get_window(&fdt, &node, 0, &range), E_RANGE);
}

TEST(values_that_make_no_sense_are_errors)
{
    uint32_t tree[BUILT_BYTES / 4];
    struct fdt_range range;
    struct fdt_interrupt interrupt;
    uint32_t value;

    start(tree);
    fdt_begin_node(tree, "odd");
    PUT_CELLS(tree, "reg", 1, 2, 3);
    PUT_CELLS(tree, "interrupts", 1);
    PUT_CELLS(tree, "pair", 1, 2);
    fdt_property(tree, "open", "abc", 3);
    fdt_property(tree, "open-list", "abc\0def", 7);
    fdt_end_node(tree);
    fdt_begin_node(tree, "wraps");
    PUT_CELLS(tree, "reg", 0xffffffff, 0xffffffff, 0, 1);
    PUT_CELLS(tree, "interrupt-parent", 1);
    PUT_CELLS(tree, "interrupts", 1);
    fdt_end_node(tree);
    begin(tree, "pci", 3, 2);
    fdt_property(tree, "ranges", NULL, 0);
    fdt_property_u32(tree, "phandle", 2);
    fdt_begin_node(tree, "device");
    PUT_CELLS(tree, "reg", 0, 0, 0, 0, 0);
    PUT_CELLS(tree, "interrupts-extended", 2, 0);
    fdt_end_node(tree);
    fdt_end_node(tree);
    finish(tree);

    struct fdt fdt = open_tree(tree);
    struct fdt_node node = find(&fdt, "/odd");
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), E_CORRUPT);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), E_NOT_FOUND); /* no parent */
    assert_int_equal(fdt_get_u32(&fdt, &node, "pair", &value), E_CORRUPT);
    assert_int_equal(fdt_get_u32(&fdt, &node, "absent", &value), E_NOT_FOUND);
    assert_null(fdt_get_text(&fdt, &node, "open"));
    assert_false(fdt_has_text(&fdt, &node, "open", "abc"));
    assert_true(fdt_has_text(&fdt, &node, "open-list", "abc"));
    assert_false(fdt_has_text(&fdt, &node, "open-list", "def"));
    node = find(&fdt, "/wraps");
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), E_CORRUPT);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), E_NOT_FOUND);
    node = find(&fdt, "/pci/device");
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), E_UNSUPPORTED);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), E_NOT_FOUND);
    node = fdt_root(&fdt);
    assert_int_equal(fdt_get_reg(&fdt, &node, 0, &range), E_NOT_FOUND);
}

TEST(memory_is_all_entries_of_all_nodes_that_are_enabled)
{
    uint32_t tree[BUILT_BYTES / 4];
    static const uint64_t bases[] = {0x1000, 0x8000, 0x20000};

    start(tree);
    fdt_begin_node(tree, "memory@1000");
    fdt_property_string(tree, "device_type", "memory");
    PUT_CELLS(tree, "reg", 0, 0x1000, 0, 0x1000, 0, 0x8000, 0, 0x1000);
    fdt_end_node(tree);
    fdt_begin_node(tree, "memory@10000");
    fdt_property_string(tree, "device_type", "memory");
    fdt_property_string(tree, "status", "disabled");
    PUT_CELLS(tree, "reg", 0, 0x10000, 0, 0x1000);
    fdt_end_node(tree);
    fdt_begin_node(tree, "memory@20000");
    fdt_property_string(tree, "device_type", "memory");
    fdt_property_string(tree, "status", "okay");
    PUT_CELLS(tree, "reg", 0, 0x20000, 0, 0x1000);
    fdt_end_node(tree);
    finish(tree);

    struct fdt fdt = open_tree(tree);
    struct fdt_cursor cursor = fdt_start(&fdt);
    struct fdt_range range;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        assert_int_equal(fdt_next_memory(&fdt, &cursor, &range), OK);
        assert_true(range.base == bases[i] && range.bytes == 0x1000);
    }
    assert_int_equal(fdt_next_memory(&fdt, &cursor, &range), E_NOT_FOUND);
}

TEST(an_interrupt_that_is_cut_short_is_corrupt)
{
    uint32_t tree[BUILT_BYTES / 4];
    struct fdt_interrupt interrupt;

    start(tree);
    fdt_property_u32(tree, "interrupt-parent", 1);
    fdt_begin_node(tree, "controller");
    fdt_property_u32(tree, "phandle", 1);
    fdt_property_u32(tree, "#interrupt-cells", 2);
    fdt_end_node(tree);
    fdt_begin_node(tree, "extended");
    PUT_CELLS(tree, "interrupts-extended", 1, 7, 8, 1, 9);
    fdt_end_node(tree);
    fdt_begin_node(tree, "plain");
    PUT_CELLS(tree, "interrupts", 7, 8, 9);
    fdt_end_node(tree);
    finish(tree);

    struct fdt fdt = open_tree(tree);
    struct fdt_node node = find(&fdt, "/extended");
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), OK);
    assert_true(interrupt.count == 2 && interrupt.cells[0] == 7 && interrupt.cells[1] == 8);
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 1, &interrupt), E_CORRUPT);
    node = find(&fdt, "/plain");
    assert_int_equal(fdt_get_interrupt(&fdt, &node, 0, &interrupt), E_CORRUPT);
}

TEST(a_property_behind_a_child_is_refused)
{
    uint32_t tree[BUILT_BYTES / 4];
    struct fdt fdt;
    start(tree);
    fdt_begin_node(tree, "child");
    fdt_end_node(tree);
    fdt_property_u32(tree, "late", 1);
    finish(tree);
    assert_int_equal(fdt_open(tree, sizeof(tree), &fdt), E_CORRUPT);
}

TEST(strings_without_an_end_are_refused)
{
    struct fdt fdt;
    size_t size = fdt_totalsize(trees[RISCV64]);
    uint8_t *copy = malloc(size);
    memcpy(copy, trees[RISCV64], size);
    assert_int_equal(fdt_off_dt_strings(copy) + fdt_size_dt_strings(copy), size);
    copy[size - 1] = 'x';
    assert_int_equal(fdt_open(copy, size, &fdt), E_CORRUPT);
    free(copy);
}

TEST(a_tree_that_is_too_deep_is_over_the_limit)
{
    for (int depth = FDT_DEPTH_MAX - 1; depth <= FDT_DEPTH_MAX; depth++) {
        uint32_t tree[BUILT_BYTES / 4];
        struct fdt fdt;
        start(tree);
        for (int i = 0; i < depth; i++) {
            fdt_begin_node(tree, "n");
        }
        for (int i = 0; i < depth; i++) {
            fdt_end_node(tree);
        }
        finish(tree);
        assert_int_equal(fdt_open(tree, sizeof(tree), &fdt), depth < FDT_DEPTH_MAX ? OK : E_LIMIT);
        if (depth < FDT_DEPTH_MAX) {
            nodes_agree(&fdt, tree);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_and_property_agrees_with_libfdt),
        cmocka_unit_test(paths_and_phandles_lead_where_libfdt_goes),
        cmocka_unit_test(compatible_nodes_are_those_of_libfdt),
        cmocka_unit_test(a_damaged_tree_is_refused_or_read_as_libfdt_reads_it),
        cmocka_unit_test(a_tree_cut_short_anywhere_is_refused),
        cmocka_unit_test(another_version_is_unsupported),
        cmocka_unit_test(memory_is_where_the_machine_has_it),
        cmocka_unit_test(chosen_holds_the_boot_arguments_and_a_seed),
        cmocka_unit_test(devices_have_windows_and_interrupts),
        cmocka_unit_test(the_contexts_of_the_plic_lead_to_their_cpu),
        cmocka_unit_test(reserved_ranges_come_from_the_block_and_from_reserved_memory),
        cmocka_unit_test(windows_are_translated_through_every_bus),
        cmocka_unit_test(values_that_make_no_sense_are_errors),
        cmocka_unit_test(memory_is_all_entries_of_all_nodes_that_are_enabled),
        cmocka_unit_test(an_interrupt_that_is_cut_short_is_corrupt),
        cmocka_unit_test(a_property_behind_a_child_is_refused),
        cmocka_unit_test(strings_without_an_end_are_refused),
        cmocka_unit_test(a_tree_that_is_too_deep_is_over_the_limit),
    };
    return cmocka_run_group_tests_name("fdt", tests, read_trees, free_trees);
}
