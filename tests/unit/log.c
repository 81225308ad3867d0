/* SPDX-License-Identifier: BSD-2-Clause */
/* The log ring: whole lines or none, drops counted, and a writer that lies breaks only its log. */
#include "test.h"

#include <proto/log.h>

static struct log_page page;
static struct ring_producer writer;
static struct ring_consumer reader;
static char text[LOG_RECORD_BYTES];
static size_t bytes;

static int start(void **state)
{
    (void)state;
    ring_init(&page.ring, 1);
    return log_writer_bind(&writer, &page) | log_reader_bind(&reader, &page);
}

static void expect(const char *line)
{
    assert_int_equal(log_read(&reader, text, &bytes), OK);
    assert_int_equal(bytes, strlen(line));
    assert_memory_equal(text, line, bytes);
}

TEST(lines_of_every_length_come_out_as_they_went_in)
{
    char line[LOG_RECORD_BYTES + 1] = {0};
    for (int round = 0; round < 3; round++) {
        for (size_t length = 1; length <= LOG_RECORD_BYTES; length++) {
            memset(line, 'a' + (int)(length % 26), length - 1);
            line[length - 1] = '\n';
            line[length] = '\0';
            assert_false(log_write(&writer, line, length));
            expect(line);
            assert_false(ring_consumer_commit(&reader));
        }
    }
    assert_int_equal(ring_drops(&page.ring), 0);
    assert_int_equal(log_read(&reader, text, &bytes), E_AGAIN);
}

TEST(a_sleeping_reader_is_to_be_woken_once)
{
    assert_true(ring_consumer_prepare_sleep(&reader));
    assert_true(log_write(&writer, "one\n", 4));
    assert_false(log_write(&writer, "two\n", 4));
    expect("one\n");
    expect("two\n");
}

TEST(what_does_not_fit_is_dropped_whole_and_counted)
{
    char line[LOG_RECORD_BYTES];
    memset(line, 'x', sizeof(line));
    uint32_t fits = LOG_ENTRIES / LOG_RECORD_ENTRIES;
    for (uint32_t i = 0; i < fits + 3; i++) {
        assert_false(log_write(&writer, line, sizeof(line)));
    }
    assert_int_equal(ring_drops(&page.ring), 3);
    for (uint32_t i = 0; i < fits; i++) {
        assert_int_equal(log_read(&reader, text, &bytes), OK);
        assert_int_equal(bytes, sizeof(line));
    }
    assert_int_equal(log_read(&reader, text, &bytes), E_AGAIN);
}

TEST(an_empty_or_too_long_text_is_dropped_and_counted)
{
    static const char longer[LOG_RECORD_BYTES + 1] = "x";
    assert_false(log_write(&writer, "", 0));
    assert_false(log_write(&writer, longer, sizeof(longer)));
    assert_int_equal(ring_drops(&page.ring), 2);
    assert_int_equal(log_read(&reader, text, &bytes), E_AGAIN);
}

/* Publishes `count` raw entries, as a hostile writer may. */
static void publish(const uint64_t *entries, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(ring_producer_push(&writer, entries[i]), OK);
    }
    assert_false(ring_producer_commit(&writer));
}

TEST(a_length_that_cannot_be_is_corrupt)
{
    static const uint64_t lengths[] = {0, LOG_RECORD_BYTES + 1, 17, UINT64_MAX, UINT64_MAX - 6};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        start(NULL);
        publish((const uint64_t[]){lengths[i], 1, 2}, 3);
        assert_int_equal(log_read(&reader, text, &bytes), E_CORRUPT);
    }
}

TEST(an_impossible_index_is_corrupt_until_the_reader_skips_it)
{
    atomic_store(&page.ring.tail, LOG_ENTRIES + 1);
    assert_int_equal(log_read(&reader, text, &bytes), E_CORRUPT);
    atomic_store(&page.ring.tail, 0);
    assert_int_equal(log_read(&reader, text, &bytes), E_CORRUPT);
    log_reader_skip(&reader, &page);
    assert_int_equal(log_read(&reader, text, &bytes), E_AGAIN);
    assert_false(log_write(&writer, "one\n", 4));
    expect("one\n");
}

TEST(a_bad_record_between_sane_indexes_does_not_mute_its_writer)
{
    publish((const uint64_t[]){0, 1, 2}, 3);
    assert_int_equal(log_read(&reader, text, &bytes), E_CORRUPT);
    log_reader_skip(&reader, &page);
    assert_false(log_write(&writer, "one\n", 4));
    expect("one\n");
    assert_int_equal(ring_drops(&page.ring), 0);
}

TEST(a_page_that_was_left_broken_is_bound_again_and_shows_lines)
{
    static const uint32_t strays[] = {LOG_ENTRIES + 1, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
        start(NULL);
        atomic_store(&page.ring.tail, strays[i]); /* the last thing its process did */
        assert_int_equal(log_writer_bind(&writer, &page), OK);
        assert_false(log_write(&writer, "again\n", 6));
        expect("again\n");

        atomic_store(&page.ring.head, page.ring.tail + 1); /* read what was never written */
        assert_int_equal(log_reader_bind(&reader, &page), OK);
        assert_int_equal(log_read(&reader, text, &bytes), E_AGAIN);
    }
}

TEST(a_writer_that_breaks_its_own_index_and_lives_on_is_heard_again)
{
    atomic_store(&page.ring.tail, 100000);
    assert_int_equal(log_read(&reader, text, &bytes), E_CORRUPT);
    log_reader_skip(&reader, &page);
    assert_false(log_write(&writer, "lost\n", 5));
    assert_int_equal(ring_drops(&page.ring), 1);
    assert_false(log_write(&writer, "heard\n", 6));
    expect("heard\n");
}

TEST(a_reader_that_breaks_the_ring_costs_only_lines)
{
    atomic_store(&page.ring.head, 5);
    assert_false(log_write(&writer, "one\n", 4));
    assert_int_equal(ring_drops(&page.ring), 1);
    assert_int_equal(log_reader_bind(&reader, &page), OK);
    assert_false(log_write(&writer, "two\n", 4));
    expect("two\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_of_every_length_come_out_as_they_went_in, start),
        cmocka_unit_test_setup(a_sleeping_reader_is_to_be_woken_once, start),
        cmocka_unit_test_setup(what_does_not_fit_is_dropped_whole_and_counted, start),
        cmocka_unit_test_setup(an_empty_or_too_long_text_is_dropped_and_counted, start),
        cmocka_unit_test_setup(a_length_that_cannot_be_is_corrupt, start),
        cmocka_unit_test_setup(an_impossible_index_is_corrupt_until_the_reader_skips_it, start),
        cmocka_unit_test_setup(a_bad_record_between_sane_indexes_does_not_mute_its_writer, start),
        cmocka_unit_test_setup(a_page_that_was_left_broken_is_bound_again_and_shows_lines, start),
        cmocka_unit_test_setup(a_writer_that_breaks_its_own_index_and_lives_on_is_heard_again,
                               start),
        cmocka_unit_test_setup(a_reader_that_breaks_the_ring_costs_only_lines, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
