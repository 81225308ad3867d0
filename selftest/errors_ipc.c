/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors of the calls that wait, and of threads. What needs a second thread has a side that
 * makes the call and leaves its status here.
 */
#include "errors.h"

enum { PAGES_FOR_ALL_THREADS = 400 };

/* --- a side that waits while something happens ---------------------------------------------- */

struct waiting {
    struct side side;
    int64_t (*wait)(handle_t object);
    handle_t object;
    volatile int64_t status;
};

static void run_wait(uint64_t argument)
{
    struct waiting *waiting = (struct waiting *)argument;
    waiting->status = waiting->wait(waiting->object);
    side_rest(waiting->side.thread);
}

static int64_t call_for_ever(handle_t endpoint)
{
    return try_call(endpoint, DEADLINE_FOREVER);
}

static int64_t receive_for_ever(handle_t endpoint)
{
    return try_receive(endpoint, DEADLINE_FOREVER);
}

static int64_t wait_for_ever(handle_t notification)
{
    return sys_wait(notification, DEADLINE_FOREVER).status;
}

/* The side is more urgent than we are: it waits when this returns. */
static void begin(struct waiting *waiting, int64_t (*wait)(handle_t object), handle_t object)
{
    waiting->wait = wait;
    waiting->object = object;
    waiting->status = 1;
    if (!side_start(&waiting->side, run_wait, (uintptr_t)waiting, PRIORITY_SELFTEST + 1)) {
        waiting->status = 2;
    }
}

static int64_t finish(struct waiting *waiting)
{
    side_end(&waiting->side);
    return waiting->status;
}

/* The status of a wait whose object is closed meanwhile. */
static int64_t status_when_closed(int64_t (*wait)(handle_t object), handle_t object)
{
    static struct waiting waiting;
    begin(&waiting, wait, object);
    sys_handle_close(object);
    return finish(&waiting);
}

/* The status of a wait whose thread is stopped and started again meanwhile. */
static int64_t status_when_stopped(int64_t (*wait)(handle_t object), handle_t object)
{
    static struct waiting waiting;
    begin(&waiting, wait, object);
    sys_thread_stop(waiting.side.thread);
    sys_thread_start(waiting.side.thread);
    sys_handle_close(object);
    return finish(&waiting);
}

/* --- call ----------------------------------------------------------------------------------- */

int64_t provoke_call_E_TIMEOUT(void)
{
    return try_call(sample(OBJECT_ENDPOINT), in_ms(1));
}

int64_t provoke_call_E_CLOSED(void)
{
    return status_when_closed(call_for_ever, new_endpoint());
}

int64_t provoke_call_E_STATE(void)
{
    return status_when_stopped(call_for_ever, new_endpoint());
}

static int64_t receive_and_die(handle_t endpoint)
{
    int64_t status = try_receive(endpoint, DEADLINE_FOREVER);
    return status; /* the side then ends with the caller unanswered */
}

struct ender {
    struct side side;
    struct side *victim;
};

static void end_victim(uint64_t argument)
{
    struct ender *ender = (struct ender *)argument;
    side_end(ender->victim);
    side_rest(ender->side.thread);
}

int64_t provoke_call_E_PEER_DIED(void)
{
    static struct waiting server;
    static struct ender ender;
    handle_t endpoint = new_endpoint();
    begin(&server, receive_and_die, endpoint);
    ender.victim = &server.side;
    side_start(&ender.side, end_victim, (uintptr_t)&ender, PRIORITY_SELFTEST - 1);
    int64_t status = try_call(endpoint, DEADLINE_FOREVER); /* only now the ender runs */
    side_end(&ender.side);
    sys_handle_close(endpoint);
    return status;
}

static int64_t raw_ipc(uint64_t number, uint64_t counts, handle_t endpoint)
{
    struct ipc_registers r = {.control = number | counts, .target = endpoint, .deadline = 0};
    ipc_trap(&r);
    return (int64_t)r.control;
}

int64_t provoke_call_E_INVALID(void)
{
    return raw_ipc(SYS_call, 5 << IPC_SENT_SHIFT, sample(OBJECT_ENDPOINT));
}

/* One handle to a server that waits and takes none. */
int64_t provoke_call_E_TOO_MANY_HANDLES(void)
{
    static struct waiting server;
    handle_t endpoint = new_endpoint();
    handle_t sent = (handle_t)sys_handle_copy(endpoint, RIGHT_GRANT, 0).value;
    begin(&server, receive_for_ever, endpoint);
    struct message m = {.handles = {sent}, .handle_count = 1};
    int64_t status = ipc_call(endpoint, &m, DEADLINE_FOREVER);
    finish(&server);
    sys_handle_close(endpoint);
    return status;
}

static int64_t receive_one_handle(handle_t endpoint)
{
    struct message m = {.accept_count = 1};
    return ipc_reply_wait(endpoint, &m, DEADLINE_FOREVER);
}

static handle_t crowded_endpoint;
static handle_t crowded_sent;

static int64_t call_with_handle(void)
{
    struct message m = {.handles = {crowded_sent}, .handle_count = 1};
    return ipc_call(crowded_endpoint, &m, in_ms(100));
}

/* The server is a thread of this task, whose table is full. */
int64_t provoke_call_E_NO_SLOTS(void)
{
    static struct waiting server;
    crowded_endpoint = new_endpoint();
    crowded_sent = (handle_t)sys_handle_copy(crowded_endpoint, RIGHT_GRANT, 0).value;
    begin(&server, receive_one_handle, crowded_endpoint);
    int64_t status = with_full_table(call_with_handle);
    finish(&server);
    sys_handle_close(crowded_endpoint);
    return status;
}

