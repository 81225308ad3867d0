/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a trap to the handler and back. Objects that a call destroyed are reaped before it
 * returns, in steps between which interrupts are taken [object.h I2].
 */
#include "syscall.h"

#include "calls.h"
#include "sched.h"
#include <abi/ipc.h>

struct syscall_counters syscall_counters;

/* --- dispatch -------------------------------------------------------------------------------------- */

int64_t handle_call(struct thread *self, uint64_t *value)
{
    (void)value;
    syscall_counters.fast_calls_missed++;
    endpoint_call(self);
    return REGISTERS_SET;
}

int64_t handle_reply_wait(struct thread *self, uint64_t *value)
{
    (void)value;
    syscall_counters.fast_calls_missed++;
    endpoint_reply_wait(self);
    return REGISTERS_SET;
}

static call_handler *const handlers[SYSCALL_COUNT] = {
#define SYSCALL_HANDLER(number, name, parameters) [number] = handle_##name,
    SYSCALLS(SYSCALL_HANDLER)
#undef SYSCALL_HANDLER
};

/* The handler of a call number word; counts beside it mean something to IPC only. */
static call_handler *handler_of(uint64_t number)
{
    uint64_t index = number & IPC_NUMBER_MASK;
    bool has_counts = number != index;
    if (index >= SYSCALL_COUNT || (has_counts && index > SYS_reply_wait)) {
        return NULL;
    }
    return handlers[index];
}

/* Run one step of the call. False when the same call must be issued again. */
static bool run(struct thread *self)
{
    call_handler *handler = handler_of(arch_frame_number(&self->frame));
    uint64_t value = 0;
    int64_t status = handler == NULL ? E_BAD_CALL : handler(self, &value);
    if (status == RESTART) {
        arch_frame_restart_call(&self->frame);
        return false;
    }
    self->progress = 0;
    self->result = (struct sysret){status, status == OK ? value : 0};
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
    if (!self->has_result && !run(self)) {
        return sched_resume(cpu);
    }
    self->has_result = true;
    bool is_reaped = reap();
    if (cpu->current != self) { /* it ended itself; the next call or idle goes on reaping */
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

struct thread *kernel_signal(struct thread *self, struct notification *notification,
                             uint64_t bits)
{
    struct thread *woken = notification_signal(notification, bits);
    return woken == NULL ? self : sched_hand_over(self->cpu, woken);
}

struct thread *kernel_interrupt(struct thread *self)
{
    struct thread *woken = irq_dispatch();
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
