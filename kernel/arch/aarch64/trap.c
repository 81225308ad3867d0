/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions other than calls and interrupts: what a user thread did is told to kernel_fault, what
 * the kernel did ends in a panic. Also what a panic shows: registers and the chain of frames.
 *
 * [Arm ARM D24.2.40 ESR_EL1]
 */
#include "aarch64.h"

#include "print.h"
#include <abi/ipc.h>
#include <abi/syscall.h>

enum {
    EC_UNKNOWN = 0x00,
    EC_WFI = 0x01,
    EC_FP = 0x07,
    EC_ABORT_FETCH_USER = 0x20,
    EC_ABORT_FETCH = 0x21,
    EC_ALIGNMENT_PC = 0x22,
    EC_ABORT_DATA_USER = 0x24,
    EC_ABORT_DATA = 0x25,
    EC_ALIGNMENT_SP = 0x26,
    EC_FP_EXCEPTION = 0x2c,
    EC_BREAKPOINT = 0x3c,

    ESR_EC_MASK = 0x3f,
    ESR_FSC_MASK = 0x3f, /* of an abort */
    ESR_FSC_ALIGNMENT = 0x21,
    ESR_WRITE = 1 << 6,

    VECTORS_PER_SOURCE = 4,
};

/* What trap_in_kernel saves. */
struct kernel_trap {
    uint64_t x[ARCH_GENERAL_REGISTERS];
    uint64_t sp;
    uint64_t pc;
    uint64_t pstate;
    uint64_t esr;
    uint64_t far;
};

static_assert(offsetof(struct kernel_trap, sp) == TRAP_SP, "asm.h");
static_assert(offsetof(struct kernel_trap, pc) == TRAP_PC, "asm.h");
static_assert(offsetof(struct kernel_trap, pstate) == TRAP_PSTATE, "asm.h");
static_assert(offsetof(struct kernel_trap, esr) == TRAP_ESR, "asm.h");
static_assert(offsetof(struct kernel_trap, far) == TRAP_FAR, "asm.h");
static_assert(sizeof(struct kernel_trap) == TRAP_BYTES, "asm.h");
static_assert(SYS_call == 0 && SYS_reply_wait == 1 && SYS_null == 2 && SYS_signal == 3,
              "syscall_fast_table");
static_assert(OBJECT_NOTIFICATION == TYPE_NOTIFICATION, "asm.h");

extern uint8_t stack_guard[];
extern uint8_t panic_stack_top[];

/* Called from vectors.S. */
struct thread *trap_user_sync(struct thread *self);
struct thread *trap_user_serror(struct thread *self);
_Noreturn void trap_kernel(const struct kernel_trap *trap, unsigned vector);

/* Names of an exception in the kernel, by its place in the table of vectors. */
static const char *const vector_names[VECTORS_PER_SOURCE] = {
    "exception in the kernel", "unexpected IRQ", "unexpected FIQ", "SError in the kernel"};

static unsigned trap_depth; /* traps in the kernel so far */

static unsigned esr_class(uint64_t esr)
{
    return esr >> ESR_EC_SHIFT & ESR_EC_MASK;
}

static unsigned data_fault_kind(uint64_t esr)
{
    if ((esr & ESR_FSC_MASK) == ESR_FSC_ALIGNMENT) {
        return FAULT_ALIGNMENT;
    }
    return (esr & ESR_WRITE) != 0 ? FAULT_WRITE : FAULT_READ;
}

