/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue on a running fake device, in every shape that a queue can have.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <virtio/transport.h>
#include <virtio/virtqueue.h>

#include "fake_virtio.h"

#define QUEUE_PHYSICAL  0x80000000ull
#define BUFFER_PHYSICAL 0x90000000ull

enum {
    HEADER_BYTES = 12,
    BUFFER_BYTES = 64,
    QUEUE = 0, /* of the fake */
};

/* How a slot looks, on which transport, with which suppression of notifications. */
struct variant {
    const char *name;
    uint32_t version;
    uint16_t header_bytes;
    bool has_indirect, has_event_index, is_device_writable;
    uint16_t size;
};

enum { BENCH_VARIANTS = 8 };

extern const struct variant bench_variants[BENCH_VARIANTS];

/* A running device with one queue. */
struct bench {
    const struct variant *variant;
    struct fake_virtio fake;
    struct transport transport;
    struct virtqueue queue;
    void *memory;
    uint8_t *buffers;
};

/* A started device with an empty queue. */
struct bench *bench_open(const struct variant *variant);
/* Resets the device and starts it with a fresh queue. */
void bench_start(struct bench *bench);
/* Frees all; fails the test if the device saw a violation. */
void bench_close(struct bench *bench);

void bench_post(struct bench *bench, uint64_t cookie);
/* For tests that do not care whether the device asks to be notified. */
void bench_publish(struct bench *bench);
/* Posts `count` buffers with cookies from 0 and makes them visible. */
void bench_post_all(struct bench *bench, uint16_t count);
/* The chain must be what bench_post made of this cookie. */
void bench_check_chain(const struct bench *bench, const struct fake_chain *chain, uint64_t cookie);
/* All that the device may claim to have written into one slot. */
uint32_t bench_all_bytes(const struct bench *bench);
