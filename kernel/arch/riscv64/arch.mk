# SPDX-License-Identifier: BSD-2-Clause
# What the build must know of this CPU: values only.
TRIPLE             := riscv64-unknown-elf
GNU_PREFIX         := riscv64-linux-gnu-
KERNEL_ARCH_CFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -mno-relax
USER_ARCH_CFLAGS   := -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax
# In reading order.
KERNEL_ARCH_SRC := \
  kernel/arch/riscv64/boot.S kernel/arch/riscv64/ipc_fast.S kernel/arch/riscv64/trap.S \
  kernel/arch/riscv64/trap.c kernel/arch/riscv64/fp.S kernel/arch/riscv64/pagetable.c \
  kernel/arch/riscv64/platform.c kernel/arch/riscv64/console.c kernel/arch/riscv64/clock.c \
  kernel/arch/riscv64/plic.c kernel/arch/riscv64/power.c kernel/arch/riscv64/sbi.c
