/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMIO transport, versions 1 and 2, against a fake device that fails in every way it can.
 */
#include "test.h"

#include <stdlib.h>

#include <abi/error.h>
#include <virtio/transport.h>

#include "fake_virtio.h"

enum {
    VERSIONS = 2,
    STATUS_FAILED = 128, /* [virtio 1.2 §2.1] */
};

/* 4 GiB * 4 KiB: the first page that a legacy device cannot name */
#define LEGACY_END (1ull << 44)

struct bench {
    struct fake_virtio fake;
    struct transport transport;
    struct virtqueue queue;
    void *memory;
};

static void bench_open(struct bench *bench, uint32_t version)
{
    *bench = (struct bench){.memory = aligned_alloc(VIRTQ_ALIGN, VIRTQ_MEMORY_BYTES)};
    fake_init(&bench->fake, version);
    assert_int_equal(transport_probe(&bench->transport, fake_mmio(&bench->fake), VIRTIO_DEVICE_NET),
                     OK);
    assert_int_equal(transport_reset(&bench->transport), OK);
    transport_acknowledge(&bench->transport);
}

static void bench_close(struct bench *bench)
{
    if (bench->fake.violations != 0) {
        fail_msg("%s", bench->fake.violation);
    }
    free(bench->memory);
}

static void make_queue(struct bench *bench, uint64_t physical)
{
    struct virtq_setup setup = {.memory = bench->memory, .physical = physical, .size = 64};

    assert_int_equal(virtqueue_init(&bench->queue, &setup), OK);
}

static int probe(uint32_t magic, uint32_t version, uint32_t device)
{
    struct fake_virtio fake;
    struct transport transport;

    fake_init(&fake, version);
    fake.magic = magic;
    fake.device_id = device;
    int error = transport_probe(&transport, fake_mmio(&fake), VIRTIO_DEVICE_NET);

    assert_int_equal(fake.violations, 0);
    assert_int_equal(fake.resets, 0);
    return error;
}

TEST(only_the_device_that_is_looked_for_is_found)
{
    assert_int_equal(probe(0x74726976, 1, VIRTIO_DEVICE_NET), OK);
    assert_int_equal(probe(0x74726976, 2, VIRTIO_DEVICE_NET), OK);
    assert_int_equal(probe(0x74726977, 2, VIRTIO_DEVICE_NET), E_CORRUPT);
    assert_int_equal(probe(0, 0, 0), E_CORRUPT);
    assert_int_equal(probe(0x74726976, 0, VIRTIO_DEVICE_NET), E_UNSUPPORTED);
    assert_int_equal(probe(0x74726976, 3, VIRTIO_DEVICE_NET), E_UNSUPPORTED);
    assert_int_equal(probe(0x74726976, 2, VIRTIO_DEVICE_NONE), E_NOT_FOUND);
    assert_int_equal(probe(0x74726976, 2, VIRTIO_DEVICE_ENTROPY), E_NOT_FOUND);
}

TEST(a_device_that_never_resets_is_given_up_after_a_bounded_number_of_reads)
{
    struct bench bench;

    bench_open(&bench, 2);
    bench.fake.never_resets = true;
    bench.fake.status_reads = 0;
    assert_int_equal(transport_reset(&bench.transport), E_TIMEOUT);
    assert_in_range(bench.fake.status_reads, 1, 10000);
    bench_close(&bench);
}

TEST(a_reset_writes_0_and_reads_0_back)
{
    struct bench bench;

    bench_open(&bench, 1);
    bench.fake.resets = bench.fake.status_reads = 0;
    assert_int_equal(transport_reset(&bench.transport), OK);
    assert_int_equal(bench.fake.resets, 1);
    assert_int_equal(bench.fake.status_reads, 1);
    bench_close(&bench);
}

TEST(what_is_accepted_is_both_offered_and_wanted_and_the_device_reads_it_back)
{
    uint64_t wanted = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1ull << 5 | 1ull << 63 | 1;

    for (uint32_t version = 1; version <= VERSIONS; version++) {
        struct bench bench;

        bench_open(&bench, version);
        assert_true(transport_offered(&bench.transport) == bench.fake.offered);
        assert_int_equal(transport_negotiate(&bench.transport, wanted), OK);
        assert_true(bench.fake.accepted == (bench.fake.offered & wanted));
        assert_true(bench.transport.features == bench.fake.accepted);
        assert_true(((bench.fake.accepted & VIRTIO_F_VERSION_1) != 0) == (version == 2));
        bench_close(&bench);
    }
}

TEST(a_modern_device_without_version_1_or_one_that_refuses_is_marked_failed)
{
    struct bench bench;

    bench_open(&bench, 2);
    assert_int_equal(transport_negotiate(&bench.transport, VIRTIO_F_EVENT_IDX), E_UNSUPPORTED);
    assert_true((bench.fake.status & STATUS_FAILED) != 0);
    bench_close(&bench);
    bench_open(&bench, 2);
    bench.fake.refuses_features = true;
    assert_int_equal(transport_negotiate(&bench.transport, VIRTIO_F_VERSION_1), E_UNSUPPORTED);
    assert_true((bench.fake.status & STATUS_FAILED) != 0);
    bench_close(&bench);
}

