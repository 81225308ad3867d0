/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fake device, driver and stand-in for netd. See net_bench.h.
 */
#include "net_bench.h"

#include "test.h"

#include <stdlib.h>

#include <abi/error.h>

enum { STEPS_MAX = 1000 };

struct net_bench *net_bench_make(uint32_t version)
{
    struct net_bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    bench->area = aligned_alloc(PAGE_BYTES, sizeof(*bench->area));
    bench->queues = aligned_alloc(PAGE_BYTES, NET_QUEUES_BYTES);
    memset(bench->area, 0, sizeof(*bench->area));
    fake_init(&bench->fake, version);
    fake_add_memory(&bench->fake, NET_QUEUES_PHYSICAL, bench->queues, NET_QUEUES_BYTES);
    /* of the area only the pool: a descriptor anywhere else is a violation */
    fake_add_memory(&bench->fake, NET_AREA_PHYSICAL + offsetof(struct frames_area, frame),
                    bench->area->frame, sizeof(bench->area->frame));
    return bench;
}

int net_bench_start_driver(struct net_bench *bench, enum net_profile profile)
{
    struct net_driver_setup setup = {
        .mmio = fake_mmio(&bench->fake),
        .profile = profile,
        .area = bench->area,
        .area_physical = NET_AREA_PHYSICAL,
        .queues = bench->queues,
        .queues_physical = NET_QUEUES_PHYSICAL,
    };
    return net_driver_init(&bench->driver, &setup);
}

void net_bench_start_netd(struct net_bench *bench)
{
    bench->epoch = 0;
    bench->request = frames_request(&bench->area->info);
}

struct net_bench *net_bench_open(uint32_t version, enum net_profile profile)
{
    struct net_bench *bench = net_bench_make(version);

    assert_int_equal(net_bench_start_driver(bench, profile), OK);
    net_bench_start_netd(bench);
    net_bench_settle(bench);
    assert_int_equal(bench->driver.phase, NET_RUNNING);
    return bench;
}

void net_bench_close(struct net_bench *bench)
{
    if (bench->fake.violations != 0) {
        fail_msg("%s", bench->fake.violation);
    }
    free(bench->area);
    free(bench->queues);
    free(bench);
}

static void give(struct net_bench *bench, uint16_t index)
{
    struct frames_span span = {index, FRAMES_OFFSET, FRAMES_BYTES - FRAMES_OFFSET};

    assert_int_equal(ring_producer_push(&bench->rx_free, frames_entry(span)), OK);
}

/* netd looks for a new epoch; true if it made one ready. */
static bool attend(struct net_bench *bench)
{
    struct frames_area *area = bench->area;
    uint32_t epoch;

    if (!frames_is_opened(&area->info, bench->request, bench->epoch, &epoch)) {
        return false;
    }
    bench->epoch = epoch;
    frames_empty(area, epoch);
    assert_int_equal(ring_producer_bind(&bench->rx_free, &area->rx_free.shared, FRAMES_COUNT), OK);
    assert_int_equal(ring_consumer_bind(&bench->rx_full, &area->rx_full.shared, FRAMES_COUNT), OK);
    assert_int_equal(ring_producer_bind(&bench->tx_ready, &area->tx_ready.shared, FRAMES_COUNT),
                     OK);
    assert_int_equal(ring_consumer_bind(&bench->tx_done, &area->tx_done.shared, FRAMES_COUNT), OK);
    for (uint16_t i = 0; i < NET_BENCH_RX_FRAMES; i++) {
        give(bench, i);
    }
    assert_false(ring_producer_commit(&bench->rx_free));
    frames_ready(&area->info, epoch);
    return true;
}

static bool step(struct net_bench *bench)
{
    struct net_step step;

    if (bench->fake.interrupt_status != 0) {
        net_driver_interrupt(&bench->driver);
    }
    if (net_driver_step(&bench->driver, &step) != 0) {
        bench->driver_error++;
        step.may_sleep = true;
    }
    bench->signals += step.signal_netd;
    bench->starts += step.has_started;
    bench->was_up |= bench->area->info.state == FRAMES_UP;
    return step.may_sleep;
}

