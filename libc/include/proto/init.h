/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What init gives a program, and what a program may ask of init.
 *
 * Everything stands in the start-up page [wherry/startup.h]: handles by role, facts as settings.
 * Beyond the roles of startup.h, as far as the manifest lists them for the process:
 *
 *     endpoint       its own endpoint, to receive on
 *     NAME           the endpoint of process NAME, to call
 *     wake:NAME      the notification of process NAME, to signal
 *     window, irq    its device: registers (whole pages) and interrupt line
 *     anything else  shared memory of the manifest: frames, queues, clock, console, logs, ...
 *
 * Settings of a process with a device: `compatible`, the name the device tree gives it, and
 * `offset`, where its registers start inside the window (decimal). Then those boot arguments that
 * the manifest lists for the process, by their key.
 *
 * Requests are calls on the role "init". Word 0 is the label, of the answer the status: 0 or a
 * negative error. E_BAD_CALL: no such request. E_DENIED: the manifest does not allow it; these are
 * counted.
 */
#pragma once

#include <stdint.h>

#include <abi/error.h>
#include <abi/syscall.h>
#include <abi/types.h>
#include <base/attributes.h>
#include <proto/socket.h>

#define ROLE_ENDPOINT "endpoint"
#define ROLE_WAKE "wake:" /* + name of the process */
#define ROLE_WINDOW "window"
#define ROLE_IRQ "irq"
#define ROLE_FRAMES "frames"   /* struct frames_area, contiguous [proto/frames.h] */
#define ROLE_FRAMES_1 "frames1" /* the same of the second interface, for its driver and netd */
#define ROLE_QUEUES "queues"   /* a driver's queues, contiguous; with the DMA right */
#define ROLE_CLOCK "clock"     /* struct rtc_page [proto/rtc.h] */
#define ROLE_CONSOLE "console" /* struct serial_console [proto/serial.h] */
#define ROLE_HISTORY "history" /* struct serial_history [proto/serial.h] */
#define ROLE_KEPT "kept" /* what dsoftbusd finds again when it is restarted; its alone */
#define ROLE_LOGS "logs"       /* every log page, one after the other; serial alone */
#define ROLE_SOURCES "sources" /* struct serial_sources [proto/serial.h]; serial alone */

#define SETTING_COMPATIBLE "compatible"
#define SETTING_OFFSET "offset"
#define SETTING_SEED "seed" /* the tree's rng-seed in hexadecimal, for the source of randomness */

enum init_label {
    INIT_UP = 1, /* the program has started and serves from now on */
    INIT_EXIT,   /* 1: code. It has ended; init takes it apart and does not answer */
    INIT_LIST,   /* 1: index from 0. Answer: struct init_process; E_NOT_FOUND behind the last */
    INIT_SYSTEM, /* answer: 1 RAM, 2 free, 3 used pages; 4 objects, 5 handles, 6 mappings;
                  * 7 requests of init's that were denied */
    INIT_LEND,   /* the device that the manifest lends this process, for as long as nobody else
                  * maps it. Answer: 1 window (map, read, write), 2 offset, 3 bytes, 4 irq.
                  * E_NOT_FOUND: the machine has none. E_BUSY: it is lent already. */
    INIT_RETURN, /* takes the lent device back, mappings included. E_STATE: nothing is lent */
    INIT_POWER,  /* 1: enum off_action, 2: code. Does not answer */
    INIT_CLIENT, /* for the process that serves sockets. 1: index from 0 of a process. Answer:
                  * struct init_client, whose handles are the caller's; of a process without an
                  * arena all zero. E_NOT_FOUND: behind the last */
    INIT_RESTART, /* 1-2 name of a process, the first letter lowest: it is ended, and started again
                   * as after a death. For whom may stop the machine. E_NOT_FOUND: no such process;
                   * E_STATE: it does not run, or is init or not one that is restarted */
    INIT_BUS,    /* for the process that serves the bus. 1: index from 0 of a process. Answer:
                  * struct init_bus. E_NOT_FOUND: behind the last */
    INIT_SPAWN, /* 1-2 name of a program, the first letter lowest: makes a child, which does
                 * not run yet. Answer: 1 its id, above 0. E_NOT_FOUND: no such program; E_LIMIT: as
                 * many run as may, or too many were made, or failed, just before. Any error of the
                 * next two unmakes it */
    INIT_SPAWN_TEXT, /* 1 id, 2 bytes, 3-7 text: the next of its words, each ended by a zero: first
                      * what is to be done with descriptors, then arguments with the program's name
                      * in front, then the environment. E_LIMIT: more than a start-up page holds */
    INIT_SPAWN_START, /* 1 id; counts of words: 2 actions, 3 arguments, 4 environment. It runs.
                       * E_INVALID: those are not the words that came */
    INIT_WAIT, /* 1 id of a child, 0: any. Of one that has ended, answer: 1 id, 2 enum init_end,
                * 3 code, and it is forgotten. E_AGAIN: none has ended yet; EVENT_CHILD comes when
                * one does. E_NOT_FOUND: no such child */
};

