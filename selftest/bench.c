/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of benchmarks, and those that need no second thread.
 */
#include "bench.h"

#include "selftest.h"

#include <wherry/console.h>

enum { REPEATS = 3 }; /* the best counts: now and then a heartbeat comes between */

/* --- in one thread -------------------------------------------------------------------------- */

static ticks_t time_empty_loop(void)
{
    ticks_t start = time_now();
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        __asm__ volatile("" ::: "memory");
    }
    return time_now() - start;
}

static bool bench_null_syscall(struct bench_ticks *ticks)
{
    ticks->loop = time_empty_loop();
    ticks_t start = time_now();
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        sys_null();
    }
    ticks->all = time_now() - start;
    return true;
}

static bool bench_signal_idle(struct bench_ticks *ticks)
{
    handle_t notification = new_notification();
    ticks->loop = time_empty_loop();
    ticks_t start = time_now();
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        sys_signal(notification, 1);
    }
    ticks->all = time_now() - start;
    bool is_right = sys_wait(notification, 0).value == 1;
    sys_handle_close(notification);
    return is_right;
}

static bool bench_map_unmap(struct bench_ticks *ticks)
{
    handle_t memory = new_memory(1);
    handle_t task = own_task();
    int64_t broken = 0;
    ticks->loop = time_empty_loop();
    ticks_t start = time_now();
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        broken |= sys_memory_map(task, memory, TEST_VADDR, 0, 1, RIGHT_READ | RIGHT_WRITE).status;
        broken |= sys_memory_unmap(task, TEST_VADDR).status;
    }
    ticks->all = time_now() - start;
    sys_handle_close(memory);
    return broken == OK;
}

/* --- all ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool (*measure)(struct bench_ticks *ticks);
} benches[] = {
    {"null_syscall", bench_null_syscall},
    {"ipc_0w", bench_ipc_0w},
    {"ipc_4w", bench_ipc_4w},
    {"ipc_8w", bench_ipc_8w},
    {"signal_idle", bench_signal_idle},
    {"signal_wake", bench_signal_wake},
    {"irq_to_driver", bench_irq_to_driver},
    {"fault_to_handler", bench_fault_to_handler},
    {"map_unmap", bench_map_unmap},
    {"yield_switch", bench_yield_switch},
};

/* Instructions of one round, rounded up. At one instruction a nanosecond. */
static uint64_t insn_of(uint64_t ticks)
{
    return (time_ns_at(ticks, boot_facts()->counter_hz) + BENCH_ROUNDS - 1) / BENCH_ROUNDS;
}

static bool measure(const char *name, bool (*run)(struct bench_ticks *ticks))
{
    struct bench_ticks best = {.all = UINT64_MAX};
    for (unsigned i = 0; i < REPEATS; i++) {
        struct bench_ticks ticks = {0};
        if (!run(&ticks) || ticks.loop > ticks.all) {
            console_print("bench: %s FAIL", name);
            return false;
        }
        if (ticks.all - ticks.loop < best.all - best.loop) {
            best = ticks;
        }
    }
    console_print("bench: %s %lu insn", name, insn_of(best.all - best.loop));
    console_print("bench: (loop of %s %lu insn)", name, insn_of(best.loop));
    return true;
}

bool bench_run(void)
{
    bool is_whole = true;
    for (unsigned i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
        is_whole &= measure(benches[i].name, benches[i].measure);
    }
    return bench_noise_xk() && is_whole;
}
