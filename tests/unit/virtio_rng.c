/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source of randomness: ChaCha20 against the vectors of its RFC, what the pool promises, and
 * the entropy device, honest and not.
 */
#include "test.h"

#include <stdlib.h>

#include <abi/error.h>
#include <rng/chacha20.h>
#include <rng/rng_device.h>
#include <rng/rng_pool.h>

#include "fake_virtio.h"

#define QUEUES_PHYSICAL 0x80000000ull

/* --- ChaCha20 ------------------------------------------------------------------------------ */

/* [RFC 8439 §2.3.2] */
TEST(chacha20_gives_the_block_of_the_rfc)
{
    static const uint8_t expected[CHACHA20_BLOCK_BYTES] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
        0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
        0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
        0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
        0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
    };
    static const uint32_t nonce[CHACHA20_NONCE_WORDS] = {0x09000000, 0x4a000000, 0};
    uint32_t key[CHACHA20_KEY_WORDS];
    uint8_t block[CHACHA20_BLOCK_BYTES];

    for (uint32_t i = 0; i < CHACHA20_KEY_WORDS; i++) {
        key[i] = 0x03020100 + i * 0x04040404;
    }
    chacha20_block(key, 1, nonce, block);
    assert_memory_equal(block, expected, sizeof(expected));
}

/* [RFC 8439 §A.1, vector 1] */
TEST(chacha20_of_nothing_gives_the_block_of_the_rfc)
{
    static const uint8_t expected[16] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
                                         0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
    static const uint32_t zero[CHACHA20_KEY_WORDS];
    uint8_t block[CHACHA20_BLOCK_BYTES];

    chacha20_block(zero, 0, zero, block);
    assert_memory_equal(block, expected, sizeof(expected));
}

/* --- pool ---------------------------------------------------------------------------------- */

static const uint8_t seed[32] = "thirty-two bytes nobody can know";

TEST(nothing_is_given_before_enough_credited_entropy_came_in)
{
    struct rng_pool pool = {0};
    uint8_t out[8] = {0};

    rng_pool_mix(&pool, seed, sizeof(seed), false);
    assert_int_equal(rng_pool_take(&pool, out, sizeof(out)), E_AGAIN);
    rng_pool_mix(&pool, seed, RNG_POOL_SEED_BYTES - 1, true);
    assert_int_equal(rng_pool_take(&pool, out, sizeof(out)), E_AGAIN);
    rng_pool_mix(&pool, seed, 1, true);
    assert_int_equal(rng_pool_take(&pool, out, sizeof(out)), OK);
}

/* The first bytes of a pool that was seeded, then given `count` bytes of `extra`. */
static uint64_t first_bytes(const uint8_t *extra, size_t count)
{
    struct rng_pool pool = {0};
    uint64_t out;

    rng_pool_mix(&pool, seed, sizeof(seed), true);
    rng_pool_mix(&pool, extra, count, false);
    assert_int_equal(rng_pool_take(&pool, (uint8_t *)&out, sizeof(out)), OK);
    return out;
}

