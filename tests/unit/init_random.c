/* SPDX-License-Identifier: BSD-2-Clause */
/* The random bytes of a process: others for each process, each boot, and none without a seed. */
#include "test.h"

#include <base/siphash.h>
#include <servers/init/random.h>

static const uint8_t seed[64] = "a seed of the device tree, which QEMU makes anew for each boot";

struct bytes {
    uint8_t at[STARTUP_RANDOM_BYTES];
};

static struct bytes bytes_of(const uint8_t *from, uint32_t length, uint64_t id, uint64_t moment)
{
    struct random_key key;
    struct bytes bytes;
    random_make_key(from, length, &key);
    random_fill(&key, id, moment, bytes.at);
    return bytes;
}

static bool is_same(struct bytes a, struct bytes b)
{
    return memcmp(a.at, b.at, sizeof(a.at)) == 0;
}

/* [Aumasson, Bernstein: SipHash, appendix A]: the key 00 to 0f, the message 00 to 0e */
TEST(siphash_gives_the_value_of_its_specification)
{
    const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    struct siphash hash = siphash_start(key);
    siphash_word(&hash, 0x0706050403020100);
    siphash_word(&hash, 0x0f0e0d0c0b0a0908); /* 15, the length, and the last seven bytes */
    assert_true(siphash_end(&hash) == 0xa129ca6149be45e5);
}

TEST(two_processes_have_different_bytes_and_so_have_two_starts_of_one)
{
    struct bytes first = bytes_of(seed, sizeof(seed), 1, 1000);
    assert_true(is_same(first, bytes_of(seed, sizeof(seed), 1, 1000)));
    assert_false(is_same(first, bytes_of(seed, sizeof(seed), 2, 1000)));
    assert_false(is_same(first, bytes_of(seed, sizeof(seed), 1, 1001)));
    assert_memory_not_equal(first.at, first.at + sizeof(uint64_t), sizeof(uint64_t));
}

TEST(two_boots_have_different_bytes_wherever_their_seeds_differ)
{
    struct bytes first = bytes_of(seed, sizeof(seed), 1, 1000);
    for (size_t i = 0; i < sizeof(seed); i++) {
        uint8_t other[sizeof(seed)];
        memcpy(other, seed, sizeof(seed));
        other[i] ^= 1;
        assert_false(is_same(first, bytes_of(other, sizeof(other), 1, 1000)));
    }
}

TEST(a_seed_that_is_missing_or_short_gives_none)
{
    const struct bytes none = {{0}};
    assert_true(is_same(none, bytes_of(seed, 0, 1, 1000)));
    assert_true(is_same(none, bytes_of(seed, RANDOM_SEED_BYTES_MIN - 1, 1, 1000)));
    assert_false(is_same(none, bytes_of(seed, RANDOM_SEED_BYTES_MIN, 1, 1000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_value_of_its_specification),
        cmocka_unit_test(two_processes_have_different_bytes_and_so_have_two_starts_of_one),
        cmocka_unit_test(two_boots_have_different_bytes_wherever_their_seeds_differ),
        cmocka_unit_test(a_seed_that_is_missing_or_short_gives_none),
    };
    return cmocka_run_group_tests_name("init_random", tests, NULL, NULL);
}
