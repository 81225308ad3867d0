/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /status.json. All numbers are integers; names come from the manifest and from netd's list of
 * counters, and have no character that JSON would want escaped.
 */
#include "pages.h"

#include <abi/error.h>
#include <base/fmt.h>
#include <proto/init.h>
#include <proto/netd.h>
#include <string.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/time.h>

enum { ANSWER_SECONDS = 1 };

struct text {
    char *bytes;
    size_t size;
    size_t used; /* size when something did not fit */
};

PRINTF_LIKE(2, 3) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = text->size - text->used;
    size_t bytes = fmt_format_list(text->bytes + text->used, room, format, arguments);
    va_end(arguments);
    text->used = bytes + 1 < room ? text->used + bytes : text->size;
}

/* A question to init or netd; its status is the answer's when the call itself succeeds. */
static MUST_CHECK int ask(const char *role, struct message *message)
{
    ticks_t deadline = time_after(time_now(), ANSWER_SECONDS * NS_PER_SECOND);
    int error = ipc_call(startup_handle(role), message, deadline);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

static void put_processes(struct text *text)
{
    static const char *const states[INIT_STATES] = {
        [INIT_STATE_STOPPED] = "stopped", [INIT_STATE_STARTING] = "starting",
        [INIT_STATE_UP] = "up",           [INIT_STATE_ENDED] = "ended",
        [INIT_STATE_WAITING] = "waiting", [INIT_STATE_FAILED] = "failed",
    };
    put(text, "\"processes\":[");
    struct message message = {.words = {INIT_LIST, 0}};
    for (uint64_t i = 0; ask(ROLE_INIT, &message) == OK; i++) {
        struct init_process process;
        init_process_unpack(message.words, &process);
        put(text,
            "%s{\"name\":\"%s\",\"state\":\"%s\",\"cpu_us\":%lu,\"pages\":%u,"
            "\"restarts\":%u}",
            i == 0 ? "" : ",", process.name,
            process.state < INIT_STATES ? states[process.state] : "?",
            (unsigned long)(time_ns_at(process.cpu_ticks, boot_facts()->counter_hz) / 1000),
            process.pages_used, process.restarts);
        message = (struct message){.words = {INIT_LIST, i + 1}};
    }
    put(text, "]");
}

/* Those that are not zero. */
static void put_counters(struct text *text)
{
    const char *separator = "";
    put(text, "\"net\":{");
    struct message message = {.words = {NETD_COUNTER_GET, 0}};
    for (uint64_t i = 0; ask(ROLE_NETD, &message) == OK; i++) {
        char name[NETD_COUNTER_NAME_WORDS * sizeof(uint64_t) + 1] = "";
        memcpy(name, &message.words[2], sizeof(name) - 1); /* first letter lowest, as stored here */
        if (message.words[1] != 0) {
            put(text, "%s\"%s\":%lu", separator, name, (unsigned long)message.words[1]);
            separator = ",";
        }
        message = (struct message){.words = {NETD_COUNTER_GET, i + 1}};
    }
    put(text, "}");
}

size_t status_make(char *bytes, size_t size)
{
    struct text text = {bytes, size, 0};
    put(&text, "{\"uptime_us\":%lu,", (unsigned long)(time_ns_since_boot() / 1000));
    put_processes(&text);
    put(&text, ",");
    put_counters(&text);
    put(&text, "}\n");
    return text.used == size ? 0 : text.used;
}
