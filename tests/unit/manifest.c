/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of the manifest: the system's own keeps them, and each breach is found and told.
 */
#include "test.h"

#include <abi/error.h>
#include <servers/init/manifest.h>
#include <servers/init/settings.h>

/* Three sound processes and one memory, to be broken in one place by each test. */
struct sample {
    struct manifest_process processes[3];
    struct manifest_memory memories[2];
    struct manifest manifest;
    char fault[96];
};

static void make_sample(struct sample *sample)
{
    *sample = (struct sample){
        .processes =
            {
                {.name = "init", .program = "init", .priority = 63, .is_server = true},
                {.name = "high",
                 .program = "high",
                 .priority = 40,
                 .pages = 8,
                 .handle_slots = 32,
                 .is_server = true,
                 .device = {.compatibles = {"acme,a", "acme,b"}},
                 .prefixes = {"high", "tall"}},
                {.name = "low",
                 .program = "low",
                 .priority = 20,
                 .budget_us = 10,
                 .period_us = 20,
                 .pages = 8,
                 .handle_slots = 32,
                 .lends = "high",
                 .calls = {"init", "high"},
                 .wakes = {"high"},
                 .settings = {"ip"},
                 .prefixes = {"low"}},
            },
        .memories = {{.role = "shared",
                      .pages = 2,
                      .is_contiguous = true,
                      .users = {{"high", RIGHT_READ | RIGHT_DMA}, {"low", RIGHT_READ}}},
                     {.role = "other", .pages = 1, .users = {{"low", RIGHT_READ}}}},
    };
    sample->manifest = (struct manifest){
        .processes = sample->processes,
        .process_count = 3,
        .memories = sample->memories,
        .memory_count = 2,
    };
}

static int check(struct sample *sample)
{
    return manifest_check(&sample->manifest, sample->fault, sizeof(sample->fault));
}

static void expect_fault(struct sample *sample, const char *fault)
{
    sample->fault[0] = '\0';
    assert_int_equal(check(sample), E_CORRUPT);
    assert_string_equal(sample->fault, fault);
}

TEST(the_systems_own_manifest_keeps_every_rule)
{
    char fault[96] = "";
    int error = manifest_check(&manifest, fault, sizeof(fault));
    assert_string_equal(fault, "");
    assert_int_equal(error, OK);
    assert_string_equal(manifest.processes[0].name, "init");
}

TEST(a_sound_sample_passes)
{
    struct sample sample;
    make_sample(&sample);
    assert_int_equal(check(&sample), OK);
}

TEST(a_name_stands_for_one_process)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[2].name = "high";
    expect_fault(&sample, "high is defined twice");
    sample.processes[2].name = "";
    expect_fault(&sample, "a process without a name of 1 to 10 letters");
    sample.processes[2].name = "elevenchars";
    expect_fault(&sample, "a process without a name of 1 to 10 letters");
}

TEST(every_name_that_is_used_is_defined)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[2].calls[0] = "nobody";
    expect_fault(&sample, "low calls nobody, which is not defined");
    make_sample(&sample);
    sample.processes[2].wakes[0] = "nobody";
    expect_fault(&sample, "low wakes nobody, which is not defined");
    make_sample(&sample);
    sample.memories[0].users[1].process = "nobody";
    expect_fault(&sample, "shared is given to nobody, which is not defined");
    make_sample(&sample);
    sample.processes[2].lends = "init";
    expect_fault(&sample, "low borrows from init, which has no device");
    make_sample(&sample);
    sample.processes[2].settings[0] = "colour";
    expect_fault(&sample, "low is told colour, which is no boot argument");
}

TEST(calls_go_uphill_and_so_have_no_cycle)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[1].calls[0] = "low";
    sample.processes[2].is_server = true;
    expect_fault(&sample, "high calls low, which is not uphill");
    make_sample(&sample);
    sample.processes[1].is_server = false;
    expect_fault(&sample, "low calls high, which has no endpoint");
    make_sample(&sample);
    sample.processes[1].priority = 20;
    expect_fault(&sample, "low calls high, which is not uphill");
    make_sample(&sample);
    sample.processes[2].calls[0] = "low";
    sample.processes[2].is_server = true;
    expect_fault(&sample, "low calls low, which is not uphill");
}

TEST(a_prefix_belongs_to_one_process)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[2].prefixes[1] = "tall";
    expect_fault(&sample, "low and high both print tall:");
}

