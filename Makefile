# SPDX-License-Identifier: BSD-2-Clause
#
# Build, run and test everything.  Start with `make help`.
#
# One make process reads this file, one arch.mk, the files.mk lists, libc/musl.mk and scripts/opensbi.mk.  Only the
# targets that need both CPUs run make again, once per ARCH, and OpenSBI its own.  Nothing is written outside $(BUILD)
# and the cache .deps/, except the logs of a boot and the editor's compile_commands.json.

ARCH      ?= riscv64
TOOLCHAIN ?= llvm
BUILD     ?= build
V         ?= 0
export BUILD

ARCHES     := riscv64 aarch64
TOOLCHAINS := llvm gnu
$(if $(filter $(ARCH),$(ARCHES)),,$(error ARCH=$(ARCH) is not one of: $(ARCHES)))
$(if $(filter $(TOOLCHAIN),$(TOOLCHAINS)),,$(error TOOLCHAIN=$(TOOLCHAIN) is not one of: $(TOOLCHAINS)))

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SECONDARY:

O := $(BUILD)/$(ARCH)$(if $(filter gnu,$(TOOLCHAIN)),-gnu)
H := $(BUILD)/host

# Third-party sources, unpacked by scripts/fetch.  In the lists lwip/X, bearssl/X, libb2/X and musl/X name a file of
# theirs; NAME_INC is what its files and its users see.  BearSSL takes unaligned loads on some CPUs if it is let.
SRC        := $(BUILD)/src
MUSL       := $(SRC)/musl
MUSL_STAMP := $(MUSL)/.sha256
FOREIGN    := lwip bearssl libb2
FOREIGN_STAMPS := $(FOREIGN:%=$(SRC)/%/.sha256)
lwip_INC    := -isystem $(SRC)/lwip/src/include -Iservers/netd/lwip
bearssl_INC := -DBR_LE_UNALIGNED=0 -isystem $(SRC)/bearssl/inc -isystem $(SRC)/bearssl/src
libb2_INC   := -isystem $(SRC)/libb2/src -Iservers/dsoftbusd/libb2
CRYPTO_INC  := $(bearssl_INC) $(libb2_INC)

.PHONY: all run check qemu-test test fetch help clean
all:

# --- tools and flags ----------------------------------------------------------------------------------------
PY     := /usr/bin/python3
HOSTCC := clang-19

include kernel/arch/$(ARCH)/arch.mk      # TRIPLE GNU_PREFIX KERNEL_ARCH_CFLAGS USER_ARCH_CFLAGS KERNEL_ARCH_SRC

ifeq ($(TOOLCHAIN),llvm)
CC := clang-19 --target=$(TRIPLE)
LD := ld.lld-19
AR := llvm-ar-19
else
CC := $(GNU_PREFIX)gcc
LD := $(GNU_PREFIX)ld
AR := $(GNU_PREFIX)ar
endif
OBJCOPY := llvm-objcopy-19
NM      := llvm-nm-19
LIBGCC  := /usr/lib/gcc-cross/$(GNU_PREFIX:%-=%)/12/libgcc.a
# The compiler's own headers and nobody else's; asked for once, and not before the compiler is installed.
CC_INCLUDE = $(eval CC_INCLUDE := -nostdinc -isystem $(shell $(CC) -print-file-name=include))$(CC_INCLUDE)

include kernel/files.mk libc/files.mk drivers/files.mk servers/files.mk selftest/files.mk tests/files.mk
-include libc/musl.mk                    # MUSL_LIB MUSL_INC
include scripts/opensbi.mk               # OPENSBI

WARN := -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes \
        -Wimplicit-fallthrough -Wconversion -Wno-sign-conversion
FREE := -ffreestanding -fno-common -fno-stack-protector -fno-pic -fno-omit-frame-pointer \
        -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -O2 -g3 \
        -ffile-prefix-map=$(CURDIR)=.
DEPS  = -MD -MP -MF $(@:.o=.d)

# Who may include whom.  A wrong layer does not compile.
INC_kernel := -Ikernel/include -Ikernel -Ikernel/arch/$(ARCH) -Ilibc -I$(O)/gen
INC_user   := -Ikernel/include -Ilibc -Ilibc/include -Ilibc/arch/$(ARCH)
INC_host   := -Ikernel/include -iquote kernel -Ilibc -Ilibc/include -Idrivers -Itests/host -I.

