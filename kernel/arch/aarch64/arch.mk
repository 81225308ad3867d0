# SPDX-License-Identifier: BSD-2-Clause
# What the build must know of this CPU: values only.
TRIPLE             := aarch64-none-elf
GNU_PREFIX         := aarch64-linux-gnu-
KERNEL_ARCH_CFLAGS := -mgeneral-regs-only -mstrict-align
USER_ARCH_CFLAGS   := -mgeneral-regs-only -mstrict-align
ifeq ($(TOOLCHAIN),gnu)
KERNEL_ARCH_CFLAGS += -mno-outline-atomics
USER_ARCH_CFLAGS   += -mno-outline-atomics
endif
# In reading order.
KERNEL_ARCH_SRC    := $(addprefix kernel/arch/aarch64/, \
    boot.S ipc_fast.S vectors.S trap.c space.c fp.S gic.c psci.c)
