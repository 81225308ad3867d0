/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands about processes, memory, lines, time and power.
 */
#include <string.h>
#include <time.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/fmt.h>
#include <base/parse.h>
#include <proto/init.h>
#include <proto/rtc.h>
#include <wherry/console.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>
#include <wherry/version.h>

#include "commands.h"

enum {
    LOG_LINES = 20,
    KIB_PER_PAGE = PAGE_BYTES / 1024,
};

/* Asks init; the answer replaces the message. */
static int ask(struct message *message)
{
    int error = ipc_call(startup_handle(ROLE_INIT), message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

/* --- ps --------------------------------------------------------------------------------------- */

static void show_process(const struct init_process *process)
{
    static const char *const states[INIT_STATES] = {
        [INIT_STATE_STOPPED] = "off",   [INIT_STATE_STARTING] = "starting",
        [INIT_STATE_UP] = "up",         [INIT_STATE_ENDED] = "ended",
        [INIT_STATE_WAITING] = "waits", [INIT_STATE_FAILED] = "failed",
    };
    uint64_t cpu_us = time_ns_at(process->cpu_ticks, boot_facts()->counter_hz) / 1000;
    console_print("%-11s%-9s%3u %6lu.%03lu %6u/%-6u %6u/%-6u %4u %8u %4u", process->name,
                  process->state < INIT_STATES ? states[process->state] : "?", process->priority,
                  (unsigned long)(cpu_us / 1000), (unsigned long)(cpu_us % 1000),
                  process->pages_used * KIB_PER_PAGE, process->pages_limit * KIB_PER_PAGE,
                  process->stack_bytes_used, process->stack_bytes, process->handles,
                  process->restarts, process->fp_traps);
}

/* `base_pages`: what init, the drivers and netd use. */
static void show_memory(uint64_t base_pages)
{
    struct message message = {.words = {INIT_SYSTEM}};
    uint64_t image_kib = boot_facts()->kernel_bytes / 1024;
    int error = ask(&message);
    if (error != OK) {
        console_print("no figures of the system, %s", error_text(error));
        return;
    }
    console_print("memory %lu KiB in use of %lu (kernel image %lu, init to netd %lu, others %lu)",
                  (unsigned long)(message.words[3] * KIB_PER_PAGE + image_kib),
                  (unsigned long)(message.words[1] * KIB_PER_PAGE), (unsigned long)image_kib,
                  (unsigned long)(base_pages * KIB_PER_PAGE),
                  (unsigned long)((message.words[3] - base_pages) * KIB_PER_PAGE));
    console_print("%lu objects, %lu handles, %lu mappings, %lu requests denied by init",
                  (unsigned long)message.words[4], (unsigned long)message.words[5],
                  (unsigned long)message.words[6], (unsigned long)message.words[7]);
}

void command_ps(const struct command_call *call)
{
    int error = OK;
    uint64_t base_pages = 0;
    bool is_base = true; /* the manifest lists init first, then drivers, netd, its clients */
    (void)call;
    console_print("%-11s%-9s%3s %10s %13s %13s %4s %8s %4s", "process", "state", "pri", "cpu ms",
                  "KiB/limit", "stack/bytes", "hdl", "restarts", "fp");
    for (uint64_t i = 0; error == OK; i++) {
        struct message message = {.words = {INIT_LIST, i}};
        struct init_process process;
        error = ask(&message);
        if (error == OK) {
            init_process_unpack(message.words, &process);
            show_process(&process);
            base_pages += is_base ? process.pages_used : 0;
            is_base = is_base && strcmp(process.name, "netd") != 0;
        } else if (error != E_NOT_FOUND) {
            console_print("no list, %s", error_text(error));
        }
    }
    show_memory(base_pages);
}

/* --- handles ---------------------------------------------------------------------------------- */

static uint64_t figure(handle_t handle, enum info selector)
{
    struct sysret info = sys_object_info(handle, selector);
    return info.status == OK ? info.value : 0;
}

void command_handles(const struct command_call *call)
{
    static const char *const types[OBJECT_TYPES] = {
        "nothing",      "account", "task", "thread", "endpoint",
        "notification", "memory",  "irq",  "system",
    };
    static const char letters[] = "rwxmdgMSR"; /* in the order of enum right */
    const struct startup *own = startup_own();
    (void)call;
    console_print("%-16s %-13s %-10s %s", "role", "object", "rights", "handle");
    for (uint32_t i = 0; i < own->handle_count; i++) {
        const struct startup_handle *entry = &own->handles[i];
        uint64_t type = figure(entry->handle, INFO_TYPE);
        uint64_t rights = figure(entry->handle, INFO_RIGHTS);
        char text[sizeof(letters)];
        for (size_t bit = 0; bit < sizeof(letters) - 1; bit++) {
            text[bit] = (rights >> bit & 1) != 0 ? letters[bit] : '-';
        }
        text[sizeof(letters) - 1] = '\0';
        console_print("%-16s %-13s %-10s 0x%x", entry->role,
                      type < OBJECT_TYPES ? types[type] : "?", text, entry->handle);
    }
}

/* --- log -------------------------------------------------------------------------------------- */

/* Where the last `lines` lines of [0, end) begin. */
static uint64_t find_lines(const struct serial_history *history, uint64_t end, uint64_t lines)
{
    uint64_t first = end > SERIAL_HISTORY_BYTES ? end - SERIAL_HISTORY_BYTES : 0;
    uint64_t at = end;
    while (at > first && lines > 0) {
        at--;
        lines -=
            at == first || atomic_load_explicit(&history->text[(at - 1) % SERIAL_HISTORY_BYTES],
                                                memory_order_relaxed) == '\n';
    }
    return at;
}

/* Says again what was shown; what is overwritten meanwhile comes out mixed, and harms nobody. */
static void repeat(const struct serial_history *history, uint64_t lines)
{
    uint64_t end = atomic_load_explicit(&history->written, memory_order_acquire);
    for (uint64_t at = find_lines(history, end, lines); at < end; at++) {
        char letter = (char)atomic_load_explicit(&history->text[at % SERIAL_HISTORY_BYTES],
                                                 memory_order_relaxed);
        console_write(&letter, 1);
    }
    console_flush();
}

void command_log(const struct command_call *call)
{
    uint64_t lines = LOG_LINES;
    uint64_t pages;
    void *history;
    if (call->count > 2 ||
        (call->count == 2 && parse_u64(call->words[1], strlen(call->words[1]), 10, &lines) != OK)) {
        console_print("write log [LINES], a number");
        return;
    }
    int error = memory_attach(startup_handle(ROLE_HISTORY), RIGHT_READ, &history, &pages);
    if (error != OK) {
        console_print("no log, %s", error_text(error));
        return;
    }
    repeat(history, lines);
    error = memory_release(history);
    if (error != OK) {
        console_print("the log stays mapped, %s", error_text(error));
    }
}

/* --- time ------------------------------------------------------------------------------------- */

void command_uptime(const struct command_call *call)
{
    uint64_t ms = time_ns_since_boot() / NS_PER_MS;
    (void)call;
    console_print("up %lu h %lu min %lu.%03lu s", (unsigned long)(ms / 3600000),
                  (unsigned long)(ms / 60000 % 60), (unsigned long)(ms / 1000 % 60),
                  (unsigned long)(ms % 1000));
}

void command_date(const struct command_call *call)
{
    struct tm date;
    uint64_t unix_ns = 0;
    uint64_t pages;
    void *clock;
    (void)call;
    int error = memory_attach(startup_handle(ROLE_CLOCK), RIGHT_READ, &clock, &pages);
    if (error != OK) {
        console_print("no clock, %s", error_text(error));
        return;
    }
    bool is_set = rtc_wall_ns(clock, time_now(), boot_facts()->counter_hz, &unix_ns);
    error = memory_release(clock);
    time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
    if (error != OK || !is_set || gmtime_r(&seconds, &date) == NULL) {
        console_print("nobody has set the clock");
        return;
    }
    console_print("%04d-%02d-%02d %02d:%02d:%02d UTC", date.tm_year + 1900, date.tm_mon + 1,
                  date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
}

/* --- the machine ------------------------------------------------------------------------------ */

void command_version(const struct command_call *call)
{
    (void)call;
    console_print("Wherry %s on %s, %lu MiB RAM, %lu CPU%s found, 1 used", WHERRY_VERSION,
                  ARCH_NAME, (unsigned long)(boot_facts()->ram_bytes >> 20),
                  (unsigned long)boot_facts()->cpus, boot_facts()->cpus == 1 ? "" : "s");
}

static void ask_power(enum off_action action, uint64_t code)
{
    struct message message = {.words = {INIT_POWER, action, code}};
    int error = ask(&message);
    if (error != OK) {
        console_print("the machine stays on, %s", error_text(error));
    }
}

void command_reboot(const struct command_call *call)
{
    (void)call;
    ask_power(OFF_RESET, 0);
}

void command_poweroff(const struct command_call *call)
{
    uint64_t code = 0;
    if (call->count > 2 ||
        (call->count == 2 && (parse_u64(call->words[1], strlen(call->words[1]), 10, &code) != OK ||
                              code > UINT8_MAX))) {
        console_print("write poweroff [CODE], 0 to 255");
        return;
    }
    ask_power(OFF_POWER, code);
}

void command_restart(const struct command_call *call)
{
    struct message message = {.words = {INIT_RESTART}};
    if (call->count != 2 || strnlen(call->words[1], INIT_NAME_BYTES) == INIT_NAME_BYTES) {
        console_print("write restart PROCESS; ps lists them");
        return;
    }
    memcpy(&message.words[1], call->words[1], strlen(call->words[1]));
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    error = error == OK ? (int)(int64_t)message.words[0] : error;
    if (error != OK) {
        console_print("restart: %s", error == E_STATE       ? "not one that is restarted"
                                     : error == E_NOT_FOUND ? "no such process"
                                                            : error_text(error));
    }
}
