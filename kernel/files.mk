# SPDX-License-Identifier: BSD-2-Clause
# The portable kernel, in reading order (the CPU part: kernel/arch/*/arch.mk).
KERNEL_SRC :=
