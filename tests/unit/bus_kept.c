/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a dsoftbusd leaves to the next [servers/dsoftbusd/kept.h], and the key file of an image
 * [servers/dsoftbusd/keys.h].
 */
#include "test.h"

#include "servers/dsoftbusd/kept.h"
#include "servers/dsoftbusd/keys.h"

#define HEX_1 "0101010101010101010101010101010101010101010101010101010101010101"
#define HEX_2 "a202020202020202020202020202020202020202020202020202020202020202"
#define HEX_3 "0303030303030303030303030303030303030303030303030303030303030303"

static uint8_t area[KEPT_BYTES];
static const struct bus_name id = {1, "a"};
static const struct bus_name other = {1, "b"};

static struct kept sample(uint8_t seed)
{
    struct kept kept = {.secret = {{seed}, {(uint8_t)(seed + 1)}}};
    const uint8_t key[CRYPTO_KEY_BYTES] = {seed, 7};
    assert_int_equal(trust_pin(&kept.trust, &other, key), OK);
    return kept;
}

/* The first byte of the first secret that is read; 0: nothing is. */
static int read_seed(int expected)
{
    struct kept kept = {.secret = {{0}}};
    assert_int_equal(kept_read(area, &kept), expected);
    const uint8_t *key = trust_find_key(&kept.trust, &other);
    assert_int_equal(key != NULL, expected == OK);
    if (key != NULL) {
        assert_int_equal(key[0], kept.secret[0][0]);
        assert_int_equal(kept.secret[1][0], kept.secret[0][0] + 1);
    }
    return kept.secret[0][0];
}

static int begin(void **state)
{
    (void)state;
    memset(area, 0, sizeof(area));
    return 0;
}

TEST(what_was_kept_is_found_again)
{
    assert_int_equal(read_seed(E_NOT_FOUND), 0);
    for (uint8_t i = 1; i < 9; i++) {
        const struct kept kept = sample(i);
        kept_write(area, &kept);
        assert_int_equal(read_seed(OK), i);
    }
}

TEST(a_full_store_of_trust_fits)
{
    struct kept kept = {.secret = {{1}}};
    struct kept found;
    struct bus_name name = {.len = BUS_NAME_MAX};
    memset(name.text, 'x', BUS_NAME_MAX);
    for (int i = 0; i < TRUST_MAX; i++) {
        const uint8_t key[CRYPTO_KEY_BYTES] = {(uint8_t)(i + 1)};
        name.text[0] = (char)('A' + i);
        assert_int_equal(trust_pin(&kept.trust, &name, key), OK);
    }
    kept_write(area, &kept);
    assert_int_equal(kept_read(area, &found), OK);
    for (int i = 0; i < TRUST_MAX; i++) {
        assert_memory_equal(found.trust.slot[i].key, kept.trust.slot[i].key, CRYPTO_KEY_BYTES);
    }
}

TEST(a_death_in_the_middle_of_a_write_costs_that_write_alone)
{
    static uint8_t before[KEPT_BYTES], after[KEPT_BYTES];
    struct kept kept = sample(1);
    kept_write(area, &kept);
    kept = sample(3);
    kept_write(area, &kept);
    memcpy(before, area, sizeof(area));
    kept = sample(5);
    kept_write(area, &kept);
    memcpy(after, area, sizeof(area));
    for (size_t cut = 0; cut < KEPT_PAGE_BYTES; cut += 7) { /* so much of the write was done */
        memcpy(area, before, sizeof(area));
        memcpy(area, after, cut);
        int seed = read_seed(OK);
        assert_true(seed == 3 || memcmp(area, after, KEPT_PAGE_BYTES) == 0);
    }
}

