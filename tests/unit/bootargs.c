/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot arguments: what is taken, and that everything else is reported and changes nothing.
 */
#include "test.h"

#include <stdio.h>

#include <base/bootargs.h>

/* All reports as lines "word: reason". */
struct reports {
    char text[2048];
    int count;
};

static void note(void *context, const char *word, size_t length, const char *reason)
{
    struct reports *reports = context;
    size_t used = strlen(reports->text);
    snprintf(reports->text + used, sizeof(reports->text) - used, "%.*s: %s\n", (int)length, word,
             reason);
    reports->count++;
}

static struct bootargs parse(const char *text, struct reports *reports)
{
    struct bootargs bootargs;
    *reports = (struct reports){.count = 0};
    struct bootargs_reporter reporter = {.report = note, .context = reports};
    bootargs_parse(text, strlen(text), &reporter, &bootargs);
    return bootargs;
}

static void assert_defaults(const struct bootargs *bootargs)
{
    assert_string_equal(bootargs->node, "");
    assert_string_equal(bootargs->lane, "");
    assert_int_equal(bootargs->address[0].ip, 0);
    assert_int_equal(bootargs->address[0].prefix_bits, 0);
    assert_int_equal(bootargs->address[0].gateway, 0);
    assert_false(bootargs->is_dual);
    assert_int_equal(bootargs->panic, BOOTARGS_PANIC_HALT);
    assert_int_equal(bootargs->profile, BOOTARGS_PROFILE_FULL);
}

TEST(nothing_gives_the_defaults)
{
    struct reports reports;
    struct bootargs bootargs = parse("", &reports);
    assert_defaults(&bootargs);
    bootargs = parse(" \t\r\n  ", &reports);
    assert_defaults(&bootargs);
    assert_int_equal(reports.count, 0);
}

TEST(every_key_is_taken)
{
    struct reports reports;
    struct bootargs bootargs = parse("node=a-1 ip=10.0.2.15/24 gw=10.0.2.2 dual=1\tlane=no-dhcp\n"
                                     "panic=reset  profile=minimal ip1=10.0.3.16/16 gw1=10.0.3.2",
                                     &reports);
    assert_int_equal(reports.count, 0);
    assert_string_equal(bootargs.node, "a-1");
    assert_string_equal(bootargs.lane, "no-dhcp");
    assert_int_equal(bootargs.address[0].ip, 0x0a00020f);
    assert_int_equal(bootargs.address[0].prefix_bits, 24);
    assert_int_equal(bootargs.address[0].gateway, 0x0a000202);
    assert_int_equal(bootargs.address[1].ip, 0x0a000310);
    assert_int_equal(bootargs.address[1].prefix_bits, 16);
    assert_int_equal(bootargs.address[1].gateway, 0x0a000302);
    assert_true(bootargs.is_dual);
    assert_false(bootargs.is_without_seed);
    assert_int_equal(bootargs.panic, BOOTARGS_PANIC_RESET);
    assert_int_equal(bootargs.profile, BOOTARGS_PROFILE_MINIMAL);

    bootargs = parse("seed=none", &reports);
    assert_true(bootargs.is_without_seed);
    bootargs = parse("seed=tree", &reports);
    assert_false(bootargs.is_without_seed);
    assert_false(bootargs.is_without_discovery);
    bootargs = parse("discovery=off", &reports);
    assert_true(bootargs.is_without_discovery);
    bootargs = parse("discovery=on", &reports);
    assert_false(bootargs.is_without_discovery);
    bootargs = parse("dual=0 panic=exit profile=full", &reports);
    assert_int_equal(reports.count, 0);
    assert_false(bootargs.is_dual);
    assert_int_equal(bootargs.panic, BOOTARGS_PANIC_EXIT);
    assert_int_equal(bootargs.profile, BOOTARGS_PROFILE_FULL);
    bootargs = parse("panic=halt", &reports);
    assert_int_equal(bootargs.panic, BOOTARGS_PANIC_HALT);
}

