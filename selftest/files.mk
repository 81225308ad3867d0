# SPDX-License-Identifier: BSD-2-Clause
# The program that tests the running system: PROGRAMS names it, NAME_SRC its sources in reading order.
PROGRAMS += selftest
selftest_SRC := \
    selftest/main.c selftest/actors.c selftest/lent.c selftest/arch/$(ARCH)/machine.c selftest/arch/$(ARCH)/cpu.S \
    selftest/device.c selftest/handle.c selftest/ipc.c selftest/ipc_paths.c selftest/time.c selftest/sched.c \
    selftest/memory.c selftest/fault.c selftest/fp.c selftest/account.c \
    selftest/children.c selftest/errors.c selftest/errors_ipc.c selftest/errors_objects.c \
    selftest/network.c selftest/bus.c selftest/sockets.c selftest/bench.c selftest/bench_ipc.c selftest/bench_wake.c selftest/bench_noise.c \
    servers/dsoftbusd/noise.c servers/dsoftbusd/noise_patterns.c $(CRYPTO_SRC)