CFLAGS_kernel := -std=c11 $(WARN) -Wframe-larger-than=1024 $(FREE) $(KERNEL_ARCH_CFLAGS) $(INC_kernel) -D__KERNEL__
# The kernel is small before it is fast, but for the ways of every interrupt [KERNEL_HOT]; lld optimises it whole.
KERNEL_OPT    := -Oz $(if $(filter llvm,$(TOOLCHAIN)),-flto)
CFLAGS_user   := -std=c11 $(WARN) $(FREE) $(USER_ARCH_CFLAGS) $(INC_user) $(MUSL_INC)
CFLAGS_foreign := -std=c11 -w -fno-strict-aliasing $(FREE) $(USER_ARCH_CFLAGS) $(INC_user) $(MUSL_INC)
# A program has the functions of a hosted one, and lld optimises it whole.
USER_OPT       := -fhosted -fomit-frame-pointer $(if $(filter llvm,$(TOOLCHAIN)),-flto)
CFLAGS_host   := -std=c11 $(WARN) -D_GNU_SOURCE $(INC_host) -O1 -g3 -fno-omit-frame-pointer \
                 -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_fuzz   := $(CFLAGS_host) -fsanitize=fuzzer-no-link
ASFLAGS       := -D__ASSEMBLER__ -Wno-unused-command-line-argument

# lwIP starts its DHCPv6 client by each advertisement of a router; here servers/netd/info6.c says when.
RA_TRIGGER := -Ddhcp6_nd6_ra_trigger=netd_info6_ignore_ra

# What a folder may see on top.
$(O)/u/drivers/%.o: EXTRA = -Idrivers
$(O)/u/selftest/arch/%.o: EXTRA = -Iselftest
$(O)/u/selftest/bench_noise.c.o: EXTRA = -iquote servers/dsoftbusd # it measures what dsoftbusd runs
$(O)/u/servers/netd/%.o $(H)/servers/netd/%.o $(H)/tests/%.o $(H)/fuzz/servers/netd/%.o $(H)/fuzz/tests/%.o: EXTRA = $(lwip_INC)
$(O)/u/servers/dsoftbusd/crypto.c.o $(H)/servers/dsoftbusd/crypto.c.o $(H)/fuzz/servers/dsoftbusd/crypto.c.o: EXTRA = $(CRYPTO_INC)
$(O)/u/lwip/src/core/ipv6/nd6.c.o $(H)/lwip/src/core/ipv6/nd6.c.o $(H)/fuzz/lwip/src/core/ipv6/nd6.c.o: EXTRA = $(RA_TRIGGER)

Q   := $(if $(filter 1,$(V)),,@)
say  = $(if $(filter 1,$(V)),,@printf '  %-6s %s\n' '$(1)' '$(2)')

# $(call remember,FILE,TEXT): FILE gets a new date only when TEXT changes; objects and links depend on it.
differ   = $(subst x$(1),,x$(2))$(subst x$(2),,x$(1))
remember = $(if $(call differ,$(strip $(file <$(1))),$(strip $(2))),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(strip $(2))))