TEST(a_queue_that_is_missing_or_in_use_is_not_set_up)
{
    for (uint32_t version = 1; version <= VERSIONS; version++) {
        struct bench bench;
        uint32_t entries = 0;

        bench_open(&bench, version);
        assert_int_equal(transport_negotiate(&bench.transport, VIRTIO_F_VERSION_1), OK);
        assert_int_equal(transport_queue_max(&bench.transport, 7, &entries), E_NOT_FOUND);
        assert_int_equal(transport_queue_max(&bench.transport, 1, &entries), OK);
        assert_int_equal(entries, FAKE_QUEUE_MAX);
        make_queue(&bench, 0x80000000);
        assert_int_equal(transport_queue_enable(&bench.transport, 1, &bench.queue), OK);
        assert_int_equal(transport_queue_max(&bench.transport, 1, &entries), E_BUSY);
        bench.fake.refuses_queues = true;
        assert_int_equal(transport_queue_enable(&bench.transport, 0, &bench.queue), E_UNSUPPORTED);
        bench_close(&bench);
    }
}

TEST(the_device_learns_where_the_rings_are)
{
    for (uint32_t version = 1; version <= VERSIONS; version++) {
        struct bench bench;
        uint64_t physical = version == 1 ? LEGACY_END - VIRTQ_ALIGN : 0xfedcba9876543000;

        bench_open(&bench, version);
        assert_int_equal(transport_negotiate(&bench.transport, VIRTIO_F_VERSION_1), OK);
        make_queue(&bench, physical);
        assert_int_equal(transport_queue_enable(&bench.transport, 1, &bench.queue), OK);
        assert_int_equal(bench.fake.queue[1].size, 64);
        assert_true(bench.fake.queue[1].descriptors == physical);
        assert_true(bench.fake.queue[1].available == bench.queue.available_physical);
        assert_true(bench.fake.queue[1].used == bench.queue.used_physical);
        bench_close(&bench);
    }
}

TEST(a_legacy_device_is_not_told_of_a_page_that_it_cannot_name)
{
    struct bench bench;

    bench_open(&bench, 1);
    assert_int_equal(transport_negotiate(&bench.transport, 0), OK);
    make_queue(&bench, LEGACY_END);
    assert_int_equal(transport_queue_enable(&bench.transport, 0, &bench.queue), E_RANGE);
    assert_int_equal(bench.fake.queue[0].is_ready, 0);
    bench_close(&bench);
}

TEST(a_device_that_wants_a_reset_is_seen)
{
    struct bench bench;

    bench_open(&bench, 2);
    assert_int_equal(transport_negotiate(&bench.transport, VIRTIO_F_VERSION_1), OK);
    assert_int_equal(transport_start(&bench.transport), OK);
    assert_false(transport_is_broken(&bench.transport));
    bench.fake.needs_reset = true;
    assert_true(transport_is_broken(&bench.transport));
    assert_int_equal(transport_start(&bench.transport), E_UNSUPPORTED);
    bench.fake.needs_reset = false;
    bench.fake.status = 0; /* it was reset behind our back */
    assert_true(transport_is_broken(&bench.transport));
    bench_close(&bench);
}

TEST(only_defined_interrupt_bits_are_seen_and_acknowledged)
{
    struct bench bench;

    bench_open(&bench, 2);
    bench.fake.interrupt_status = UINT32_MAX;
    assert_int_equal(transport_interrupt_take(&bench.transport),
                     VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG);
    assert_int_equal(bench.fake.interrupt_status, UINT32_MAX & ~3u);
    assert_int_equal(transport_interrupt_take(&bench.transport), 0);
    bench_close(&bench);
}

static uint32_t reads;

static void read_mac_start(const struct transport *transport, void *out)
{
    reads++;
    *(uint8_t *)out = transport_config8(transport, 0);
}

TEST(a_torn_read_of_the_configuration_is_repeated_but_not_for_ever)
{
    struct bench bench;
    uint8_t first = 0;

    bench_open(&bench, 2);
    bench.fake.torn_reads = 4; /* each try reads the generation twice */
    reads = 0;
    assert_int_equal(transport_config_read(&bench.transport, read_mac_start, &first), OK);
    assert_int_equal(first, 0x02);
    assert_in_range(reads, 3, 4);
    bench.fake.torn_reads = UINT32_MAX;
    assert_int_equal(transport_config_read(&bench.transport, read_mac_start, &first), E_AGAIN);
    bench_close(&bench);
    bench_open(&bench, 1);
    reads = 0;
    assert_int_equal(transport_config_read(&bench.transport, read_mac_start, &first), OK);
    assert_int_equal(reads, 1);
    bench_close(&bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_device_that_is_looked_for_is_found),
        cmocka_unit_test(a_device_that_never_resets_is_given_up_after_a_bounded_number_of_reads),
        cmocka_unit_test(a_reset_writes_0_and_reads_0_back),
        cmocka_unit_test(what_is_accepted_is_both_offered_and_wanted_and_the_device_reads_it_back),
        cmocka_unit_test(a_modern_device_without_version_1_or_one_that_refuses_is_marked_failed),
        cmocka_unit_test(a_queue_that_is_missing_or_in_use_is_not_set_up),
        cmocka_unit_test(the_device_learns_where_the_rings_are),
        cmocka_unit_test(a_legacy_device_is_not_told_of_a_page_that_it_cannot_name),
        cmocka_unit_test(a_device_that_wants_a_reset_is_seen),
        cmocka_unit_test(only_defined_interrupt_bits_are_seen_and_acknowledged),
        cmocka_unit_test(a_torn_read_of_the_configuration_is_repeated_but_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
