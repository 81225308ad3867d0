/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks, for a machine on which one instruction takes one nanosecond of the counter's time
 * (lane bench, -icount shift=0).
 *
 * Each counts from before the stub of the call to after it, over BENCH_ROUNDS rounds; what the loop
 * itself costs is measured likewise, printed and taken off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>

enum { BENCH_ROUNDS = 10000 };

/* Says `bench: NAME NUMBER insn` for each; false when one could not be measured. */
bool bench_run(void);

/* Ticks of all rounds, and of the same loop around nothing. */
struct bench_ticks {
    uint64_t all;
    uint64_t loop;
};

/* Each measures one thing; false when it went wrong. */
bool bench_ipc_0w(struct bench_ticks *ticks);
bool bench_ipc_4w(struct bench_ticks *ticks);
bool bench_ipc_8w(struct bench_ticks *ticks);
bool bench_signal_wake(struct bench_ticks *ticks);
bool bench_irq_to_driver(struct bench_ticks *ticks);
bool bench_fault_to_handler(struct bench_ticks *ticks);
bool bench_yield_switch(struct bench_ticks *ticks);

/* A whole handshake, once; says the instructions of the side that has more. */
bool bench_noise_xk(void);
