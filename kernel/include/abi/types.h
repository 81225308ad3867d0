/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalars, handles, rights and limits that the kernel and every program share.
 *
 * A handle is 32 bits: index in the low 12, generation (never 0) in the upper 20. The value 0
 * is never a handle. In a register it is zero-extended, or it names nothing.
 */
#pragma once

#include <stdint.h>

typedef uint32_t handle_t;
typedef uint64_t handle64_t; /* as a call takes it: C may leave rubbish above a narrower one */
typedef uint64_t paddr_t; /* physical address */
typedef uint64_t vaddr_t; /* virtual address */
typedef uint64_t ticks_t; /* of the CPU's counter; a point in time unless the name says otherwise */

enum {
    PAGE_SHIFT = 12,
    PAGE_BYTES = 1 << PAGE_SHIFT,

    HANDLE_NONE = 0,
    HANDLE_INDEX_BITS = 12,
    HANDLE_INDEX_MASK = (1 << HANDLE_INDEX_BITS) - 1,

    IPC_WORDS = 8,
    IPC_HANDLES_MAX = 4,

    PRIORITY_LEVELS = 64,        /* 63 is the most urgent */
    NOTIFICATION_TIMER_BIT = 63, /* the bit timer_set signals */
};

#define DEADLINE_FOREVER UINT64_MAX /* wait for ever; 0 does not wait at all */
#define BADGE_ALL        UINT64_MAX /* revoke: whatever the badge; no handle can carry it */

/* User addresses are below USER_END on every CPU; the first page is never mapped. */
#define USER_END         0x4000000000ull
#define BOOT_FACTS_VADDR 0x1000ull /* struct boot_facts, read-only, in every task */

enum object_type {
    OBJECT_NONE,
    OBJECT_ACCOUNT,
    OBJECT_TASK,
    OBJECT_THREAD,
    OBJECT_ENDPOINT,
    OBJECT_NOTIFICATION,
    OBJECT_MEMORY,
    OBJECT_IRQ,
    OBJECT_SYSTEM, /* what boot hands to init: windows, irqs, debug console, power */
    OBJECT_TYPES,
    OBJECT_ANY = OBJECT_TYPES, /* whichever a handle names */
};

/* Rights of a handle. Copying can only drop them. SEND exists on endpoints alone. */
enum right {
    RIGHT_READ = 1 << 0,    /* memory: map readable; notification: wait; thread: read registers */
    RIGHT_WRITE = 1 << 1,   /* memory: map writable; notification: signal; thread: write registers;
                             * account: spend; task: grant, threads in it; irq: bind,
                             * acknowledge; system: debug console */
    RIGHT_EXECUTE = 1 << 2, /* memory: map executable; account: make accounts, tasks, threads;
                             * system: power */
    RIGHT_MAP = 1 << 3,     /* memory: map at all; task: map into it; system: mint windows, irqs */
    RIGHT_DMA = 1 << 4,     /* memory: learn physical addresses; account: make such memory */
    RIGHT_GRANT = 1 << 5,   /* copy the handle to another task, by grant or in a message */
    RIGHT_MANAGE = 1 << 6,  /* the one owner handle: destroy, revoke, configure; moved only */
    RIGHT_SEND = 1 << 7,    /* endpoint: call */
    RIGHT_RECEIVE = 1 << 8, /* endpoint: reply_wait */
    RIGHTS_ALL = (1 << 9) - 1,
};

/* Handles that init starts with, in this order from index 1; generation 1. */
enum boot_handle {
    BOOT_HANDLE_ACCOUNT = 1, /* all memory that is left */
    BOOT_HANDLE_TASK,        /* init's own task */
    BOOT_HANDLE_THREAD,      /* init's own thread */
    BOOT_HANDLE_SYSTEM,      /* devices, interrupts, debug console, power */
    BOOT_HANDLE_BUNDLE,      /* memory: the program bundle, read and execute */
    BOOT_HANDLE_DEVICE_TREE, /* memory: the flattened device tree, read */
    BOOT_HANDLES_END,
};

/* The value of a boot handle. */
static inline handle_t boot_handle(enum boot_handle which)
{
    return (handle_t)(1u << HANDLE_INDEX_BITS | (handle_t)which);
}

/*
 * Facts that do not change after boot, in a page mapped read-only into every task.
 * The counter is readable in user mode without a syscall.
 */
struct boot_facts {
    uint64_t counter_hz;
    uint64_t boot_ticks;   /* the counter when the kernel was entered */
    uint64_t ram_bytes;    /* what the device tree says */
    uint64_t kernel_bytes; /* image with the bundle */
    uint64_t fdt_offset;   /* of the device tree inside BOOT_HANDLE_DEVICE_TREE */
    uint64_t fdt_bytes;
    uint64_t bundle_bytes;
    uint64_t cpus; /* found in the tree; 1 is used */
};

/* What an ordinary call returns, in a0 and a1 / x0 and x1. */
struct sysret {
    int64_t status; /* 0 or a negative error */
    uint64_t value; /* defined when status is 0 */
};
