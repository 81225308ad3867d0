/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of system calls.
 *
 * SYSCALLS: X(number, name, handles, made, parameters). From it come the enum, the kernel's
 * dispatch, the user stubs and the check of docs/abi.md. Numbers are ABI. `handles` says of what
 * type the handles in the leading parameters must be, and which right each must have; call and
 * reply_wait look theirs up themselves. `made` is the type of the object that the call makes: the
 * first account among the handles pays for it, its owner handle is the result. memory_create, which
 * goes in steps, sees to that itself.
 *
 * SYSCALL_ERRORS: X(name, error): every error a call documents. The selftest proves each pair on
 * the target; the build fails when one has no test.
 *
 * Ordinary calls: number in t0 / x8, arguments in a0-a7 / x0-x7; out: struct sysret in a0, a1 /
 * x0, x1; callee-saved registers, the return address, sp, gp, tp / TPIDR_EL0 are kept, the others
 * come back as zero or with something of the thread's own, never with anything of the kernel's.
 *
 * call and reply_wait carry a message and use more registers [abi/ipc.h].
 */
#pragma once

#include <abi/error.h>
#include <abi/types.h>

#define SYSCALLS(X)                                                                                \
    X(0, call, NO_HANDLE, NONE, (void))                                                            \
    X(1, reply_wait, NO_HANDLE, NONE, (void))                                                      \
    X(2, null, NO_HANDLE, NONE, (void))                                                            \
    X(3, signal, HANDLE(NOTIFICATION, WRITE), NONE, (handle64_t notification, uint64_t bits))      \
    X(4, wait, HANDLE(NOTIFICATION, READ), NONE, (handle64_t notification, ticks_t deadline))      \
    X(5, timer_set, NO_HANDLE, NONE, (ticks_t deadline))                                           \
    X(6, yield, NO_HANDLE, NONE, (void))                                                           \
    X(7, handle_copy, HANDLE(ANY, NONE), NONE,                                                     \
      (handle64_t source, uint64_t rights, uint64_t badge))                                        \
    X(8, handle_grant, HANDLES(TASK, WRITE, ANY, GRANT), NONE,                                     \
      (handle64_t task, handle64_t source, uint64_t rights, uint64_t badge))                       \
    X(9, handle_close, HANDLE(ANY, NONE), NONE, (handle64_t handle))                               \
    X(10, revoke, HANDLE(ANY, MANAGE), NONE, (handle64_t owner, uint64_t badge))                   \
    X(11, object_info, HANDLE(ANY, NONE), NONE, (handle64_t object, uint64_t selector))            \
    X(12, account_create, HANDLE(ACCOUNT, EXECUTE), ACCOUNT, (handle64_t parent, uint64_t pages))  \
    X(13, task_create, HANDLE(ACCOUNT, EXECUTE), TASK,                                             \
      (handle64_t account, uint64_t handle_slots))                                                 \
    X(14, task_supervise, HANDLES(TASK, MANAGE, ENDPOINT, MANAGE), NONE,                           \
      (handle64_t task, handle64_t endpoint, uint64_t badge))                                      \
    X(15, thread_create, HANDLES(ACCOUNT, EXECUTE, TASK, WRITE), THREAD,                           \
      (handle64_t account, handle64_t task, uint64_t priority))                                    \
    X(16, thread_start, HANDLE(THREAD, MANAGE), NONE, (handle64_t thread))                         \
    X(17, thread_stop, HANDLE(THREAD, MANAGE), NONE, (handle64_t thread))                          \
    X(18, thread_read, HANDLE(THREAD, READ), NONE, (handle64_t thread, uint64_t index))            \
    X(19, thread_write, HANDLE(THREAD, WRITE), NONE,                                               \
      (handle64_t thread, uint64_t index, uint64_t value))                                         \
    X(20, thread_schedule, HANDLE(THREAD, MANAGE), NONE,                                           \
      (handle64_t thread, uint64_t priority, uint64_t budget_ticks, uint64_t period_ticks))        \
    X(21, thread_bind, HANDLES(THREAD, MANAGE, NOTIFICATION, READ), NONE,                          \
      (handle64_t thread, handle64_t notification))                                                \
    X(22, endpoint_create, HANDLE(ACCOUNT, WRITE), ENDPOINT, (handle64_t account))                 \
    X(23, notification_create, HANDLE(ACCOUNT, WRITE), NOTIFICATION, (handle64_t account))         \
    X(24, memory_create, HANDLE(ACCOUNT, WRITE), NONE,                                             \
      (handle64_t account, uint64_t pages, uint64_t is_contiguous))                                \
    X(25, memory_slice, HANDLES(ACCOUNT, WRITE, MEMORY, MANAGE), MEMORY,                           \
      (handle64_t account, handle64_t memory, uint64_t offset_pages, uint64_t pages))              \
    X(26, memory_map, HANDLES(TASK, MAP, MEMORY, MAP), NONE,                                       \
      (handle64_t task, handle64_t memory, vaddr_t vaddr, uint64_t offset_pages, uint64_t pages,   \
       uint64_t rights))                                                                           \
    X(27, memory_unmap, HANDLE(TASK, MAP), NONE, (handle64_t task, vaddr_t vaddr))                 \
    X(28, memory_physical, HANDLE(MEMORY, DMA), NONE, (handle64_t memory, uint64_t page))          \
    X(29, memory_quiet, HANDLE(MEMORY, DMA), NONE, (handle64_t memory))                            \
    X(30, window_create, HANDLES(SYSTEM, MAP, ACCOUNT, WRITE), MEMORY,                             \
      (handle64_t system, handle64_t account, paddr_t base, uint64_t bytes))                       \
    X(31, irq_create, HANDLES(SYSTEM, MAP, ACCOUNT, WRITE), IRQ,                                   \
      (handle64_t system, handle64_t account, uint64_t line))                                      \
    X(32, irq_bind, HANDLES(IRQ, WRITE, NOTIFICATION, WRITE), NONE,                                \
      (handle64_t irq, handle64_t notification, uint64_t bit))                                     \
    X(33, irq_ack, HANDLE(IRQ, WRITE), NONE, (handle64_t irq))                                     \
    X(34, debug_write, HANDLE(SYSTEM, WRITE), NONE,                                                \
      (handle64_t system, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,         \
       uint64_t w5, uint64_t w6))                                                                  \
    X(35, system_off, HANDLE(SYSTEM, EXECUTE), NONE,                                               \
      (handle64_t system, uint64_t action, uint64_t code))

