/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring-up of one virtio-net device. See net_device.h for the contract.
 */
#include "net_device.h"

#include <abi/error.h>
#include <proto/frames.h>

/* [virtio 1.2 §5.1.4] */
enum {
    CONFIG_MAC = 0,
    CONFIG_STATUS = 6,
    CONFIG_MTU = 10,
    MAC_BYTES = 6,
    STATUS_LINK_UP = 1,
    MAC_GROUP_BIT = 1, /* of the first byte: names no single station */
};

/* Fields exist only with their feature; the others keep what they have. */
static void read_facts(const struct transport *transport, void *out)
{
    struct net_facts *facts = out;

    if ((transport->features & VIRTIO_NET_F_MAC) != 0) {
        facts->mac = 0;
        for (uint32_t i = 0; i < MAC_BYTES; i++) {
            facts->mac |= (uint64_t)transport_config8(transport, CONFIG_MAC + i) << (8 * i);
        }
    }
    if ((transport->features & VIRTIO_NET_F_STATUS) != 0) {
        uint16_t status = transport_config16(transport, CONFIG_STATUS);

        facts->is_link_up = (status & STATUS_LINK_UP) != 0;
    }
    if ((transport->features & VIRTIO_NET_F_MTU) != 0) {
        facts->mtu = transport_config16(transport, CONFIG_MTU);
    }
}

static void read_mtu(const struct transport *transport, void *out)
{
    *(uint16_t *)out = transport_config16(transport, CONFIG_MTU);
}

/*
 * What to accept: the profile, without an MTU that frames cannot hold or IP cannot use. The
 * device would have to be given buffers of that size [virtio 1.2 §5.1.4.2].
 */
static int choose_features(const struct net_device *device, uint64_t *wanted)
{
    uint16_t mtu = 0;

    *wanted = net_features_wanted(device->profile);
    if ((transport_offered(&device->transport) & *wanted & VIRTIO_NET_F_MTU) == 0) {
        return 0;
    }
    int error = transport_config_read(&device->transport, read_mtu, &mtu);

    if (mtu < FRAMES_MTU_MIN || mtu > FRAMES_MTU_MAX) {
        *wanted &= ~VIRTIO_NET_F_MTU;
    }
    return error;
}

int net_device_open(struct net_device *device)
{
    struct net_facts facts = {.mtu = FRAMES_MTU_MAX, .is_link_up = true};
    uint64_t wanted;
    int error = transport_reset(&device->transport);

    if (error != 0) {
        return error;
    }
    transport_acknowledge(&device->transport);
    if ((error = choose_features(device, &wanted)) != 0 ||
        (error = transport_negotiate(&device->transport, wanted)) != 0 ||
        (error = transport_config_read(&device->transport, read_facts, &facts)) != 0) {
        return error;
    }
    if ((facts.mac & MAC_GROUP_BIT) != 0) {
        facts.mac = 0;
    }
    if (facts.mtu < FRAMES_MTU_MIN || facts.mtu > FRAMES_MTU_MAX) {
        return E_CORRUPT; /* it said otherwise a moment ago */
    }
    device->facts = facts;
    return 0;
}

static int start_queue(const struct net_device *device, uint32_t index, struct virtqueue *queue,
                       struct virtq_setup *setup)
{
    uint32_t entries;
    int error = transport_queue_max(&device->transport, index, &entries);

    if (error != 0) {
        return error;
    }
    setup->size = virtqueue_size(entries);
    setup->is_device_writable = index == NET_QUEUE_RX;
    if ((error = virtqueue_init(queue, setup)) != 0) {
        return error;
    }
    return transport_queue_enable(&device->transport, index, queue);
}

int net_device_start(struct net_device *device, struct virtqueue queues[NET_QUEUES], void *memory,
                     uint64_t physical)
{
    uint64_t features = device->transport.features;

    for (uint32_t i = 0; i < NET_QUEUES; i++) {
        struct virtq_setup setup = {
            .memory = (uint8_t *)memory + i * VIRTQ_MEMORY_BYTES,
            .physical = physical + i * VIRTQ_MEMORY_BYTES,
            .header_bytes = net_features_header_bytes(features),
            .has_event_index = (features & VIRTIO_F_EVENT_IDX) != 0,
            .has_indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0,
        };
        int error = start_queue(device, i, &queues[i], &setup);

        if (error != 0) {
            return error;
        }
    }
    return transport_start(&device->transport);
}

bool net_device_refresh_link(struct net_device *device)
{
    struct net_facts facts = device->facts;

    if (transport_config_read(&device->transport, read_facts, &facts) != 0 ||
        facts.is_link_up == device->facts.is_link_up) {
        return false;
    }
    device->facts.is_link_up = facts.is_link_up; /* address and MTU hold until the next open */
    return true;
}
