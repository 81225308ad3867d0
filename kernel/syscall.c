/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a trap to the function of a call and back. Objects that a call destroyed are reaped before
 * it returns, in steps between which interrupts are taken [object.h I2].
 */
#include "calls.h"
#include "handle.h"
#include "print.h"
#include "sched.h"
#include "task.h"
#include <abi/ipc.h>

struct rule {
    call_function *run;
    uint8_t types[CALL_HANDLES_MAX]; /* OBJECT_NONE: no handle in this argument */
    uint8_t rights[CALL_HANDLES_MAX];
    uint8_t makes;
};

enum { RIGHT_NONE = 0 };

#define NO_HANDLE
#define HANDLE(type, right) .types = {OBJECT_##type}, .rights = {RIGHT_##right},
#define HANDLES(type0, right0, type1, right1)                                                      \
    .types = {OBJECT_##type0, OBJECT_##type1}, .rights = {RIGHT_##right0, RIGHT_##right1},
#define RULE(number, name, handles, made, parameters)                                              \
    [number] = {.run = call_##name, handles.makes = OBJECT_##made},

static const struct rule rules[SYSCALL_COUNT] = {SYSCALLS(RULE)};

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

/* E_BAD_HANDLE, E_WRONG_TYPE, E_NO_RIGHT. */
static int find_handles(const struct rule *rule, struct call *call)
{
    for (unsigned i = 0; i < CALL_HANDLES_MAX && rule->types[i] != OBJECT_NONE; i++) {
        int error = handle_lookup(&call->self->task->table, call_argument(call, i), rule->types[i],
                                  rule->rights[i], &call->entries[i]);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

/* The call makes an object. E_NO_SLOTS, E_NO_MEMORY, and what the call itself answers. */
static int make(const struct rule *rule, struct call *call)
{
    struct handle_table *table = &call->self->task->table;
    handle_t handle = HANDLE_NONE;
    struct object *made;
    if (!handle_table_has_room(table, 1)) {
        return E_NO_SLOTS;
    }
    int error =
        object_create(call_object(call, rule->types[0] != OBJECT_ACCOUNT), rule->makes, &made);
    if (error != OK) {
        return error;
    }
    call->made = made;
    error = rule->run(call);
    if (error == OK) {
        error = handle_insert(table, made, call->made_rights, 0, &handle);
        KASSERT(error == OK);
        call->value = handle;
    } else if (!made->is_dying) {
        object_discard(made);
    }
    return error;
}

/* Run one step of the call. False when the same call must be issued again. */
static bool run(struct thread *self)
{
    struct call call = {.self = self, .made_rights = RIGHTS_ALL};
    const struct rule *rule = find_rule(self->frame.x[REG_NUMBER]);
    int status = rule == NULL ? E_BAD_CALL : find_handles(rule, &call);
    if (status == OK) {
        status = rule->makes != OBJECT_NONE ? make(rule, &call) : rule->run(&call);
    }
    if (status == RESTART) {
        arch_frame_restart_call(&self->frame);
        return false;
    }
    if (status != REGISTERS_SET && rule != NULL && rule <= &rules[SYS_reply_wait]) {
        thread_set_ipc(self, status, 0, 0); /* a message that failed: no words */
        status = REGISTERS_SET;
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

/* --- calls that belong to no object --------------------------------------------------------- */

int call_null(struct call *call)
{
    (void)call;
    return OK; /* the assembly answers it before it comes here */
}

int call_debug_write(struct call *call)
{
    enum { DEBUG_WORDS = 7 }; /* they lie side by side in the frame, little endian */
    print_bytes((const char *)&call->self->frame.x[REG_WORD + 1],
                DEBUG_WORDS * sizeof(uint64_t));
    return OK;
}

int call_system_off(struct call *call)
{
    switch (call_argument(call, 1)) {
    case OFF_POWER: arch_power_off((unsigned)call_argument(call, 2) & 0xff);
    case OFF_RESET: arch_reset();
    default: return E_BAD_CALL;
    }
}
