# SPDX-License-Identifier: BSD-2-Clause
# The firmware of riscv64: OpenSBI 1.6, unmodified, from its pinned source package, by its own Makefile.
#
# Included by the Makefile. Gives OPENSBI, the image that scripts/run.sh hands to QEMU. One compiler builds it,
# whatever TOOLCHAIN is, and nothing of the caller's environment but PATH, or of its command line, gets in: two
# folders give the same bytes. Why it is built here, and what each setting brings: docs/decisions/boot-budget.md.
#
#   fw_jump, FW_JUMP_FDT_OFFSET=     it goes on at 2 MiB, where the kernel is, and leaves the tree where QEMU put it
#   FW_OPTIONS=1                     it prints nothing before the kernel does [its docs/firmware/fw.md]
#   FDT_ASSUME_MASK=7                libfdt trusts the tree, whose maker is the machine itself, and its callers
#   -unroll-force-peel-count=1       the first turn stands before each loop, so what does not change is read once
#   -inline-threshold=500            ... also where libfdt calls itself
#   OPENSBI_VERSION_GIT=             it would ask git for a version, and find ours

OPENSBI     := $(BUILD)/riscv64/opensbi.bin
OPENSBI_OUT := $(BUILD)/riscv64/opensbi

OPENSBI_FLAGS := -DFDT_ASSUME_MASK=7 -mllvm -unroll-force-peel-count=1 -mllvm -inline-threshold=500
OPENSBI_MAKE := $(MAKE) -C $(SRC)/opensbi -j$(JOBS) LLVM=1 CC=clang-19 LD=ld.lld-19 AR=llvm-ar-19 \
  OBJCOPY=llvm-objcopy-19 PLATFORM=generic FW_DYNAMIC=n FW_PAYLOAD=n FW_OPTIONS=1 FW_JUMP_FDT_OFFSET= \
  OPENSBI_VERSION_GIT= O=$(abspath $(OPENSBI_OUT))

# Its Makefile takes a configuration that stands there and is newer than its own.
$(OPENSBI): $(SRC)/opensbi/.sha256 scripts/opensbi.config scripts/opensbi.mk | $(BUILD)/have-build
	$(call say,MAKE,OpenSBI)
	$(Q)rm -rf $(OPENSBI_OUT) && mkdir -p $(OPENSBI_OUT)/platform/generic/kconfig
	$(Q)cp scripts/opensbi.config $(OPENSBI_OUT)/platform/generic/kconfig/.config
	$(Q)env -i PATH="/usr/bin:$$PATH" GENFLAGS="$(OPENSBI_FLAGS)" $(OPENSBI_MAKE) >$(OPENSBI_OUT).log 2>&1 || \
	    { cat $(OPENSBI_OUT).log >&2; exit 1; }
	$(Q)cp $(OPENSBI_OUT)/platform/generic/firmware/fw_jump.bin $@
