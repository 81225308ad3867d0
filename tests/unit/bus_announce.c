/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The announce as bytes: what is written is read back, and everything else is refused by name.
 */
#include "test.h"

#include "servers/dsoftbusd/announce.h"

enum {
    SMALL_BYTES = 53, /* of `small` */
    ID_LEN_AT = 5,
    PORT_AT = 12,
    COUNT_AT = 46,
};

static struct announce small;
static struct announce whole;
static struct announce got;
static uint8_t bytes[ANNOUNCE_BYTES_MAX + 1];

static void set(struct bus_name *name, const char *text)
{
    assert_true(bus_name_set(name, text, strlen(text)));
}

static int begin(void **state)
{
    (void)state;
    memset(&small, 0, sizeof(small));
    memset(bytes, 0, sizeof(bytes));
    set(&small.id, "node-a");
    small.port = 34567;
    memset(small.key, 0x5c, sizeof(small.key));
    small.service_count = 1;
    set(&small.services[0], "echo!");
    whole = small;
    whole.id.len = BUS_NAME_MAX;
    memset(whole.id.text, 'n', BUS_NAME_MAX);
    whole.service_count = ANNOUNCE_SERVICES_MAX;
    for (int i = 0; i < ANNOUNCE_SERVICES_MAX; i++) {
        whole.services[i].len = BUS_NAME_MAX;
        memset(whole.services[i].text, 'a' + i, BUS_NAME_MAX);
    }
    assert_int_equal(announce_write(&small, bytes), SMALL_BYTES);
    return 0;
}

static void expect(size_t len, enum bus_counter verdict)
{
    assert_string_equal(bus_counter_name(announce_read(bytes, len, &got)),
                        bus_counter_name(verdict));
}

TEST(an_announce_has_these_bytes)
{
    const uint8_t start[] = {'N', 'X', 'S', 'B', 1, 6, 'n', 'o', 'd', 'e', '-', 'a', 0x87, 0x07};
    const uint8_t end[] = {1, 5, 'e', 'c', 'h', 'o', '!'};
    assert_memory_equal(bytes, start, sizeof(start));
    assert_memory_equal(bytes + sizeof(start), small.key, sizeof(small.key));
    assert_memory_equal(bytes + COUNT_AT, end, sizeof(end));
}

TEST(what_is_written_is_read_back)
{
    uint8_t again[ANNOUNCE_BYTES_MAX];
    expect(SMALL_BYTES, BUS_announce_new);
    assert_true(bus_name_is_equal(&got.id, &small.id));
    assert_int_equal(got.port, small.port);
    assert_memory_equal(got.key, small.key, sizeof(got.key));
    assert_int_equal(got.service_count, 1);
    assert_true(bus_name_is_equal(&got.services[0], &small.services[0]));
    assert_int_equal(announce_write(&whole, bytes), ANNOUNCE_BYTES_MAX);
    expect(ANNOUNCE_BYTES_MAX, BUS_announce_new);
    assert_int_equal(announce_write(&got, again), ANNOUNCE_BYTES_MAX);
    assert_memory_equal(again, bytes, sizeof(again));
}

TEST(a_node_without_services_is_announced)
{
    small.service_count = 0;
    size_t len = announce_write(&small, bytes);
    assert_int_equal(len, COUNT_AT + 1);
    expect(len, BUS_announce_new);
    assert_int_equal(got.service_count, 0);
}

TEST(an_announce_cut_at_any_byte_is_short)
{
    size_t len = announce_write(&whole, bytes);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t exact[ANNOUNCE_BYTES_MAX]; /* it ends with the buffer: a read past it is seen */
        memcpy(exact + sizeof(exact) - cut, bytes, cut);
        assert_int_equal(announce_read(exact + sizeof(exact) - cut, cut, &got), BUS_announce_short);
    }
}

TEST(bytes_behind_an_announce_are_refused)
{
    expect(SMALL_BYTES + 1, BUS_announce_trailing);
    size_t len = announce_write(&whole, bytes);
    expect(len + 1, BUS_announce_long);
}

TEST(a_wrong_magic_is_refused)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] ^= 0x20;
        expect(SMALL_BYTES, BUS_announce_magic);
        bytes[i] ^= 0x20;
    }
}

TEST(another_version_is_refused)
{
    for (int version = 0; version < 256; version++) {
        bytes[4] = (uint8_t)version;
        expect(SMALL_BYTES, version == 1 ? BUS_announce_new : BUS_announce_version);
    }
}