TEST(a_device_belongs_to_one_process)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[2].device.compatibles[0] = "acme,b";
    expect_fault(&sample, "low and high want the same device");
    sample.processes[2].flags |= IS_SPARE; /* it gets the next of the kind */
    assert_int_equal(check(&sample), OK);
    sample.processes[2].flags &= ~(uint32_t)IS_SPARE;
    sample.processes[2].device.virtio_device = 4;
    assert_int_equal(check(&sample), OK);
}

TEST(sizes_stay_within_the_limits)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[1].pages = 0;
    expect_fault(&sample, "high: pages outside 1 to 4096");
    make_sample(&sample);
    sample.processes[1].handle_slots = 7;
    expect_fault(&sample, "high: handle slots outside 8 to 1024");
    sample.processes[1].handle_slots = 1025;
    expect_fault(&sample, "high: handle slots outside 8 to 1024");
    make_sample(&sample);
    sample.processes[1].priority = 63;
    expect_fault(&sample, "high: its priority is not below init's");
    sample.processes[1].priority = 64;
    expect_fault(&sample, "high: no such priority");
    make_sample(&sample);
    sample.processes[2].budget_us = 21;
    expect_fault(&sample, "low: a CPU budget that is not a part of its period");
    make_sample(&sample);
    sample.memories[1].pages = 4097;
    expect_fault(&sample, "other: pages outside 1 to 4096");
    sample.memories[1].pages = 1;
    sample.memories[1].role = "sixteen letters!";
    expect_fault(&sample, "a memory without a role of 1 to 15 letters");
    sample.memories[1].role = "shared";
    expect_fault(&sample, "low has two memories shared");
}

TEST(physical_addresses_are_for_drivers_and_contiguous_memory)
{
    struct sample sample;
    make_sample(&sample);
    sample.memories[0].is_contiguous = false;
    expect_fault(&sample, "shared is given to high with the DMA right");
    make_sample(&sample);
    sample.memories[0].users[1].rights |= RIGHT_DMA;
    expect_fault(&sample, "shared is given to low with the DMA right");
    make_sample(&sample);
    sample.memories[0].users[1].rights |= RIGHT_MANAGE;
    expect_fault(&sample, "shared is given to low with rights that make no sense");
    sample.memories[0].users[1].rights = RIGHT_WRITE;
    expect_fault(&sample, "shared is given to low with rights that make no sense");
}

TEST(an_arena_is_paid_by_a_client_of_the_one_who_serves_sockets)
{
    struct sample sample;
    const struct socket_shape shape = {2, 2048, 2048}; /* seven pages */
    make_sample(&sample);
    sample.processes[1].flags = SERVES_SOCKETS;
    sample.processes[2].network.shape = shape;
    assert_int_equal(manifest_arena_pages(&sample.processes[2]), 7);
    assert_int_equal(check(&sample), OK);
    sample.processes[2].pages = 7;
    expect_fault(&sample, "low: its pages do not pay for its arena");
    sample.processes[2].pages = 8;
    sample.processes[2].network.shape.tx_bytes = 2049;
    expect_fault(&sample, "low: an arena of impossible shape");
    sample.processes[2].network.shape = shape;
    sample.processes[1].flags = 0;
    expect_fault(&sample, "low has an arena and calls nobody who serves sockets");
    sample.processes[1].flags = sample.processes[2].flags = SERVES_SOCKETS;
    expect_fault(&sample, "low and high both serve sockets");
}

TEST(in_no_lane_are_there_more_slots_than_sockets)
{
    struct sample sample;
    struct manifest_process four[4];
    make_sample(&sample);
    sample.processes[1].flags = SERVES_SOCKETS;
    sample.processes[2].pages = MANIFEST_PAGES_MAX;
    sample.processes[2].network.shape = (struct socket_shape){SOCKET_SLOTS_MAX, 2048, 2048};
    memcpy(four, sample.processes, sizeof(sample.processes));
    four[3] = four[2];
    four[3].name = "more";
    four[3].prefixes[0] = "more";
    four[3].network.shape.slots = SOCKETS_MAX - SOCKET_SLOTS_MAX;
    sample.manifest.processes = four;
    sample.manifest.process_count = 4;
    assert_int_equal(check(&sample), OK);
    four[3].network.shape.slots++;
    expect_fault(&sample, "low: more slots in its lane than there are sockets");
    four[3].lane = "busy";
    expect_fault(&sample, "more: more slots in its lane than there are sockets");
    four[2].lane = "other";
    assert_int_equal(check(&sample), OK);
    four[2].lane = "busy";
    expect_fault(&sample, "low: more slots in its lane than there are sockets");
}

