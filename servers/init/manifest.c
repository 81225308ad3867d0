/* SPDX-License-Identifier: BSD-2-Clause */
#include "manifest.h"

#include <proto/frames.h>
#include <proto/init.h>

enum {
    PAGES_FRAMES = sizeof(struct frames_area) / PAGE_BYTES,
    PAGES_NET_QUEUES = 10, /* two of the virtqueue's greatest size */
    PAGES_RNG_QUEUES = 6,  /* one, and a page to fill */
    PAGES_HISTORY = 8,
};

static const struct manifest_process processes[] = {
    {
        .name = "init",
        .program = "init",
        .priority = MANIFEST_PRIORITY_INIT,
        .is_server = true,
        .prefixes = {"init"},
    },
    {
        .name = "serial",
        .program = "serial",
        .priority = 56,
        .budget_us = 8000,
        .period_us = 10000,
        .pages = 64,
        .handle_slots = 64,
        .restart = RESTART_ALWAYS,
        .flags = READS_LOGS,
        .device = {.compatibles = {"ns16550a", "arm,pl011"}, .is_needed = true},
        .wakes = {"shell"},
        .prefixes = {"serial"},
    },
    {
        .name = "rng",
        .program = "rng",
        .priority = 55,
        .budget_us = 2000,
        .period_us = 10000,
        .pages = 64,
        .handle_slots = 64,
        .restart = RESTART_ALWAYS,
        .flags = HAS_SEED,
        .is_server = true,
        .device = {.compatibles = {"virtio,mmio"}, .virtio_device = 4},
        .prefixes = {"rng"},
    },
    {
        .name = "rtc",
        .program = "rtc",
        .priority = 54,
        .pages = 48,
        .handle_slots = 64,
        .restart = RESTART_NEVER,
        .flags = IS_ONE_SHOT,
        .device = {.compatibles = {"google,goldfish-rtc", "arm,pl031"}, .is_needed = true},
        .prefixes = {"rtc"},
    },
    {
        .name = "virtio-net",
        .program = "virtio-net",
        .priority = 50,
        .budget_us = 5000,
        .period_us = 10000,
        .pages = 64,
        .handle_slots = 64,
        .restart = RESTART_ALWAYS,
        .device = {.compatibles = {"virtio,mmio"}, .virtio_device = 1, .is_needed = true},
        .wakes = {"netd"},
        .settings = {"profile"},
        .prefixes = {"virtio-net"},
    },
    {
        .name = "netd",
        .program = "netd",
        .priority = 45,
        .budget_us = 8000,
        .period_us = 10000,
        .pages = 512,
        .handle_slots = 128,
        .restart = RESTART_ALWAYS,
        .flags = SERVES_SOCKETS,
        .is_server = true,
        .calls = {"rng"},
        .wakes = {"virtio-net"},
        .settings = {"ip", "gw"},
        .prefixes = {"net", "netd"},
    },
    {
        .name = "shell",
        .program = "shell",
        .priority = 20,
        .pages = 256,
        .handle_slots = 64,
        .restart = RESTART_ALWAYS,
        .flags = MAY_LIST | MAY_POWER,
        .calls = {"netd"},
        .prefixes = {"shell"},
        .network = {.shape = {8, 8192, 4096},
                    .flags = MAY_CONNECT | MAY_BIND | MAY_RAW | MAY_CONFIGURE},
    },
    {
        .name = "selftest",
        .program = "selftest",
        .priority = 16,
        .pages = 2700,
        .handle_slots = 1024,
        .restart = RESTART_NEVER,
        .flags = IS_ONE_SHOT | IS_UNWATCHED | IS_LAST | MAY_LIST | MAY_POWER | HAS_SYSTEM,
        .lends = "rtc",
        .calls = {"netd", "rng"},
        .settings = {"lane", "profile"},
        .prefixes = {"SELFTEST", "bench"},
        .network = {.shape = {64, 16384, 16384},
                    .flags = MAY_CONNECT | MAY_BIND | MAY_JOIN | MAY_RAW},
    },
};

static const struct manifest_memory memories[] = {
    {
        .role = ROLE_FRAMES,
        .pages = PAGES_FRAMES,
        .is_contiguous = true,
        .users = {{"virtio-net", RIGHT_READ | RIGHT_WRITE | RIGHT_DMA},
                  {"netd", RIGHT_READ | RIGHT_WRITE},
                  {"selftest", RIGHT_READ}},
    },
    {
        .role = ROLE_QUEUES,
        .pages = PAGES_NET_QUEUES,
        .is_contiguous = true,
        .users = {{"virtio-net", RIGHT_READ | RIGHT_WRITE | RIGHT_DMA}},
    },
    {
        .role = ROLE_QUEUES,
        .pages = PAGES_RNG_QUEUES,
        .is_contiguous = true,
        .users = {{"rng", RIGHT_READ | RIGHT_WRITE | RIGHT_DMA}},
    },
    {
        .role = ROLE_CLOCK,
        .pages = 1,
        .users = {{"rtc", RIGHT_READ | RIGHT_WRITE},
                  {"netd", RIGHT_READ},
                  {"shell", RIGHT_READ},
                  {"selftest", RIGHT_READ}},
    },
    {
        .role = ROLE_CONSOLE,
        .pages = 1,
        .users = {{"serial", RIGHT_READ | RIGHT_WRITE}, {"shell", RIGHT_READ | RIGHT_WRITE}},
    },
    {
        .role = ROLE_HISTORY,
        .pages = PAGES_HISTORY,
        .users = {{"serial", RIGHT_READ | RIGHT_WRITE}, {"shell", RIGHT_READ}},
    },
};

const struct manifest manifest = {
    .processes = processes,
    .process_count = sizeof(processes) / sizeof(processes[0]),
    .memories = memories,
    .memory_count = sizeof(memories) / sizeof(memories[0]),
};
