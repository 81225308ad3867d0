/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What init knows about the running system.
 *
 * One struct, owned by main.c and borrowed by everybody. Handles that last as long as the system
 * (endpoints, notifications, memories, windows, lines) are made once; those of an incarnation
 * (account, task, thread) come and go with it, and all else it has dies with its account.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <abi/types.h>
#include <base/bootargs.h>
#include <base/bundle.h>
#include <base/fdt.h>
#include <proto/init.h>
#include <proto/log.h>
#include <proto/serial.h>

#include "devices.h"
#include "manifest.h"
#include "random.h"
#include "watch.h"

enum {
    SYSTEM_SEED_BYTES = 64,
    SYSTEM_FAULT_BADGE = 1 << 16, /* on the supervisor's endpoint: fault of the process behind it */
};

struct process {
    const struct manifest_process *rule;

    /* last as long as the system */
    handle_t endpoint; /* HANDLE_NONE: no server, or never one again */
    handle_t notification;
    handle_t window; /* HANDLE_NONE: no device */
    handle_t irq;
    handle_t arena; /* memory; HANDLE_NONE: no client of the network */
    struct log_page *log;

    /* of this incarnation */
    enum init_state state;
    handle_t account;
    handle_t task;
    handle_t thread;
    handle_t stack; /* memory */
    handle_t startup;
    bool has_lent; /* it borrows rule->lends's window */
    uint32_t id;    /* no two that live have the same */
    uint64_t entry; /* its first instruction */
    ticks_t started;
    ticks_t restart_at; /* in INIT_STATE_WAITING */

    struct watch watch;

    /* of a child */
    uint32_t parent; /* index; 0: nobody has it */
    enum init_end end;
    int64_t end_code;
};

struct system {
    const struct manifest *manifest;
    struct bundle bundle;
    handle_t bundle_memory;
    struct bootargs bootargs;
    uint8_t seed[SYSTEM_SEED_BYTES]; /* of the tree; all of it zero once handed over */
    uint32_t seed_bytes;
    struct random_key random_key; /* of what each process has as random bytes */

    struct device devices[DEVICES_MAX];
    struct device_choice choices[MANIFEST_PROCESSES_MAX];

    handle_t logs;    /* a page for each process */
    handle_t sources; /* struct serial_sources */
    handle_t memories[MANIFEST_MEMORIES_MAX];
    struct process processes[MANIFEST_PROCESSES_MAX];

    bool is_ready;   /* its line was said */
    ticks_t beat_at; /* when the next signs of life are asked for */
    uint32_t beats; /* so far */
    uint32_t last_id;
    uint64_t denied; /* requests of init's */
    ticks_t off_at;  /* when the machine goes off; DEADLINE_FOREVER: nobody wants that */
    uint64_t off_action;
    uint64_t off_code;
};

/* A process of the system is its place in the manifest; its badge is that plus one. */
static inline uint64_t system_badge(uint32_t index)
{
    return (uint64_t)index + 1;
}

/* Whether the process is one of this lane. */
static inline bool system_is_wanted(const struct system *system, uint32_t index)
{
    const char *lane = system->manifest->processes[index].lane;
    return lane == NULL || strcmp(lane, system->bootargs.lane) == 0;
}

/* Whether it is wanted, and the machine has what it cannot do without. */
static inline bool system_can_start(const struct system *system, uint32_t index)
{
    if (!system_is_wanted(system, index)) {
        return false;
    }
    enum device_verdict verdict = system->choices[index].verdict;
    return verdict == DEVICE_NONE || verdict == DEVICE_GIVEN ||
           (verdict == DEVICE_ABSENT && !system->manifest->processes[index].device.is_needed);
}

/* Where init maps memory for a moment; beyond what libc gives out. */
#define SYSTEM_SCRATCH_VADDR 0x50000000ull

/* The new handle of a call that makes one, or its error. */
static inline MUST_CHECK int system_take(struct sysret made, handle_t *handle)
{
    *handle = made.status == OK ? (handle_t)made.value : HANDLE_NONE;
    return (int)made.status;
}