TEST(a_bad_value_is_reported_and_the_default_stays)
{
    static const char *const wrong[] = {
        "node=",
        "node=A",
        "node=a_b",
        "node=a.b",
        "ip=10.0.2.15",
        "ip=1.2.3.4/0",
        "ip=1.2.3.4/31",
        "ip=1.2.3.4/32",
        "ip=0.0.0.1/8",
        "ip=127.0.0.1/8",
        "ip=224.0.0.1/8",
        "ip=10.0.2.0/24",
        "ip=10.0.2.255/24",
        "ip=",
        "gw=",
        "gw=10.0.2.2/24",
        "gw=0.0.0.0",
        "gw=255.255.255.255",
        "seed=",
        "seed=0",
        "seed=no",
        "discovery=",
        "discovery=1",
        "dual=",
        "dual=2",
        "dual=yes",
        "dual=01",
        "lane=",
        "lane=a/b",
        "panic=",
        "panic=hal",
        "panic=halt!",
        "panic=HALT",
        "profile=none",
        "profile=fullest",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct reports reports;
        struct bootargs bootargs = parse(wrong[i], &reports);
        assert_int_equal(reports.count, 1);
        assert_int_equal(strncmp(reports.text, wrong[i], strlen(wrong[i])), 0);
        assert_defaults(&bootargs);
    }
}

TEST(an_unknown_or_malformed_word_is_reported_and_the_others_count)
{
    struct reports reports;
    struct bootargs bootargs =
        parse("quiet root=/dev/vda =x nod=a nodes=b Node=c dual=1", &reports);
    assert_string_equal(reports.text, "quiet: not of the form key=value\n"
                                      "root=/dev/vda: unknown key\n"
                                      "=x: unknown key\n"
                                      "nod=a: unknown key\n"
                                      "nodes=b: unknown key\n"
                                      "Node=c: unknown key\n");
    assert_true(bootargs.is_dual);
    bootargs.is_dual = false;
    assert_defaults(&bootargs);
}

TEST(of_a_key_given_twice_the_first_counts)
{
    struct reports reports;
    struct bootargs bootargs = parse("node=a node=b", &reports);
    assert_string_equal(bootargs.node, "a");
    assert_string_equal(reports.text, "node=b: given before\n");
}

TEST(names_may_be_as_long_as_the_limit_and_no_longer)
{
    char text[128];
    char name[80];
    struct reports reports;
    memset(name, 'x', sizeof(name));
    snprintf(text, sizeof(text), "node=%.64s lane=%.32s", name, name);
    struct bootargs bootargs = parse(text, &reports);
    assert_int_equal(reports.count, 0);
    assert_int_equal(strlen(bootargs.node), 64);
    assert_int_equal(strlen(bootargs.lane), 32);
    snprintf(text, sizeof(text), "node=%.65s lane=%.33s", name, name);
    bootargs = parse(text, &reports);
    assert_int_equal(reports.count, 2);
    assert_defaults(&bootargs);
}

TEST(without_a_reporter_words_are_refused_silently)
{
    struct bootargs bootargs;
    bootargs_parse("what dual=1", 11, NULL, &bootargs);
    assert_true(bootargs.is_dual);
    bootargs_parse("dual=1", 5, NULL, &bootargs); /* the length ends the text: "dual=" */
    assert_defaults(&bootargs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_the_defaults),
        cmocka_unit_test(every_key_is_taken),
        cmocka_unit_test(a_bad_value_is_reported_and_the_default_stays),
        cmocka_unit_test(an_unknown_or_malformed_word_is_reported_and_the_others_count),
        cmocka_unit_test(of_a_key_given_twice_the_first_counts),
        cmocka_unit_test(names_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(without_a_reporter_words_are_refused_silently),
    };
    return cmocka_run_group_tests_name("bootargs", tests, NULL, NULL);
}
