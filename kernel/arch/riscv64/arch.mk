# SPDX-License-Identifier: BSD-2-Clause
# What the build must know of this CPU: values only.
TRIPLE             := riscv64-unknown-elf
GNU_PREFIX         := riscv64-linux-gnu-
KERNEL_ARCH_CFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
ifeq ($(TOOLCHAIN),llvm)
KERNEL_ARCH_CFLAGS += -momit-leaf-frame-pointer # aarch64's default
endif
USER_ARCH_CFLAGS   := -march=rv64gc -mabi=lp64d -mcmodel=medany
# In reading order.
KERNEL_ARCH_SRC    := $(addprefix kernel/arch/riscv64/, \
    boot.S ipc_fast.S trap.S trap.c space.c fp.S clock.c plic.c power.c)