# --- what is built ------------------------------------------------------------------------------------------
objs      = $(addprefix $(1)/,$(addsuffix .o,$(2)))
KERNEL_O := $(call objs,$(O)/k,$(KERNEL_ARCH_SRC) $(KERNEL_SRC) kernel/bundle.S)
LIBC_O   := $(call objs,$(O)/u,$(LIBC_SRC))
PROG_O   := $(foreach p,$(PROGRAMS),$(call objs,$(O)/u,$($(p)_SRC)))
TEST_O   := $(sort $(foreach t,$(UNIT_TESTS),$(call objs,$(H),tests/unit/$(t).c $($(t)_SRC))))
CONFORM_O := $(call objs,$(H),$(CONFORM_SRC) $(errand_SRC))
FUZZ_O   := $(sort $(foreach t,$(FUZZ_TARGETS),$(call objs,$(H)/fuzz,tests/fuzz/$(t).c $($(t)_FUZZ_SRC))))
ELFS     := $(PROGRAMS:%=$(O)/bin/%.elf)
SUITE    ?= $(UNIT_TESTS)
$(if $(filter-out $(UNIT_TESTS),$(SUITE)),$(error SUITE=$(SUITE): not all of it is among: $(UNIT_TESTS)))
TESTS    := $(SUITE:%=$(H)/bin/%)
CONFORM  := $(H)/bin/conform
ERRAND   := $(H)/bin/errand
FUZZERS  := $(FUZZ_TARGETS:%=$(H)/fuzz/bin/%)
KEY_FILE := $(wildcard $(BUILD)/keys)
KERNEL   := $(if $(KERNEL_SRC),$(O)/kernel.elf $(if $(filter aarch64,$(ARCH)),$(O)/kernel.img))

ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
$(call remember,$(O)/kernel.flags,$(CC) $(CFLAGS_kernel) $(KERNEL_OPT) $(KERNEL_HOT))
$(call remember,$(O)/user.flags,$(CC) $(CFLAGS_user) $(CFLAGS_foreign) $(USER_OPT) $(foreach f,$(FOREIGN),$($(f)_INC)) $(RA_TRIGGER))
$(call remember,$(O)/kernel.list,$(KERNEL_O))
$(call remember,$(O)/user.list,$(LIBC_O) $(foreach p,$(PROGRAMS),$(p): $($(p)_SRC)))
$(call remember,$(O)/keys.list,keys: $(KEY_FILE))
$(call remember,$(H)/host.flags,$(HOSTCC) $(CFLAGS_fuzz) $(foreach f,$(FOREIGN),$($(f)_INC)) $(RA_TRIGGER))
$(call remember,$(H)/host.list,$(foreach t,$(UNIT_TESTS) $(FUZZ_TARGETS),$(t): $($(t)_SRC) $($(t)_FUZZ_SRC) $($(t)_LIBS)))
endif

## all         kernel with every program in it, for ARCH, and its firmware where the machine brings none of its own
all: $(KERNEL) $(if $(filter riscv64,$(ARCH)),$(OPENSBI))

# --- packages and third-party sources -----------------------------------------------------------------------
$(BUILD)/have-%: scripts/deps
	$(Q)mkdir -p $(@D)
	$(Q)scripts/deps $* && touch $@
HAVE_BUILD := $(BUILD)/have-build $(if $(filter gnu,$(TOOLCHAIN)),$(BUILD)/have-gnu)
$(BUILD)/src/%/.sha256: scripts/deps.lock scripts/fetch | $(BUILD)/have-build
	$(Q)scripts/fetch $*
## fetch       bring all third-party sources here; afterwards OFFLINE=1 works
fetch: | $(BUILD)/have-build
	$(Q)scripts/fetch

# What the assembly knows of the structs of C.
$(O)/gen/offsets.h: kernel/offsets.c $(O)/kernel.flags $(wildcard kernel/*.h kernel/*/*.h kernel/arch/$(ARCH)/*.h) | $(HAVE_BUILD)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_kernel) -O1 -S -o $@.s $<
	$(Q)sed -n 's/.*"OFFSET \([A-Z_]* [0-9]*\)".*/#define \1/p' $@.s >$@
$(KERNEL_O): | $(O)/gen/offsets.h

# --- compile ------------------------------------------------------------------------------------------------
$(O)/k/%.c.o: %.c $(O)/kernel.flags | $(HAVE_BUILD)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_kernel) $(KERNEL_OPT) $(if $(filter $(KERNEL_HOT),$<),-O2) $(CC_INCLUDE) $(DEPS) -c -o $@ $<
$(O)/k/%.S.o: %.S $(O)/kernel.flags | $(HAVE_BUILD)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_kernel) $(ASFLAGS) $(CC_INCLUDE) $(DEPS) -c -o $@ $<
$(O)/u/%.c.o: %.c $(O)/user.flags | $(HAVE_BUILD) $(MUSL_GEN) $(FOREIGN_STAMPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_user) $(USER_OPT) $(EXTRA) $(CC_INCLUDE) $(DEPS) -c -o $@ $<
$(O)/u/%.S.o: %.S $(O)/user.flags | $(HAVE_BUILD)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_user) $(EXTRA) $(ASFLAGS) $(CC_INCLUDE) $(DEPS) -c -o $@ $<
$(H)/%.c.o: %.c $(H)/host.flags | $(BUILD)/have-build $(BUILD)/have-test $(FOREIGN_STAMPS)
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_host) $(EXTRA) $(DEPS) -c -o $@ $<
$(H)/fuzz/%.c.o: %.c $(H)/host.flags | $(BUILD)/have-build $(BUILD)/have-test $(FOREIGN_STAMPS)
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_fuzz) $(EXTRA) $(DEPS) -c -o $@ $<

