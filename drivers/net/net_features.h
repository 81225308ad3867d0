/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which virtio-net features we ask for, and what they change.
 *
 * Pure. [virtio 1.2 §5.1.3, §5.1.6]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VIRTIO_NET_F_MTU       (1ull << 3)
#define VIRTIO_NET_F_MAC       (1ull << 5)
#define VIRTIO_NET_F_MRG_RXBUF (1ull << 15)
#define VIRTIO_NET_F_STATUS    (1ull << 16)

enum net_profile {
    NET_PROFILE_MINIMAL, /* VERSION_1 and MAC: the smallest deterministic device */
    NET_PROFILE_FULL,
};

/* The features a profile accepts when they are offered. */
uint64_t net_features_wanted(enum net_profile profile);

/* Bytes of the header before every frame, with these features accepted: 12 or 10. */
uint16_t net_features_header_bytes(uint64_t accepted);
