/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Life of one virtio-net driver. See net_driver.h for the contract, L1 and L2.
 */
#include "net_driver.h"

#include <abi/error.h>

static struct frames_info *info_of(const struct net_driver *driver)
{
    return &driver->setup.area->info;
}

static void tell_state(const struct net_driver *driver, enum frames_state state)
{
    atomic_store_explicit(&info_of(driver)->state, state, memory_order_release);
}

static void tell_link(const struct net_driver *driver)
{
    atomic_store_explicit(&info_of(driver)->is_link_up, driver->device.facts.is_link_up,
                          memory_order_relaxed);
}

/* Plain stores: frames_open publishes them. */
static void tell_facts(const struct net_driver *driver)
{
    struct frames_info *info = info_of(driver);
    const struct net_device *device = &driver->device;

    atomic_store_explicit(&info->mac, device->facts.mac, memory_order_relaxed);
    atomic_store_explicit(&info->mtu, device->facts.mtu, memory_order_relaxed);
    atomic_store_explicit(&info->features, device->transport.features, memory_order_relaxed);
    atomic_store_explicit(&info->version, device->transport.version, memory_order_relaxed);
    tell_link(driver);
    tell_state(driver, FRAMES_STARTING);
}

static void clear_counters(struct frames_counters *counters)
{
#define CLEAR(name, sentence) atomic_store_explicit(&counters->name, 0, memory_order_relaxed);
    FRAMES_COUNTERS(CLEAR)
#undef CLEAR
}

int net_driver_init(struct net_driver *driver, const struct net_driver_setup *setup)
{
    *driver = (struct net_driver){
        .setup = *setup,
        .device.profile = setup->profile,
        .core.area = setup->area,
        .core.area_physical = setup->area_physical,
    };
    clear_counters(&setup->area->info.counters);
    tell_state(driver, FRAMES_STARTING);
    int error = transport_probe(&driver->device.transport, setup->mmio, VIRTIO_DEVICE_NET);

    if (error == 0) {
        error = transport_reset(&driver->device.transport);
    }
    if (error != 0) {
        tell_state(driver, FRAMES_FAILED);
    }
    return error;
}

void net_driver_interrupt(struct net_driver *driver)
{
    uint32_t bits = transport_interrupt_take(&driver->device.transport);

    net_core_count(&info_of(driver)->counters.interrupts, 1);
    driver->has_config_news |= (bits & VIRTIO_INTERRUPT_CONFIG) != 0;
}

/* Takes the device out of the old epoch, if there is one, and opens the next. */
static int open_epoch(struct net_driver *driver, struct net_step *step)
{
    struct frames_info *info = info_of(driver);
    uint32_t request = frames_requested(info);

    if (driver->epoch != 0) {
        net_core_count(&info->counters.resets, 1);
    }
    driver->phase = NET_CLOSED;
    driver->has_config_news = false;
    int error = net_device_open(&driver->device);

    if (error != 0) {
        return error;
    }
    /* --- committed --- */
    tell_facts(driver);
    driver->served = request;
    driver->epoch = frames_open(info, request);
    driver->phase = NET_OPENED;
    step->signal_netd = true;
    return 0;
}

/* netd's rings break again and again: the device rests until netd asks for an epoch. */
static int close_epoch(struct net_driver *driver, struct net_step *step)
{
    driver->phase = NET_CLOSED;
    driver->has_config_news = false;
    driver->rings_in_vain = 0;
    tell_state(driver, FRAMES_STARTING);
    step->signal_netd = true;
    return transport_reset(&driver->device.transport);
}

/* netd has made the rings: the device may run. */
static int start(struct net_driver *driver, struct net_step *step)
{
    struct net_core *core = &driver->core;
    int error = net_device_start(&driver->device, core->queues, driver->setup.queues,
                                 driver->setup.queues_physical);

    if (error != 0) {
        return error;
    }
    core->tx_bytes_max = (uint16_t)(FRAMES_ETHERNET_BYTES + driver->device.facts.mtu);
    if ((error = net_core_bind(core)) != 0) {
        return error;
    }
    /* --- committed --- */
    driver->phase = NET_RUNNING;
    tell_state(driver, FRAMES_UP);
    step->has_started = true;
    step->signal_netd = true;
    return 0;
}

