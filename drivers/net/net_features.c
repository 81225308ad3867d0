/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features of virtio-net. See net_features.h.
 */
#include "net_features.h"

#include <virtio/transport.h>

enum {
    HEADER_BYTES_LEGACY = 10,
    HEADER_BYTES = 12, /* with num_buffers */
};

uint64_t net_features_wanted(enum net_profile profile)
{
    uint64_t minimal = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC;

    if (profile == NET_PROFILE_MINIMAL) {
        return minimal;
    }
    return minimal | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC | VIRTIO_NET_F_STATUS |
           VIRTIO_NET_F_MTU;
}

uint16_t net_features_header_bytes(uint64_t accepted)
{
    return (accepted & (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MRG_RXBUF)) != 0 ? HEADER_BYTES
                                                                           : HEADER_BYTES_LEGACY;
}