TEST(impossible_lengths_are_refused)
{
    bytes[ID_LEN_AT] = 0;
    expect(SMALL_BYTES, BUS_announce_id_length);
    bytes[ID_LEN_AT] = BUS_NAME_MAX + 1;
    expect(SMALL_BYTES, BUS_announce_id_length);
    bytes[ID_LEN_AT] = 6;
    bytes[COUNT_AT + 1] = 0;
    expect(SMALL_BYTES, BUS_announce_service_length);
    bytes[COUNT_AT + 1] = BUS_NAME_MAX + 1;
    expect(SMALL_BYTES, BUS_announce_service_length);
    bytes[COUNT_AT + 1] = 6;
    expect(SMALL_BYTES, BUS_announce_short);
    bytes[COUNT_AT] = ANNOUNCE_SERVICES_MAX + 1;
    expect(SMALL_BYTES, BUS_announce_services);
}

TEST(a_port_of_zero_is_refused)
{
    bytes[PORT_AT] = 0;
    bytes[PORT_AT + 1] = 0;
    expect(SMALL_BYTES, BUS_announce_port);
}

TEST(text_that_is_not_utf8_is_refused)
{
    /* A continuation alone; cut short; longer than needed; a surrogate; past the last character;
     * no such length; control characters. */
    const char *const bad[] = {
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xe0\x80\xaf",
        "\xf0\x80\x80\xaf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80",
        "\xff",
        "a\nb",
        "\x1b[0m",
        "a\x7f",
        "\xc2\x85",
        "\xe2\x82",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bus_name text = {.len = (uint8_t)strlen(bad[i])};
        memcpy(text.text, bad[i], text.len);
        small.id = text;
        expect(announce_write(&small, bytes), BUS_announce_id_text);
        set(&small.id, "node-a");
        small.services[0] = text;
        expect(announce_write(&small, bytes), BUS_announce_service_text);
        set(&small.services[0], "echo!");
    }
    set(&small.id, "n\xc3\xa9 \xe2\x82\xac \xed\x9f\xbf \xf0\x9f\x9a\x8c \xf4\x8f\xbf\xbf");
    expect(announce_write(&small, bytes), BUS_announce_new);
}

TEST(the_pause_is_fixed_by_id_and_number_and_stays_within_a_fifth)
{
    struct bus_name other = small.id;
    other.text[5] = 'b';
    uint64_t sum_us = 0;
    int differing = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        bool is_first = i < ANNOUNCE_FIRST_COUNT;
        uint64_t mean_us = 1000 * (uint64_t)(is_first ? ANNOUNCE_FIRST_MS : ANNOUNCE_PERIOD_MS);
        uint64_t pause_us = announce_pause_us(&small.id, i);
        assert_int_equal(pause_us, announce_pause_us(&small.id, i));
        assert_in_range(pause_us, mean_us - mean_us / 5, mean_us + mean_us / 5);
        differing += pause_us != announce_pause_us(&other, i);
        sum_us += pause_us;
    }
    assert_true(differing > 990);
    assert_in_range(sum_us / 1000, 4900 * 1000, 5100 * 1000);
}

TEST(each_counter_has_a_name_and_a_sentence)
{
    for (int i = 0; i < BUS_COUNTER_COUNT; i++) {
        assert_true(strlen(bus_counter_name((enum bus_counter)i)) > 3);
        assert_true(strlen(bus_counter_sentence((enum bus_counter)i)) > 3);
    }
    assert_string_equal(bus_counter_name(BUS_announce_magic), "announce_magic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_announce_has_these_bytes, begin),
        cmocka_unit_test_setup(what_is_written_is_read_back, begin),
        cmocka_unit_test_setup(a_node_without_services_is_announced, begin),
        cmocka_unit_test_setup(an_announce_cut_at_any_byte_is_short, begin),
        cmocka_unit_test_setup(bytes_behind_an_announce_are_refused, begin),
        cmocka_unit_test_setup(a_wrong_magic_is_refused, begin),
        cmocka_unit_test_setup(another_version_is_refused, begin),
        cmocka_unit_test_setup(impossible_lengths_are_refused, begin),
        cmocka_unit_test_setup(a_port_of_zero_is_refused, begin),
        cmocka_unit_test_setup(text_that_is_not_utf8_is_refused, begin),
        cmocka_unit_test_setup(the_pause_is_fixed_by_id_and_number_and_stays_within_a_fifth, begin),
        cmocka_unit_test(each_counter_has_a_name_and_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