# $(call foreign,NAME): its files, unmodified and without our warnings, for the target, the host tests and the fuzzers.
define foreign
$(O)/u/$(1)/%.c.o: $(SRC)/$(1)/.sha256 $(O)/user.flags | $(HAVE_BUILD) $(MUSL_GEN)
	$$(call say,CC,$(1)/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$$(CC) $(CFLAGS_foreign) $(USER_OPT) $($(1)_INC) $$(EXTRA) $$(CC_INCLUDE) $$(DEPS) -c -o $$@ $(SRC)/$(1)/$$*.c
$(H)/$(1)/%.c.o: $(SRC)/$(1)/.sha256 $(H)/host.flags | $(BUILD)/have-build $(BUILD)/have-test
	$$(call say,HOSTCC,$(1)/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$$(HOSTCC) $(CFLAGS_host) $($(1)_INC) $$(EXTRA) -w $$(DEPS) -c -o $$@ $(SRC)/$(1)/$$*.c
$(H)/fuzz/$(1)/%.c.o: $(SRC)/$(1)/.sha256 $(H)/host.flags | $(BUILD)/have-build $(BUILD)/have-test
	$$(call say,HOSTCC,$(1)/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$$(HOSTCC) $(CFLAGS_fuzz) $($(1)_INC) $$(EXTRA) -w $$(DEPS) -c -o $$@ $(SRC)/$(1)/$$*.c
endef
$(foreach f,$(FOREIGN),$(eval $(call foreign,$(f))))

# --- link ---------------------------------------------------------------------------------------------------
$(O)/kernel.lds: linker.ld $(wildcard kernel/arch/$(ARCH)/memlayout.h) $(O)/kernel.flags | $(HAVE_BUILD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c -D__LINKER__ $(INC_kernel) -o $@ $<
$(O)/libc.a: $(LIBC_O) $(O)/user.list
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(LIBC_O)
$(ELFS): $(O)/bin/%.elf: $$(call objs,$(O)/u,$$($$*_SRC)) $(O)/libc.a $(MUSL_LIB) libc/user.ld $(O)/user.list
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LD) --gc-sections -z max-page-size=4096 -T libc/user.ld -Map $(@:.elf=.map) -o $@ \
	    $(call objs,$(O)/u,$($*_SRC)) --start-group $(O)/libc.a $(MUSL_LIB) $(LIBGCC) --end-group
$(O)/bundle.bin: $(ELFS) scripts/mkbundle.py $(O)/user.list | $(HAVE_BUILD)
	$(call say,BUNDLE,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PY) scripts/mkbundle.py -o $@ $(ELFS)
$(O)/k/kernel/bundle.S.o: $(O)/bundle.bin
$(O)/k/kernel/bundle.S.o: ASFLAGS += -DBUNDLE_FILE='"$(O)/bundle.bin"'

# The keys of an image: those of `make keys`, if there are some.  In kernel-keyed.elf those of the tests; in
# kernel-test-keys.elf the same, but it was not built to take them, so it does not.
TEST_KEYS := $(BUILD)/test.keys
$(O)/u/servers/dsoftbusd/keyfile.S.o: $(KEY_FILE) $(O)/keys.list
$(O)/u/servers/dsoftbusd/keyfile.S.o: ASFLAGS += $(KEY_FILE:%=-DKEY_FILE='"%"')
$(TEST_KEYS): scripts/keys.py Makefile | $(BUILD)/have-build
	$(Q)rm -f $@
	$(Q)$(PY) scripts/keys.py --test -o $@ left right wherry-a wherry-b
KEYED := keyed test-keys
$(O)/keyed/keyfile.S.o: ASFLAGS += -DTAKES_TEST_KEYS
# $(call keyed,KIND): the objects of kernel-KIND.elf are those of the real kernel but for the key file in dsoftbusd.
define keyed
$(O)/$(1)/keyfile.S.o: servers/dsoftbusd/keyfile.S $(TEST_KEYS) $(O)/user.flags | $(HAVE_BUILD)
	$$(call say,AS,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$$(CC) $$(CFLAGS_user) -DKEY_FILE='"$(TEST_KEYS)"' $$(ASFLAGS) $$(CC_INCLUDE) -c -o $$@ $$<
$(1)_DSOFTBUSD_O := $$(patsubst %/u/servers/dsoftbusd/keyfile.S.o,%/$(1)/keyfile.S.o,$$(call objs,$(O)/u,$$(dsoftbusd_SRC)))
$(O)/$(1)/dsoftbusd.elf: $$($(1)_DSOFTBUSD_O) $(O)/libc.a $(MUSL_LIB) libc/user.ld $(O)/user.list
	$$(call say,LD,$$@)
	$(Q)$$(LD) --gc-sections -z max-page-size=4096 -T libc/user.ld -o $$@ \
	    $$($(1)_DSOFTBUSD_O) --start-group $(O)/libc.a $(MUSL_LIB) $(LIBGCC) --end-group
$(1)_ELFS := $$(patsubst %/bin/dsoftbusd.elf,%/$(1)/dsoftbusd.elf,$(ELFS))
$(O)/$(1)/bundle.bin: $$($(1)_ELFS) scripts/mkbundle.py $(O)/user.list | $(HAVE_BUILD)
	$(Q)$(PY) scripts/mkbundle.py -o $$@ $$($(1)_ELFS)
$(O)/$(1)/bundle.S.o: kernel/bundle.S $(O)/$(1)/bundle.bin $(O)/kernel.flags | $(HAVE_BUILD)
	$(Q)$$(CC) $$(CFLAGS_kernel) $$(ASFLAGS) -DBUNDLE_FILE='"$(O)/$(1)/bundle.bin"' $$(CC_INCLUDE) -c -o $$@ $$<
$(O)/kernel-$(1).elf: $$(patsubst $(O)/k/kernel/bundle.S.o,$(O)/$(1)/bundle.S.o,$(KERNEL_O))
endef
$(foreach k,$(KEYED),$(eval $(call keyed,$(k))))
KEYED_KERNELS := $(KEYED:%=$(O)/kernel-%.elf)

# Linked twice: the table of symbols for backtraces is made from the first link and lies behind all text, so that
# it moves nothing it describes.  scripts/symtab checks that.
KERNEL_LD = $(LD) --gc-sections $(if $(filter llvm,$(TOOLCHAIN)),--icf=safe) -z max-page-size=4096 -T $(O)/kernel.lds $(filter %.o,$^) $(WRAP)
BUGGY_KERNELS := $(O)/kernel-user-read.elf $(O)/kernel-stack-overflow.elf
$(O)/kernel.elf $(BUGGY_KERNELS): $(KERNEL_O)
$(O)/kernel.elf $(BUGGY_KERNELS) $(KEYED_KERNELS): $(O)/kernel.lds $(O)/kernel.list scripts/symtab
	$(call say,LD,$@)
	$(Q)$(KERNEL_LD) -o $(@:.elf=.pass1.elf)
	$(Q)$(PY) scripts/symtab --nm $(NM) -o $(@:.elf=.symtab.S) $(@:.elf=.pass1.elf)
	$(Q)$(CC) $(KERNEL_ARCH_CFLAGS) -c -o $(@:.elf=.symtab.o) $(@:.elf=.symtab.S)
	$(Q)$(KERNEL_LD) $(@:.elf=.symtab.o) -Map $(@:.elf=.map) -o $@
	$(Q)$(PY) scripts/symtab --nm $(NM) --check $(@:.elf=.symtab.S) $@
$(O)/kernel.img: $(O)/kernel.elf
	$(Q)$(OBJCOPY) -O binary $< $@

# What the lanes of bad input boot: kernels with a bug, images with a flipped bit, a tree of another machine.
BUG_SRC := tests/kernel/user_read.c tests/kernel/stack_overflow.c
$(O)/kernel-user-read.elf: $(O)/k/$(word 1,$(BUG_SRC)).o
$(O)/kernel-stack-overflow.elf: $(O)/k/$(word 2,$(BUG_SRC)).o
$(BUGGY_KERNELS): WRAP := --wrap=kernel_syscall
$(O)/kernel-bad-init.elf: $(O)/kernel.elf tests/qemu/spoil.py
	$(Q)$(PY) tests/qemu/spoil.py program init $< $@
$(O)/kernel-bad-program.elf: $(O)/kernel.elf tests/qemu/spoil.py
	$(Q)$(PY) tests/qemu/spoil.py program shell $< $@
$(O)/bad-tree.dtb: $(H)/$(ARCH).dtb tests/qemu/spoil.py
	$(Q)$(PY) tests/qemu/spoil.py tree $(FOREIGN_$(ARCH)) $< $@
FOREIGN_riscv64 := plic xlic
FOREIGN_aarch64 := arm,cortex-a15-gic arm,cortex-x15-gic
BAD_INPUT := $(BUGGY_KERNELS) $(addprefix $(O)/,kernel-bad-init.elf kernel-bad-program.elf bad-tree.dtb)

# --- host tests: the pure modules, under ASan and UBSan -----------------------------------------------------
$(UNIT_TESTS:%=$(H)/bin/%): $(H)/bin/%: $$(call objs,$(H),tests/unit/$$*.c $$($$*_SRC)) $$(addprefix $(H)/,$$($$*_DATA)) $(H)/host.list
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_host) -o $@ $(filter %.o,$^) -lcmocka $($*_LIBS)
$(CONFORM): $(call objs,$(H),$(CONFORM_SRC)) $(H)/host.list | $(ERRAND)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_host) -o $@ $(filter %.o,$^)
$(ERRAND): $(call objs,$(H),$(errand_SRC)) $(H)/host.list
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_host) -o $@ $(filter %.o,$^)
$(FUZZERS): $(H)/fuzz/bin/%: $$(call objs,$(H)/fuzz,tests/fuzz/$$*.c $$($$*_FUZZ_SRC)) $(H)/host.list
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_fuzz) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $($*_LIBS)