enum { INIT_TEXT_BYTES = 5 * 8 }; /* at most, of one INIT_SPAWN_TEXT */

/* How a child ended, and what the code says. */
enum init_end {
    INIT_END_EXIT = 1, /* what it gave INIT_EXIT */
    INIT_END_FAULT,    /* enum fault_kind */
    INIT_END_HANG,     /* nothing: it gave no sign of life */
};

/* The badge of a process on every endpoint it may call: its place in the manifest, from 1. */

enum init_state {
    INIT_STATE_STOPPED,  /* not started: no device, no program, or never asked for */
    INIT_STATE_STARTING, /* runs, has not said INIT_UP */
    INIT_STATE_UP,
    INIT_STATE_ENDED,    /* whatever the way, and is not restarted; of a child: nobody asked yet */
    INIT_STATE_WAITING,  /* died; waits for its restart */
    INIT_STATE_FAILED,   /* died too often */
    INIT_STATES,
};

enum { INIT_NAME_BYTES = 16 };

struct init_process {
    char name[INIT_NAME_BYTES]; /* ends with a zero */
    uint8_t state;              /* enum init_state */
    uint8_t thread_state;       /* enum thread_state */
    uint8_t priority;
    uint32_t restarts;
    uint64_t cpu_ticks;
    uint32_t pages_used;
    uint32_t pages_limit;
    uint32_t stack_bytes_used; /* most there ever was */
    uint32_t stack_bytes;
    uint32_t handles;
    uint32_t fp_traps;
};

/* Words 1 to 7 of the answer to INIT_LIST. */
static inline void init_process_pack(const struct init_process *process, uint64_t words[IPC_WORDS])
{
    for (unsigned i = 0; i < INIT_NAME_BYTES / 8; i++) {
        words[1 + i] = 0;
        for (unsigned j = 0; j < 8; j++) {
            words[1 + i] |= (uint64_t)(uint8_t)process->name[8 * i + j] << 8 * j;
        }
    }
    words[3] = (uint64_t)process->state | (uint64_t)process->thread_state << 8 |
               (uint64_t)process->priority << 16 | (uint64_t)process->restarts << 32;
    words[4] = process->cpu_ticks;
    words[5] = process->pages_used | (uint64_t)process->pages_limit << 32;
    words[6] = process->stack_bytes_used | (uint64_t)process->stack_bytes << 32;
    words[7] = process->handles | (uint64_t)process->fp_traps << 32;
}

static inline void init_process_unpack(const uint64_t words[IPC_WORDS],
                                       struct init_process *process)
{
    for (unsigned i = 0; i < INIT_NAME_BYTES; i++) {
        process->name[i] = (char)(words[1 + i / 8] >> 8 * (i % 8));
    }
    process->name[INIT_NAME_BYTES - 1] = '\0';
    process->state = (uint8_t)words[3];
    process->thread_state = (uint8_t)(words[3] >> 8);
    process->priority = (uint8_t)(words[3] >> 16);
    process->restarts = (uint32_t)(words[3] >> 32);
    process->cpu_ticks = words[4];
    process->pages_used = (uint32_t)words[5];
    process->pages_limit = (uint32_t)(words[5] >> 32);
    process->stack_bytes_used = (uint32_t)words[6];
    process->stack_bytes = (uint32_t)(words[6] >> 32);
    process->handles = (uint32_t)words[7];
    process->fp_traps = (uint32_t)(words[7] >> 32);
}

/* What the manifest lets a client of the network do. */
enum init_network_flag {
    MAY_CONNECT = 1 << 0,   /* begin: connect a stream, send a datagram */
    MAY_BIND = 1 << 1,      /* any port; else those of `ports`, to send also ephemeral ones */
    MAY_JOIN = 1 << 2,      /* any group; without it those of `groups` */
    MAY_RAW = 1 << 3,       /* raw sockets and ICMP */
    MAY_CONFIGURE = 1 << 4, /* interfaces, routes, leases */
    MAY_BROADCAST = 1 << 5, /* to everybody on the link */
};

