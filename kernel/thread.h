/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: user registers, a place in the scheduler, and what they wait for.
 *
 * The first fields and the frame are read by the fast paths [offsets.h].
 *
 * I1  state THREAD_READY: on its ready queue, or cpu->current. Every other state: on neither.
 * I2  In THREAD_CALLING, and in THREAD_FAULTED once received, server->caller == this.
 * I3  `queued_on` != NULL exactly while it stands in an endpoint's caller queue.
 * I4  receiving_on->server == this while receiving_on != NULL: a thread receives on one endpoint.
 * I5  call_accepts and has_deadline are 0 in THREAD_READY.
 */
#pragma once

#include "arch/arch.h"
#include "object.h"
#include "timer.h"
#include <abi/syscall.h>

struct notification;
struct endpoint;
struct task;

struct thread {
    struct object object;
    struct cpu *cpu;
    uint64_t space; /* cached task_space(); 0 when stale */
    struct handle_entry *handles;
    uint64_t handles_bytes;
    struct thread *server;      /* owes it a reply; stale outside THREAD_CALLING */
    struct thread *caller;      /* is owed a reply, or &thread_none; stale while receiving */
    struct notification *bound; /* notification_none when unbound */
    uint8_t state;              /* enum thread_state */
    uint8_t call_accepts;       /* handles it takes with the answer */
    bool has_deadline;          /* wait_timer is armed */
    uint8_t zero; /* the fast paths look at state and what follows as one word */
    uint8_t priority; /* in force: base, or 0 with the budget used up */
    uint8_t base_priority;
    bool has_result; /* its syscall is done but for reaping */
    struct task *task;
    struct notification *waiting_on; /* meaningful in THREAD_WAITING */
    struct list_node queue;          /* ready queue, or an endpoint's callers */

    struct frame frame __attribute__((aligned(16)));

    uint64_t progress;             /* of a restarted syscall; 0 when it begins */
    struct endpoint *queued_on;    /* I3 */
    struct endpoint *receiving_on; /* I4; stays between two reply_waits */
    struct list_node in_task;
    struct timer wait_timer; /* deadline of call, reply_wait, wait */
    struct timer alarm;      /* timer_set */
    struct timer replenish;  /* end of the period, of a thread whose budget is used up */
    uint64_t call_badge;     /* of the handle it calls through */
    struct sysret result;    /* while has_result */
    void *fp;                /* saved FP state, NULL until first used */
    ticks_t cpu_ticks;
    ticks_t budget_ticks; /* 0: none */
    ticks_t period_ticks;
    ticks_t period_end;  /* a new one begins with the first charge behind it */
    ticks_t spent_ticks; /* in this period */
    uint64_t fp_traps;
    uint64_t fault_words[5]; /* words 1-5 of the fault message */
};

/* Stands for nobody: caller, server or waiter where there is none. Its state is THREAD_DEAD. */
extern struct thread thread_none;

enum { THREADS_MAX = 512 };

/* E_INVALID (priority), E_LIMIT. A stopped thread of `task`, registers zero. */
int thread_init(struct thread *thread, struct task *task, uint64_t priority);

/* Make a thread ready that is on no queue. */
void thread_wake(struct thread *thread);

/* Block the running or ready thread in `state`; with a deadline its wait timer is armed. */
void thread_block(struct thread *thread, enum thread_state state, ticks_t deadline);

/* Leave whatever it waits for: queues, timers, the server's debt. The state is then the caller's
 * to set, with thread_wake or otherwise. */
void thread_leave_waits(struct thread *thread);

/* The result registers of call and reply_wait: everything else of a message is zero. */
static inline void thread_set_ipc(struct thread *thread, int64_t status, uint64_t badge,
                                  uint64_t bits)
{
    arch_frame_clear_message(&thread->frame);
    thread->frame.x[REG_NUMBER] = (uint64_t)status;
    thread->frame.x[REG_TARGET] = badge;
    thread->frame.x[REG_DEADLINE] = bits;
}

/* The call it is blocked in ends with `status`, and it runs on; what is in no call stops. */
void thread_finish(struct thread *thread, int64_t status);

/* THREAD_STOPPED: what it waited for ends with E_STATE. */
void thread_stop(struct thread *thread);

/* Stop the thread and send its fault to the supervisor (entry 0), or leave it stopped. */
void thread_fault(struct thread *thread, unsigned kind, vaddr_t address, uint64_t cause);

/* Begin the end: off every queue, dead; whom it served gets E_PEER_DIED. */
void thread_unlink(struct object *object);