## host-node   build/host/dsoftbus-node: this machine in the fabric
host-node: $(H)/dsoftbus-node
.PHONY: host-node
$(H)/dsoftbus-node: $(call objs,$(H),$(HOST_NODE_SRC)) $(H)/host.list
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(CFLAGS_host) -o $@ $(filter %.o,$^)

# The device trees of this machine's QEMU, for the tests of their reader.  It needs some file for a kernel and boots none.
$(H)/%.dtb: scripts/run.sh | $(BUILD)/have-run
	$(call say,DTB,$@)
	$(Q)mkdir -p $(@D)
	$(Q)ARCH=$* LANE=default SERIAL=null KERNEL=$< BIOS=none QEMU_ARGS='-machine dumpdtb=$@' scripts/run.sh >$@.log 2>&1 || { cat $@.log >&2; exit 1; }

HOST_TESTS  := $(TESTS:%=--unit %)
HOST_EXTRAS := --conform 'tests/conformance/run.sh $(CONFORM)' $(PY_TESTS:%=--python %) $(FUZZ_TARGETS:%=--corpus $(H)/fuzz/bin/%) \
               --check markers-page='$(PY) scripts/markers_doc.py --check' \
               --check tree='$(PY) scripts/check_tree.py' --check ceilings='$(PY) scripts/ceilings.py --check' \
               --check sockets-page='$(PY) scripts/sockets_doc.py $(CONFORM) --check'
