/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serial without its process: whose line is shown how, the line that is typed, what stands on the
 * screen, and both UARTs against fakes of their registers.
 */
#include "test.h"

#include <stdlib.h>

#include <serial/terminal.h>
#include <serial/uart.h>

static const struct serial_source netd = {.name = "netd", .prefixes = {"net", "netd"}};
static const struct serial_source shell = {.name = "shell", .prefixes = {"shell"}};

/* --- whose line ------------------------------------------------------------------------------- */

static const char *shown(const struct serial_source *source, const char *text)
{
    static char line[LINE_SHOWN_BYTES + 1];
    bool is_finished;
    size_t bytes = line_show(source, text, strlen(text), line, &is_finished);
    line[bytes] = '\0';
    return line;
}

TEST(a_line_with_an_own_prefix_is_shown_as_it_is)
{
    assert_string_equal(shown(&netd, "net: dhcp bound\n"), "net: dhcp bound");
    assert_string_equal(shown(&netd, "netd: ready\n"), "netd: ready");
    assert_string_equal(shown(&netd, "no prefix at all\n"), "no prefix at all");
    assert_string_equal(shown(&netd, "at 12:30\n"), "at 12:30");
    assert_string_equal(shown(&netd, "\n"), "");
}

TEST(a_line_with_a_foreign_prefix_is_shown_behind_its_process)
{
    assert_string_equal(shown(&netd, "SELFTEST: end\n"), "netd| SELFTEST: end");
    assert_string_equal(shown(&netd, "  init: ready\n"), "netd|   init: ready");
    assert_string_equal(shown(&netd, "ne: x\n"), "netd| ne: x");
    assert_string_equal(shown(&netd, "netds: x\n"), "netd| netds: x");
    assert_string_equal(shown(&shell, "kernel: panic\n"), "shell| kernel: panic");
}

TEST(bytes_that_do_not_print_are_escaped)
{
    assert_string_equal(shown(&netd, "a\rSELFTEST: end\n"), "a\\x0dSELFTEST: end");
    assert_string_equal(shown(&netd, "a\nSELFTEST: end\n"), "a\\x0aSELFTEST: end");
    assert_string_equal(shown(&netd, "\x1b[2J\xff\t\n"), "\\x1b[2J\\xff\\x09");
}

TEST(the_longest_record_of_the_worst_bytes_fits)
{
    char text[LOG_RECORD_BYTES], line[LINE_SHOWN_BYTES];
    const struct serial_source long_name = {.name = "fifteen-letters"};
    bool is_finished;
    memset(text, 1, sizeof(text));
    memcpy(text, "x:", 2);
    assert_int_equal(line_show(&long_name, text, sizeof(text), line, &is_finished),
                     15 + 2 + 2 + 4 * (LOG_RECORD_BYTES - 2));
    assert_false(is_finished);
}

/* --- the line that is typed ------------------------------------------------------------------- */

static enum editor_event type(struct editor *editor, const char *keys, char *echoed)
{
    enum editor_event event = EDITOR_NOTHING;
    size_t used = 0;
    for (; *keys != '\0'; keys++) {
        struct editor_echo echo;
        event = editor_take(editor, (uint8_t)*keys, &echo);
        memcpy(echoed + used, echo.text, echo.bytes);
        used += echo.bytes;
    }
    echoed[used] = '\0';
    return event;
}

TEST(enter_ends_the_line)
{
    struct editor editor = {0};
    char echoed[64];
    assert_int_equal(type(&editor, "ps\r", echoed), EDITOR_LINE);
    assert_string_equal(echoed, "ps\r\n");
    assert_memory_equal(editor.line, "ps\n", 3);
    assert_int_equal(editor.used, 3);
}

TEST(backspace_and_ctrl_u_take_letters_back)
{
    struct editor editor = {0};
    char echoed[64];
    type(&editor, "abc\x7f\b", echoed);
    assert_string_equal(echoed, "abc\b \b\b \b");
    assert_int_equal(editor.used, 1);
    type(&editor, "xy\x15\b", echoed);
    assert_string_equal(echoed, "xy\b \b\b \b\b \b");
    assert_int_equal(editor.used, 0);
}

