/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of one virtio-net driver: epochs shared with netd, device resets, interrupts, facts.
 *
 * No system call: main.c maps, waits, signals and acknowledges. The device is reached through
 * virtio/mmio.h, so the host tests run all of this against a fake one.
 *
 *     CLOSED --netd asks--> OPENED --netd is ready--> RUNNING
 *        ^                    ^  |                       |
 *        |                    |  +--- netd asks again ---+
 *        +-- init             +------ broken: reset -----+
 *
 * L1  While CLOSED or OPENED, and once it is given up, the device is reset and owns no memory.
 * L2  A device that breaks the protocol again and again without a frame moving in between is given
 *     up after NET_DRIVER_RESETS_IN_VAIN_MAX resets. After as many broken rings of netd's the
 *     driver is CLOSED until netd asks again: a netd that lies never ends a driver.
 *
 * One thread. Protocol: proto/frames.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <proto/frames.h>

#include "net_core.h"
#include "net_device.h"

enum { NET_DRIVER_RESETS_IN_VAIN_MAX = 8 };

enum net_phase {
    NET_CLOSED,
    NET_OPENED,
    NET_RUNNING,
};

struct net_driver_setup {
    struct virtio_mmio mmio;
    enum net_profile profile;
    struct frames_area *area; /* borrowed for ever, as is `queues` */
    uint64_t area_physical;
    void *queues; /* NET_QUEUES_BYTES */
    uint64_t queues_physical;
};

struct net_driver {
    struct net_driver_setup setup;
    struct net_device device;
    struct net_core core;
    enum net_phase phase;
    uint32_t epoch;
    uint32_t served;         /* the last request of netd that was answered */
    uint32_t resets_in_vain; /* the device's faults since a frame moved */
    uint32_t rings_in_vain;  /* the same of netd's rings */
    bool has_config_news;
};

/* What a step leaves to main.c. */
struct net_step {
    bool signal_netd;
    bool may_sleep;   /* false: step again, after a look at the notification */
    bool has_started; /* this step set the device running */
};

/*
 * Finds and resets the device; all counters are zero.
 * Errors of transport_probe and transport_reset; the state tells netd.
 */
int net_driver_init(struct net_driver *driver, const struct net_driver_setup *setup) MUST_CHECK;

/* Acknowledges the device's interrupt; unmask the line after it and before the next step. */
void net_driver_interrupt(struct net_driver *driver);

/*
 * Does what there is to do, once: at most one reset and one pass over the queues.
 * An error ends the driver: the device failed a bring-up (errors of net_device_open and
 * net_device_start), or E_LIMIT for L2. The device is reset, `step` is valid all the same, and the
 * state tells netd.
 */
int net_driver_step(struct net_driver *driver, struct net_step *step) MUST_CHECK;