## check       host tests and checks of the tree (no QEMU); SUITE=name runs one test alone
ifeq ($(origin SUITE),file)
check: $(TESTS) $(CONFORM) $(FUZZERS) $(H)/dsoftbus-node $(SRC)/noiseprotocol/.sha256 $(O)/headers.ok
	$(Q)$(PY) scripts/run_tests.py $(HOST_TESTS) $(HOST_EXTRAS)
else
check: $(TESTS)
	$(Q)$(PY) scripts/run_tests.py $(HOST_TESTS)
endif

# Every header compiles alone, in the layer it belongs to.
HEADERS        := $(shell git ls-files '*.h' 2>/dev/null || find kernel libc drivers servers selftest -name '*.h')
HEADERS_kernel := $(filter-out $(addprefix kernel/arch/,$(addsuffix /%,$(filter-out $(ARCH),$(ARCHES)))),$(filter kernel/%,$(HEADERS)))
HEADERS_user   := $(filter-out libc/arch/% libc/musl/% servers/netd/lwip/% servers/dsoftbusd/libb2/%,$(filter libc/% drivers/% servers/% selftest/%,$(HEADERS)))
ALONE          := -fsyntax-only -Wno-unused -x c
ifeq ($(TOOLCHAIN),llvm)
ALONE          += -Wno-pragma-once-outside-header
endif
$(O)/headers.ok: $(HEADERS_kernel) $(HEADERS_user) $(O)/kernel.flags $(O)/user.flags | $(HAVE_BUILD) $(MUSL_GEN) $(FOREIGN_STAMPS)
	$(call say,CHECK,headers)
	$(Q)$(CC) $(CFLAGS_kernel) $(CC_INCLUDE) $(ALONE) $(HEADERS_kernel)
	$(Q)$(CC) $(CFLAGS_user) -Idrivers $(lwip_INC) $(CC_INCLUDE) $(ALONE) $(HEADERS_user)
	$(Q)touch $@

