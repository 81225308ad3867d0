/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a trap to the function of a call and back. Objects that a call destroyed are reaped before
 * it returns, in steps between which interrupts are taken [object.h I2].
 */
#include "calls.h"
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
    struct call call; /* its other fields are written before they mean something */
    uint64_t number = self->frame.x[REG_NUMBER];
    const struct rule *rule = &rules[number < SYSCALL_COUNT ? number : SYS_null];
    call.self = self;
    call.value = 0;
    call.made_rights = RIGHTS_ALL;
    int status = number < SYSCALL_COUNT ? find_handles(rule, &call) : E_BAD_CALL;
    if (status == OK) {
        status = rule->makes != OBJECT_NONE ? make(rule, &call) : rule->run(&call);
    }
    if (status == RESTART) {
        return false;
    }
    self->progress = 0;
    self->result = (struct sysret){status, status == OK ? call.value : 0};
    return true;
}

/* Reap until nothing is left or an interrupt wants to be taken. */
static bool reap(void)
{
    do {
        object_reap_step();
    } while (object_is_reaping() && !arch_irq_is_pending());
    return !object_is_reaping();
}

static __attribute__((noinline)) void serve(const struct cpu *cpu, struct thread *self)
{
    object_has_ended = false;
    bool is_done = self->has_result || run(self);
    if (is_done && (self->has_result || object_has_ended)) {
        self->has_result = true;
        is_done = !object_is_reaping() || reap();
    }
    if (cpu->current != self) { /* it ended itself, and may be gone */
        return;
    }
    if (is_done) {
        self->has_result = false;
        arch_frame_result(&self->frame, self->result.status, self->result.value);
    } else {
        arch_frame_restart_call(&self->frame);
    }
}

/* Never issued again, because its registers are the answer: no words when it failed. */
static __attribute__((noinline)) void serve_ipc(struct thread *self, const struct rule *rule)
{
    struct call call = {.self = self};
    int status = rule->run(&call);
    if (status != REGISTERS_SET) {
        thread_set_ipc(self, status, 0, 0);
    }
}

/* Counts beside the number mean something to IPC only. */
struct thread *kernel_call(struct thread *self)
{
    struct cpu *cpu = self->cpu;
    uint64_t index = self->frame.x[REG_NUMBER] & IPC_NUMBER_MASK;
    if (index > SYS_reply_wait) {
        serve(cpu, self);
    } else {
        serve_ipc(self, &rules[index]);
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