/* --- reply_wait ----------------------------------------------------------------------------- */

int64_t provoke_reply_wait_E_TIMEOUT(void)
{
    handle_t endpoint = new_endpoint();
    int64_t status = try_receive(endpoint, in_ms(1));
    sys_handle_close(endpoint);
    return status;
}

int64_t provoke_reply_wait_E_CLOSED(void)
{
    return status_when_closed(receive_for_ever, new_endpoint());
}

int64_t provoke_reply_wait_E_STATE(void)
{
    return status_when_stopped(receive_for_ever, new_endpoint());
}

int64_t provoke_reply_wait_E_INVALID(void)
{
    return raw_ipc(SYS_reply_wait, 5 << IPC_ACCEPT_SHIFT, sample(OBJECT_ENDPOINT));
}

int64_t provoke_reply_wait_E_BUSY(void)
{
    static struct waiting server;
    handle_t endpoint = new_endpoint();
    begin(&server, receive_for_ever, endpoint);
    int64_t status = try_receive(endpoint, 0);
    finish(&server);
    sys_handle_close(endpoint);
    return status;
}

/* --- wait, timer_set ------------------------------------------------------------------------ */

int64_t provoke_wait_E_TIMEOUT(void)
{
    return sys_wait(sample(OBJECT_NOTIFICATION), in_ms(1)).status;
}

int64_t provoke_wait_E_CLOSED(void)
{
    return status_when_closed(wait_for_ever, new_notification());
}

int64_t provoke_wait_E_STATE(void)
{
    return status_when_stopped(wait_for_ever, new_notification());
}

int64_t provoke_wait_E_BUSY(void)
{
    static struct waiting waiter;
    handle_t notification = new_notification();
    begin(&waiter, wait_for_ever, notification);
    int64_t status = sys_wait(notification, 0).status;
    finish(&waiter);
    sys_handle_close(notification);
    return status;
}

static int64_t set_timer(handle_t unused)
{
    (void)unused;
    return sys_timer_set(0).status;
}

/* A side is bound to nothing. */
int64_t provoke_timer_set_E_STATE(void)
{
    static struct waiting unbound;
    begin(&unbound, set_timer, HANDLE_NONE);
    return finish(&unbound);
}

/* --- threads -------------------------------------------------------------------------------- */

static int64_t create_thread(void)
{
    return sys_thread_create(own_account(), sample(OBJECT_TASK), 1).status;
}

int64_t provoke_thread_create_E_INVALID(void)
{
    return sys_thread_create(own_account(), sample(OBJECT_TASK), PRIORITY_LEVELS).status;
}

int64_t provoke_thread_create_E_NO_MEMORY(void)
{
    handle_t poor = poor_account(1);
    int64_t status = OK;
    while (status == OK) { /* until the one page is full */
        status = sys_thread_create(poor, sample(OBJECT_TASK), 1).status;
    }
    sys_handle_close(poor);
    return status;
}

int64_t provoke_thread_create_E_NO_SLOTS(void)
{
    return with_full_table(create_thread);
}

/* More threads than the system has, paid by one account whose end takes them all. */
int64_t provoke_thread_create_E_LIMIT(void)
{
    handle_t rich = poor_account(PAGES_FOR_ALL_THREADS);
    int64_t status = OK;
    while (status == OK) {
        status = sys_thread_create(rich, sample(OBJECT_TASK), 1).status;
    }
    sys_handle_close(rich);
    return status;
}

int64_t provoke_thread_start_E_STATE(void)
{
    return sys_thread_start(sample(OBJECT_THREAD)).status == OK
               ? sys_thread_start(sample(OBJECT_THREAD)).status
               : OK;
}

int64_t provoke_thread_read_E_RANGE(void)
{
    sys_thread_stop(sample(OBJECT_THREAD));
    return sys_thread_read(sample(OBJECT_THREAD), 1000).status;
}

int64_t provoke_thread_write_E_RANGE(void)
{
    sys_thread_stop(sample(OBJECT_THREAD));
    return sys_thread_write(sample(OBJECT_THREAD), 1000, 0).status;
}

/* The status of a call on a thread that waits for ever. */
static int64_t status_while_waiting(int64_t (*call)(handle_t thread))
{
    static struct waiting waiter;
    handle_t notification = new_notification();
    begin(&waiter, wait_for_ever, notification);
    int64_t status = call(waiter.side.thread);
    finish(&waiter);
    sys_handle_close(notification);
    return status;
}

static int64_t read_thread(handle_t thread)
{
    return sys_thread_read(thread, 0).status;
}

static int64_t write_thread(handle_t thread)
{
    return sys_thread_write(thread, 0, 0).status;
}

static int64_t bind_thread(handle_t thread)
{
    return sys_thread_bind(thread, sample(OBJECT_NOTIFICATION)).status;
}

int64_t provoke_thread_read_E_STATE(void)
{
    return status_while_waiting(read_thread);
}

int64_t provoke_thread_write_E_STATE(void)
{
    return status_while_waiting(write_thread);
}

int64_t provoke_thread_bind_E_STATE(void)
{
    return status_while_waiting(bind_thread);
}

int64_t provoke_thread_bind_E_BUSY(void)
{
    return sys_thread_bind(sample(OBJECT_THREAD), own_notification()).status;
}

int64_t provoke_thread_schedule_E_INVALID(void)
{
    return sys_thread_schedule(sample(OBJECT_THREAD), 1, 2, 1).status;
}
