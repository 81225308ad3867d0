/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The authority graph: for every process what it is, what it has, whom it may reach, what it may
 * print and what happens when it dies. Nothing else grants authority.
 *
 * The manifest is data, in manifest.c; a process or memory is named by its text. The checks are
 * pure: host tests run them, and init runs them before it starts anything. scripts/authority
 * draws the graph from the same data.
 *
 * M1  Names are unique; every name that is used is defined.
 * M2  Calls go uphill: who is called has a higher priority than who calls. So no cycle of calls
 *     exists and no server waits for a client.
 * M3  A line prefix belongs to one process.
 * M4  A device belongs to one process; init may lend its window when nobody maps it. Processes that
 *     want a device of one kind get one each in the manifest's order; all but the first are
 *     IS_SPARE.
 * M5  Every size is within the limits of the kernel and of the start-up page.
 * M6  The DMA right goes to processes with a device, over contiguous memory.
 * M7  One process serves sockets; whoever has an arena calls it and pays for the arena. In no lane
 *     are there more slots than it has sockets.
 * M8  One process serves the bus; whoever has a right there calls it. A service is one process's.
 * M9  What is denied in a lane is denied to a process that is defined.
 * M10 A child belongs to one parent, which stands before it, is at least as urgent and of the same
 *     lane. It has no device, serves nobody, offers no service, does not stop the machine, is told
 *     no settings and is never restarted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/init.h>
#include <proto/socket.h>

enum {
    MANIFEST_PROCESSES_MAX = 32,
    MANIFEST_MEMORIES_MAX = 16,
    MANIFEST_NAME_BYTES = 11, /* with the 0; "wake:" in front of it is a role of at most 15 */
    MANIFEST_PREFIXES_MAX = 4,
    MANIFEST_CALLS_MAX = 4,
    MANIFEST_CHILDREN_MAX = 4,
    MANIFEST_WAKES_MAX = 4,
    MANIFEST_SETTINGS_MAX = 6,
    MANIFEST_COMPATIBLES_MAX = 2,
    MANIFEST_USERS_MAX = 6,
    MANIFEST_PAGES_MAX = 4096, /* of one account or memory */
    MANIFEST_PRIORITY_INIT = PRIORITY_LEVELS - 1,
};

/* The lane whose denials also hold where the boot arguments say discovery=off. */
#define MANIFEST_NO_DISCOVERY "no-discovery"

/* What init does when a process ends or is hung. */
enum manifest_restart {
    RESTART_NEVER,  /* its line says how it ended */
    RESTART_ALWAYS, /* after a pause that grows [watch.h] */
};

/* Authority beyond handles: what init does when this process asks. */
enum manifest_flag {
    MAY_POWER = 1 << 0,    /* INIT_POWER */
    MAY_LIST = 1 << 1,     /* INIT_LIST, INIT_SYSTEM */
    HAS_SYSTEM = 1 << 2, /* a copy of the system handle: the kernel's own figures, minting, power;
                          * and accounts, tasks, threads and DMA memory out of its own account */
    HAS_SEED = 1 << 3,     /* the tree's rng-seed, in its start-up page alone */
    IS_ONE_SHOT = 1 << 4,  /* is done with INIT_EXIT 0; nobody waits for INIT_UP */
    IS_UNWATCHED = 1 << 5, /* no heartbeat: it may hold the CPU for seconds */
    READS_LOGS = 1 << 6,   /* has every log page: it shows the lines */
    IS_LAST = 1 << 7,      /* started when all others are settled: it measures the system */
    SERVES_SOCKETS = 1 << 8, /* INIT_CLIENT; told when a client dies */
    IS_PLAIN = 1 << 9, /* an ordinary C program: up as soon as it runs; one with ports of its own,
                        * once it listens and waits, which libc tells */
    IS_SPARE = 1 << 10, /* most machines have no device for it: then nothing is said */
    SERVES_BUS = 1 << 11, /* INIT_BUS; told when a client of the bus dies, who tells of its start */
    IS_CHILD = 1 << 12,   /* started when its parent asks (INIT_SPAWN), and ends with it */
};

struct manifest_device {
    const char
        *compatibles[MANIFEST_COMPATIBLES_MAX]; /* NULL: no device. The first found is taken */
    uint32_t virtio_device; /* behind a virtio transport: the device's id; else 0 */
    bool is_needed;         /* without it the process is not started */
};