enum { INIT_CLIENT_PORTS = 8, INIT_CLIENT_GROUPS = 6 };

struct init_client {
    struct socket_shape shape; /* slots 0: no arena */
    uint32_t flags;            /* enum init_network_flag */
    handle_t arena;            /* memory: map, read, write */
    handle_t notification;     /* write */
    uint16_t ports[INIT_CLIENT_PORTS];   /* 0: no further */
    uint32_t groups[INIT_CLIENT_GROUPS]; /* IPv4 addresses in host order; 0: no further */
};

static inline uint64_t init_size_exponent(uint32_t size)
{
    return size == 0 ? 0 : (uint64_t)__builtin_ctz(size); /* < 32 */
}

/* Words 1 to 7 of the answer to INIT_CLIENT; the shape is one that socket_is_shape takes. */
static inline void init_client_pack(const struct init_client *client, uint64_t words[IPC_WORDS])
{
    words[1] = client->shape.slots | init_size_exponent(client->shape.rx_bytes) << 16 |
               init_size_exponent(client->shape.tx_bytes) << 24 | (uint64_t)client->flags << 32;
    words[2] = client->arena | (uint64_t)client->notification << 32;
    for (int i = 0; i < INIT_CLIENT_PORTS / 4; i++) {
        words[3 + i] = 0;
        for (int j = 0; j < 4; j++) {
            words[3 + i] |= (uint64_t)client->ports[4 * i + j] << 16 * j;
        }
    }
    for (int i = 0; i < INIT_CLIENT_GROUPS / 2; i++) {
        words[5 + i] = client->groups[2 * i] | (uint64_t)client->groups[2 * i + 1] << 32;
    }
}

static inline void init_client_unpack(const uint64_t words[IPC_WORDS], struct init_client *client)
{
    client->shape.slots = (uint16_t)words[1];
    client->shape.rx_bytes = 1u << (words[1] >> 16 & 31);
    client->shape.tx_bytes = 1u << (words[1] >> 24 & 31);
    client->flags = (uint32_t)(words[1] >> 32);
    client->arena = (handle_t)words[2];
    client->notification = (handle_t)(words[2] >> 32);
    for (int i = 0; i < INIT_CLIENT_PORTS; i++) {
        client->ports[i] = (uint16_t)(words[3 + i / 4] >> 16 * (i % 4));
    }
    for (int i = 0; i < INIT_CLIENT_GROUPS; i++) {
        client->groups[i] = (uint32_t)(words[5 + i / 2] >> 32 * (i % 2));
    }
}

/* What the manifest lets a process do at the one who serves the bus. */
enum init_bus_flag {
    MAY_ASK = 1 << 0,   /* peers, services, pings, calls */
    MAY_TRUST = 1 << 1, /* say who is trusted */
};

enum { INIT_BUS_SERVICES = 2 };

struct init_bus {
    uint32_t flags; /* enum init_bus_flag */
    char services[INIT_BUS_SERVICES][INIT_NAME_BYTES]; /* it may offer; end with a zero */
};

/* Words 1 to 5 of the answer to INIT_BUS. */
static inline void init_bus_pack(const struct init_bus *bus, uint64_t words[IPC_WORDS])
{
    words[1] = bus->flags;
    for (unsigned i = 0; i < INIT_BUS_SERVICES * INIT_NAME_BYTES; i++) {
        uint8_t letter = (uint8_t)bus->services[i / INIT_NAME_BYTES][i % INIT_NAME_BYTES];
        words[2 + i / 8] = (i % 8 == 0 ? 0 : words[2 + i / 8]) | (uint64_t)letter << 8 * (i % 8);
    }
}

static inline void init_bus_unpack(const uint64_t words[IPC_WORDS], struct init_bus *bus)
{
    bus->flags = (uint32_t)words[1];
    for (unsigned i = 0; i < INIT_BUS_SERVICES * INIT_NAME_BYTES; i++) {
        bus->services[i / INIT_NAME_BYTES][i % INIT_NAME_BYTES] =
            (char)(words[2 + i / 8] >> 8 * (i % 8));
    }
    for (unsigned i = 0; i < INIT_BUS_SERVICES; i++) {
        bus->services[i][INIT_NAME_BYTES - 1] = '\0';
    }
}