TEST(rights_on_the_bus_are_of_a_client_of_the_one_who_serves_it)
{
    struct sample sample;
    make_sample(&sample);
    sample.processes[1].flags = SERVES_BUS;
    sample.processes[2].bus.flags = MAY_ASK;
    sample.processes[2].bus.services[0] = "echo";
    assert_int_equal(check(&sample), OK);
    sample.processes[2].bus.services[1] = "of-sixteen-bytes";
    expect_fault(&sample, "low: a service without a name of 1 to 15 letters");
    sample.processes[2].bus.services[1] = "";
    expect_fault(&sample, "low: a service without a name of 1 to 15 letters");
    sample.processes[2].bus.services[1] = NULL;
    sample.processes[1].bus.services[0] = "echo";
    expect_fault(&sample, "high has rights on the bus and calls nobody who serves it");
    sample.processes[1].bus.services[0] = NULL;
    sample.processes[1].flags = 0;
    expect_fault(&sample, "low has rights on the bus and calls nobody who serves it");
    sample.processes[1].flags = sample.processes[2].flags = SERVES_BUS;
    expect_fault(&sample, "low and high both serve the bus");
}

TEST(what_a_lane_denies_is_missing_there_and_nowhere_else)
{
    const struct manifest_denial denials[] = {
        {.lane = "quiet", .process = "low", .flags = MAY_BROADCAST}};
    struct sample sample;
    make_sample(&sample);
    struct manifest_process *low = &sample.processes[2];
    low->network.flags = MAY_BROADCAST | MAY_CONNECT;
    low->network.groups[0] = 0xef2a0001;
    sample.manifest.denials = denials;
    sample.manifest.denial_count = 1;
    struct manifest_network network = manifest_network_in(&sample.manifest, low, "quiet");
    assert_int_equal(network.flags, MAY_CONNECT);
    assert_int_equal(network.groups[0], 0);
    network = manifest_network_in(&sample.manifest, low, "");
    assert_int_equal(network.flags, MAY_BROADCAST | MAY_CONNECT);
    assert_int_equal(network.groups[0], 0xef2a0001);
    network = manifest_network_in(&sample.manifest, &sample.processes[1], "quiet");
    assert_int_equal(network.flags, 0);
    const struct manifest_denial unknown[] = {{.lane = "quiet", .process = "none"}};
    sample.manifest.denials = unknown;
    expect_fault(&sample, "none is denied something and not defined");
}

/* A sample whose third process is a child of the second. */
static void make_family(struct sample *sample)
{
    make_sample(sample);
    sample->processes[1].children[0] = "low";
    sample->processes[2].flags = IS_CHILD;
    sample->processes[2].lends = NULL;
    sample->processes[2].settings[0] = NULL;
}

TEST(a_child_has_one_parent_which_stands_before_it)
{
    struct sample sample;
    make_family(&sample);
    assert_int_equal(check(&sample), OK);
    sample.processes[1].children[0] = NULL;
    expect_fault(&sample, "low is a child and has 0 parents");
    make_family(&sample);
    sample.processes[0].children[0] = "low";
    expect_fault(&sample, "low is a child and has 2 parents");
    make_family(&sample);
    sample.processes[1].children[0] = "nobody";
    expect_fault(&sample, "high starts nobody, which is not defined");
    make_family(&sample);
    sample.processes[2].flags = 0;
    expect_fault(&sample, "high starts low, which cannot be its child");
    make_family(&sample);
    sample.processes[2].lane = "dns";
    expect_fault(&sample, "high starts low, which cannot be its child");
    make_family(&sample);
    sample.processes[2].priority = 41;
    sample.processes[2].calls[1] = NULL;
    expect_fault(&sample, "high starts low, which cannot be its child");
    make_sample(&sample);
    sample.processes[1].flags = IS_CHILD;
    sample.processes[2].children[0] = "high";
    expect_fault(&sample, "high is a child and has what none may have");
    sample.processes[1].is_server = false;
    sample.processes[1].device.compatibles[0] = NULL;
    sample.processes[1].priority = sample.processes[2].priority;
    sample.processes[2].calls[1] = NULL;
    sample.processes[2].lends = NULL;
    expect_fault(&sample, "low starts high, which cannot be its child");
}

