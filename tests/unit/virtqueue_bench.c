/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue on a running fake device. See virtqueue_bench.h.
 */
#include "virtqueue_bench.h"

#include "test.h"

#include <stdlib.h>

#include <abi/error.h>

const struct variant bench_variants[BENCH_VARIANTS] = {
    {"chained rx", 2, HEADER_BYTES, false, false, true, 8},
    {"chained rx, event index", 2, HEADER_BYTES, false, true, true, 256},
    {"indirect rx, event index", 2, HEADER_BYTES, true, true, true, 256},
    {"indirect tx, event index", 2, HEADER_BYTES, true, true, false, 4},
    {"chained tx, legacy", 1, HEADER_BYTES, false, false, false, 256},
    {"indirect rx, legacy, event index", 1, HEADER_BYTES, true, true, true, 64},
    {"no header", 2, 0, false, true, true, 2},
    {"no header, one entry", 1, 0, true, false, true, 1},
};

static void bench_init_queue(struct bench *bench)
{
    struct virtq_setup setup = {
        .memory = bench->memory,
        .physical = QUEUE_PHYSICAL,
        .size = bench->variant->size,
        .header_bytes = bench->variant->header_bytes,
        .is_device_writable = bench->variant->is_device_writable,
        .has_event_index = bench->variant->has_event_index,
        .has_indirect = bench->variant->has_indirect,
    };
    assert_int_equal(virtqueue_init(&bench->queue, &setup), OK);
}

void bench_start(struct bench *bench)
{
    uint64_t features = VIRTIO_F_VERSION_1;

    features |= bench->variant->has_indirect ? VIRTIO_F_INDIRECT_DESC : 0;
    features |= bench->variant->has_event_index ? VIRTIO_F_EVENT_IDX : 0;
    assert_int_equal(transport_reset(&bench->transport), OK);
    transport_acknowledge(&bench->transport);
    assert_int_equal(transport_negotiate(&bench->transport, features), OK);
    bench_init_queue(bench);
    assert_int_equal(transport_queue_enable(&bench->transport, QUEUE, &bench->queue), OK);
    assert_int_equal(transport_start(&bench->transport), OK);
}

struct bench *bench_open(const struct variant *variant)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    bench->variant = variant;
    bench->memory = aligned_alloc(VIRTQ_ALIGN, VIRTQ_MEMORY_BYTES);
    bench->buffers = calloc(VIRTQ_SIZE_MAX, BUFFER_BYTES);
    fake_init(&bench->fake, variant->version);
    fake_add_memory(&bench->fake, QUEUE_PHYSICAL, bench->memory, VIRTQ_MEMORY_BYTES);
    fake_add_memory(&bench->fake, BUFFER_PHYSICAL, bench->buffers,
                    (size_t)VIRTQ_SIZE_MAX * BUFFER_BYTES);
    assert_int_equal(transport_probe(&bench->transport, fake_mmio(&bench->fake), VIRTIO_DEVICE_NET),
                     OK);
    bench_start(bench);
    return bench;
}

void bench_close(struct bench *bench)
{
    if (bench->fake.violations != 0) {
        fail_msg("%s: %s", bench->variant->name, bench->fake.violation);
    }
    free(bench->buffers);
    free(bench->memory);
    free(bench);
}

static uint64_t address_of(uint64_t cookie)
{
    return BUFFER_PHYSICAL + cookie % VIRTQ_SIZE_MAX * BUFFER_BYTES;
}

void bench_post(struct bench *bench, uint64_t cookie)
{
    assert_int_equal(virtqueue_post(&bench->queue, address_of(cookie), BUFFER_BYTES, cookie), OK);
}

void bench_publish(struct bench *bench)
{
    bool is_wanted = virtqueue_publish(&bench->queue);

    (void)is_wanted;
}

void bench_post_all(struct bench *bench, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        bench_post(bench, i);
    }
    bench_publish(bench);
}

void bench_check_chain(const struct bench *bench, const struct fake_chain *chain, uint64_t cookie)
{
    uint32_t last = bench->variant->header_bytes != 0 ? 1 : 0;

    assert_int_equal(chain->segments, last + 1);
    assert_true(chain->segment[last].physical == address_of(cookie));
    assert_int_equal(chain->segment[last].bytes, BUFFER_BYTES);
    assert_true(chain->segment[last].is_writable == bench->variant->is_device_writable);
    if (last == 1) {
        assert_int_equal(chain->segment[0].bytes, bench->variant->header_bytes);
        assert_true(chain->segment[0].is_writable == bench->variant->is_device_writable);
    }
}

uint32_t bench_all_bytes(const struct bench *bench)
{
    return bench->variant->is_device_writable ? bench->variant->header_bytes + BUFFER_BYTES : 0u;
}