TEST(a_changed_bit_is_seen_and_the_write_before_it_counts)
{
    struct kept kept = sample(1);
    kept_write(area, &kept);
    kept = sample(3);
    kept_write(area, &kept);
    for (size_t bit = 0; bit < 8 * 150; bit++) { /* head, hash and all of the body */
        area[KEPT_PAGE_BYTES + bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct kept found;
        bool is_unused = bit / 8 >= 48 + 64 + 6 + 2 + 1 + 32; /* behind the body */
        assert_int_equal(kept_read(area, &found), OK);
        assert_int_equal(found.secret[0][0], is_unused ? 3 : 1);
        area[KEPT_PAGE_BYTES + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    area[20]++;
    area[KEPT_PAGE_BYTES + 20]++;
    assert_int_equal(read_seed(E_CORRUPT), 0);
}

/* --- the key file --- */

static struct trust trust;
static struct keys keys;
static unsigned line;

static int take(const char *text, bool takes_tests)
{
    const struct keys_file file = {text, strlen(text), takes_tests};
    trust = (struct trust){.is_first_use = false};
    return keys_read(&file, &id, &keys, &trust, &line);
}

TEST(a_node_finds_its_secret_and_pins_the_others)
{
    uint8_t secret[CRYPTO_KEY_BYTES], key[CRYPTO_KEY_BYTES];
    assert_int_equal(take("# of this house\nsecret a " HEX_1 "\nsecret b " HEX_2
                          " # the other\n\npin c " HEX_3 "\npin a " HEX_3 "\n",
                          false),
                     OK);
    assert_true(keys.has_secret);
    assert_int_equal(keys.secret[0], 1);
    memset(secret, 2, sizeof(secret));
    secret[0] = 0xa2;
    crypto_x25519_public(secret, key);
    assert_memory_equal(trust_find_key(&trust, &other), key, CRYPTO_KEY_BYTES);
    assert_int_equal(trust_find_key(&trust, &(struct bus_name){1, "c"})[0], 3);
    assert_null(trust_find_key(&trust, &id));
    assert_int_equal(take("", false), OK);
    assert_false(keys.has_secret);
    assert_int_equal(take("secret b " HEX_1, false), OK); /* none of ours, no last newline */
    assert_false(keys.has_secret);
}

TEST(keys_of_tests_are_refused_unless_the_build_takes_them)
{
    static const char file[] = "secret a " HEX_1 "\nsecret b " HEX_2 "\nTEST\n";
    assert_int_equal(take(file, false), E_DENIED);
    assert_false(keys.has_secret);
    assert_null(trust_find_key(&trust, &other));
    assert_int_equal(take(file, true), OK);
    assert_true(keys.has_secret);
}

TEST(a_key_file_with_anything_wrong_is_not_taken_in_part)
{
    static const struct {
        const char *text;
        unsigned line;
    } bad[] = {
        {"secret a\n", 1},
        {"\nsecret a " HEX_1 " x\n", 2},
        {"secret a 01\n", 1},
        {"secret a " HEX_1 "00\n", 1},
        {"secret a G" HEX_1 "\n", 1},
        {"secret  " HEX_1 "\n", 1},
        {"secret a A1" "01010101010101010101010101010101010101010101010101010101010101\n", 1},
        {"publish a " HEX_1 "\n", 1},
        {"test\n", 1},
        {"TEST yes\n", 1},
        {"secret b " HEX_1 "\nsecret a " HEX_1 "\nsecret a " HEX_1 "\n", 3},
        {"secret b " HEX_1 "\npin b " HEX_3 "\n", 2},
        {"pin c " HEX_3 "\npin b " HEX_3 "\n", 2},
        {"pin b\1 " HEX_3 "\n", 1},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(take(bad[i].text, true), E_CORRUPT);
        assert_int_equal(line, bad[i].line);
        assert_false(keys.has_secret);
        assert_null(trust_find_key(&trust, &other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_kept_is_found_again, begin),
        cmocka_unit_test_setup(a_full_store_of_trust_fits, begin),
        cmocka_unit_test_setup(a_death_in_the_middle_of_a_write_costs_that_write_alone, begin),
        cmocka_unit_test_setup(a_changed_bit_is_seen_and_the_write_before_it_counts, begin),
        cmocka_unit_test(a_node_finds_its_secret_and_pins_the_others),
        cmocka_unit_test(keys_of_tests_are_refused_unless_the_build_takes_them),
        cmocka_unit_test(a_key_file_with_anything_wrong_is_not_taken_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