/* The counter of what broke the epoch. */
static _Atomic uint64_t *cause_of(const struct net_driver *driver)
{
    struct frames_counters *counters = &info_of(driver)->counters;

    for (uint32_t i = 0; i < NET_QUEUES; i++) {
        switch (driver->core.queues[i].fault) {
        case VIRTQ_FAULT_INDEX:
            return &counters->queue_bad_index;
        case VIRTQ_FAULT_ID:
            return &counters->queue_bad_id;
        case VIRTQ_FAULT_OWNER:
            return &counters->queue_bad_owner;
        case VIRTQ_FAULT_LENGTH:
            return &counters->queue_bad_length;
        case VIRTQ_FAULT_NONE:
        case VIRTQ_FAULT_KINDS:
            break;
        }
    }
    return &counters->ring_corrupt;
}

/* Somebody broke the protocol: a fresh epoch, unless that has helped too little too often. */
static int recover(struct net_driver *driver, _Atomic uint64_t *cause, struct net_step *step)
{
    bool is_netd = cause == &info_of(driver)->counters.ring_corrupt;
    uint32_t *in_vain = is_netd ? &driver->rings_in_vain : &driver->resets_in_vain;

    net_core_count(cause, 1);
    if (++*in_vain <= NET_DRIVER_RESETS_IN_VAIN_MAX) {
        return open_epoch(driver, step);
    }
    return is_netd ? close_epoch(driver, step) : E_LIMIT;
}

/* Has the device's configuration changed? E_CORRUPT: the device wants a reset. */
static int look_at_config(struct net_driver *driver, struct net_step *step)
{
    if (!driver->has_config_news) {
        return 0;
    }
    driver->has_config_news = false;
    if (transport_is_broken(&driver->device.transport)) {
        return E_CORRUPT;
    }
    if (net_device_refresh_link(&driver->device)) {
        tell_link(driver);
        step->signal_netd = true;
    }
    return 0;
}

static int run(struct net_driver *driver, struct net_step *step)
{
    struct net_effects effects;

    if (look_at_config(driver, step) != 0) {
        return recover(driver, &info_of(driver)->counters.device_broken, step);
    }
    int error = net_core_pass(&driver->core, &effects);

    for (uint32_t i = 0; i < NET_QUEUES; i++) {
        if (effects.notify[i]) {
            transport_notify(&driver->device.transport, i);
        }
    }
    step->signal_netd |= effects.signal_netd;
    if (effects.has_moved) {
        driver->resets_in_vain = 0;
        driver->rings_in_vain = 0;
    }
    if (error != 0) {
        return recover(driver, cause_of(driver), step);
    }
    step->may_sleep = net_core_prepare_sleep(&driver->core);
    return 0;
}

static int advance(struct net_driver *driver, struct net_step *step)
{
    int error = 0;

    if (frames_requested(info_of(driver)) != driver->served) {
        error = open_epoch(driver, step);
    }
    if (error == 0 && driver->phase == NET_OPENED &&
        frames_is_ready(info_of(driver), driver->epoch)) {
        error = start(driver, step);
        if (error == E_CORRUPT) {
            return recover(driver, cause_of(driver), step);
        }
    }
    if (error == 0 && driver->phase == NET_RUNNING) {
        error = run(driver, step);
    }
    return error;
}

int net_driver_step(struct net_driver *driver, struct net_step *step)
{
    *step = (struct net_step){.may_sleep = true};
    int error = advance(driver, step);

    if (error != 0) {
        (void)!transport_reset(&driver->device.transport); /* it lets go of the pool, if it can */
        transport_fail(&driver->device.transport);
        tell_state(driver, FRAMES_FAILED);
        step->signal_netd = true;
    }
    return error;
}
