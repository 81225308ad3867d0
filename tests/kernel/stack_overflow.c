/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel with a bug put in on purpose: a system call that never stops calling itself.
 *
 * Linked into kernel-stack-overflow.elf in front of kernel_syscall (--wrap). The page below the
 * kernel's stack is not mapped; lane stack-overflow expects the panic that says so.
 */
#include <limits.h>
#include <stdint.h>

struct thread;
struct thread *__real_kernel_syscall(struct thread *self);
struct thread *__wrap_kernel_syscall(struct thread *self);

enum { ROOM_BYTES = 512 };

static unsigned overflow(unsigned depth)
{
    volatile uint8_t room[ROOM_BYTES];
    room[0] = (uint8_t)depth;
    return depth == UINT_MAX ? 0 : overflow(depth + 1) + room[0];
}

struct thread *__wrap_kernel_syscall(struct thread *self)
{
    return overflow(0) != 0 ? __real_kernel_syscall(self) : self;
}
