/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions other than calls and interrupts: what a user thread did is told to kernel_fault, what
 * the kernel did ends in a panic.
 *
 * [Arm ARM D24.2.40 ESR_EL1]
 */
#include "aarch64.h"

#include <abi/ipc.h>

/* ESR_EL1.EC, and of an abort ESR_EL1.ISS */
enum { EC_FP = 0x07, EC_FETCH_USER = 0x20, EC_FETCH = 0x21, EC_PC = 0x22, EC_DATA_USER = 0x24 };
enum { EC_DATA = 0x25, EC_SP = 0x26, EC_FP_EXCEPTION = 0x2c, EC_BREAKPOINT = 0x3c, EC_END = 0x40 };
enum { ISS_FSC = 0x3f, FSC_ALIGNMENT = 0x21, ISS_WRITE = 1 << 6 };
enum { VECTORS_PER_SOURCE = 4 };

/* Faults of user mode by their class. The others: a system register or instruction that is not for
 * user mode. */
static const uint8_t fault_kinds[EC_END] = {
    [EC_FETCH_USER] = FAULT_EXECUTE,    [EC_PC] = FAULT_ALIGNMENT,       [EC_SP] = FAULT_ALIGNMENT,
    [EC_BREAKPOINT] = FAULT_BREAKPOINT, [EC_FP_EXCEPTION] = FAULT_OTHER,
};

const char arch_trap_names[TRAP_REGISTERS][8] = {
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",     "x10", "x11",
    "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",    "x22", "x23",
    "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate", "esr", "far",
};

/* Called from vectors.S. */
struct thread *trap_user_sync(struct thread *self);
struct thread *trap_user_serror(struct thread *self);
_Noreturn void trap_kernel(const struct kernel_trap *trap, unsigned vector);

/* Names of an exception in the kernel, by its place in the table of vectors. */
static const char *const vector_names[VECTORS_PER_SOURCE] = {"exception", "IRQ", "FIQ", "SError"};

static unsigned esr_class(uint64_t esr)
{
    return esr >> ESR_EC_SHIFT & (EC_END - 1);
}

static unsigned data_fault_kind(uint64_t esr)
{
    if ((esr & ISS_FSC) == FSC_ALIGNMENT) {
        return FAULT_ALIGNMENT;
    }
    return (esr & ISS_WRITE) != 0 ? FAULT_WRITE : FAULT_READ;
}

/* Read the virtual counter, and nothing else: no FP yet, no debug channel, no event counter. */
void trap_init(void)
{
    enum { CNTKCTL_EL0VCTEN = 2, MDSCR_TDCC = 1 << 12, PMU_NONE = 0xf };
    uint64_t pmu = SYSREG_READ(id_aa64dfr0_el1) >> 8 & 0xf;
    SYSREG_WRITE(cpacr_el1, 0);
    SYSREG_WRITE(cntkctl_el1, CNTKCTL_EL0VCTEN);
    SYSREG_WRITE(mdscr_el1, MDSCR_TDCC);
    SYSREG_WRITE(tpidr_el0, 0);
    SYSREG_WRITE(tpidrro_el0, 0);
    if (pmu != 0 && pmu != PMU_NONE) {
        SYSREG_WRITE(pmuserenr_el0, 0);
    }
    if ((SYSREG_READ(id_aa64mmfr1_el1) >> 20 & 0xf) != 0) {
        CPU_DO(".inst 0xd500419f"); /* msr pan, #1 */
    }
}

struct thread *trap_user_sync(struct thread *self)
{
    uint64_t esr = SYSREG_READ(esr_el1);
    unsigned class = esr_class(esr);
    if (class == EC_FP) {
        return kernel_fp_trap(self);
    }
    unsigned kind = class == EC_DATA_USER ? data_fault_kind(esr) : fault_kinds[class];
    bool has_address = class == EC_DATA_USER || class == EC_FETCH_USER || class == EC_PC;
    return kernel_fault(self, kind != 0 ? kind : FAULT_INSTRUCTION,
                        has_address ? SYSREG_READ(far_el1) : 0, esr);
}

struct thread *trap_user_serror(struct thread *self)
{
    return kernel_fault(self, FAULT_OTHER, 0, SYSREG_READ(esr_el1));
}

void trap_kernel(const struct kernel_trap *trap, unsigned vector)
{
    uint64_t esr = trap->x[TRAP_CAUSE];
    const char *name = vector_names[vector % VECTORS_PER_SOURCE];
    psci_check_semihosting(trap->x[REG_PC]);
    if (name == vector_names[0] && esr_class(esr) == EC_DATA) {
        name = (esr & ISS_WRITE) != 0 ? "write fault" : "read fault";
    } else if (name == vector_names[0] && esr_class(esr) == EC_FETCH) {
        name = "fetch fault";
    }
    kernel_trap_panic(trap, name);
}
