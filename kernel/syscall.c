/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a trap to the function of a call and back. Objects that a call destroyed are reaped before
 * it returns, in steps between which interrupts are taken [object.h I2].
 */
#include "syscall.h"

#include "calls.h"
#include "offsets.h"
#include "handle.h"
#include "notification.h"
#include "print.h"
#include "sched.h"
#include "task.h"
#include <abi/ipc.h>

static_assert(CALL_CALL == SYS_call && CALL_REPLY_WAIT == SYS_reply_wait && CALL_NULL == SYS_null &&
                  CALL_SIGNAL == SYS_signal && TYPE_NOTIFICATION == OBJECT_NOTIFICATION &&
                  HANDLE_BITS == HANDLE_INDEX_BITS && 1 << RIGHT_BIT_WRITE == RIGHT_WRITE &&
                  1 << RIGHT_BIT_SEND == RIGHT_SEND && 1 << RIGHT_BIT_RECEIVE == RIGHT_RECEIVE,
              "offsets.h");

struct syscall_counters syscall_counters;

/* What the first and the second argument of a call must be: a handle of this type with this right,
 * OBJECT_NONE for no handle. A call that makes an object needs a free slot for the owner handle;
 * memory_create sees to that itself. */
struct rule {
    call_function *run;
    uint8_t types[CALL_HANDLES_MAX];
    uint8_t rights[CALL_HANDLES_MAX];
    bool makes;
};

enum { OBJECT_ANY = OBJECT_TYPES, RIGHT_NONE = 0 };

