/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process serial: shows the lines of all processes and reads the keyboard.
 *
 * Sleeps on its notification: the device's interrupt, and LOG_WAKE from whoever wrote into a log
 * while all were empty. Lines are taken from one log after the other, one each, while the screen
 * has room; when it has none they stay in their logs, and what a full log drops is counted there
 * and told here.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/parse.h>
#include <proto/init.h>
#include <proto/serial.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "terminal.h"
#include "uart.h"

enum {
    IRQ_BIT = 0,
    REST_MS = 50, /* after the last line, before the prompt is drawn again */
};

#define EVENT_IRQ (1ull << IRQ_BIT)

/* The reading end of one process's log. */
struct source {
    struct ring_consumer log;
    struct log_page *page;
    uint32_t drops_told;
};

struct process {
    struct uart uart;
    handle_t irq;
    struct terminal terminal;
    const struct serial_sources *table;
    uint32_t count; /* of sources; private */
    struct source sources[SERIAL_SOURCES_MAX];
    struct serial_console *console;
    struct ring_producer lines;
    handle_t reader; /* notification of the console process */
    ticks_t rest_at; /* when the lines shown last have come to rest */
};

static struct process process;

/* --- output ----------------------------------------------------------------------------------- */

/* Tells of lines that a full log dropped since the last time. */
static void report_drops(struct source *source, const char *name)
{
    uint32_t drops = ring_drops(source->log.shared);
    if (drops != source->drops_told) {
        console_print("serial: %u lines of %s dropped", drops - source->drops_told, name);
        source->drops_told = drops;
    }
}

/* What stands in a log is none: its process broke it, and loses only what it had written. */
static void skip_broken(uint32_t index)
{
    struct source *source = &process.sources[index];
    log_reader_skip(&source->log, source->page);
    console_print("serial: the log of %s was broken; lines are lost",
                  process.table->sources[index].name);
}

/* Shows one record of a source; false: there is none. */
static bool show_record(uint32_t index)
{
    struct source *source = &process.sources[index];
    const struct serial_source *owner = &process.table->sources[index];
    char text[LOG_RECORD_BYTES];
    size_t bytes;

    report_drops(source, owner->name);
    int error = log_read(&source->log, text, &bytes);
    if (error == E_CORRUPT) {
        skip_broken(index);
    }
    if (error != OK) {
        return false;
    }
    bool must_signal = ring_consumer_commit(&source->log);
    (void)must_signal; /* writers drop, they never sleep */
    terminal_show(&process.terminal, owner, index == process.table->console, text, bytes);
    return true;
}

/* One record of each source; false: all are empty, or the screen is full. */
static bool show_records(void)
{
    bool has_shown = false;
    for (uint32_t i = 0; i < process.count && terminal_has_room(&process.terminal); i++) {
        has_shown |= show_record(i);
    }
    return has_shown;
}

/* Sends what the device takes; asks for an interrupt if something is left. */
static void send(void)
{
    uint8_t byte;
    bool has_more = terminal_next(&process.terminal, &byte);
    while (has_more && uart_put(&process.uart, byte)) {
        terminal_sent(&process.terminal);
        has_more = terminal_next(&process.terminal, &byte);
    }
    uart_want_room(&process.uart, has_more);
}

/* Asks every writer for a wake-up. False: somebody wrote meanwhile. */
static bool prepare_sleep(void)
{
    for (uint32_t i = 0; i < process.count; i++) {
        if (!ring_consumer_prepare_sleep(&process.sources[i].log)) {
            return false;
        }
    }
    return true;
}

/* --- input ------------------------------------------------------------------------------------ */

static void wake_reader(void)
{
    struct sysret signalled = sys_signal(process.reader, SERIAL_WAKE_INPUT);
    if (signalled.status != OK) {
        console_print("serial: nobody reads the console: %s", error_text((int)signalled.status));
    }
}

static void take_key(uint8_t byte)
{
    struct editor *editor = &process.terminal.editor;
    switch (terminal_key(&process.terminal, byte)) {
    case EDITOR_LINE:
        if (log_write(&process.lines, editor->line, editor->used)) {
            wake_reader();
        }
        editor_clear(editor);
        break;
    case EDITOR_INTERRUPT:
        atomic_fetch_add_explicit(&process.console->interrupts, 1, memory_order_release);
        wake_reader();
        break;
    case EDITOR_NOTHING:
        break;
    }
}

/* Keys that find no room on the screen stay in the device; room comes with its interrupt. */
static void take_keys(void)
{
    uint8_t byte;
    while (terminal_has_room(&process.terminal) && uart_get(&process.uart, &byte)) {
        terminal_settle(&process.terminal);
        take_key(byte);
    }
}

/* --- start ------------------------------------------------------------------------------------ */

static int map(const char *role, uint64_t rights, uint64_t bytes, void **address)
{
    uint64_t pages;
    int error = memory_attach(startup_handle(role), rights, address, &pages);
    return error == OK && pages * PAGE_BYTES < bytes ? E_RANGE : error;
}