TEST(ctrl_c_gives_the_line_up)
{
    struct editor editor = {0};
    char echoed[64];
    assert_int_equal(type(&editor, "abc\x03", echoed), EDITOR_INTERRUPT);
    assert_string_equal(echoed, "abc^C\r\n");
    assert_int_equal(editor.used, 0);
}

TEST(arrow_keys_and_control_bytes_leave_no_trace)
{
    struct editor editor = {0};
    char echoed[64];
    type(&editor, "a\x1b[A\x1b[1;5D\x1bOP\x1bx\x01\tb", echoed);
    assert_string_equal(echoed, "ab");
    assert_memory_equal(editor.line, "ab", 2);
    assert_int_equal(editor.used, 2);
}

TEST(a_full_line_rings_the_bell_and_can_still_be_ended)
{
    struct editor editor = {0};
    struct editor_echo echo;
    for (int i = 0; i < SERIAL_LINE_BYTES - 1; i++) {
        editor_take(&editor, 'x', &echo);
        assert_memory_equal(echo.text, "x", 1);
    }
    editor_take(&editor, 'x', &echo);
    assert_memory_equal(echo.text, "\a", 1);
    assert_int_equal(editor_take(&editor, '\n', &echo), EDITOR_LINE);
    assert_int_equal(editor.used, SERIAL_LINE_BYTES);
}

/* --- the screen ------------------------------------------------------------------------------- */

struct screen {
    struct terminal terminal;
    struct serial_history history;
    char text[2 * TERMINAL_OUTPUT_BYTES];
};

static struct screen *make_screen(void)
{
    struct screen *screen = aligned_alloc(RING_LINE_BYTES, sizeof(*screen));
    memset(screen, 0, sizeof(*screen));
    screen->terminal.history = &screen->history;
    return screen;
}

/* All bytes that wait to be sent. */
static const char *sent(struct screen *screen)
{
    size_t used = 0;
    uint8_t byte;
    while (terminal_next(&screen->terminal, &byte)) {
        screen->text[used++] = (char)byte;
        terminal_sent(&screen->terminal);
    }
    screen->text[used] = '\0';
    return screen->text;
}

static void say(struct screen *screen, const struct serial_source *source, const char *text)
{
    terminal_show(&screen->terminal, source, source == &shell, text, strlen(text));
}

static void press(struct screen *screen, const char *keys)
{
    for (; *keys != '\0'; keys++) {
        if (terminal_key(&screen->terminal, (uint8_t)*keys) == EDITOR_LINE) {
            editor_clear(&screen->terminal.editor);
        }
    }
}

TEST(a_line_in_the_middle_of_typing_leaves_prompt_and_letters_whole)
{
    struct screen *screen = make_screen();
    say(screen, &shell, "> ");
    terminal_settle(&screen->terminal);
    press(screen, "pi");
    say(screen, &netd, "net: up\n");
    say(screen, &netd, "netd: ready\n");
    assert_true(terminal_is_unsettled(&screen->terminal));
    terminal_settle(&screen->terminal);
    press(screen, "ng\r");
    say(screen, &shell, "usage\n");
    assert_string_equal(sent(screen),
                        "> pi\r\nnet: up\r\nnetd: ready\r\n> ping\r\nusage\r\n");
    free(screen);
}

TEST(an_unfinished_line_of_another_process_is_a_line)
{
    struct screen *screen = make_screen();
    say(screen, &netd, "SELF");
    say(screen, &netd, "TEST: end\n");
    assert_string_equal(sent(screen), "SELF\r\nnetd| TEST: end\r\n");
    assert_false(terminal_is_unsettled(&screen->terminal));
    free(screen);
}

TEST(a_prompt_cannot_fake_a_line_either)
{
    struct screen *screen = make_screen();
    say(screen, &shell, "SELF");
    terminal_settle(&screen->terminal);
    say(screen, &shell, "TEST: end\n");
    say(screen, &shell, "SELFTEST: end");
    terminal_settle(&screen->terminal);
    assert_string_equal(sent(screen), "SELF\r\nshell| TEST: end\r\nshell| SELFTEST: end");
    free(screen);
}

