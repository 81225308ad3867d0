/* SPDX-License-Identifier: BSD-2-Clause */
#include "thread.h"

#include "account.h"
#include "boot.h"
#include "endpoint.h"
#include "notification.h"
#include "offsets.h"
#include "print.h"
#include "sched.h"
#include "syscall.h"
#include "task.h"
#include <abi/ipc.h>
#include <abi/syscall.h>

static_assert(offsetof(struct thread, cpu) == THREAD_CPU, "offsets.h");
static_assert(offsetof(struct thread, space) == THREAD_SPACE, "offsets.h");
static_assert(offsetof(struct thread, handles) == THREAD_HANDLES, "offsets.h");
static_assert(offsetof(struct thread, handles_bytes) == THREAD_HANDLES_BYTES, "offsets.h");
static_assert(offsetof(struct thread, caller) == THREAD_CALLER, "offsets.h");
static_assert(offsetof(struct thread, server) == THREAD_SERVER, "offsets.h");
static_assert(offsetof(struct thread, bound) == THREAD_BOUND, "offsets.h");
static_assert(offsetof(struct thread, state) == THREAD_STATE, "offsets.h");
static_assert(offsetof(struct thread, call_accepts) == THREAD_STATE + 1, "offsets.h");
static_assert(offsetof(struct thread, has_deadline) == THREAD_STATE + 2, "offsets.h");
static_assert(offsetof(struct thread, priority) == THREAD_PRIORITY, "offsets.h");
static_assert(offsetof(struct thread, waiting_on) == THREAD_WAITING_ON, "offsets.h");
static_assert(offsetof(struct thread, queue) == THREAD_QUEUE, "offsets.h");
static_assert(offsetof(struct thread, frame) == THREAD_FRAME, "offsets.h");
static_assert(sizeof(struct thread) <= SLAB_BYTES_MAX, "threads are slab objects");
static_assert(THREAD_READY == STATE_READY && THREAD_CALLING == STATE_CALLING &&
                  THREAD_WAITING == STATE_WAITING && THREAD_RECEIVING_FAST == STATE_RECEIVING_FAST,
              "offsets.h");

struct thread thread_none = {
    .object = {.type = OBJECT_THREAD},
    .caller = &thread_none,
    .server = &thread_none,
    .bound = &notification_none,
    .state = THREAD_DEAD,
};

static unsigned thread_count;

int thread_create(struct account *account, struct task *task, uint64_t priority,
                  struct thread **thread)
{
    struct object *object;
    if (priority >= PRIORITY_LEVELS) {
        return E_INVALID;
    }
    if (thread_count == THREADS_MAX) {
        return E_LIMIT;
    }
    int error = object_create(account, OBJECT_THREAD, sizeof(struct thread), &object);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    struct thread *made = container_of(object, struct thread, object);
    made->cpu = &boot_cpu;
    made->handles = task->table.entries;
    made->handles_bytes = task->table.count * sizeof(struct handle_entry);
    made->caller = &thread_none;
    made->server = &thread_none;
    made->bound = &notification_none;
    made->state = THREAD_STOPPED;
    made->priority = (uint8_t)priority; /* < PRIORITY_LEVELS */
    made->base_priority = made->priority;
    made->task = task;
    arch_frame_init(&made->frame);
    list_init(&made->queue);
    timer_init(&made->wait_timer, TIMER_WAIT);
    timer_init(&made->alarm, TIMER_ALARM);
    timer_init(&made->replenish, TIMER_REPLENISH);
    list_append(&task->threads, &made->in_task);
    thread_count++;
    *thread = made;
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
    switch ((enum thread_state)thread->state) {
    case THREAD_READY: sched_dequeue(thread); break;
    case THREAD_SENDING:
    case THREAD_CALLING:
    case THREAD_FAULTED: endpoint_leave(thread); break;
    case THREAD_WAITING:
        if (!thread->waiting_on->is_bound) {
            thread->waiting_on->thread = &thread_none;
        }
        break;
    case THREAD_RECEIVING:
    case THREAD_RECEIVING_FAST:
        thread->caller = &thread_none; /* stale while it received */
        break;
    case THREAD_STOPPED:
    case THREAD_DEAD: break;
    }
}

/* The result registers of whatever it is blocked in; false when it is in no call. */
static bool set_blocked_result(struct thread *thread, int64_t status)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_CALLING:
        syscall_counters.replies_dropped++; /* its server will answer nobody */
        __attribute__((fallthrough));
    case THREAD_SENDING:
    case THREAD_RECEIVING:
    case THREAD_RECEIVING_FAST: thread_set_ipc(thread, status, 0, 0); return true;
    case THREAD_WAITING: arch_frame_result(&thread->frame, status, 0); return true;
    case THREAD_READY:
    case THREAD_STOPPED:
    case THREAD_FAULTED:
    case THREAD_DEAD: break;
    }
    return false;
}

void thread_finish_ipc(struct thread *thread, int64_t status)
{
    thread_set_ipc(thread, status, 0, 0);
    thread_leave_waits(thread);
    thread_wake(thread);
}

void thread_finish_call(struct thread *thread, int64_t status, uint64_t value)
{
    arch_frame_result(&thread->frame, status, value);
    thread_leave_waits(thread);
    thread_wake(thread);
}

void thread_time_out(struct thread *thread)
{
    if (set_blocked_result(thread, E_TIMEOUT)) {
        thread_leave_waits(thread);
        thread_wake(thread);
    }
}

void thread_stop(struct thread *thread)
{
    if (thread->state == THREAD_STOPPED || thread->state == THREAD_DEAD) {
        return;
    }
    set_blocked_result(thread, E_STATE);
    thread_leave_waits(thread);
    thread->state = THREAD_STOPPED;
}

void thread_fault(struct thread *thread, unsigned kind, vaddr_t address, uint64_t cause)
{
    struct handle_entry *supervisor = &thread->task->table.entries[0];
    thread->fault_words[0] = kind;
    thread->fault_words[1] = address;
    thread->fault_words[2] = *arch_frame_register(&thread->frame, 0);
    thread->fault_words[3] = cause;
    thread->fault_words[4] = *arch_frame_register(&thread->frame, 1);
    if (supervisor->object == NULL && thread->task == boot_init_task()) {
        panic(NULL, "init faulted: kind %u at 0x%lx, pc 0x%lx", kind, address,
              thread->fault_words[2]);
    }
    if (supervisor->object == NULL) {
        thread_stop(thread);
        return;
    }
    endpoint_send_fault(container_of(supervisor->object, struct endpoint, object), thread,
                        supervisor->badge);
}

void thread_unlink(struct thread *thread)
{
    endpoint_forget(thread);
    thread_leave_waits(thread);
    thread->state = THREAD_DEAD;
    timer_disarm(&thread->replenish);
    notification_unbind(thread);
    sched_forget(thread);
    list_remove(&thread->in_task);
    thread_count--;
}

bool thread_reap_step(struct thread *thread)
{
    if (thread->fp != NULL) {
        account_give_slot(thread->object.account, thread->fp, arch_fp_bytes());
        thread->fp = NULL;
    }
    return true;
}
