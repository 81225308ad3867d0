/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/event.h>

#include <wherry/console.h>
#include <wherry/sys.h>

#include "process.h"

static handle_t own;
static uint64_t pending;                 /* taken from the kernel, not yet by the program */
static ticks_t timer = DEADLINE_FOREVER; /* as the kernel has it */

void event_open(handle_t notification)
{
    own = notification;
}

/* So that init need not ask the kernel each second what this thread does. */
static void show_waiting(uint32_t is_waiting)
{
    if (console_page() != NULL) {
        atomic_store_explicit(&console_page()->is_waiting, is_waiting, memory_order_relaxed);
    }
}

/* Keeps bits that the kernel gave; answers init's question by the way. */
static void keep(uint64_t bits)
{
    if ((bits & EVENT_ALIVE) != 0 && console_page() != NULL) {
        atomic_fetch_add_explicit(&console_page()->alive, 1, memory_order_relaxed);
    }
    if ((bits & EVENT_TIMER) != 0) {
        timer = DEADLINE_FOREVER;
    }
    pending |= bits & ~EVENT_ALIVE;
}

/* Takes kept bits of `mask`. */
static uint64_t take(uint64_t mask)
{
    uint64_t bits = pending & mask;
    pending &= ~mask;
    return bits;
}

int event_wait(uint64_t mask, ticks_t deadline, uint64_t *bits)
{
    process_waits();
    while ((*bits = take(mask)) == 0) {
        show_waiting(1);
        struct sysret woken = sys_wait(own, deadline);
        show_waiting(0);
        if (woken.status != OK) {
            return (int)woken.status;
        }
        keep(woken.value);
    }
    return OK;
}

int event_sleep(ticks_t deadline)
{
    uint64_t none;
    int error = event_wait(0, deadline, &none);
    return error == E_TIMEOUT ? OK : error;
}

void event_show_life(void)
{
    (void)!event_sleep(0); /* no time to wait for; what else is signalled is kept */
}

int event_serve(handle_t endpoint, struct message *message)
{
    return event_serve_until(endpoint, message, DEADLINE_FOREVER);
}

int event_serve_until(handle_t endpoint, struct message *message, ticks_t deadline)
{
    for (;;) {
        show_waiting(1);
        int error = ipc_reply_wait(endpoint, message, pending != 0 ? 0 : deadline);
        show_waiting(0);
        if (error == OK && message->bits == 0) {
            return OK; /* a request; kept bits come with the next call */
        }
        keep(message->bits);
        message->bits = take(UINT64_MAX);
        if (message->bits != 0) {
            return OK;
        }
        if (error != OK) {
            return error;
        }
        /* Init alone had a question; the answer to our caller has gone with the first turn. */
    }
}

void event_set_timer(ticks_t deadline)
{
    if (deadline != timer && sys_timer_set(deadline).status == OK) {
        timer = deadline;
    }
}
