/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-net driver between a fake device and a stand-in for netd's end of the rings.
 *
 * The stand-in is honest; a test that wants a hostile netd writes the shared area itself.
 */
#pragma once

#include <net/net_driver.h>

#include "fake_virtio.h"

#define NET_QUEUES_PHYSICAL 0x80000000ull
#define NET_AREA_PHYSICAL   0x90000000ull

enum {
    NET_BENCH_RX_FRAMES = 256,                /* the rest of the pool is for sending */
    NET_BENCH_TX_FIRST = NET_BENCH_RX_FRAMES, /* index of the first of those */
    NET_BENCH_FRAME_MAX = FRAMES_ETHERNET_BYTES + 1500,
};

struct net_bench {
    struct fake_virtio fake;
    struct net_driver driver;
    struct frames_area *area;
    void *queues;
    uint32_t driver_error; /* steps that failed */
    uint32_t signals;      /* times the driver signalled netd */
    uint32_t starts;
    bool was_up; /* the driver has said so, at any time */

    /* netd's end */
    uint32_t request, epoch;
    struct ring_producer rx_free, tx_ready;
    struct ring_consumer rx_full, tx_done;
};

/* Driver and netd are up and asleep, the device runs. */
struct net_bench *net_bench_open(uint32_t version, enum net_profile profile);

/* The same, before anything but the fake's and the area's memory exists. */
struct net_bench *net_bench_make(uint32_t version);
/* Starts a driver as init does; what net_driver_init returns. */
int net_bench_start_driver(struct net_bench *bench, enum net_profile profile);
/* Starts a netd as init does. */
void net_bench_start_netd(struct net_bench *bench);

/* Frees all; fails the test if the device saw a violation. */
void net_bench_close(struct net_bench *bench);

/* Wakes driver and netd until both sleep; fails the test if they never do. */
void net_bench_settle(struct net_bench *bench);

/* netd: sends, takes what came (false: nothing), gives a frame back. */
void net_bench_send(struct net_bench *bench, uint16_t index, const void *frame, uint16_t bytes);
bool net_bench_take(struct net_bench *bench, struct frames_span *span);
void net_bench_give_back(struct net_bench *bench, uint16_t index);
/* netd: counts the frames that came back from sending. */
uint32_t net_bench_take_done(struct net_bench *bench);

/* Frames that tell their number: to and from the device, to and from netd, checked. */
void net_bench_receive_number(struct net_bench *bench, uint64_t number);
void net_bench_send_number(struct net_bench *bench, uint64_t number, uint16_t index);
/* All there are, counted; `number` is that of the next one expected. */
uint32_t net_bench_transmit_all(struct net_bench *bench, uint64_t *number);
uint32_t net_bench_take_all(struct net_bench *bench, uint64_t *number);

struct frames_counters *net_bench_counters(struct net_bench *bench);
