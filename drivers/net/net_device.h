/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One virtio-net device: from whatever state it is in to running, and the facts it tells.
 *
 * Speaks to the device through virtio/transport.h alone. Frames are net_core.h's business, when to
 * start and stop net_driver.h's.
 *
 * [virtio 1.2 §5.1.4, §5.1.5]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <virtio/transport.h>
#include <virtio/virtqueue.h>

#include "net_features.h"

/* [virtio 1.2 §5.1.2] */
enum net_queue {
    NET_QUEUE_RX = 0,
    NET_QUEUE_TX = 1,
    NET_QUEUES,
};

enum { NET_QUEUES_BYTES = (int)NET_QUEUES * (int)VIRTQ_MEMORY_BYTES }; /* of the queues object */

struct net_facts {
    uint64_t mac; /* first byte lowest; 0: none that a station can have */
    uint16_t mtu;
    bool is_link_up;
};

struct net_device {
    struct transport transport;
    enum net_profile profile;
    struct net_facts facts;
};

/*
 * Resets the device, agrees on features and reads the facts. Afterwards it owns no memory.
 * MTU is not accepted when the device wants one that our frames do not hold; then it is 1500.
 * Errors of transport_reset, transport_negotiate, transport_config_read.
 */
int net_device_open(struct net_device *device) MUST_CHECK;

/*
 * Lays out both queues in `memory` (NET_QUEUES_BYTES at `physical`, borrowed until the next
 * open) and lets the device run. Errors of transport_queue_max, transport_queue_enable,
 * transport_start; E_INVALID: a queue of the device is too small for one frame.
 */
int net_device_start(struct net_device *device, struct virtqueue queues[NET_QUEUES], void *memory,
                     uint64_t physical) MUST_CHECK;

/* Reads facts.is_link_up again; true if it changed. E_AGAIN leaves it as it was: false. */
bool net_device_refresh_link(struct net_device *device);