TEST(keys_typed_ahead_are_shown_with_the_next_prompt)
{
    struct screen *screen = make_screen();
    press(screen, "ps");
    assert_string_equal(sent(screen), "");
    say(screen, &shell, "> ");
    terminal_settle(&screen->terminal);
    assert_string_equal(sent(screen), "> ps");
    free(screen);
}

TEST(what_was_shown_is_remembered_without_the_prompt)
{
    struct screen *screen = make_screen();
    say(screen, &shell, "> ");
    terminal_settle(&screen->terminal);
    say(screen, &netd, "init: x\n");
    assert_int_equal(screen->history.written, strlen("netd| init: x\n"));
    assert_memory_equal(screen->history.text, "netd| init: x\n", strlen("netd| init: x\n"));
    free(screen);
}

TEST(a_screen_with_room_takes_any_record_any_prompt_and_any_key)
{
    struct screen *screen = make_screen();
    char text[LOG_RECORD_BYTES];
    memset(text, 1, sizeof(text));
    memcpy(text, "x:", 2);
    press(screen, "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678");
    while (terminal_has_room(&screen->terminal)) {
        terminal_show(&screen->terminal, &shell, true, text, sizeof(text));
        terminal_settle(&screen->terminal);
        press(screen, "\x03");
        assert_true(screen->terminal.tail - screen->terminal.head <= TERMINAL_OUTPUT_BYTES);
        terminal_show(&screen->terminal, &netd, false, text, sizeof(text));
        if (screen->terminal.tail - screen->terminal.head > TERMINAL_OUTPUT_BYTES / 2) {
            break;
        }
    }
    assert_true(screen->terminal.tail - screen->terminal.head <= TERMINAL_OUTPUT_BYTES);
    free(screen);
}

/* --- the devices ------------------------------------------------------------------------------ */

/* A UART: what the driver set, what comes in, what went out and what still fits. */
struct fake {
    uint32_t written[0x50];
    const char *input;
    char output[64];
    size_t sent;
    size_t room;
    unsigned acknowledged;
};

static uint32_t read_16550(struct fake *fake, uint32_t offset)
{
    switch (offset) {
    case 0:
        return (uint8_t)*fake->input++;
    case 2:
        fake->acknowledged++;
        return 1;
    case 5:
        return (*fake->input != '\0' ? 1u : 0u) | (fake->room == 16 ? 1u << 5 : 0u);
    default:
        fail();
        return 0;
    }
}

static uint32_t read_pl011(struct fake *fake, uint32_t offset)
{
    switch (offset) {
    case 0x00:
        return (uint32_t)(uint8_t)*fake->input++ | 1u << 9; /* with an error bit */
    case 0x18:
        return (*fake->input == '\0' ? 1u << 4 : 0u) | (fake->room == 0 ? 1u << 5 : 0u);
    case 0x2c:
    case 0x30:
        return fake->written[offset];
    default:
        fail();
        return 0;
    }
}

uint32_t uart_read(const struct uart *uart, uint32_t offset)
{
    return uart->kind == UART_16550 ? read_16550(uart->base, offset)
                                    : read_pl011(uart->base, offset);
}

void uart_write(const struct uart *uart, uint32_t offset, uint32_t value)
{
    struct fake *fake = uart->base;
    assert_true(offset < 0x50);
    fake->written[offset] = value;
    if (offset == 0) {
        assert_true(fake->room > 0);
        fake->room--;
        fake->output[fake->sent++] = (char)value;
    }
    fake->acknowledged += uart->kind == UART_PL011 && offset == 0x44;
}

static struct uart open_fake(struct fake *fake, enum uart_kind kind)
{
    struct uart uart = {.kind = kind, .base = fake};
    fake->input = "";
    uart_open(&uart);
    return uart;
}

TEST(both_devices_start_with_fifos_and_the_input_interrupt_alone)
{
    struct fake ns = {0}, pl = {0};
    pl.written[0x2c] = 0x60; /* eight bits, as the firmware set */
    open_fake(&ns, UART_16550);
    open_fake(&pl, UART_PL011);
    assert_int_equal(ns.written[1], 1);
    assert_int_equal(ns.written[2], 1);
    assert_int_equal(pl.written[0x38], 0x50);
    assert_int_equal(pl.written[0x2c], 0x70);
    assert_int_equal(pl.written[0x30], 0x301);
}