void net_bench_settle(struct net_bench *bench)
{
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        bool is_quiet = bench->driver_error != 0 || step(bench);

        if (!attend(bench) && is_quiet) {
            return;
        }
    }
    fail_msg("driver and netd never sleep");
}

void net_bench_send(struct net_bench *bench, uint16_t index, const void *frame, uint16_t bytes)
{
    struct frames_span span = {index, FRAMES_OFFSET, bytes};

    memcpy((uint8_t *)bench->area + frames_area_offset(span), frame, bytes);
    assert_int_equal(ring_producer_push(&bench->tx_ready, frames_entry(span)), OK);
    if (ring_producer_commit(&bench->tx_ready)) { /* the driver sleeps: it will be woken */
        assert_int_equal(bench->driver.phase, NET_RUNNING);
    }
}

bool net_bench_take(struct net_bench *bench, struct frames_span *span)
{
    uint64_t entry;
    int error = ring_consumer_pop(&bench->rx_full, &entry);

    if (error == E_AGAIN) {
        return false;
    }
    assert_int_equal(error, OK);
    assert_int_equal(frames_locate(entry, FRAMES_ETHERNET_BYTES, span), OK);
    assert_false(ring_consumer_commit(&bench->rx_full));
    return true;
}

void net_bench_give_back(struct net_bench *bench, uint16_t index)
{
    give(bench, index);
    if (ring_producer_commit(&bench->rx_free)) {
        assert_int_equal(bench->driver.phase, NET_RUNNING);
    }
}

uint32_t net_bench_take_done(struct net_bench *bench)
{
    uint32_t count = 0;
    uint64_t entry;

    while (ring_consumer_pop(&bench->tx_done, &entry) == OK) {
        count++;
    }
    assert_false(ring_consumer_commit(&bench->tx_done));
    return count;
}

/* A frame that tells its number. */
static uint32_t make_frame(uint64_t number, uint8_t *frame)
{
    uint32_t bytes = FRAMES_ETHERNET_BYTES + (uint32_t)(number * 37 % 1501);

    for (uint32_t i = 0; i < bytes; i++) {
        frame[i] = (uint8_t)(number + i * 13);
    }
    return bytes;
}

static void check_frame(uint64_t number, const uint8_t *frame, uint32_t bytes)
{
    uint8_t expected[NET_BENCH_FRAME_MAX];

    assert_int_equal(bytes, make_frame(number, expected));
    assert_memory_equal(frame, expected, bytes);
}

void net_bench_receive_number(struct net_bench *bench, uint64_t number)
{
    uint8_t frame[NET_BENCH_FRAME_MAX];
    uint32_t bytes = make_frame(number, frame);

    assert_true(fake_receive(&bench->fake, frame, bytes));
}

void net_bench_send_number(struct net_bench *bench, uint64_t number, uint16_t index)
{
    uint8_t frame[NET_BENCH_FRAME_MAX];
    uint32_t bytes = make_frame(number, frame);

    net_bench_send(bench, index, frame, (uint16_t)bytes);
}

uint32_t net_bench_transmit_all(struct net_bench *bench, uint64_t *number)
{
    uint8_t frame[FRAMES_BYTES];
    uint32_t bytes, count = 0;

    while (fake_transmit(&bench->fake, frame, &bytes)) {
        check_frame((*number)++, frame, bytes);
        count++;
    }
    return count;
}

uint32_t net_bench_take_all(struct net_bench *bench, uint64_t *number)
{
    struct frames_span span;
    uint32_t count = 0;

    while (net_bench_take(bench, &span)) {
        assert_int_equal(span.offset, FRAMES_OFFSET);
        check_frame((*number)++, (uint8_t *)bench->area + frames_area_offset(span), span.bytes);
        net_bench_give_back(bench, span.index);
        count++;
    }
    return count;
}

struct frames_counters *net_bench_counters(struct net_bench *bench)
{
    return &bench->area->info.counters;
}
