/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What trap.S leaves to C: exceptions of user mode, traps of the kernel itself, backtraces.
 *
 * [RISC-V priv §4.1.8, §4.1.9]
 */
#include "riscv.h"

#include <abi/ipc.h>
#include <abi/syscall.h>
#include <base/attributes.h>

#include "asm.h"
#include "pagetable.h"
#include "print.h"
#include "task.h"
#include "thread.h"

static_assert(CALL_CALL == SYS_call && CALL_REPLY_WAIT == SYS_reply_wait, "asm.h");
static_assert(CALL_NULL == SYS_null && CALL_SIGNAL == SYS_signal, "asm.h");
static_assert(TYPE_NOTIFICATION == OBJECT_NOTIFICATION && RIGHTS_WRITE == RIGHT_WRITE, "asm.h");
static_assert(HANDLE_BITS == HANDLE_INDEX_BITS, "asm.h");
static_assert(CPU_CURRENT == 0, "ipc_fast.S");
static_assert(STATUS_FS == SSTATUS_FS, "asm.h");
static_assert(THREAD_FRAME + sizeof(struct frame) <= 2048,
              "the assembly's offsets reach the frame");
static_assert(offsetof(struct kernel_trap, cause) == TRAP_CAUSE, "asm.h");
static_assert(offsetof(struct kernel_trap, value) == TRAP_VALUE, "asm.h");
static_assert(offsetof(struct kernel_trap, status) == TRAP_STATUS, "asm.h");

static const struct {
    const char *name;
    uint8_t kind;    /* enum fault_kind */
    uint8_t missing; /* PAGE_RIGHTS that the page table did not give */
} causes[CAUSES] = {
    [CAUSE_FETCH_MISALIGNED] = {"instruction address misaligned", FAULT_ALIGNMENT, 0},
    [CAUSE_FETCH_ACCESS] = {"instruction access fault", FAULT_EXECUTE, 0},
    [CAUSE_ILLEGAL_INSTRUCTION] = {"illegal instruction", FAULT_INSTRUCTION, 0},
    [CAUSE_BREAKPOINT] = {"breakpoint", FAULT_BREAKPOINT, 0},
    [CAUSE_LOAD_MISALIGNED] = {"load address misaligned", FAULT_ALIGNMENT, 0},
    [CAUSE_LOAD_ACCESS] = {"load access fault", FAULT_READ, 0},
    [CAUSE_STORE_MISALIGNED] = {"store address misaligned", FAULT_ALIGNMENT, 0},
    [CAUSE_STORE_ACCESS] = {"store access fault", FAULT_WRITE, 0},
    [CAUSE_FETCH_PAGE] = {"instruction page fault", FAULT_EXECUTE, PAGE_EXECUTE},
    [CAUSE_LOAD_PAGE] = {"load page fault", FAULT_READ, PAGE_READ},
    [CAUSE_STORE_PAGE] = {"store page fault", FAULT_WRITE, PAGE_WRITE},
};

enum { TRAP_DEPTH_MAX = 2 };

/* From trap.S. */
struct thread *trap_exception(struct thread *self);
_Noreturn void trap_kernel(const struct kernel_trap *trap);

struct kernel_trap kernel_trap_registers;

/* Whether the page table maps `address` so that the fault cannot have been true: the CPU may
 * remember for a while that nothing was there. Then it is made to look again. */
static bool is_stale(const struct thread *self, vaddr_t address, uint64_t cause)
{
    unsigned missing = cause < CAUSES ? causes[cause].missing : 0;
    uint64_t needed = PTE_VALID | PTE_USER | missing << PTE_RIGHTS_SHIFT;
    if (missing == 0 || address >= USER_END ||
        (pagetable_entry(self->task->root, address) & needed) != needed) {
        return false;
    }
    __asm__ volatile("sfence.vma %0, zero" ::"r"(address) : "memory");
    return true;
}

/*
 * An exception of user mode. With FP access off, every illegal instruction is taken for a first
 * use of FP; if it was none it traps again, with access on.
 */
struct thread *trap_exception(struct thread *self)
{
    uint64_t cause;
    vaddr_t address;
    __asm__ volatile("csrr %0, scause" : "=r"(cause));
    __asm__ volatile("csrr %0, stval" : "=r"(address));
    if (cause == CAUSE_ILLEGAL_INSTRUCTION && !arch_fp_is_enabled()) {
        return kernel_fp_trap(self);
    }
    if (is_stale(self, address, cause)) {
        return self;
    }
    unsigned kind = cause < CAUSES ? causes[cause].kind : 0;
    return kernel_fault(self, kind != 0 ? kind : FAULT_OTHER, address, cause);
}

/* A bug of ours. The panic may trap in turn, and trap again in saying so; then all is said. */
void trap_kernel(const struct kernel_trap *trap)
{
    static unsigned depth;
    if (++depth > TRAP_DEPTH_MAX) {
        arch_power_off(UINT8_MAX);
    }
    const uint8_t *sp = (const uint8_t *)trap->x[FRAME_SP];
    const char *what = trap->cause < CAUSES ? causes[trap->cause].name : NULL;
    if (trap->cause == CAUSE_STORE_PAGE && sp < stack_guard + PAGE_BYTES && sp >= stack_guard) {
        what = "kernel stack overflow";
    }
    kernel_trap_panic(trap, what != NULL ? what : "unknown trap");
}

/* --- panic ----------------------------------------------------------------------------------- */

void arch_print_registers(const struct kernel_trap *trap)
{
    static const char names[ARCH_REGISTER_COUNT][4] = {
        "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    if (trap == NULL) {
        print_line("called from %016lx, frame %016lx", (uint64_t)__builtin_return_address(0),
                   (uint64_t)__builtin_frame_address(0));
        return;
    }
    print_line("scause %lx stval %016lx sstatus %lx", trap->cause, trap->value, trap->status);
    for (unsigned i = 0; i < ARCH_REGISTER_COUNT; i += 4) {
        print_line("%-3s %016lx  %-3s %016lx  %-3s %016lx  %-3s %016lx", names[i], trap->x[i],
                   names[i + 1], trap->x[i + 1], names[i + 2], trap->x[i + 2], names[i + 3],
                   trap->x[i + 3]);
    }
}

/* Whether the two words below `frame` lie on one of the kernel's stacks. */
static bool is_frame(uint64_t frame)
{
    return frame % 8 == 0 && frame >= (uint64_t)stack_guard + PAGE_BYTES + 16 &&
           frame <= (uint64_t)panic_stack_top;
}

/* s0 points behind the return address and the caller's s0. A function that calls nothing may have
 * saved only the latter: in the trapped one, that shows as a "return address" on the stack. */
unsigned arch_backtrace(const struct kernel_trap *trap, uint64_t *addresses, unsigned limit)
{
    uint64_t frame = trap != NULL ? trap->x[8] : (uint64_t)__builtin_frame_address(0);
    unsigned count = 0;
    if (trap != NULL && count < limit) {
        addresses[count++] = trap->x[FRAME_PC];
    }
    while (count < limit && is_frame(frame)) {
        const uint64_t *words = (const uint64_t *)frame;
        uint64_t address = words[-1];
        uint64_t next = words[-2];
        if (trap != NULL && count == 1 && is_frame(address)) {
            next = address;
            address = trap->x[FRAME_RA];
        }
        addresses[count++] = address;
        if (next <= frame) {
            break; /* frames go up, so the walk ends */
        }
        frame = next;
    }
    return count;
}
