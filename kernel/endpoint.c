/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include "calls.h"
#include "notification.h"
#include "print.h"
#include "sched.h"
#include "task.h"
#include <abi/ipc.h>
#include <base/mem.h>

int call_endpoint_create(struct call *call)
{
    struct endpoint *endpoint = call->made;
    endpoint->server = &thread_none;
    list_init(&endpoint->callers);
    return OK;
}

/* --- the caller queue ----------------------------------------------------------------------- */

static void dequeue(struct thread *thread)
{
    struct endpoint *endpoint = thread->queued_on;
    thread->queued_on = NULL;
    endpoint->caller_count--;
    list_remove(&thread->queue);
}

/* Requires that there is one. */
static struct thread *first_caller(const struct endpoint *endpoint)
{
    return container_of(list_first(&endpoint->callers), struct thread, queue);
}

void endpoint_leave(struct thread *thread)
{
    if (thread->queued_on != NULL) {
        dequeue(thread);
    } else if (thread->server->caller == thread) {
        thread->server->caller = &thread_none;
        kernel_system.replies_dropped++;
    }
}

static bool is_receiving(const struct thread *thread)
{
    return thread->state == THREAD_RECEIVING || thread->state == THREAD_RECEIVING_FAST;
}

/* --- handles that travel -------------------------------------------------------------------- */

struct parcel {
    unsigned count;
    struct handle_entry *entries[IPC_HANDLES_MAX];
};

/* The handles named in the sender's registers. E_BAD_HANDLE, E_NO_RIGHT, E_INVALID (one twice). */
static int parcel_read(struct thread *sender, struct parcel *parcel)
{
    unsigned count = sender->frame.x[REG_NUMBER] >> IPC_SENT_SHIFT & IPC_COUNT_MASK;
    parcel->count = 0; /* and so it stays when one is refused */
    for (unsigned i = 0; i < count; i++) {
        uint64_t pair = sender->frame.x[REG_HANDLE + i / 2];
        handle_t handle = (handle_t)(i % 2 == 0 ? pair : pair >> 32);
        int error = handle_lookup(&sender->task->table, handle, OBJECT_ANY, RIGHT_GRANT,
                                  &parcel->entries[i]);
        if (error != OK) {
            return error;
        }
        for (unsigned j = 0; j < i; j++) {
            if (parcel->entries[j] == parcel->entries[i]) {
                return E_INVALID;
            }
        }
    }
    parcel->count = count;
    return OK;
}

/* Whether `receiver` takes the parcel: E_TOO_MANY_HANDLES, E_NO_SLOTS. */
static int parcel_check(const struct parcel *parcel, const struct thread *receiver,
                        unsigned accepts)
{
    if (parcel->count > accepts) {
        return E_TOO_MANY_HANDLES;
    }
    return handle_table_has_room(&receiver->task->table, parcel->count) ? OK : E_NO_SLOTS;
}

/* Nobody takes the reply: what was to move with it ends. */
static void parcel_discard(const struct parcel *parcel)
{
    for (unsigned i = 0; i < parcel->count; i++) {
        if ((parcel->entries[i]->rights & RIGHT_MANAGE) != 0) {
            handle_close(parcel->entries[i]);
        }
    }
}

/* Copy the handles, move those that own. Cannot fail after parcel_check. */
static void parcel_deliver(const struct parcel *parcel, struct thread *receiver)
{
    uint64_t pairs[2] = {0, 0};
    for (unsigned i = 0; i < parcel->count; i++) {
        struct handle_entry *entry = parcel->entries[i];
        handle_t handle = HANDLE_NONE;
        int error = handle_insert(&receiver->task->table, entry->object, entry->rights,
                                  entry->badge, &handle);
        KASSERT(error == OK);
        if ((entry->rights & RIGHT_MANAGE) != 0) {
            handle_remove(entry);
        }
        pairs[i / 2] |= (uint64_t)handle << (i % 2 * 32);
    }
    receiver->frame.x[REG_HANDLE] = pairs[0];
    receiver->frame.x[REG_HANDLE + 1] = pairs[1];
}

/* --- messages ------------------------------------------------------------------------------- */

static void copy_words(struct thread *to, struct thread *from)
{
    memcpy(&to->frame.x[REG_WORD], &from->frame.x[REG_WORD],
           IPC_WORDS * sizeof(uint64_t));
}