TEST(every_bit_that_is_mixed_in_changes_what_comes_out)
{
    uint8_t extra[80] = {0};
    uint64_t before = first_bytes(extra, sizeof(extra));

    assert_true(before == first_bytes(extra, sizeof(extra)));
    assert_true(before != first_bytes(extra, sizeof(extra) - 1)); /* the length counts too */
    for (uint32_t bit = 0; bit < 8 * sizeof(extra); bit++) {
        extra[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(before != first_bytes(extra, sizeof(extra)));
        extra[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST(what_was_taken_neither_comes_again_nor_stays_in_the_pool)
{
    struct rng_pool pool = {0};
    uint8_t out[256], next[256];

    rng_pool_mix(&pool, seed, sizeof(seed), true);
    for (size_t count = 1; count <= sizeof(out); count++) {
        uint32_t key[CHACHA20_KEY_WORDS];

        memcpy(key, pool.key, sizeof(key));
        assert_int_equal(rng_pool_take(&pool, out, count), OK);
        assert_memory_not_equal(key, pool.key, sizeof(key));
    }
    assert_int_equal(rng_pool_take(&pool, next, sizeof(next)), OK);
    assert_memory_not_equal(out, next, sizeof(out));
    for (size_t i = 0; i + 16 <= sizeof(out); i++) { /* the key is no part of the stream given */
        assert_memory_not_equal(next + i, pool.key, 16);
    }
}

TEST(the_bits_that_come_out_are_even)
{
    enum { ROUNDS = 2000 };
    struct rng_pool pool = {0};
    uint32_t ones = 0;

    rng_pool_mix(&pool, seed, sizeof(seed), true);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t word;

        assert_int_equal(rng_pool_take(&pool, (uint8_t *)&word, sizeof(word)), OK);
        for (; word != 0; word &= word - 1) {
            ones++;
        }
    }
    assert_in_range(ones, ROUNDS * 32 - 1500, ROUNDS * 32 + 1500); /* 8 standard deviations */
}

/* --- device -------------------------------------------------------------------------------- */

struct bench {
    struct fake_virtio fake;
    struct rng_device device;
    uint8_t *memory;
};

static int bench_open(struct bench *bench, uint32_t version)
{
    *bench = (struct bench){.memory = aligned_alloc(VIRTQ_ALIGN, 6 * 4096)};
    fake_init(&bench->fake, version);
    bench->fake.device_id = VIRTIO_DEVICE_ENTROPY;
    bench->fake.queue_max = 8;
    fake_add_memory(&bench->fake, QUEUES_PHYSICAL, bench->memory, RNG_QUEUES_BYTES);
    return rng_device_open(&bench->device, fake_mmio(&bench->fake), bench->memory, QUEUES_PHYSICAL);
}

static void bench_close(struct bench *bench)
{
    if (bench->fake.violations != 0) {
        fail_msg("%s", bench->fake.violation);
    }
    free(bench->memory);
}

/* The device answers the request with `count` bytes, and says so, true or not. */
static void serve(struct bench *bench, uint32_t count)
{
    struct fake_chain chain;

    assert_true(fake_fetch(&bench->fake, 0, &chain));
    assert_int_equal(chain.segments, 1);
    assert_int_equal(chain.segment[0].bytes, RNG_REQUEST_BYTES);
    assert_true(chain.segment[0].is_writable);
    memset(fake_reach(&bench->fake, chain.segment[0].physical, RNG_REQUEST_BYTES), 0x5a,
           RNG_REQUEST_BYTES);
    fake_return(&bench->fake, 0, chain.head, count);
}

TEST(bytes_come_from_the_device_and_do_not_stay_in_shared_memory)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench bench;
        uint8_t bytes[RNG_REQUEST_BYTES];
        uint32_t count;

        assert_int_equal(bench_open(&bench, version), OK);
        for (uint32_t round = 0; round < 70000; round++) {
            uint32_t given = 1 + round % RNG_REQUEST_BYTES;

            assert_int_equal(rng_device_ask(&bench.device), OK);
            assert_int_equal(rng_device_ask(&bench.device), OK); /* one request is enough */
            assert_int_equal(rng_device_take(&bench.device, bytes, &count), E_AGAIN);
            serve(&bench, given);
            assert_int_equal(rng_device_take(&bench.device, bytes, &count), OK);
            assert_int_equal(count, given);
            assert_int_equal(bytes[count - 1], 0x5a);
        }
        assert_int_equal(bench.memory[RNG_BUFFER_OFFSET], 0);
        assert_int_equal(bench.fake.interrupt_status, 0);
        assert_true(bench.fake.interrupts >= 1);
        assert_int_equal(rng_device_close(&bench.device), OK);
        assert_int_equal(bench.fake.status, 0);
        bench_close(&bench);
    }
}

TEST(a_device_that_lies_about_the_length_is_refused)
{
    struct bench bench;
    uint8_t bytes[RNG_REQUEST_BYTES];
    uint32_t count = 0;

    assert_int_equal(bench_open(&bench, 2), OK);
    assert_int_equal(rng_device_ask(&bench.device), OK);
    serve(&bench, RNG_REQUEST_BYTES + 1);
    assert_int_equal(rng_device_take(&bench.device, bytes, &count), E_CORRUPT);
    assert_int_equal(rng_device_ask(&bench.device), E_CORRUPT);
    assert_int_equal(count, 0);
    bench_close(&bench);
}

TEST(a_device_without_a_queue_or_of_another_kind_is_not_used)
{
    struct bench bench;

    assert_int_equal(bench_open(&bench, 2), OK);
    bench.fake.queue_max = 0;
    assert_int_equal(
        rng_device_open(&bench.device, fake_mmio(&bench.fake), bench.memory, QUEUES_PHYSICAL),
        E_NOT_FOUND);
    bench.fake.device_id = VIRTIO_DEVICE_NET;
    assert_int_equal(
        rng_device_open(&bench.device, fake_mmio(&bench.fake), bench.memory, QUEUES_PHYSICAL),
        E_NOT_FOUND);
    bench_close(&bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(chacha20_gives_the_block_of_the_rfc),
        cmocka_unit_test(chacha20_of_nothing_gives_the_block_of_the_rfc),
        cmocka_unit_test(nothing_is_given_before_enough_credited_entropy_came_in),
        cmocka_unit_test(every_bit_that_is_mixed_in_changes_what_comes_out),
        cmocka_unit_test(what_was_taken_neither_comes_again_nor_stays_in_the_pool),
        cmocka_unit_test(the_bits_that_come_out_are_even),
        cmocka_unit_test(bytes_come_from_the_device_and_do_not_stay_in_shared_memory),
        cmocka_unit_test(a_device_that_lies_about_the_length_is_refused),
        cmocka_unit_test(a_device_without_a_queue_or_of_another_kind_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
