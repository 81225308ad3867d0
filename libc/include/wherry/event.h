/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program waits: for bits of its own notification, for requests, for a point in time.
 *
 * A program has one thread and one notification, bound to it [wherry/startup.h]. Bits that one
 * wait took and did not ask for are kept for the next. The bits below EVENT_BITS_END are the
 * program's; init signals EVENT_ALIVE now and then, and waiting here answers it.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <wherry/ipc.h>

enum { EVENT_BITS_END = 58 };

#define EVENT_PING (1ull << 60) /* netd has the answer to a ping of ours */
#define EVENT_BUS (1ull << 59)  /* dsoftbusd has an answer or a request, or is a new one */
#define EVENT_CHILD (1ull << 58) /* a child has ended [proto/init.h] */
/* Bit 61 is SOCKET_EVENT [proto/socket.h]. */
#define EVENT_ALIVE (1ull << 62) /* init wants to see the log page's `alive` move */
#define EVENT_TIMER (1ull << NOTIFICATION_TIMER_BIT) /* the time of event_set_timer has come */

/* For init, which makes and binds its own notification. Others have it from the start. */
void event_open(handle_t notification);

/*
 * Waits until at least one bit of `mask` is there, takes those and gives them.
 * E_TIMEOUT: none by the deadline. Else as the kernel's wait.
 */
MUST_CHECK int event_wait(uint64_t mask, ticks_t deadline, uint64_t *bits);

/* Sleeps until the deadline; what is signalled meanwhile is kept. Errors as the kernel's wait. */
MUST_CHECK int event_sleep(ticks_t deadline);

/*
 * Answers init's question, if there is one, and does not wait. After a call that took as long as
 * it may: a few of them in a row would look like a hang [servers/init/watch.h].
 */
void event_show_life(void);

/*
 * A server's wait: answers the current caller with `message`, if there is one, then gives the next
 * request, or bits in message->bits. Errors as ipc_reply_wait. Before an answer,
 * message->handle_count is the number of handles to send: usually to be set to 0.
 */
MUST_CHECK int event_serve(handle_t endpoint, struct message *message);

/* The same, but at most until the deadline. E_TIMEOUT: neither came; the answer has gone. */
MUST_CHECK int event_serve_until(handle_t endpoint, struct message *message, ticks_t deadline);

/*
 * EVENT_TIMER comes at the deadline; DEADLINE_FOREVER: not at all. There is one timer. Costs a
 * system call only when the deadline is another than before.
 */
void event_set_timer(ticks_t deadline);