/* What a client of the network has there; all zero: it is none. */
struct manifest_network {
    struct socket_shape shape; /* of its arena */
    uint32_t flags;            /* enum init_network_flag */
    uint16_t ports[INIT_CLIENT_PORTS];
    uint32_t groups[INIT_CLIENT_GROUPS];
};

/* What a process may at the one who serves the bus; all zero: nothing. */
struct manifest_bus {
    uint32_t flags; /* enum init_bus_flag */
    const char *services[INIT_BUS_SERVICES]; /* it may offer to peers */
};

/* In one lane a process has no group, and lacks these flags: how it bears that is tested there. */
struct manifest_denial {
    const char *lane;
    const char *process;
    uint32_t flags; /* enum init_network_flag */
};

struct manifest_process {
    const char *name;    /* fewer than MANIFEST_NAME_BYTES letters */
    const char *program; /* in the bundle */
    const char *lane;    /* it is started in that lane alone; NULL: always */
    uint32_t priority;
    uint32_t budget_us; /* of CPU time in each period; 0: no limit */
    uint32_t period_us;
    uint32_t pages; /* of its account and its arena */
    uint32_t handle_slots;
    enum manifest_restart restart;
    uint32_t flags; /* enum manifest_flag */
    bool is_server; /* has an endpoint */
    struct manifest_device device;
    const char *lends;                           /* process whose device window it may borrow */
    const char *calls[MANIFEST_CALLS_MAX];       /* processes; init needs no mention */
    const char *wakes[MANIFEST_WAKES_MAX];       /* processes; serial needs no mention */
    const char *settings[MANIFEST_SETTINGS_MAX]; /* keys of base/bootargs.h */
    const char *prefixes[MANIFEST_PREFIXES_MAX]; /* with which its lines may begin */
    const char *children[MANIFEST_CHILDREN_MAX]; /* processes it may have started, one of each */
    struct manifest_network network;
    struct manifest_bus bus;
};

/* Memory that lasts as long as the system; init makes and owns it. */
struct manifest_memory {
    const char *role;
    uint32_t pages;
    bool is_contiguous;
    struct manifest_user {
        const char *process;
        uint32_t rights; /* of RIGHT_READ, WRITE, DMA; RIGHT_MAP goes without saying */
    } users[MANIFEST_USERS_MAX];
};

struct manifest {
    const struct manifest_process *processes; /* the first is init; in the order of their start */
    uint32_t process_count;
    const struct manifest_memory *memories;
    uint32_t memory_count;
    const struct manifest_denial *denials;
    uint32_t denial_count;
};

/* The manifest of this system. */
extern const struct manifest manifest;

/*
 * Checks M1 to M10. E_CORRUPT: one is broken; then *fault says which, with the names, in `size`
 * bytes of text.
 */
MUST_CHECK int manifest_check(const struct manifest *checked, char *fault, size_t size);

/* Index of the process of that name. E_NOT_FOUND. */
MUST_CHECK int manifest_find(const struct manifest *searched, const char *name, uint32_t *index);

/* Index of the first process with that flag. E_NOT_FOUND. */
MUST_CHECK int manifest_find_flag(const struct manifest *searched, enum manifest_flag flag,
                                  uint32_t *index);

/* What a process has of the network in this lane; "": none. */
struct manifest_network manifest_network_in(const struct manifest *searched,
                                            const struct manifest_process *process,
                                            const char *lane);

/* Whether it has any right at the one who serves the bus. */
static inline bool manifest_uses_bus(const struct manifest_process *process)
{
    return process->bus.flags != 0 || process->bus.services[0] != NULL;
}

/* Whether it counts as up as soon as it runs. */
static inline bool manifest_is_up_at_once(const struct manifest_process *process)
{
    return (process->flags & IS_PLAIN) != 0 && process->network.ports[0] == 0;
}

/* Pages of a process's arena; 0: it has none. */
static inline uint32_t manifest_arena_pages(const struct manifest_process *process)
{
    return process->network.shape.slots == 0
               ? 0
               : (uint32_t)(socket_arena_bytes(process->network.shape) / PAGE_BYTES);
}