enum sysno {
#define SYSCALL_ENUM(number, name, handles, made, parameters) SYS_##name = (number),
    SYSCALLS(SYSCALL_ENUM)
#undef SYSCALL_ENUM
    SYSCALL_COUNT,
};

/* What every lookup of a handle may answer. */
#define HANDLE_ERRORS(X, name) X(name, E_BAD_HANDLE) X(name, E_WRONG_TYPE) X(name, E_NO_RIGHT)

/* The same and what a call that makes an object may answer. */
#define MAKER_ERRORS(X, name) HANDLE_ERRORS(X, name) X(name, E_NO_MEMORY) X(name, E_NO_SLOTS)

#define SYSCALL_ERRORS(X)                                                                          \
    HANDLE_ERRORS(X, call) X(call, E_TIMEOUT) X(call, E_CLOSED) X(call, E_PEER_DIED)               \
        X(call, E_INVALID) X(call, E_TOO_MANY_HANDLES) X(call, E_NO_SLOTS) X(call, E_STATE)        \
    HANDLE_ERRORS(X, reply_wait) X(reply_wait, E_TIMEOUT) X(reply_wait, E_CLOSED)                  \
        X(reply_wait, E_INVALID) X(reply_wait, E_BUSY) X(reply_wait, E_STATE)                      \
    HANDLE_ERRORS(X, signal)                                                                       \
    HANDLE_ERRORS(X, wait) X(wait, E_TIMEOUT) X(wait, E_BUSY) X(wait, E_CLOSED) X(wait, E_STATE)   \
    X(timer_set, E_STATE)                                                                          \
    X(handle_copy, E_BAD_HANDLE) X(handle_copy, E_NO_RIGHT) X(handle_copy, E_INVALID)              \
        X(handle_copy, E_NO_SLOTS)                                                                 \
    HANDLE_ERRORS(X, handle_grant) X(handle_grant, E_INVALID) X(handle_grant, E_NO_SLOTS)          \
    X(handle_close, E_BAD_HANDLE)                                                                  \
    X(revoke, E_BAD_HANDLE) X(revoke, E_NO_RIGHT)                                                  \
    X(object_info, E_BAD_HANDLE) X(object_info, E_WRONG_TYPE) X(object_info, E_BAD_CALL)           \
    MAKER_ERRORS(X, account_create) X(account_create, E_INVALID) X(account_create, E_LIMIT)        \
    MAKER_ERRORS(X, task_create) X(task_create, E_INVALID) X(task_create, E_LIMIT)                 \
    HANDLE_ERRORS(X, task_supervise) X(task_supervise, E_INVALID)                                  \
    MAKER_ERRORS(X, thread_create) X(thread_create, E_INVALID) X(thread_create, E_LIMIT)           \
    HANDLE_ERRORS(X, thread_start) X(thread_start, E_STATE)                                        \
    HANDLE_ERRORS(X, thread_stop)                                                                  \
    HANDLE_ERRORS(X, thread_read) X(thread_read, E_RANGE) X(thread_read, E_STATE)                  \
    HANDLE_ERRORS(X, thread_write) X(thread_write, E_RANGE) X(thread_write, E_STATE)               \
    HANDLE_ERRORS(X, thread_schedule) X(thread_schedule, E_INVALID)                                \
    HANDLE_ERRORS(X, thread_bind) X(thread_bind, E_BUSY) X(thread_bind, E_STATE)                   \
    MAKER_ERRORS(X, endpoint_create)                                                               \
    MAKER_ERRORS(X, notification_create)                                                           \
    MAKER_ERRORS(X, memory_create) X(memory_create, E_INVALID)                                     \
    MAKER_ERRORS(X, memory_slice) X(memory_slice, E_INVALID) X(memory_slice, E_RANGE)              \
    HANDLE_ERRORS(X, memory_map) X(memory_map, E_INVALID) X(memory_map, E_RANGE)                   \
        X(memory_map, E_EXISTS) X(memory_map, E_BUSY) X(memory_map, E_DENIED)                      \
        X(memory_map, E_NO_MEMORY) X(memory_map, E_LIMIT)                                          \
    HANDLE_ERRORS(X, memory_unmap) X(memory_unmap, E_NOT_FOUND)                                    \
    HANDLE_ERRORS(X, memory_physical) X(memory_physical, E_RANGE)                                  \
    HANDLE_ERRORS(X, memory_quiet)                                                                 \
    MAKER_ERRORS(X, window_create) X(window_create, E_INVALID) X(window_create, E_DENIED)          \
        X(window_create, E_EXISTS)                                                                 \
    MAKER_ERRORS(X, irq_create) X(irq_create, E_RANGE) X(irq_create, E_EXISTS)                     \
    HANDLE_ERRORS(X, irq_bind) X(irq_bind, E_RANGE)                                                \
    HANDLE_ERRORS(X, irq_ack)                                                                      \
    HANDLE_ERRORS(X, debug_write)                                                                  \
    HANDLE_ERRORS(X, system_off) X(system_off, E_BAD_CALL)

