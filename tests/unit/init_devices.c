/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which devices init finds in a tree, and which process gets which.
 */
#include "test.h"

#include "fdt_trees.h"

#include <servers/init/devices.h>

enum { CHOICES = MANIFEST_PROCESSES_MAX };

static uint32_t find_devices(const void *tree, struct device devices[DEVICES_MAX])
{
    struct fdt fdt = open_tree(tree);
    uint32_t refused;
    uint32_t count = devices_find(&fdt, &manifest, devices, &refused);
    assert_int_equal(refused, 0);
    return count;
}

static const struct device *find_kind(const struct device *devices, uint32_t count,
                                      const char *compatible)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(devices[i].compatible, compatible) == 0) {
            return &devices[i];
        }
    }
    fail_msg("no %s", compatible);
    return NULL;
}

static void expect_device(const void *tree, const struct device *device, paddr_t base,
                          uint32_t line)
{
    struct fdt fdt = open_tree(tree);
    assert_true(device->base == base);
    assert_int_equal(devices_find_line(&fdt, device), line);
}

TEST(the_devices_of_qemus_machines_are_found)
{
    struct device devices[DEVICES_MAX];
    uint32_t count = find_devices(trees[RISCV64], devices);
    assert_int_equal(count, 8 + 2);
    assert_string_equal(devices[0].compatible, "ns16550a"); /* the console comes first */
    expect_device(trees[RISCV64], &devices[0], 0x10000000, 10);
    expect_device(trees[RISCV64], find_kind(devices, count, "google,goldfish-rtc"), 0x101000, 11);
    count = find_devices(trees[AARCH64], devices);
    assert_int_equal(count, 32 + 2);
    assert_string_equal(devices[0].compatible, "arm,pl011");
    expect_device(trees[AARCH64], &devices[0], 0x09000000, 32 + 1);
    expect_device(trees[AARCH64], find_kind(devices, count, "arm,pl031"), 0x09010000, 32 + 2);
}

TEST(a_window_is_whole_pages_around_the_registers)
{
    const struct device inside = {.base = 0xa000200, .bytes = 0x200};
    const struct device across = {.base = 0xa000f00, .bytes = 0x200};
    const struct device whole = {.base = 0x101000, .bytes = 0x1000};
    assert_true(device_first_page(&inside) == 0xa000000);
    assert_int_equal(device_window_bytes(&inside), 0x1000);
    assert_int_equal(device_window_bytes(&across), 0x2000);
    assert_int_equal(device_window_bytes(&whole), 0x1000);
}

TEST(a_node_that_is_disabled_or_has_no_sound_window_is_left_out)
{
    uint8_t tree[BUILT_BYTES];
    struct device devices[DEVICES_MAX];
    uint32_t refused;
    start(tree);
    begin(tree, "serial@1000", 1, 1);
    fdt_property_string(tree, "compatible", "ns16550a");
    fdt_property_string(tree, "status", "disabled");
    PUT_CELLS(tree, "reg", 0, 0x1000, 0, 0x100);
    fdt_end_node(tree);
    begin(tree, "serial@2000", 1, 1);
    fdt_property_string(tree, "compatible", "ns16550a");
    fdt_end_node(tree);
    begin(tree, "serial@3000", 1, 1);
    fdt_property_string(tree, "compatible", "ns16550a");
    PUT_CELLS(tree, "reg", 0xffffffff, 0xffffff00, 0, 0x80);
    fdt_end_node(tree);
    begin(tree, "serial@4000", 1, 1);
    fdt_property_string(tree, "compatible", "ns16550a");
    PUT_CELLS(tree, "reg", 0, 0x4000, 0, 0x100);
    fdt_end_node(tree);
    finish(tree);
    struct fdt fdt = open_tree(tree);
    assert_int_equal(devices_find(&fdt, &manifest, devices, &refused), 1);
    assert_int_equal(refused, 2);
    expect_device(tree, &devices[0], 0x4000, 0);
}

/* --- who gets what ---------------------------------------------------------------------------- */

static struct device_choice choice_of(const struct device *devices, uint32_t count,
                                      const char *name)
{
    struct device_choice choices[CHOICES];
    uint32_t index;
    assert_int_equal(manifest_find(&manifest, name, &index), OK);
    devices_assign(&manifest, devices, count, choices);
    return choices[index];
}

