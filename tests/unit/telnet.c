/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a telnet client sends becomes lines; every option is refused once, and nothing that is no
 * letter gets into a line.
 */
#include "test.h"

#include <servers/shell/telnet.h>

/* Feeds bytes; gives the last event that was one, and how many there were. */
static enum telnet_event feed(struct telnet *telnet, const char *bytes, size_t count, int *events)
{
    enum telnet_event last = TELNET_NOTHING;
    *events = 0;
    for (size_t i = 0; i < count; i++) {
        enum telnet_event event = telnet_take(telnet, (uint8_t)bytes[i]);
        if (event != TELNET_NOTHING) {
            last = event;
            (*events)++;
        }
    }
    return last;
}

#define FEED(telnet, bytes, events) feed(telnet, bytes, sizeof(bytes) - 1, events)

TEST(a_line_ends_with_any_of_the_three_ends)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    int events;
    assert_int_equal(FEED(&telnet, "ps\r\n", &events), TELNET_LINE);
    assert_int_equal(events, 1);
    assert_string_equal(telnet.line, "ps");
    assert_int_equal(FEED(&telnet, "log\r\0", &events), TELNET_LINE);
    assert_int_equal(events, 1);
    assert_string_equal(telnet.line, "log");
    assert_int_equal(FEED(&telnet, "x\n", &events), TELNET_LINE);
    assert_string_equal(telnet.line, "x");
}

TEST(what_follows_a_bare_return_is_of_the_next_line)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    int events;
    assert_int_equal(FEED(&telnet, "a\rb\r\n", &events), TELNET_LINE);
    assert_int_equal(events, 2);
    assert_string_equal(telnet.line, "b");
}

TEST(offers_and_requests_are_refused_and_refusals_are_not_answered)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    int events;
    assert_int_equal(FEED(&telnet, "\377\373\001", &events), TELNET_REPLY); /* WILL ECHO */
    assert_memory_equal(telnet.reply, "\377\376\001", 3);                  /* DONT ECHO */
    assert_int_equal(FEED(&telnet, "\377\375\003", &events), TELNET_REPLY); /* DO SGA */
    assert_memory_equal(telnet.reply, "\377\374\003", 3);                  /* WONT SGA */
    assert_int_equal(FEED(&telnet, "\377\374\001\377\376\003", &events), TELNET_NOTHING);
}

TEST(commands_and_subnegotiations_leave_no_letters)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    int events;
    assert_int_equal(
        FEED(&telnet, "p\377\372\030abc\377\377d\377\360s\377\361\377\377\001\r\n", &events),
        TELNET_LINE);
    assert_int_equal(events, 1);
    assert_string_equal(telnet.line, "ps");
    assert_int_equal(FEED(&telnet, "\377\366", &events), TELNET_ALIVE);
}

TEST(letters_and_lines_can_be_taken_back)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    int events;
    FEED(&telnet, "\b\177abx\b\177c\377\367d\n", &events);
    assert_string_equal(telnet.line, "ad");
    FEED(&telnet, "nonsense\377\370ok\n", &events);
    assert_string_equal(telnet.line, "ok");
    assert_int_equal(FEED(&telnet, "nonsense\003", &events), TELNET_CANCEL);
    assert_int_equal(FEED(&telnet, "\377\364", &events), TELNET_CANCEL);
    assert_int_equal(FEED(&telnet, "\n", &events), TELNET_LINE);
    assert_string_equal(telnet.line, "");
    assert_int_equal(FEED(&telnet, "x\004", &events), TELNET_NOTHING);
    assert_int_equal(FEED(&telnet, "\b\004", &events), TELNET_END);
}

TEST(a_line_of_any_length_stays_in_its_buffer)
{
    struct telnet telnet = {.state = TELNET_TEXT};
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(telnet_take(&telnet, 'a'), TELNET_NOTHING);
    }
    assert_int_equal(telnet_take(&telnet, '\n'), TELNET_LINE);
    assert_int_equal(strlen(telnet.line), TELNET_LINE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_with_any_of_the_three_ends),
        cmocka_unit_test(what_follows_a_bare_return_is_of_the_next_line),
        cmocka_unit_test(offers_and_requests_are_refused_and_refusals_are_not_answered),
        cmocka_unit_test(commands_and_subnegotiations_leave_no_letters),
        cmocka_unit_test(letters_and_lines_can_be_taken_back),
        cmocka_unit_test(a_line_of_any_length_stays_in_its_buffer),
    };
    return cmocka_run_group_tests_name("telnet", tests, NULL, NULL);
}