#define RULE(name, type0, right0, type1, right1, is_maker)                                         \
    [SYS_##name] = {.run = call_##name,                                                            \
                    .types = {OBJECT_##type0, OBJECT_##type1},                                     \
                    .rights = {RIGHT_##right0, RIGHT_##right1},                                    \
                    .makes = (is_maker) != 0}

/* clang-format off */
static const struct rule rules[SYSCALL_COUNT] = {
    RULE(call,                NONE,         NONE,    NONE,         NONE,   0),
    RULE(reply_wait,          NONE,         NONE,    NONE,         NONE,   0),
    RULE(null,                NONE,         NONE,    NONE,         NONE,   0),
    RULE(signal,              NOTIFICATION, WRITE,   NONE,         NONE,   0),
    RULE(wait,                NOTIFICATION, READ,    NONE,         NONE,   0),
    RULE(timer_set,           NONE,         NONE,    NONE,         NONE,   0),
    RULE(yield,               NONE,         NONE,    NONE,         NONE,   0),
    RULE(handle_copy,         ANY,          NONE,    NONE,         NONE,   0),
    RULE(handle_grant,        TASK,         WRITE,   ANY,          GRANT,  0),
    RULE(handle_close,        ANY,          NONE,    NONE,         NONE,   0),
    RULE(revoke,              ANY,          MANAGE,  NONE,         NONE,   0),
    RULE(object_info,         ANY,          NONE,    NONE,         NONE,   0),
    RULE(account_create,      ACCOUNT,      EXECUTE, NONE,         NONE,   1),
    RULE(task_create,         ACCOUNT,      EXECUTE, NONE,         NONE,   1),
    RULE(task_supervise,      TASK,         MANAGE,  ENDPOINT,     MANAGE, 0),
    RULE(thread_create,       ACCOUNT,      EXECUTE, TASK,         WRITE,  1),
    RULE(thread_start,        THREAD,       MANAGE,  NONE,         NONE,   0),
    RULE(thread_stop,         THREAD,       MANAGE,  NONE,         NONE,   0),
    RULE(thread_read,         THREAD,       READ,    NONE,         NONE,   0),
    RULE(thread_write,        THREAD,       WRITE,   NONE,         NONE,   0),
    RULE(thread_schedule,     THREAD,       MANAGE,  NONE,         NONE,   0),
    RULE(thread_bind,         THREAD,       MANAGE,  NOTIFICATION, READ,   0),
    RULE(endpoint_create,     ACCOUNT,      WRITE,   NONE,         NONE,   1),
    RULE(notification_create, ACCOUNT,      WRITE,   NONE,         NONE,   1),
    RULE(memory_create,       ACCOUNT,      WRITE,   NONE,         NONE,   0),
    RULE(memory_slice,        ACCOUNT,      WRITE,   MEMORY,       MANAGE, 1),
    RULE(memory_map,          TASK,         MAP,     MEMORY,       MAP,    0),
    RULE(memory_unmap,        TASK,         MAP,     NONE,         NONE,   0),
    RULE(memory_physical,     MEMORY,       DMA,     NONE,         NONE,   0),
    RULE(memory_quiet,        MEMORY,       DMA,     NONE,         NONE,   0),
    RULE(window_create,       SYSTEM,       MAP,     ACCOUNT,      WRITE,  1),
    RULE(irq_create,          SYSTEM,       MAP,     ACCOUNT,      WRITE,  1),
    RULE(irq_bind,            IRQ,          WRITE,   NOTIFICATION, WRITE,  0),
    RULE(irq_ack,             IRQ,          WRITE,   NONE,         NONE,   0),
    RULE(debug_write,         SYSTEM,       WRITE,   NONE,         NONE,   0),
    RULE(system_off,          SYSTEM,       EXECUTE, NONE,         NONE,   0),
};
/* clang-format on */

/* The rule of a call number word; counts beside the number mean something to IPC only. */
static const struct rule *find_rule(uint64_t number)
{
    uint64_t index = number & IPC_NUMBER_MASK;
    bool has_counts = number != index;
    if (index >= SYSCALL_COUNT || (has_counts && index > SYS_reply_wait)) {
        return NULL;
    }
    return &rules[index];
}

/* E_BAD_HANDLE, E_WRONG_TYPE, E_NO_RIGHT, E_NO_SLOTS. */
static int check(const struct rule *rule, struct call *call)
{
    struct handle_table *table = &call->self->task->table;
    for (unsigned i = 0; i < CALL_HANDLES_MAX && rule->types[i] != OBJECT_NONE; i++) {
        enum object_type type = rule->types[i] == OBJECT_ANY ? OBJECT_NONE : rule->types[i];
        int error = handle_lookup(table, call_argument(call, i), type, rule->rights[i],
                                  &call->entries[i]);
        if (error != OK) {
            return error;
        }
    }
    return rule->makes && !handle_table_has_room(table, 1) ? E_NO_SLOTS : OK;
}

static void give_owner(struct call *call)
{
    handle_t handle = HANDLE_NONE;
    int error = handle_insert(&call->self->task->table, call->made, call->made_rights, 0, &handle);
    KASSERT(error == OK); /* check saw a free slot */
    call->value = handle;
}

/* Run one step of the call. False when the same call must be issued again. */
static bool run(struct thread *self)
{
    struct call call = {.self = self, .made_rights = RIGHTS_ALL};
    const struct rule *rule = find_rule(arch_frame_number(&self->frame));
    int status = rule == NULL ? E_BAD_CALL : check(rule, &call);
    if (status == OK) {
        status = rule->run(&call);
    }
    if (status == RESTART) {
        arch_frame_restart_call(&self->frame);
        return false;
    }
    if (status == OK && rule->makes) {
        give_owner(&call);
    }
    self->progress = 0;
    self->result = (struct sysret){status, status == OK ? call.value : 0};
    return true;
}

/* Reap until nothing is left or an interrupt wants to be taken. */
static bool reap(void)
{
    while (object_is_reaping()) {
        object_reap_step();
        if (arch_irq_is_pending()) {
            return !object_is_reaping();
        }
    }
    return true;
}

struct thread *kernel_syscall(struct thread *self)
{
    struct cpu *cpu = self->cpu;
    object_has_ended = false;
    if (!self->has_result && !run(self)) {
        return sched_resume(cpu);
    }
    /* IPC is never issued again, because its registers are the answer. */
    self->has_result |= object_has_ended && self->result.status != REGISTERS_SET;
    bool is_reaped = !self->has_result || reap();
    if (cpu->current != self) { /* it ended itself */
        return sched_resume(cpu);
    }
    if (!is_reaped) {
        arch_frame_restart_call(&self->frame);
        return sched_resume(cpu);
    }
    self->has_result = false;
    if (self->result.status != REGISTERS_SET) {
        arch_frame_result(&self->frame, self->result.status, self->result.value);
    }
    return sched_resume(cpu);
}

struct thread *kernel_signal(struct thread *self, struct notification *notification, uint64_t bits)
{
    struct thread *woken = notification_signal(notification, bits);
    return woken == NULL ? self : sched_hand_over(self->cpu, woken);
}

struct thread *kernel_timer(struct thread *self)
{
    sched_tick(self->cpu);
    return sched_resume(self->cpu);
}

struct thread *kernel_fault(struct thread *self, unsigned kind, vaddr_t address, uint64_t cause)
{
    thread_fault(self, kind, address, cause);
    return sched_resume(self->cpu);
}

struct thread *kernel_fp_trap(struct thread *self)
{
    if (!sched_take_fp(self)) {
        thread_fault(self, FAULT_NO_FP_MEMORY, 0, 0);
    }
    return sched_resume(self->cpu);
}
