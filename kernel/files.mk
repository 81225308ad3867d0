# SPDX-License-Identifier: BSD-2-Clause
# The portable kernel, in reading order (the CPU part: kernel/arch/*/arch.mk).
KERNEL_SRC := \
  kernel/main.c kernel/machine.c kernel/device.c kernel/console.c kernel/page.c kernel/pagetable.c kernel/account.c kernel/object.c kernel/handle.c \
  kernel/task.c kernel/thread.c kernel/sched.c kernel/timer.c kernel/endpoint.c \
  kernel/notification.c kernel/memory.c kernel/mapping.c kernel/irq.c kernel/block.c kernel/syscall.c \
  kernel/info.c kernel/print.c \
  libc/base/fmt.c libc/base/mem.c libc/base/fdt.c libc/base/fdt_devices.c libc/base/bundle.c
# Compiled for speed: what lies between an interrupt and its driver, and between a call and sleep.
KERNEL_HOT := kernel/sched.c kernel/notification.c kernel/irq.c kernel/block.c