TEST(a_16550_is_given_sixteen_bytes_each_time_it_is_empty)
{
    struct fake fake = {.room = 16};
    struct uart uart = open_fake(&fake, UART_16550);
    int put = 0;
    while (put < 40 && uart_put(&uart, 'a')) {
        put++;
    }
    assert_int_equal(put, 16);
    fake.room = 15;
    assert_false(uart_put(&uart, 'b'));
    fake.room = 16;
    assert_true(uart_put(&uart, 'b'));
    assert_memory_equal(fake.output, "aaaaaaaaaaaaaaaab", 17);
}

TEST(a_pl011_is_given_bytes_until_it_is_full)
{
    struct fake fake = {.room = 2};
    struct uart uart = open_fake(&fake, UART_PL011);
    assert_true(uart_put(&uart, 'a'));
    assert_true(uart_put(&uart, 'b'));
    assert_false(uart_put(&uart, 'c'));
    assert_memory_equal(fake.output, "ab", 3);
}

TEST(input_is_read_until_there_is_none)
{
    for (int kind = UART_16550; kind <= UART_PL011; kind++) {
        struct fake fake = {0};
        struct uart uart = open_fake(&fake, (enum uart_kind)kind);
        uint8_t byte = 0;
        assert_false(uart_get(&uart, &byte));
        fake.input = "hi";
        assert_true(uart_get(&uart, &byte) && byte == 'h');
        assert_true(uart_get(&uart, &byte) && byte == 'i');
        assert_false(uart_get(&uart, &byte));
    }
}

TEST(the_room_interrupt_is_on_only_while_it_is_wanted)
{
    struct fake ns = {0}, pl = {0};
    struct uart one = open_fake(&ns, UART_16550), other = open_fake(&pl, UART_PL011);
    uart_want_room(&one, true);
    uart_want_room(&other, true);
    assert_int_equal(ns.written[1], 3);
    assert_int_equal(pl.written[0x38], 0x70);
    uart_want_room(&one, false);
    uart_want_room(&other, false);
    assert_int_equal(ns.written[1], 1);
    assert_int_equal(pl.written[0x38], 0x50);
    uart_acknowledge(&one);
    uart_acknowledge(&other);
    assert_int_equal(ns.acknowledged, 1);
    assert_int_equal(pl.acknowledged, 1);
    assert_int_equal(pl.written[0x44], 0x7ff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_with_an_own_prefix_is_shown_as_it_is),
        cmocka_unit_test(a_line_with_a_foreign_prefix_is_shown_behind_its_process),
        cmocka_unit_test(bytes_that_do_not_print_are_escaped),
        cmocka_unit_test(the_longest_record_of_the_worst_bytes_fits),
        cmocka_unit_test(enter_ends_the_line),
        cmocka_unit_test(backspace_and_ctrl_u_take_letters_back),
        cmocka_unit_test(ctrl_c_gives_the_line_up),
        cmocka_unit_test(arrow_keys_and_control_bytes_leave_no_trace),
        cmocka_unit_test(a_full_line_rings_the_bell_and_can_still_be_ended),
        cmocka_unit_test(a_line_in_the_middle_of_typing_leaves_prompt_and_letters_whole),
        cmocka_unit_test(an_unfinished_line_of_another_process_is_a_line),
        cmocka_unit_test(a_prompt_cannot_fake_a_line_either),
        cmocka_unit_test(keys_typed_ahead_are_shown_with_the_next_prompt),
        cmocka_unit_test(what_was_shown_is_remembered_without_the_prompt),
        cmocka_unit_test(a_screen_with_room_takes_any_record_any_prompt_and_any_key),
        cmocka_unit_test(both_devices_start_with_fifos_and_the_input_interrupt_alone),
        cmocka_unit_test(a_16550_is_given_sixteen_bytes_each_time_it_is_empty),
        cmocka_unit_test(a_pl011_is_given_bytes_until_it_is_full),
        cmocka_unit_test(input_is_read_until_there_is_none),
        cmocka_unit_test(the_room_interrupt_is_on_only_while_it_is_wanted),
    };
    return cmocka_run_group_tests_name("serial_lines", tests, NULL, NULL);
}
