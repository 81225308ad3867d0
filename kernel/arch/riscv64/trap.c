/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What trap.S leaves to C: exceptions of user mode and of the kernel itself.
 *
 * [RISC-V priv §4.1.8, §4.1.9]
 */
#include "riscv.h"

#include <abi/ipc.h>
#include <base/attributes.h>

#include "offsets.h"

static_assert(CPU_CURRENT == 0, "ipc_fast.S");
static_assert(STATUS_FS == SSTATUS_FS, "asm.h");
static_assert(FRAME_X(FRAME_REGISTERS) <= 2048, "the assembly's offsets reach the frame");

const char arch_trap_names[TRAP_REGISTERS][8] = {
    "pc", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2", "s0",     "s1",    "a0",      "a1",
    "a2", "a3", "a4",  "a5",  "a6", "a7", "s2", "s3", "s4",     "s5",    "s6",      "s7",
    "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "scause", "stval", "sstatus",
};

enum { CAUSE_ILLEGAL_INSTRUCTION = 2, CAUSES = 16 };

/* By the number of the exception [RISC-V priv §4.1.8]. */
static const struct {
    const char *name;
    uint8_t kind; /* enum fault_kind */
} causes[CAUSES] = {
    {"instruction address misaligned", FAULT_ALIGNMENT},
    {"instruction access fault", FAULT_EXECUTE},
    [CAUSE_ILLEGAL_INSTRUCTION] = {"illegal instruction", FAULT_INSTRUCTION},
    {"breakpoint", FAULT_BREAKPOINT},
    {"load address misaligned", FAULT_ALIGNMENT},
    {"load access fault", FAULT_READ},
    {"store address misaligned", FAULT_ALIGNMENT},
    {"store access fault", FAULT_WRITE},
    [12] = {"instruction page fault", FAULT_EXECUTE},
    [13] = {"load page fault", FAULT_READ},
    [15] = {"store page fault", FAULT_WRITE},
};

/* From trap.S. */
struct thread *trap_exception(struct thread *self);
_Noreturn void trap_kernel(const struct kernel_trap *trap);

struct kernel_trap kernel_trap_registers;

/*
 * An exception of user mode. With FP access off, every illegal instruction is taken for a first
 * use of FP; if it was none it traps again, with access on.
 */
struct thread *trap_exception(struct thread *self)
{
    uint64_t cause = CSR_READ(scause);
    vaddr_t address = CSR_READ(stval);
    if (cause == CAUSE_ILLEGAL_INSTRUCTION && !arch_fp_is_enabled()) {
        return kernel_fp_trap(self);
    }
    unsigned kind = cause < CAUSES ? causes[cause].kind : 0;
    return kernel_fault(self, kind != 0 ? kind : FAULT_OTHER, address, cause);
}

void trap_kernel(const struct kernel_trap *trap)
{
    uint64_t cause = trap->x[TRAP_CAUSE];
    const char *name = cause < CAUSES ? causes[cause].name : NULL;
    kernel_trap_panic(trap, name != NULL ? name : "unknown");
}