TEST(a_child_serves_nobody_and_has_nothing_of_the_machine)
{
    struct sample sample;
    make_family(&sample);
    sample.processes[2].flags |= HAS_SEED;
    expect_fault(&sample, "low is a child and has what none may have");
    make_family(&sample);
    sample.processes[2].flags |= MAY_POWER;
    expect_fault(&sample, "low is a child and has what none may have");
    make_family(&sample);
    sample.processes[1].flags |= SERVES_BUS;
    sample.processes[2].bus.services[0] = "echo";
    expect_fault(&sample, "low is a child and has what none may have");
    make_family(&sample);
    sample.processes[2].restart = RESTART_ALWAYS;
    expect_fault(&sample, "low is a child and has what none may have");
    make_family(&sample);
    sample.processes[2].settings[0] = "ip";
    expect_fault(&sample, "low is a child and has what none may have");
    make_family(&sample);
    sample.processes[2].lends = "high";
    expect_fault(&sample, "low is a child and has what none may have");
}

TEST(a_plain_server_is_not_up_before_it_listens)
{
    static const char *const servers[] = {"echod", "discardd", "sourced", "httpd", "telnetd"};
    uint32_t index = 0;
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        assert_int_equal(manifest_find(&manifest, servers[i], &index), OK);
        assert_true((manifest.processes[index].flags & IS_PLAIN) != 0);
        assert_false(manifest_is_up_at_once(&manifest.processes[index]));
    }
    assert_int_equal(manifest_find(&manifest, "crowd", &index), OK);
    assert_true(manifest_is_up_at_once(&manifest.processes[index])); /* no port is its own */
    assert_false(manifest_is_up_at_once(&manifest.processes[0]));
}

TEST(a_setting_is_the_boot_argument_as_text)
{
    const struct bootargs bootargs = {
        .node = "left",
        .lane = "legacy",
        .address = {{0x0a00020f, 24, 0x0a000202}, {0x0a000310, 16, 0x0a000302}},
        .is_dual = true,
        .panic = BOOTARGS_PANIC_EXIT,
        .profile = BOOTARGS_PROFILE_MINIMAL,
    };
    const char *const expected[][2] = {
        {"node", "left"},    {"lane", "legacy"}, {"ip", "10.0.2.15/24"},  {"gw", "10.0.2.2"},
        {"dual", "1"},       {"panic", "exit"},  {"profile", "minimal"},
    };
    char value[SETTINGS_VALUE_BYTES];
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(settings_format(&bootargs, expected[i][0], value), OK);
        assert_string_equal(value, expected[i][1]);
    }
    assert_int_equal(settings_format(&bootargs, "ipx", value), E_NOT_FOUND);
}

TEST(an_address_that_was_not_given_is_no_setting)
{
    const struct bootargs none = {0};
    char value[SETTINGS_VALUE_BYTES];
    assert_int_equal(settings_format(&none, "ip", value), OK);
    assert_string_equal(value, "");
    assert_int_equal(settings_format(&none, "gw", value), OK);
    assert_string_equal(value, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_systems_own_manifest_keeps_every_rule),
        cmocka_unit_test(a_sound_sample_passes),
        cmocka_unit_test(a_name_stands_for_one_process),
        cmocka_unit_test(every_name_that_is_used_is_defined),
        cmocka_unit_test(calls_go_uphill_and_so_have_no_cycle),
        cmocka_unit_test(a_prefix_belongs_to_one_process),
        cmocka_unit_test(a_device_belongs_to_one_process),
        cmocka_unit_test(sizes_stay_within_the_limits),
        cmocka_unit_test(physical_addresses_are_for_drivers_and_contiguous_memory),
        cmocka_unit_test(an_arena_is_paid_by_a_client_of_the_one_who_serves_sockets),
        cmocka_unit_test(in_no_lane_are_there_more_slots_than_sockets),
        cmocka_unit_test(rights_on_the_bus_are_of_a_client_of_the_one_who_serves_it),
        cmocka_unit_test(what_a_lane_denies_is_missing_there_and_nowhere_else),
        cmocka_unit_test(a_child_has_one_parent_which_stands_before_it),
        cmocka_unit_test(a_child_serves_nobody_and_has_nothing_of_the_machine),
        cmocka_unit_test(a_plain_server_is_not_up_before_it_listens),
        cmocka_unit_test(a_setting_is_the_boot_argument_as_text),
        cmocka_unit_test(an_address_that_was_not_given_is_no_setting),
    };
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
