/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel with a bug put in on purpose: a system call that reads user memory.
 *
 * Linked into kernel-user-read.elf in front of kernel_syscall (--wrap). The page it reads is mapped
 * readable in every task, so nothing but the guard (SUM clear, PAN set) can stop it; lane user-read
 * expects the panic.
 */
#include <abi/types.h>

struct thread;
struct thread *__real_kernel_syscall(struct thread *self);
struct thread *__wrap_kernel_syscall(struct thread *self);

enum { CALLS_BEFORE = 100 }; /* by then init has read the page itself */

struct thread *__wrap_kernel_syscall(struct thread *self)
{
    static unsigned calls;
    if (++calls == CALLS_BEFORE) {
        (void)*(volatile const uint64_t *)BOOT_FACTS_VADDR;
    }
    return __real_kernel_syscall(self);
}