/* Hand `caller`'s message to `server`, which is in reply_wait. The caller is on no queue. */
static void deliver(struct thread *server, struct thread *caller, const struct parcel *parcel)
{
    if (is_receiving(server)) { /* blocked until now */
        thread_leave_waits(server);
        server->state = THREAD_READY;
        sched_enqueue_first(server);
    }
    thread_set_ipc(server, (int64_t)parcel->count << IPC_SENT_SHIFT, caller->call_badge, 0);
    parcel_deliver(parcel, server);
    if (caller->state == THREAD_FAULTED) {
        server->frame.x[REG_WORD] = IPC_LABEL_FAULT;
        memcpy(&server->frame.x[REG_WORD + 1], caller->fault_words,
               sizeof(caller->fault_words));
    } else {
        copy_words(server, caller);
        caller->state = THREAD_CALLING;
    }
    caller->server = server;
    server->caller = caller;
}

/* Give `server` the first caller whose handles it takes; one whose it does not fails. False when
 * none is left, or after a step. */
static bool take_caller(struct endpoint *endpoint, struct thread *server, unsigned accepts)
{
    for (unsigned i = 0; i < STEP_THREADS && endpoint->caller_count != 0; i++) {
        struct thread *caller = first_caller(endpoint);
        struct parcel parcel = {.count = 0};
        int error = caller->state == THREAD_SENDING ? parcel_read(caller, &parcel) : OK;
        if (error == OK) {
            error = parcel_check(&parcel, server, accepts);
        }
        if (error == OK) {
            dequeue(caller);
            deliver(server, caller, &parcel);
            return true;
        }
        thread_finish(caller, error);
    }
    return false;
}

/* `caller`, blocked or faulted, waits for its turn, or is received at once. */
static void queue_caller(struct endpoint *endpoint, struct thread *caller)
{
    caller->queued_on = endpoint;
    endpoint->caller_count++;
    list_append(&endpoint->callers, &caller->queue);
    if (is_receiving(endpoint->server)) {
        take_caller(endpoint, endpoint->server, endpoint->server->call_accepts);
    }
}

void endpoint_send_fault(struct endpoint *endpoint, struct thread *thread, uint64_t badge)
{
    thread_leave_waits(thread);
    thread->state = THREAD_FAULTED;
    thread->call_badge = badge;
    queue_caller(endpoint, thread);
}

/* --- call ----------------------------------------------------------------------------------- */

static bool counts_are_valid(uint64_t number)
{
    return (number >> IPC_SENT_SHIFT & IPC_COUNT_MASK) <= IPC_HANDLES_MAX &&
           (number >> IPC_ACCEPT_SHIFT & IPC_COUNT_MASK) <= IPC_HANDLES_MAX && number >> 16 == 0;
}

static uint8_t accepts(struct thread *thread)
{
    return thread->frame.x[REG_NUMBER] >> IPC_ACCEPT_SHIFT & IPC_COUNT_MASK;
}

/* Everything that can refuse the call before it queues. */
static int check_call(struct thread *self, struct handle_entry **entry)
{
    struct parcel parcel;
    if (!counts_are_valid(self->frame.x[REG_NUMBER])) {
        return E_INVALID;
    }
    int error = handle_lookup(&self->task->table, self->frame.x[REG_TARGET], OBJECT_ENDPOINT,
                              RIGHT_SEND, entry);
    if (error != OK) {
        return error;
    }
    error = parcel_read(self, &parcel);
    if (error != OK) {
        return error;
    }
    struct endpoint *endpoint = container_of((*entry)->object, struct endpoint, object);
    bool is_late = self->frame.x[REG_DEADLINE] <= arch_now();
    return is_late && !is_receiving(endpoint->server) ? E_TIMEOUT : OK;
}

int call_call(struct call *call)
{
    struct thread *self = call->self;
    struct handle_entry *entry;
    kernel_system.fast_calls_missed++;
    int error = check_call(self, &entry);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    struct endpoint *endpoint = container_of(entry->object, struct endpoint, object);
    self->call_accepts = accepts(self);
    self->call_badge = entry->badge;
    thread_block(self, THREAD_SENDING, self->frame.x[REG_DEADLINE]);
    queue_caller(endpoint, self);
    return REGISTERS_SET;
}

/* --- reply_wait ----------------------------------------------------------------------------- */