# --- boot ---------------------------------------------------------------------------------------------------
## run         boot in QEMU; LANE= MAC= NET= MEM= APPEND= BIOS= as in scripts/run.sh
run: all | $(BUILD)/have-run
	$(Q)ARCH=$(ARCH) KERNEL=$(KERNEL_FILE) scripts/run.sh
KERNEL_FILE = $(abspath $(O)/kernel.elf)

boots = $(foreach l,$(QEMU_LANES) $(QEMU_LANES_$(1)),--boot $(1):$(l))
## qemu-test   every lane of ARCH, two at a time
qemu-test: all lanes host-node | $(BUILD)/have-run
	$(Q)$(PY) scripts/run_tests.py $(call boots,$(ARCH))
images = --check kernel-bytes-$(1)='$(PY) scripts/size.py --arch $(1) $(BUILD)/$(1)/kernel.elf' \
         --check guard-$(1)='$(PY) scripts/check_guard.py $(1) $(BUILD)/$(1)/kernel.elf' \
         --check console-$(1)='$(PY) tests/qemu/console.py $(1)' \
         --check debug-$(1)='$(PY) tests/qemu/debugger.py $(1)' \
         --check longest-path-$(1)='$(PY) scripts/bench.py --arch $(1) --path'
PAIRS  := riscv64:riscv64 aarch64:aarch64 riscv64:aarch64
pairs  = $(foreach p,$(PAIRS),--check two-vm-$(subst :,-,$(p))='UART_LOG=$(BUILD)/two-vm-$(subst :,-,$(p)).log NO_BUILD=1 \
         scripts/two-vm.sh $(subst :, ,$(p))')
# The same over the other wires that QEMU has, and what its user network lets out.
wires  = $(foreach w,stream mcast tap,--check two-vm-$(w)='WIRE=$(w) UART_LOG=$(BUILD)/two-vm-$(w).log NO_BUILD=1 \
         scripts/two-vm.sh riscv64 riscv64') --check user-multicast='$(PY) tests/qemu/user_multicast.py riscv64'
## test        everything: check, then every lane of both CPUs; results in build/test-results.xml
test: $(ARCHES:%=all-%) $(ARCHES:%=gnu-%) $(TESTS) $(CONFORM) $(FUZZERS) $(H)/dsoftbus-node $(SRC)/noiseprotocol/.sha256 | $(BUILD)/have-run
	$(Q)$(PY) scripts/run_tests.py $(HOST_TESTS) $(HOST_EXTRAS) $(foreach a,$(ARCHES),$(call images,$(a)) $(call boots,$(a)) \
	    --boot $(a):default:$(BUILD)/$(a)-gnu/kernel.elf) $(pairs) $(wires)
.PHONY: $(ARCHES:%=all-%) $(ARCHES:%=gnu-%)
# The other compiler builds everything without a warning, and what it built boots.
$(ARCHES:%=gnu-%): gnu-%: | $(HAVE_BUILD) $(BUILD)/have-gnu $(FOREIGN_STAMPS) $(MUSL_STAMP) $(OPENSBI)
	$(Q)$(MAKE) --no-print-directory ARCH=$* TOOLCHAIN=gnu all
$(ARCHES:%=all-%): all-%: | $(HAVE_BUILD) $(FOREIGN_STAMPS) $(MUSL_STAMP) $(OPENSBI)
	$(Q)$(MAKE) --no-print-directory ARCH=$* all lanes $(BUILD)/$*/headers.ok
# What every lane boots.
lanes: all $(BAD_INPUT) $(KEYED_KERNELS) $(SRC)/noiseprotocol/.sha256
.PHONY: lanes

## keys        secrets for NODES="a b" in build/keys, which images then have; whoever has such an image has them
keys: | $(BUILD)/have-build
	$(Q)$(PY) scripts/keys.py -o $(BUILD)/keys $(NODES)
