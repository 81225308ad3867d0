/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, windows, interrupts and memory: what QEMU's machines are known to have, and the hard
 * cases on trees built here.
 */
#include "test.h"

#include "fdt_trees.h"

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
    static const char *const texts[] = {"xyz", "def", "abc"};
    assert_true(fdt_has_one_of(&fdt, &node, "open-list", texts, 3));
    assert_false(fdt_has_one_of(&fdt, &node, "open-list", texts, 2));
    assert_false(fdt_has_one_of(&fdt, &node, "absent", texts, 3));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_where_the_machine_has_it),
        cmocka_unit_test(chosen_holds_the_boot_arguments_and_a_seed),
        cmocka_unit_test(devices_have_windows_and_interrupts),
        cmocka_unit_test(the_contexts_of_the_plic_lead_to_their_cpu),
        cmocka_unit_test(reserved_ranges_come_from_the_block_and_from_reserved_memory),
        cmocka_unit_test(windows_are_translated_through_every_bus),
        cmocka_unit_test(values_that_make_no_sense_are_errors),
        cmocka_unit_test(memory_is_all_entries_of_all_nodes_that_are_enabled),
        cmocka_unit_test(an_interrupt_that_is_cut_short_is_corrupt),
    };
    return cmocka_run_group_tests_name("fdt_devices", tests, read_trees, free_trees);
}
