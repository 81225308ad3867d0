/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that has just booted, on the host: one task (init) with the handles of enum boot_handle,
 * and its threads as puppets that issue system calls.
 *
 * Every way into the kernel ends with check_kernel; what user mode would do by itself (issue a
 * call again that is to be restarted, take an interrupt that is pending) is done here.
 */
#pragma once

#include "account.h"
#include "calls.h"
#include "check.h"
#include "endpoint.h"
#include "fake_cpu.h"
#include "fake_memory.h"
#include "handle.h"
#include "irq.h"
#include "machine.h"
#include "mapping.h"
#include "memory.h"
#include "notification.h"
#include "page.h"
#include "sched.h"
#include "task.h"
#include <abi/ipc.h>

enum {
    BENCH_PAGES = 1024,   /* of RAM */
    BENCH_ACCOUNT = 1000, /* of init's account */
    BENCH_PRIORITY = 10,  /* of init's thread */
    BENCH_SLOTS = 128,    /* of init's handle table */
};

#define BENCH_WINDOW  0x10000000ull /* a device page is here, and one behind it */
#define BENCH_DENIED  0x20000000ull /* the kernel keeps this page */
#define BENCH_FOREVER DEADLINE_FOREVER

struct bench {
    struct account *account; /* pays everything */
    struct task *task;
    struct thread *thread;
};

extern struct bench bench;

void bench_start(void);
/* The same, on a CPU with so many numbers for address spaces. */
void bench_start_with(unsigned asids);
/* Destroys everything; whatever does not come back ends the process. */
void bench_end(void);

/* --- puppets ---------------------------------------------------------------------------------- */

/* Paid by an account of their own; the thread is stopped. */
struct account *bench_make_account(struct account *parent, uint64_t pages);
struct task *bench_make_task(struct account *account, unsigned slots);
struct thread *bench_make_paid_thread(struct account *account, struct task *task, uint8_t priority);

/* A task of init's with one thread, stopped; and one more thread of `task`. */
struct thread *bench_make_thread(uint8_t priority);
struct thread *bench_make_sibling(struct task *task, uint8_t priority);
/* The same, ready. */
struct thread *bench_make_running(uint8_t priority);

/* An owner handle in the table of `thread`, or one with `rights`. */
handle_t bench_own(struct thread *thread, struct object *object);
handle_t bench_give(struct thread *thread, struct object *object, unsigned rights, uint64_t badge);

struct endpoint *bench_make_endpoint(void);
struct notification *bench_make_notification(void);
struct irq *bench_make_irq(unsigned line);
void bench_bind_irq(struct irq *irq, struct notification *notification, unsigned bit);
/* A complete memory object. */
struct memory *bench_make_memory(uint64_t pages, bool is_contiguous);

bool bench_is_alive(const struct object *object);

/* --- system calls ----------------------------------------------------------------------------- */

/* Put the ready thread on the CPU, whatever its priority. */
void bench_run_as(struct thread *thread);

/* The whole call, restarts included, as `thread`, which is ready. Where it blocks or ends the
 * thread, the result means nothing. */
struct sysret bench_call(struct thread *thread, uint64_t number, const uint64_t arguments[8]);
#define CALL(thread, name, ...) bench_call(thread, SYS_##name, (const uint64_t[8]){__VA_ARGS__})

struct bench_message {
    handle_t target;
    ticks_t deadline;
    unsigned sent;
    unsigned accepted;
    uint64_t handles[2]; /* two in each */
    uint64_t words[IPC_WORDS];
};

/* call or reply_wait; results are in thread->frame. */
void bench_ipc(struct thread *thread, enum sysno number, const struct bench_message *message);

/* One trap of the running thread, whose frame is ready; the thread that goes on, or NULL when
 * nothing is left that could run. */
struct thread *bench_trap(struct thread *thread);
struct thread *bench_fault(struct thread *thread, unsigned kind, vaddr_t address);
struct thread *bench_use_fp(struct thread *thread);

/* What is pending interrupts user mode; gives the running thread. */
struct thread *bench_take_interrupts(void);
/* Time passes to `now`, and what is due happens. */
struct thread *bench_sleep_until(ticks_t now);

/* Reap all there is. */
void bench_reap(void);