/* Answer the caller. What its reply cannot carry is the caller's error; the server goes on. */
static void reply(struct thread *self)
{
    struct thread *caller = self->caller;
    struct parcel parcel;
    int error = parcel_read(self, &parcel);
    if (caller == &thread_none) {
        parcel_discard(&parcel); /* it gave up, or the server has served nobody yet */
        return;
    }
    self->caller = &thread_none;
    if (caller->state == THREAD_FAULTED) {
        caller->state = THREAD_STOPPED;
        if (self->frame.x[REG_WORD] == FAULT_RESUME) {
            thread_wake(caller);
        }
        return;
    }
    if (error == OK) {
        error = parcel_check(&parcel, caller, caller->call_accepts);
    }
    if (error != OK) {
        parcel_discard(&parcel);
        thread_finish(caller, error);
        return;
    }
    thread_leave_waits(caller);
    thread_set_ipc(caller, (int64_t)parcel.count << IPC_SENT_SHIFT, 0, 0);
    parcel_deliver(&parcel, caller);
    copy_words(caller, self);
    caller->state = THREAD_READY;
    sched_enqueue_first(caller); /* before its equals, as the fast path */
}

static int check_wait(struct thread *self, struct endpoint **endpoint)
{
    struct handle_entry *entry;
    int error = handle_lookup(&self->task->table, self->frame.x[REG_TARGET], OBJECT_ENDPOINT,
                              RIGHT_RECEIVE, &entry);
    if (error != OK) {
        return error;
    }
    *endpoint = container_of(entry->object, struct endpoint, object);
    bool is_taken = (*endpoint)->server != &thread_none && (*endpoint)->server != self;
    return is_taken ? E_BUSY : OK;
}

int call_reply_wait(struct call *call)
{
    struct thread *self = call->self;
    struct endpoint *endpoint;
    kernel_system.fast_calls_missed++;
    if (!counts_are_valid(self->frame.x[REG_NUMBER])) {
        return E_INVALID;
    }
    reply(self);
    if (self->object.is_dying) { /* a discarded handle was its own */
        return REGISTERS_SET;
    }
    int error = check_wait(self, &endpoint);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    if (self->receiving_on != NULL) {
        self->receiving_on->server = &thread_none;
    }
    self->receiving_on = endpoint;
    endpoint->server = self;
    ticks_t deadline = self->frame.x[REG_DEADLINE];
    if (self->bound->bits != 0) {
        thread_set_ipc(self, OK, 0, self->bound->bits);
        self->bound->bits = 0;
    } else if (take_caller(endpoint, self, accepts(self))) {
        return REGISTERS_SET;
    } else if (endpoint->caller_count != 0) {
        arch_frame_restart_call(&self->frame); /* more failing callers than a step takes */
    } else if (deadline <= arch_now()) {
        return E_TIMEOUT;
    } else {
        bool is_fast = deadline == DEADLINE_FOREVER && accepts(self) == 0;
        self->call_accepts = accepts(self);
        thread_block(self, is_fast ? THREAD_RECEIVING_FAST : THREAD_RECEIVING, deadline);
    }
    return REGISTERS_SET;
}

/* --- ends ----------------------------------------------------------------------------------- */

/* Give up the caller that `server` serves. */
static void fail_caller(struct thread *server, int64_t status)
{
    struct thread *caller = server->caller;
    if (!is_receiving(server) && caller != &thread_none) {
        server->caller = &thread_none;
        thread_finish(caller, status);
    }
}

void endpoint_forget(struct thread *thread)
{
    fail_caller(thread, E_PEER_DIED);
    if (thread->receiving_on != NULL) {
        thread->receiving_on->server = &thread_none;
        thread->receiving_on = NULL;
    }
}

void endpoint_unlink(struct object *object)
{
    struct endpoint *endpoint = container_of(object, struct endpoint, object);
    struct thread *server = endpoint->server;
    if (server == &thread_none) {
        return;
    }
    fail_caller(server, E_CLOSED);
    endpoint->server = &thread_none;
    server->receiving_on = NULL;
    if (is_receiving(server)) {
        thread_finish(server, E_CLOSED);
    }
}

bool endpoint_reap_step(struct object *object)
{
    struct endpoint *endpoint = container_of(object, struct endpoint, object);
    for (unsigned i = 0; i < STEP_THREADS && endpoint->caller_count != 0; i++) {
        thread_finish(first_caller(endpoint), E_CLOSED);
    }
    return endpoint->caller_count == 0;
}
