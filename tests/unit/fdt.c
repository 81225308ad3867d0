/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens, nodes and properties against libfdt: on the trees of this machine's QEMU, on those trees
 * with seeded damage, and on small ones built here.
 */
#include "test.h"

#include <stdlib.h>

#include "fdt_trees.h"
#include "tests/fuzz/fuzz.h"

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
        cmocka_unit_test(a_property_behind_a_child_is_refused),
        cmocka_unit_test(strings_without_an_end_are_refused),
        cmocka_unit_test(a_tree_that_is_too_deep_is_over_the_limit),
    };
    return cmocka_run_group_tests_name("fdt", tests, read_trees, free_trees);
}