struct thread *trap_user_sync(struct thread *self)
{
    uint64_t esr = SYSREG_READ(esr_el1);
    uint64_t far = SYSREG_READ(far_el1);
    switch (esr_class(esr)) {
    case EC_FP: return kernel_fp_trap(self);
    case EC_ABORT_DATA_USER: return kernel_fault(self, data_fault_kind(esr), far, esr);
    case EC_ABORT_FETCH_USER: return kernel_fault(self, FAULT_EXECUTE, far, esr);
    case EC_ALIGNMENT_PC: return kernel_fault(self, FAULT_ALIGNMENT, far, esr);
    case EC_ALIGNMENT_SP: return kernel_fault(self, FAULT_ALIGNMENT, 0, esr);
    case EC_BREAKPOINT: return kernel_fault(self, FAULT_BREAKPOINT, 0, esr);
    case EC_FP_EXCEPTION: return kernel_fault(self, FAULT_OTHER, 0, esr);
    default: /* unknown, or a system register or instruction that is not for user mode */
        return kernel_fault(self, FAULT_INSTRUCTION, 0, esr);
    }
}

struct thread *trap_user_serror(struct thread *self)
{
    return kernel_fault(self, FAULT_OTHER, 0, SYSREG_READ(esr_el1));
}

static const char *trap_name(const struct kernel_trap *trap, unsigned vector)
{
    uint64_t page = trap->far & ~(uint64_t)(PAGE_BYTES - 1);
    if (vector % VECTORS_PER_SOURCE != 0) {
        return vector_names[vector % VECTORS_PER_SOURCE];
    }
    switch (esr_class(trap->esr)) {
    case EC_ABORT_DATA:
        if (page == (uint64_t)stack_guard) {
            return "kernel stack overflow";
        }
        return (trap->esr & ESR_WRITE) != 0 ? "write fault in the kernel"
                                            : "read fault in the kernel";
    case EC_ABORT_FETCH: return "fetch fault in the kernel";
    default: return vector_names[0];
    }
}

/* The panic that a trap in the kernel begins may trap itself: then stop, and at last only wait. */
void trap_kernel(const struct kernel_trap *trap, unsigned vector)
{
    psci_check_semihosting(trap->pc);
    trap_depth++;
    if (trap_depth == 1) {
        kernel_trap_panic(trap, trap_name(trap, vector));
    }
    if (trap_depth == 2) {
        arch_power_off(1);
    }
    for (;;) {
        CPU_DO("wfi");
    }
}

/* --- panic ---------------------------------------------------------------------------------- */

void arch_print_registers(const struct kernel_trap *trap)
{
    if (trap == NULL) { /* not a trap: what the caller computed is gone from its registers */
        print_line("pc %016lx  frame %016lx", (uint64_t)__builtin_return_address(0),
                   (uint64_t)__builtin_frame_address(0));
        return;
    }
    for (unsigned i = 0; i + 3 <= ARCH_GENERAL_REGISTERS - 1; i += 3) {
        print_line("x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", i, trap->x[i], i + 1, trap->x[i + 1],
                   i + 2, trap->x[i + 2]);
    }
    print_line("x30 %016lx  sp  %016lx  pc  %016lx", trap->x[30], trap->sp, trap->pc);
    print_line("esr %016lx  far %016lx  pstate %08lx", trap->esr, trap->far, trap->pstate);
}

static bool is_frame(uint64_t frame)
{
    uint64_t low = (uint64_t)stack_guard + PAGE_BYTES;
    uint64_t high = (uint64_t)panic_stack_top;
    return frame % 8 == 0 && frame >= low && frame <= high - 16;
}

unsigned arch_backtrace(const struct kernel_trap *trap, uint64_t *addresses, unsigned limit)
{
    unsigned count = 0;
    uint64_t frame = (uint64_t)__builtin_frame_address(0);
    if (trap != NULL) {
        frame = trap->x[29];
        if (count < limit) {
            addresses[count++] = trap->pc;
        }
        if (count < limit) {
            addresses[count++] = trap->x[30]; /* twice when the function has a frame already */
        }
    }
    while (count < limit && is_frame(frame)) {
        const uint64_t *record = (const uint64_t *)frame; /* caller's record, return address */
        if (record[1] == 0) {
            break;
        }
        addresses[count++] = record[1];
        if (record[0] <= frame) {
            break;
        }
        frame = record[0];
    }
    return count;
}