static int open_uart(void)
{
    const char *compatible = getenv(SETTING_COMPATIBLE);
    const char *setting = getenv(SETTING_OFFSET);
    uint64_t offset;
    void *window;

    if (compatible == NULL || setting == NULL) {
        return E_NOT_FOUND;
    }
    int error = parse_u64(setting, strlen(setting), 10, &offset);
    if (error == OK) {
        error =
            offset < PAGE_BYTES ? map(ROLE_WINDOW, RIGHT_READ | RIGHT_WRITE, 0, &window) : E_RANGE;
    }
    if (error != OK) {
        return error;
    }
    process.uart.kind = strcmp(compatible, "arm,pl011") == 0 ? UART_PL011 : UART_16550;
    process.uart.base = (uint8_t *)window + offset;
    uart_open(&process.uart);
    process.irq = startup_handle(ROLE_IRQ);
    error = (int)sys_irq_bind(process.irq, startup_handle(ROLE_NOTIFICATION), IRQ_BIT).status;
    return error == OK ? (int)sys_irq_ack(process.irq).status : error; /* the line is masked yet */
}

static int open_logs(void)
{
    void *logs = NULL;
    void *table = NULL;
    int error = map(ROLE_SOURCES, RIGHT_READ, sizeof(*process.table), &table);
    if (error != OK) {
        return error;
    }
    process.table = table;
    process.count = process.table->count;
    if (process.count > SERIAL_SOURCES_MAX) {
        return E_LIMIT;
    }
    error = map(ROLE_LOGS, RIGHT_READ | RIGHT_WRITE, (uint64_t)process.count * PAGE_BYTES, &logs);
    for (uint32_t i = 0; i < process.count && error == OK; i++) {
        struct log_page *page = (struct log_page *)((uint8_t *)logs + (uint64_t)i * PAGE_BYTES);
        struct source *source = &process.sources[i];
        source->page = page;
        if (ring_consumer_bind(&source->log, &page->ring, LOG_ENTRIES) != OK) {
            skip_broken(i); /* log_reader_bind would not say so */
        }
    }
    return error;
}

/* A predecessor showed something: it told of the drops so far, and its prompt is not known. */
static void take_over(void)
{
    process.terminal.is_drawn = true;
    for (uint32_t i = 0; i < process.count; i++) {
        process.sources[i].drops_told = ring_drops(&process.sources[i].page->ring);
    }
    atomic_fetch_add_explicit(&process.console->interrupts, 1, memory_order_release);
    wake_reader(); /* it prompts again */
}

static int open_console(void)
{
    void *history = NULL;
    void *console = NULL;
    int error =
        map(ROLE_HISTORY, RIGHT_READ | RIGHT_WRITE, sizeof(struct serial_history), &history);
    if (error == OK) {
        error =
            map(ROLE_CONSOLE, RIGHT_READ | RIGHT_WRITE, sizeof(struct serial_console), &console);
    }
    if (error != OK) {
        return error;
    }
    process.terminal.history = history;
    process.console = console;
    process.reader = startup_handle(ROLE_WAKE "shell");
    error = log_writer_bind(&process.lines, &process.console->lines);
    if (error == OK && process.terminal.history->written != 0) {
        take_over();
    }
    return error;
}

static int tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message.words[0] : error;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Lines come in bursts: the prompt waits until there is rest. */
static void settle(void)
{
    if (!terminal_is_unsettled(&process.terminal)) {
        return;
    }
    if (time_now() >= process.rest_at) {
        terminal_settle(&process.terminal);
    } else {
        event_set_timer(process.rest_at);
    }
}

static int wait_for_work(void)
{
    uint64_t bits;
    int error = event_wait(EVENT_IRQ | EVENT_TIMER | LOG_WAKE, DEADLINE_FOREVER, &bits);
    if (error == OK && (bits & EVENT_IRQ) != 0) {
        uart_acknowledge(&process.uart);
        take_keys();
        error = (int)sys_irq_ack(process.irq).status;
    }
    return error;
}

static int serve(void)
{
    for (;;) {
        while (show_records()) {
            process.rest_at = time_after(time_now(), REST_MS * NS_PER_MS);
            send();
        }
        if (terminal_has_room(&process.terminal)) {
            take_keys();
            settle();
        }
        send();
        bool has_room = terminal_has_room(&process.terminal); /* if not, the device wakes us */
        if (!has_room || prepare_sleep()) {
            int error = wait_for_work();
            if (error != OK) {
                return error;
            }
        }
    }
}

int main(void)
{
    int error = open_logs();
    if (error == OK) {
        error = open_console();
    }
    if (error == OK) {
        error = open_uart();
    }
    if (error == OK) {
        error = tell_up();
    }
    if (error == OK) {
        error = serve();
    }
    console_print("serial: gives up: %s", error_text(error));
    return EXIT_FAILURE;
}
