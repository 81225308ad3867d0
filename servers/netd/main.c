/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process netd: gives the stack its memory, its time, its waits. All its system calls are here.
 *
 * One loop, one place to sleep: driver, init and the timer signal the notification, clients call
 * the endpoint. Each turn is a step of the stack [stack.h]; a request is answered in the turn
 * after it came, by the same system call that waits for the next.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/parse.h>
#include <proto/init.h>
#include <proto/rng.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "lwip/port.h"
#include "service.h"
#include "stack.h"

enum {
    FALLBACK_ADDRESS = 0x0a00020f, /* 10.0.2.15 */
    FALLBACK_GATEWAY = 0x0a000202, /* 10.0.2.2 */
    FALLBACK_PREFIX = 24,
};

#define SEED_WAIT_NS (100 * NS_PER_MS)

struct process {
    handle_t endpoint;
    handle_t driver[STACK_LINKS]; /* notifications */
    uint64_t timer_us;            /* what the timer is set to; 0: nothing */
    struct stack stack;
};

static struct process process;

static uint64_t clock_us(void)
{
    return service_ticks_to_us(time_now(), boot_facts()->counter_hz);
}

/* --- what init has given ------------------------------------------------------------------- */

static void write_line(void *context, const char *text, size_t len)
{
    (void)context;
    console_print("%.*s", (int)len, text); /* <= LINE_BYTES_MAX */
}

static void report_assert(const char *text, const char *file, int line)
{
    console_print("netd: %s:%d: %s", file, line, text);
}

/* A static address: of the machine's settings, which init has checked. */
static void read_fallback(const char *ip_key, const char *gateway_key, struct addr_ip4 *fallback)
{
    const char *ip = getenv(ip_key);
    const char *gateway = getenv(gateway_key);
    uint32_t prefix;
    if (ip != NULL && parse_ipv4_prefix(ip, strlen(ip), &fallback->address, &prefix) == OK) {
        fallback->prefix = (uint8_t)prefix; /* <= 32 */
        fallback->gateway = 0;
    }
    if (gateway != NULL) {
        (void)!parse_ipv4(gateway, strlen(gateway), &fallback->gateway);
    }
}

/* From rng; without it, or before it has any, what the start-up page and the clock give. */
static void read_seed(uint64_t seed[PORT_SEED_WORDS])
{
    struct message message = {.words = {RNG_GET}};
    ticks_t deadline = time_after(time_now(), SEED_WAIT_NS);
    memcpy(seed, startup_own()->random, STARTUP_RANDOM_BYTES);
    memcpy(seed + 2, startup_own()->random, STARTUP_RANDOM_BYTES);
    seed[0] ^= time_now();
    seed[3] ^= time_now();
    if (ipc_call(startup_handle("rng"), &message, deadline) == OK && message.words[0] == OK) {
        for (int i = 0; i < PORT_SEED_WORDS; i++) {
            seed[i] ^= message.words[1 + i];
        }
    } else {
        console_print("netd: no entropy for port numbers and ids");
    }
}

static MUST_CHECK int attach_frames(const char *role, const char *driver)
{
    void *area;
    uint64_t pages;
    handle_t frames = startup_handle(role);
    handle_t wake = startup_handle(driver);
    if (frames == HANDLE_NONE || wake == HANDLE_NONE) {
        return OK; /* this machine does not have it */
    }
    int error = memory_attach(frames, RIGHT_READ | RIGHT_WRITE, &area, &pages);
    if (error != OK) {
        return error;
    }
    if (pages < sizeof(struct frames_area) / PAGE_BYTES) {
        return E_RANGE;
    }
    process.driver[process.stack.link_count] = wake;
    return stack_attach(&process.stack, area);
}

/* The network devices, if this machine has any. */
static MUST_CHECK int attach_links(void)
{
    int error = attach_frames(ROLE_FRAMES, ROLE_WAKE "virtio-net");
    if (error == OK) {
        error = attach_frames(ROLE_FRAMES_1, ROLE_WAKE "virtio-en1");
    }
    if (error == OK && process.stack.link_count == 0) {
        console_print("net: no network device");
    }
    return error;
}

/* Maps the arena of a client. What it costs is ours; without room the client has no sockets. */
static void attach_client(uint32_t index, const struct init_client *facts)
{
    void *arena;
    uint64_t pages = 0;
    int error = memory_attach(facts->arena, RIGHT_READ | RIGHT_WRITE, &arena, &pages);
    if (error == OK && pages * PAGE_BYTES < socket_arena_bytes(facts->shape)) {
        error = E_RANGE;
    }
    if (error == OK) {
        error = sockets_attach(&process.stack.sockets, index, facts, arena);
    }
    if (error != OK) {
        console_print("netd: no sockets for process %u: %s", index + 1, error_text(error));
    }
}

