/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's devices that the manifest knows, and which process gets which.
 *
 * All of it is pure; what stands behind a virtio transport is filled in by probe.h, between
 * devices_find and devices_assign. A window is whole pages. On aarch64 eight virtio transports
 * share one page, and a page belongs to one process only: the first in the manifest gets it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <base/fdt.h>

#include "manifest.h"

enum {
    DEVICES_MAX = 48,
    DEVICES_VIRTIO_NONE = 0, /* an empty transport */
    DEVICES_NOBODY = UINT32_MAX,
};

struct device {
    const char *compatible; /* the manifest's text */
    paddr_t base;           /* of the registers */
    uint64_t bytes;
    uint32_t virtio_device; /* id behind a transport; 0 for other devices */
    struct fdt_node node;   /* its place in the tree */
    uint32_t line;          /* of one that is given to a process, as irq_create counts; 0: none */
};

enum device_verdict {
    DEVICE_NONE, /* the process wants none */
    DEVICE_GIVEN,
    DEVICE_ABSENT, /* the machine has none */
    DEVICE_SHARED, /* only in a page that another process has */
};

struct device_choice {
    enum device_verdict verdict;
    uint32_t device; /* given: index of the device */
    uint32_t holder; /* shared: index of the process */
};

/* First and last page of a window, both counted. */
static inline paddr_t device_first_page(const struct device *device)
{
    return device->base & ~(paddr_t)(PAGE_BYTES - 1);
}

static inline uint64_t device_window_bytes(const struct device *device)
{
    paddr_t end = device->base + device->bytes; /* fdt_range does not overflow */
    return ((end + PAGE_BYTES - 1) & ~(paddr_t)(PAGE_BYTES - 1)) - device_first_page(device);
}

/*
 * Collects the enabled nodes whose `compatible` the manifest names, the console of
 * /chosen/stdout-path before all others. Nodes without a sound window or beyond DEVICES_MAX are
 * left out and counted in *refused.
 */
uint32_t devices_find(const struct fdt *tree, const struct manifest *wanted,
                      struct device devices[DEVICES_MAX], uint32_t *refused);

/* Decides for every process of the manifest, in its order. `choices` has room for all. */
void devices_assign(const struct manifest *wanted, const struct device *devices, uint32_t count,
                    struct device_choice *choices);

/*
 * The line of a device of this tree, as irq_create counts; 0: none that can be given away. Goes
 * through the tree for its controller, so it is asked for devices that somebody gets.
 */
uint32_t devices_find_line(const struct fdt *tree, const struct device *device);
