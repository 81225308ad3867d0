/* SPDX-License-Identifier: BSD-2-Clause */
#include "status.h"

#include <string.h>

#include <abi/error.h>
#include <base/attributes.h>
#include <base/fmt.h>
#include <proto/init.h>
#include <proto/netd.h>
#include <wherry/bus.h>
#include <wherry/event.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/time.h>

enum { ANSWER_SECONDS = 1 };

struct text {
    char *bytes;
    size_t size;
    size_t used;
    bool is_full; /* a line did not fit: no more come */
};

/* Adds a line, or nothing of it. */
static PRINTF_LIKE(2, 3) void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = text->size - text->used;
    size_t len = fmt_format_list(text->bytes + text->used, room, format, arguments);
    va_end(arguments);
    text->is_full |= len + 1 >= room; /* it may have been cut off */
    text->used += text->is_full ? 0 : len;
}

/* A question to init or netd; its status is the answer's when the call itself succeeds. */
static MUST_CHECK int ask(const char *role, struct message *message)
{
    ticks_t deadline = time_after(time_now(), ANSWER_SECONDS * NS_PER_SECOND);
    int error = ipc_call(startup_handle(role), message, deadline);
    if (error == E_TIMEOUT) {
        event_show_life();
    }
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

static void put_nodes(struct text *text)
{
    struct bus_node node;
    for (uint64_t i = 0; bus_get_node(&i, &node) == OK;) {
        put(text, "node %s up %lu s\n", node.id, (unsigned long)node.up_seconds);
    }
}

static void put_processes(struct text *text)
{
    unsigned up = 0, restarts = 0;
    for (uint64_t i = 0;; i++) {
        struct message message = {.words = {INIT_LIST, i}};
        struct init_process process;
        if (ask(ROLE_INIT, &message) != OK) {
            break;
        }
        init_process_unpack(message.words, &process);
        up += process.state == INIT_STATE_UP;
        restarts += process.restarts;
    }
    put(text, "processes %u restarts %u\n", up, restarts);
}

static void put_memory(struct text *text)
{
    struct message message = {.words = {INIT_SYSTEM}};
    if (ask(ROLE_INIT, &message) == OK) {
        put(text, "memory %lu KiB of %lu\n", (unsigned long)message.words[3] * 4,
            (unsigned long)message.words[1] * 4);
    }
}

static void put_sockets(struct text *text)
{
    struct message message = {.words = {NETD_SOCKETS_GET}};
    if (ask(ROLE_NETD, &message) == OK) {
        put(text, "sockets %lu\n", (unsigned long)message.words[1]);
    }
}

/* Those that are not zero. */
static void put_counters(struct text *text)
{
    char name[BUS_COUNTER_NAME_WORDS * sizeof(uint64_t) + 1];
    uint64_t value;
    for (uint64_t i = 0; bus_get_counter(&i, name, &value) == OK;) {
        if (value != 0) {
            put(text, "%s %lu\n", name, (unsigned long)value);
        }
    }
    for (uint64_t i = 0;; i++) {
        struct message message = {.words = {NETD_COUNTER_GET, i}};
        if (ask(ROLE_NETD, &message) != OK) {
            return;
        }
        if (message.words[1] != 0) {
            memcpy(name, &message.words[2], sizeof(name) - 1);
            name[sizeof(name) - 1] = '\0';
            put(text, "%s %lu\n", name, (unsigned long)message.words[1]);
        }
    }
}

size_t status_write(char *bytes, size_t size)
{
    struct text text = {.bytes = bytes, .size = size};
    put(&text, "uptime %lu s\n", (unsigned long)(time_ns_since_boot() / NS_PER_SECOND));
    put_nodes(&text);
    put_processes(&text);
    put_memory(&text);
    put_sockets(&text);
    put_counters(&text);
    return text.used;
}