/* Every process that may have sockets, as the manifest has them. */
static MUST_CHECK int attach_clients(void)
{
    for (uint32_t index = 0;; index++) {
        struct message message = {.words = {INIT_CLIENT, index}};
        struct init_client facts;
        int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
        if (error != OK) {
            return error;
        }
        if (message.words[0] != OK) {
            return OK; /* behind the last, or init has no clients for us */
        }
        init_client_unpack(message.words, &facts);
        if (facts.shape.slots != 0 && facts.arena != HANDLE_NONE) { /* else of another lane */
            attach_client(index, &facts);
        }
    }
}

static MUST_CHECK int open_stack(void)
{
    struct stack_config config = {
        .fallback = {{FALLBACK_ADDRESS, FALLBACK_GATEWAY, FALLBACK_PREFIX}}, /* QEMU's */
        .lines = {write_line, NULL},
    };
    read_seed(config.seed);
    read_fallback("ip", "gw", &config.fallback[0]);
    read_fallback("ip1", "gw1", &config.fallback[1]);
    port_on_assert(report_assert);
    process.endpoint = startup_handle(ROLE_ENDPOINT);
    int error = stack_init(&process.stack, &config, clock_us());
    if (error == OK) {
        error = attach_clients();
    }
    return error == OK ? attach_links() : error;
}

static MUST_CHECK int tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message.words[0] : error;
}

/* --- turns --------------------------------------------------------------------------------- */

/* Turns a request into its answer. A handle that nobody keeps is closed. */
static void answer(struct message *message)
{
    struct service_request request = {
        .badge = message->badge,
        .notification = message->handle_count != 0 ? message->handles[0] : HANDLE_NONE,
        .counter_hz = boot_facts()->counter_hz,
    };
    memcpy(request.words, message->words, sizeof(request.words));
    bool is_kept = service_answer(&process.stack, &request, message->words);
    if (!is_kept && request.notification != HANDLE_NONE) {
        sys_handle_close(request.notification);
    }
    message->handle_count = 0;
}

/* A client that has gone, or gave something else than a notification, hurts only itself. */
static void wake_clients(void)
{
    struct wakeup wakeup;
    while ((wakeup = pings_next_wakeup(&process.stack.pings)).notification != HANDLE_NONE) {
        if (sys_signal(wakeup.notification, wakeup.bits).status != OK) {
            stats_count(&process.stack.stats, COUNTER_request_late);
        }
        sys_handle_close(wakeup.notification);
    }
    uint32_t place = 0;
    const struct socket_client *client;
    while ((client = sockets_next_wakeup(&process.stack.sockets, &place)) != NULL) {
        (void)sys_signal(client->facts.notification, SOCKET_EVENT); /* init's, there for good */
    }
}

static void end_clients(uint64_t gone)
{
    while (gone != 0) {
        uint32_t index = (uint32_t)__builtin_ctzll(gone);
        gone &= gone - 1;
        process.stack.has_news = true;
        sockets_gone(&process.stack.sockets, index);
    }
}

/* Everything out: frames, wake-ups, the next time-out. False: there is more to do, do not sleep. */
static MUST_CHECK bool finish(bool has_more, uint64_t now_us)
{
    uint64_t next_us;
    uint32_t must_signal = stack_finish(&process.stack, now_us, &next_us);
    for (uint32_t i = 0; i < STACK_LINKS; i++) {
        if ((must_signal >> i & 1) != 0) {
            sys_signal(process.driver[i], FRAMES_WAKE);
        }
    }
    wake_clients();
    if (next_us != process.timer_us) {
        process.timer_us = next_us;
        event_set_timer(service_us_to_ticks(next_us, boot_facts()->counter_hz));
    }
    return !has_more && stack_prepare_sleep(&process.stack);
}

static MUST_CHECK int serve(void)
{
    struct message message = {.accept_count = 1};
    bool is_request = false;
    for (;;) {
        uint64_t now_us = clock_us();
        bool has_more = stack_input(&process.stack, now_us);
        if (is_request) {
            answer(&message);
        }
        ticks_t deadline = finish(has_more, now_us) ? DEADLINE_FOREVER : 0;
        int error = event_serve_until(process.endpoint, &message, deadline);
        if (error != OK && error != E_TIMEOUT) {
            return error;
        }
        is_request = error == OK && message.bits == 0;
        if (!is_request && error == OK) {
            if ((message.bits & EVENT_TIMER) != 0) {
                process.timer_us = 0; /* it is used up; no deadline lies there */
            }
            process.stack.sockets.kicked |= socket_kicked_groups(message.bits);
            end_clients(message.bits & (SOCKET_GONE(SOCKET_CLIENTS_MAX) - 1));
        }
    }
}

int main(void)
{
    const char *what = "cannot start";
    int error = open_stack();
    if (error == OK) {
        what = "init does not answer";
        error = tell_up();
    }
    if (error == OK) {
        what = "cannot serve";
        console_print("netd: ready");
        error = serve();
    }
    console_print("netd: %s: %s", what, error_text(error));
    return EXIT_FAILURE;
}
