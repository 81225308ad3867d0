/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that the portable kernel may ask of a CPU, and the ways up from it.
 *
 * arch/<cpu>/cpu.h (included at the end) defines struct frame, the inlines named here and the
 * memory layout; everything else is a function in arch/<cpu>/. The kernel runs with interrupts
 * off and is never entered twice on one CPU: the only place where it waits is arch_idle.
 *
 * The kernel image and all RAM are one linear map: virtual = KERNEL_BASE + physical. Text is
 * read-execute, read-only data read-only, the rest read-write and never executable; the page below
 * the kernel stack is unmapped.
 */
#pragma once

#include <abi/error.h>
#include <abi/types.h>
#include <stdbool.h>
#include <stddef.h>

struct thread;
struct cpu;
struct kernel_trap;
struct fdt;

/* --- machine and power -------------------------------------------------------------------- */

/* Learn clock, interrupt controller and what power-off needs from the tree. OK, E_UNSUPPORTED when
 * the tree names no controller this build knows. Called once, first of all. */
int arch_machine_init(const struct fdt *tree);

/* Stop the machine; `code` (0-255) becomes its exit status where there is one. */
_Noreturn void arch_power_off(unsigned code);
_Noreturn void arch_reset(void);

/* --- time ---------------------------------------------------------------------------------- */

/* arch_now(): the counter, an inline in cpu.h. */

/* Raise the timer interrupt once `deadline` has passed; DEADLINE_FOREVER: never. */
void arch_timer_set(ticks_t deadline);

/* Ticks per second of the counter; valid after arch_machine_init. */
uint64_t arch_counter_hz(void);

/* --- interrupts ----------------------------------------------------------------------------- */

/* Set up the controller: every line masked, the timer enabled. With the kernel's map. */
void arch_irq_init(void);

/* Lines: PLIC sources from 1 up on riscv64, INTIDs from 32 up on aarch64. */
bool arch_irq_is_valid(unsigned line);

void arch_irq_mask(unsigned line);
void arch_irq_unmask(unsigned line);

/* Claim the most urgent pending line, mask it and complete it: its number, or 0 for none. */
unsigned arch_irq_take(void);

/* arch_irq_is_pending(): whether any interrupt waits to be taken; arch_timer_is_pending(): whether
 * the deadline of arch_timer_set has passed; inlines in cpu.h. arch_irq_take never returns the
 * timer's line. */

/* Sleep until an interrupt is pending (interrupts stay off), then return. */
void arch_idle(void);

/* --- address spaces [page.h, pagetable.h] ---------------------------------------------------- */

/* Entries of page tables, 0 where nothing is; inlines in cpu.h.
 *   arch_entry_leaf(paddr, level, flags)  of a page (level 0) or block, PAGE_READ among the flags
 *   arch_entry_table(table)               of a table of the level below
 *   arch_entry_is_block(entry)            not 0 and not in a last table: whether no table is there
 *   arch_entry_address(entry)             the page, block or table
 *   arch_entry_set(entry, value)          fill an entry that is 0; what it leads to is complete
 *   arch_tlb_flush_page(vaddr, asid)      forget a page of the space whose ASID is, or was, `asid`;
 *                                         0: none since the last arch_tlb_flush_all */

/* Make the finished kernel map `root` that of this CPU, and the user half empty. */
void arch_kernel_switch(paddr_t root);

/* arch_space_init(root): make the zeroed page `root` an empty user root table; inline in cpu.h. */

/* What arch_space_switch wants for a root and an ASID; never 0. */
uint64_t arch_space_register(paddr_t root, unsigned asid);

/* Make the user half that of `space_register`; 0 is the empty one. Inline in cpu.h. */

/* Number of ASIDs the CPU has (at least 2; valid after arch_kernel_switch); 0 when it has none and
 * every switch must flush. ASID 0 is the kernel's. */
unsigned arch_asid_count(void);

/* Forget every user translation of this CPU. */
void arch_tlb_flush_all(void);

/* Make `bytes` at kernel address `start` visible to instruction fetch. */
void arch_icache_sync(const void *start, size_t bytes);

/* Zero one page through the linear map. */
void arch_zero_page(void *page);

/* --- threads -------------------------------------------------------------------------------- */

/* struct frame: user registers by the numbers of asm.h [arch/frame.h]. REG_PC; REG_WORD, the first
 * of eight message words or arguments; REG_NUMBER (and counts), REG_TARGET, REG_DEADLINE, which in
 * an answer are status, badge and bits; REG_HANDLE, the first of two pairs of handles. Inlines:
 *   arch_frame_clear_message(f)    zero words, handles and every register a call does not keep
 *                                  (all but callee-saved, sp, gp, tp, pc)
 *   arch_frame_restart_call(f)     the saved pc stands behind the call instruction (the entry has
 *                                  seen to that); step back, so that it is issued again
 *   arch_frame_result(f, s, v)     status and value of an ordinary call into a0, a1 / x0, x1
 *   arch_frame_register(f, i)      pointer to register i for thread_read/write, or NULL at the end:
 *                                  i = 0 is the program counter, 1 the stack pointer, 2 the thread
 *                                  pointer, 3.. argument words 0-7, 11.. the rest as the CPU counts
 */

/* FP and SIMD state, ARCH_FP_BYTES: save and restore all of it with access on. */
void arch_fp_save(void *state);
void arch_fp_restore(const void *state);
/* arch_fp_enable(bool), arch_fp_is_enabled(): inlines in cpu.h. */

/* --- the ways up: called by arch/<cpu> with the user's registers saved in thread->frame -------
 * Each returns the thread to resume, with its address space and FP access already in place. */

struct thread *kernel_syscall(struct thread *self);
struct notification;
/* signal, from the assembly that found the notification and that somebody waits; the result
 * registers of self say OK already. */
struct thread *kernel_signal(struct thread *self, struct notification *notification,
                             uint64_t bits);
struct thread *kernel_interrupt(struct thread *self); /* a device line */
struct thread *kernel_timer(struct thread *self);
/* `kind` is an enum fault_kind; `cause` the CPU's own register. */
struct thread *kernel_fault(struct thread *self, unsigned kind, vaddr_t address, uint64_t cause);
/* The thread used FP or SIMD registers while access is off. */
struct thread *kernel_fp_trap(struct thread *self);
_Noreturn void kernel_trap_panic(const struct kernel_trap *trap, const char *what);

/* First C function: `tree` is the device tree in the linear map (may be broken), on the boot
 * CPU, on the kernel stack, with RAM's first GiB mapped. Returns the first thread to run. */
struct thread *kernel_main(const void *tree);

#include <cpu.h>