/* Actions of system_off. */
enum off_action {
    OFF_POWER = 0, /* stop; `code` becomes the machine's exit status where it has one (0-255) */
    OFF_RESET = 1,
};

/*
 * Selectors of object_info. The first three work on every object, the others on the type in
 * their name; SYSTEM figures are the whole kernel's and are what the leak test compares.
 */
enum info {
    INFO_TYPE,
    INFO_RIGHTS,
    INFO_BADGE,
    INFO_ACCOUNT_LIMIT_PAGES,
    INFO_ACCOUNT_USED_PAGES,
    INFO_ACCOUNT_OBJECTS,
    INFO_TASK_HANDLES,      /* in use */
    INFO_TASK_PAGES,        /* mapped */
    INFO_THREAD_STATE,      /* enum thread_state */
    INFO_THREAD_PRIORITY,
    INFO_THREAD_CPU_TICKS,
    INFO_THREAD_FP_TRAPS,
    INFO_MEMORY_PAGES,
    INFO_MEMORY_MAPPINGS,
    INFO_IRQ_LINE,
    INFO_ENDPOINT_QUEUED,   /* callers waiting */
    INFO_NOTIFICATION_BITS, /* pending now; does not clear them */
    INFO_SYSTEM_OBJECTS,
    INFO_SYSTEM_FREE_PAGES,
    INFO_SYSTEM_USED_PAGES,
    INFO_SYSTEM_HANDLES,
    INFO_SYSTEM_MAPPINGS,
    INFO_SYSTEM_FAST_CALLS_MISSED, /* call and reply_wait that took the slow path */
    INFO_SYSTEM_REPLIES_DROPPED,   /* replies whose caller was gone */
    INFO_SYSTEM_IRQ_SPURIOUS,
    INFO_SELECTORS,
};

/* Thread states. From THREAD_WAITING on, all with bit 3, a notification may wake the thread. */
enum thread_state {
    THREAD_STOPPED,        /* created and not started, or stopped */
    THREAD_READY,          /* running or ready to */
    THREAD_SENDING,        /* in call, not yet received */
    THREAD_CALLING,        /* in call, being served */
    THREAD_FAULTED,        /* fault record queued or being looked at */
    THREAD_DEAD,
    THREAD_WAITING = 8,    /* in wait */
    THREAD_RECEIVING,      /* in reply_wait */
    THREAD_RECEIVING_FAST, /* the same, with FOREVER and taking no handles */
};
