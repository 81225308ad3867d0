/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A call and its answer, between two tasks with their own page tables, through a badge. The server
 * answers a function of the words, the client checks each one.
 *
 * The words stay in registers from the client's loop to the server's and back: everything is
 * inlined around the one instruction of ipc_trap. What the client's loop and the server's function
 * cost is in the loop that is taken off.
 */
#include "actors.h"
#include "bench.h"

enum { PRIORITY_SERVER = PRIORITY_SELFTEST + 4, BADGE = 0x1234 };

static inline __attribute__((always_inline)) void answer(uint64_t words[IPC_WORDS], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        words[i] += i + 1;
    }
}

/* The compiler must think that something happens here and changes every word. */
static inline __attribute__((always_inline)) void pretend(uint64_t words[IPC_WORDS], unsigned count)
{
    __asm__ volatile("" ::: "memory");
    for (unsigned i = 0; i < count; i++) {
        __asm__ volatile("" : "+r"(words[i]));
    }
}

/* --- the server ----------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void serve(uint64_t endpoint, unsigned count)
{
    struct ipc_registers r = {0};
    for (;;) {
        r.control = SYS_reply_wait;
        r.target = endpoint;
        r.deadline = DEADLINE_FOREVER;
        ipc_trap(&r);
        answer(r.words, count);
    }
}

static void serve_0w(uint64_t endpoint, uint64_t unused)
{
    (void)unused;
    serve(endpoint, 0);
}

static void serve_4w(uint64_t endpoint, uint64_t unused)
{
    (void)unused;
    serve(endpoint, 4);
}

static void serve_8w(uint64_t endpoint, uint64_t unused)
{
    (void)unused;
    serve(endpoint, 8);
}

/* --- the client ----------------------------------------------------------------------------- */

/* Rounds that call, or do all but call. Gives the ticks; *wrong collects what was not as it
 * should be. */
static inline __attribute__((always_inline)) ticks_t run(handle_t client, unsigned count,
                                                         bool is_real, uint64_t *wrong)
{
    uint64_t differences = 0;
    ticks_t start = time_now();
    for (uint64_t i = 0; i < BENCH_ROUNDS; i++) {
        struct ipc_registers r = {0};
        for (unsigned k = 0; k < count; k++) {
            r.words[k] = i + k;
        }
        if (is_real) {
            r.control = SYS_call;
            r.target = client;
            r.deadline = DEADLINE_FOREVER;
            ipc_trap(&r);
            differences |= r.control;
        } else {
            pretend(r.words, count);
            answer(r.words, count);
            pretend(r.words, count);
        }
        for (unsigned k = 0; k < count; k++) {
            differences |= r.words[k] ^ (i + 2 * k + 1);
        }
    }
    *wrong |= differences;
    return time_now() - start;
}

static inline __attribute__((always_inline)) bool bench(void (*entry)(uint64_t a, uint64_t b),
                                                        unsigned count, struct bench_ticks *ticks)
{
    struct child server;
    uint64_t wrong = 0;
    handle_t endpoint = new_endpoint();
    handle_t client = (handle_t)sys_handle_copy(endpoint, RIGHT_SEND, BADGE).value;
    if (!child_create(&server, PRIORITY_SERVER) ||
        !child_start(&server, entry, child_give(&server, endpoint, RIGHT_RECEIVE, 0), 0)) {
        return false;
    }
    ticks->loop = run(client, count, false, &wrong);
    ticks->all = run(client, count, true, &wrong);
    child_end(&server);
    sys_handle_close(endpoint);
    return wrong == 0;
}

bool bench_ipc_0w(struct bench_ticks *ticks)
{
    return bench(serve_0w, 0, ticks);
}

bool bench_ipc_4w(struct bench_ticks *ticks)
{
    return bench(serve_4w, 4, ticks);
}

bool bench_ipc_8w(struct bench_ticks *ticks)
{
    return bench(serve_8w, 8, ticks);
}
