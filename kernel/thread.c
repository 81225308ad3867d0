/* SPDX-License-Identifier: BSD-2-Clause */
#include "thread.h"

#include "account.h"
#include "boot.h"
#include "calls.h"
#include "endpoint.h"
#include "notification.h"
#include "print.h"
#include "sched.h"
#include "task.h"

struct thread thread_none = {
    .object = {.type = OBJECT_THREAD},
    .caller = &thread_none,
    .server = &thread_none,
    .bound = &notification_none,
    .state = THREAD_DEAD,
};

static unsigned thread_count;

static void time_out(struct thread *thread)
{
    thread_finish(thread, E_TIMEOUT);
}

static void ring(struct thread *thread)
{
    notification_post(thread->bound, 1ull << NOTIFICATION_TIMER_BIT);
}

int thread_init(struct thread *thread, struct task *task, uint64_t priority)
{
    if (priority >= PRIORITY_LEVELS) {
        return E_INVALID;
    }
    if (thread_count == THREADS_MAX) {
        return E_LIMIT;
    }
    /* --- committed --- */
    thread->cpu = &boot_cpu;
    thread->handles = task->table.entries;
    thread->handles_bytes = task->table.count * sizeof(struct handle_entry);
    thread->caller = &thread_none;
    thread->server = &thread_none;
    thread->bound = &notification_none;
    thread->state = THREAD_STOPPED;
    thread->priority = (uint8_t)priority; /* < PRIORITY_LEVELS */
    thread->base_priority = thread->priority;
    thread->task = task;
    list_init(&thread->queue);
    timer_init(&thread->wait_timer, thread, time_out);
    timer_init(&thread->alarm, thread, ring);
    timer_init(&thread->replenish, thread, sched_replenish);
    list_append(&task->threads, &thread->in_task);
    thread_count++;
    return OK;
}

void thread_wake(struct thread *thread)
{
    thread->state = THREAD_READY;
    sched_enqueue(thread);
}

void thread_block(struct thread *thread, enum thread_state state, ticks_t deadline)
{
    sched_dequeue(thread);
    thread->state = (uint8_t)state;
    thread->has_deadline = deadline != DEADLINE_FOREVER;
    if (thread->has_deadline) {
        timer_arm(thread->cpu, &thread->wait_timer, deadline);
    }
}

void thread_leave_waits(struct thread *thread)
{
    if (thread->has_deadline) {
        timer_disarm(&thread->wait_timer);
        thread->has_deadline = false;
    }
    thread->call_accepts = 0; /* I5 */
    if (thread->state == THREAD_READY) {
        sched_dequeue(thread);
    } else if (thread->state >= THREAD_RECEIVING) {
        thread->caller = &thread_none; /* stale while it received */
    } else if (thread->state == THREAD_WAITING) {
        if (!thread->waiting_on->is_bound) {
            thread->waiting_on->thread = &thread_none;
        }
    } else if (thread->state != THREAD_STOPPED && thread->state != THREAD_DEAD) {
        endpoint_leave(thread); /* sending, calling or faulted */
    }
}

/* Whatever it does ends, a call with `status`; true when it was blocked in one. Stopped then. */
static bool end_wait(struct thread *thread, int64_t status)
{
    bool is_ipc = thread->state == THREAD_SENDING || thread->state == THREAD_CALLING ||
                  thread->state >= THREAD_RECEIVING;
    bool is_wait = thread->state == THREAD_WAITING;
    if (is_ipc) {
        thread_set_ipc(thread, status, 0, 0);
    } else if (is_wait) {
        arch_frame_result(&thread->frame, status, 0);
    }
    thread_leave_waits(thread);
    thread->state = THREAD_STOPPED;
    return is_ipc || is_wait;
}

void thread_finish(struct thread *thread, int64_t status)
{
    if (end_wait(thread, status)) {
        thread_wake(thread);
    }
}

void thread_stop(struct thread *thread)
{
    if (thread->state != THREAD_DEAD) {
        end_wait(thread, E_STATE);
    }
}

void thread_fault(struct thread *thread, unsigned kind, vaddr_t address, uint64_t cause)
{
    struct handle_entry *supervisor = &thread->task->table.entries[0];
    thread->fault_words[0] = kind;
    thread->fault_words[1] = address;
    thread->fault_words[2] = *arch_frame_register(&thread->frame, 0);
    thread->fault_words[3] = cause;
    thread->fault_words[4] = *arch_frame_register(&thread->frame, 1);
    if (supervisor->object != NULL) {
        endpoint_send_fault(container_of(supervisor->object, struct endpoint, object), thread,
                            supervisor->badge);
    } else if (thread->task != boot_init_task) {
        thread_stop(thread);
    } else {
        panic(NULL, "init faulted: kind %u at 0x%lx, pc 0x%lx", kind, address,
              thread->fault_words[2]);
    }
}

void thread_unlink(struct object *object)
{
    struct thread *thread = container_of(object, struct thread, object);
    endpoint_forget(thread);
    thread_leave_waits(thread);
    thread->state = THREAD_DEAD;
    timer_disarm(&thread->replenish);
    notification_unbind(thread);
    sched_forget(thread);
    if (thread->fp != NULL) {
        account_give_slot(object->account, thread->fp, ARCH_FP_BYTES);
    }
    list_remove(&thread->in_task);
    thread_count--;
}

/* --- system calls --------------------------------------------------------------------------- */

int call_thread_create(struct call *call)
{
    return thread_init(call->made, call_object(call, 1), call_argument(call, 2));
}

int call_thread_start(struct call *call)
{
    struct thread *thread = call_object(call, 0);
    if (thread->state != THREAD_STOPPED) {
        return E_STATE;
    }
    thread_wake(thread);
    return OK;
}

int call_thread_stop(struct call *call)
{
    thread_stop(call_object(call, 0));
    return OK;
}

/* The register named in argument 1 of a thread that does not run. E_STATE, E_RANGE. */
static int find_register(struct call *call, uint64_t **found)
{
    struct thread *thread = call_object(call, 0);
    if (thread->state != THREAD_STOPPED && thread->state != THREAD_FAULTED) {
        return E_STATE;
    }
    *found = arch_frame_register(&thread->frame, call_argument(call, 1));
    return *found == NULL ? E_RANGE : OK;
}

int call_thread_read(struct call *call)
{
    uint64_t *found;
    int error = find_register(call, &found);
    if (error == OK) {
        call->value = *found;
    }
    return error;
}

int call_thread_write(struct call *call)
{
    uint64_t *found;
    int error = find_register(call, &found);
    if (error == OK) {
        struct thread *thread = call_object(call, 0);
        thread->progress = 0; /* what it does next may be another call */
        thread->has_result = false;
        *found = call_argument(call, 2);
    }
    return error;
}

int call_timer_set(struct call *call)
{
    if (call->self->bound == &notification_none) {
        return E_STATE;
    }
    timer_arm(call->self->cpu, &call->self->alarm, call_argument(call, 0));
    return OK;
}

int call_yield(struct call *call)
{
    call->self->cpu->is_slice_over = true;
    return OK;
}

int call_thread_schedule(struct call *call)
{
    uint64_t priority = call_argument(call, 1);
    ticks_t budget = call_argument(call, 2);
    ticks_t period = call_argument(call, 3);
    if (priority >= PRIORITY_LEVELS || budget > period || period > DEADLINE_FOREVER >> 1 ||
        (budget != 0 && budget < call->self->cpu->budget_min_ticks)) {
        return E_INVALID;
    }
    sched_set_budget(call_object(call, 0), (uint8_t)priority, budget, period); /* < LEVELS */
    return OK;
}