TEST(a_virtio_transport_goes_to_the_driver_of_the_device_behind_it)
{
    const struct device devices[] = {
        {.compatible = "virtio,mmio", .base = 0x1000, .bytes = 0x1000},
        {.compatible = "virtio,mmio", .base = 0x2000, .bytes = 0x1000, .virtio_device = 4},
        {.compatible = "virtio,mmio", .base = 0x3000, .bytes = 0x1000, .virtio_device = 1},
        {.compatible = "virtio,mmio", .base = 0x4000, .bytes = 0x1000, .virtio_device = 1},
    };
    struct device_choice net = choice_of(devices, 4, "virtio-net");
    struct device_choice rng = choice_of(devices, 4, "rng");
    assert_int_equal(net.verdict, DEVICE_GIVEN);
    assert_int_equal(net.device, 2);
    assert_int_equal(rng.verdict, DEVICE_GIVEN);
    assert_int_equal(rng.device, 1);
    assert_int_equal(choice_of(devices, 4, "netd").verdict, DEVICE_NONE);
    assert_int_equal(choice_of(devices, 4, "rtc").verdict, DEVICE_ABSENT);
}

TEST(a_second_network_device_goes_to_the_second_driver)
{
    struct device devices[] = {
        {.compatible = "virtio,mmio", .base = 0x3000, .bytes = 0x200, .virtio_device = 1},
        {.compatible = "virtio,mmio", .base = 0x4000, .bytes = 0x200, .virtio_device = 1},
    };
    assert_int_equal(choice_of(devices, 1, "virtio-en1").verdict, DEVICE_ABSENT);
    struct device_choice second = choice_of(devices, 2, "virtio-en1");
    assert_int_equal(second.verdict, DEVICE_GIVEN);
    assert_int_equal(second.device, 1);
    devices[1].base = 0x3200;
    second = choice_of(devices, 2, "virtio-en1");
    assert_int_equal(second.verdict, DEVICE_SHARED);
    assert_string_equal(manifest.processes[second.holder].name, "virtio-net");
}

TEST(the_first_in_the_manifest_gets_a_page_that_two_devices_share)
{
    const struct device devices[] = {
        {.compatible = "virtio,mmio", .base = 0xa000000, .bytes = 0x200, .virtio_device = 1},
        {.compatible = "virtio,mmio", .base = 0xa000200, .bytes = 0x200, .virtio_device = 4},
    };
    struct device_choice net = choice_of(devices, 2, "virtio-net");
    assert_int_equal(choice_of(devices, 2, "rng").verdict, DEVICE_GIVEN);
    assert_int_equal(net.verdict, DEVICE_SHARED);
    assert_string_equal(manifest.processes[net.holder].name, "rng");
}

TEST(a_device_on_a_page_of_its_own_is_taken_before_one_that_is_shared)
{
    const struct device devices[] = {
        {.compatible = "virtio,mmio", .base = 0xa000000, .bytes = 0x200, .virtio_device = 4},
        {.compatible = "virtio,mmio", .base = 0xa000200, .bytes = 0x200, .virtio_device = 1},
        {.compatible = "virtio,mmio", .base = 0xa001000, .bytes = 0x200, .virtio_device = 1},
    };
    struct device_choice net = choice_of(devices, 3, "virtio-net");
    assert_int_equal(net.verdict, DEVICE_GIVEN);
    assert_int_equal(net.device, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_devices_of_qemus_machines_are_found),
        cmocka_unit_test(a_window_is_whole_pages_around_the_registers),
        cmocka_unit_test(a_node_that_is_disabled_or_has_no_sound_window_is_left_out),
        cmocka_unit_test(a_virtio_transport_goes_to_the_driver_of_the_device_behind_it),
        cmocka_unit_test(a_second_network_device_goes_to_the_second_driver),
        cmocka_unit_test(the_first_in_the_manifest_gets_a_page_that_two_devices_share),
        cmocka_unit_test(a_device_on_a_page_of_its_own_is_taken_before_one_that_is_shared),
    };
    return cmocka_run_group_tests_name("init_devices", tests, read_trees, free_trees);
}