## two-vm      two QEMUs on one wire find each other and talk; ARCH and ARCH2 (riscv64)
ARCH2 ?= riscv64
two-vm: all lanes | $(BUILD)/have-run
	$(Q)scripts/two-vm.sh $(ARCH) $(ARCH2)
.PHONY: keys two-vm

# --- looking closer -----------------------------------------------------------------------------------------
FUZZ_SECONDS ?= 60
## debug       boot under gdb with the symbols of the kernel and every program; UART in build/debug-uart.log
debug: all | $(BUILD)/have-run $(BUILD)/have-debug
	$(Q)ARCH=$(ARCH) KERNEL=$(KERNEL_FILE) scripts/debug.sh $(ELFS)
## pcap        boot LANE until its lines are there, then show what was on the wire; the capture is build/net.pcap
pcap: all | $(BUILD)/have-run $(BUILD)/have-debug
	$(Q)NO_BUILD=1 ARCH=$(ARCH) UART_LOG=$(BUILD)/net.log QEMU_LOG=$(BUILD)/net-qemu.log scripts/qemu-test.sh; \
	    status=$$?; tshark -r $(BUILD)/net.pcap 2>/dev/null; exit $$status
## bench       count instructions on the target and compare with tests/bench/ceilings.txt
bench: all | $(BUILD)/have-run
	$(Q)KERNEL=$(KERNEL_FILE) $(PY) scripts/bench.py --arch $(ARCH)
## size        bytes of the kernel and every program; fails above the kernel's limit
size: all
	$(Q)$(PY) scripts/size.py $(if $(filter llvm,$(TOOLCHAIN)),--arch $(ARCH)) $(O)/kernel.elf $(ELFS)
## repro       build in two folders and compare every byte
repro: fetch
	$(Q)scripts/repro.sh
## fuzz        every fuzz target for FUZZ_SECONDS (60); finds go to build/fuzz/NAME
fuzz: $(FUZZERS)
	$(Q)set -e; for f in $(FUZZ_TARGETS); do mkdir -p $(BUILD)/fuzz/$$f; \
	    $(H)/fuzz/bin/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -artifact_prefix=$(BUILD)/fuzz/$$f- \
	        $(BUILD)/fuzz/$$f tests/fuzz/corpus/$$f; done
## mutants     break one line at a time; the test that guards it must turn red; ONLY= takes some
mutants:
	$(Q)$(PY) scripts/mutants.py --only '$(ONLY)'
.PHONY: debug pcap bench size repro fuzz mutants compdb

## compdb      compile_commands.json, written from the lists, no build needed
comma := ,
entry   = {"directory":"$(CURDIR)"$(comma)"file":"$(1)"$(comma)"command":"$(subst ",\",$(2)) -c $(1)"}
entries = $(foreach s,$(filter %.c,$(1)),$(call entry,$(s),$(2))@)
compdb:
	$(call say,GEN,compile_commands.json)
	$(file >$(BUILD)/compdb,$(call entries,$(KERNEL_ARCH_SRC) $(KERNEL_SRC),$(CC) $(CFLAGS_kernel)) \
	    $(call entries,$(filter-out $(FOREIGN:%=%/%) musl/%,$(LIBC_SRC) $(foreach p,$(PROGRAMS),$($(p)_SRC))),$(CC) $(CFLAGS_user) -Idrivers $(lwip_INC)) \
	    $(call entries,$(UNIT_TESTS:%=tests/unit/%.c) $(FUZZ_TARGETS:%=tests/fuzz/%.c),$(HOSTCC) $(CFLAGS_host) $(lwip_INC)))
	$(Q){ echo '['; sed 's/@ *$$//; s/@ */,\n/g' $(BUILD)/compdb; echo ']'; } >compile_commands.json

## clean       remove what was built (not the cache of third-party sources)
clean:
	rm -rf $(BUILD) compile_commands.json
## help        this list
help:
	@echo 'make [ARCH=riscv64|aarch64] [TOOLCHAIN=llvm|gnu] [V=1] [OFFLINE=1] [DEPS_DIR=folder] <target>'
	@sed -n 's/^## /  /p' Makefile

-include $(KERNEL_O:.o=.d) $(BUG_SRC:%=$(O)/k/%.d) $(LIBC_O:.o=.d) $(PROG_O:.o=.d) $(TEST_O:.o=.d) $(CONFORM_O:.o=.d) $(FUZZ_O:.o=.d) \
    $(HOST_NODE_SRC:%=$(H)/%.d)
