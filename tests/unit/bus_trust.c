/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose key is whose: what is let in, what is refused, and what survives as bytes.
 */
#include <stdio.h>

#include "test.h"

#include "servers/dsoftbusd/trust.h"

static struct trust trust;
static struct trust loaded;
static struct bus_name a;
static struct bus_name b;
static const struct bus_name nobody;
static uint8_t key_a[CRYPTO_KEY_BYTES];
static uint8_t key_b[CRYPTO_KEY_BYTES];
static uint8_t bytes[TRUST_BYTES_MAX + 1];

static int begin(void **state)
{
    (void)state;
    memset(&trust, 0, sizeof(trust));
    memset(&loaded, 0, sizeof(loaded));
    memset(key_a, 0xaa, sizeof(key_a));
    memset(key_b, 0xbb, sizeof(key_b));
    assert_true(bus_name_set(&a, "a", 1));
    assert_true(bus_name_set(&b, "b", 1));
    return 0;
}

TEST(nobody_is_trusted_who_was_not_told_of)
{
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_UNKNOWN);
    assert_int_equal(trust_judge(&trust, &nobody, key_a), TRUST_UNKNOWN);
}

TEST(a_pin_binds_an_id_to_one_key_and_a_key_to_one_id)
{
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_YES);
    assert_int_equal(trust_judge(&trust, &nobody, key_a), TRUST_YES);
    assert_int_equal(trust_judge(&trust, &a, key_b), TRUST_WRONG_KEY);
    assert_int_equal(trust_judge(&trust, &b, key_a), TRUST_WRONG_KEY);
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_UNKNOWN);
    assert_int_equal(trust_pin(&trust, &a, key_b), E_EXISTS);
    assert_int_equal(trust_pin(&trust, &b, key_a), E_EXISTS);
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust.changes, 1);
    assert_memory_equal(trust_find_key(&trust, &a), key_a, sizeof(key_a));
    assert_true(bus_name_is_equal(trust_find_id(&trust, key_a), &a));
    assert_null(trust_find_key(&trust, &b));
    assert_null(trust_find_id(&trust, key_b));
    assert_int_equal(trust_pin(&trust, &nobody, key_b), E_INVALID);
}

TEST(an_allowed_key_is_let_in_under_any_id_but_a_pinned_one)
{
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_allow(&trust, key_b), OK);
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_YES);
    assert_int_equal(trust_judge(&trust, &nobody, key_b), TRUST_YES);
    assert_int_equal(trust_judge(&trust, &a, key_b), TRUST_WRONG_KEY);
}

TEST(denial_is_stronger_than_everything)
{
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_allow(&trust, key_b), OK);
    assert_int_equal(trust_deny_id(&trust, &a), OK);
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_DENIED);
    assert_int_equal(trust_judge(&trust, &nobody, key_a), TRUST_DENIED); /* it is a's */
    assert_int_equal(trust_deny_key(&trust, key_b), OK);
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_DENIED);
    trust.is_first_use = true;
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_DENIED);
    assert_int_equal(trust_deny_id(&trust, &nobody), E_INVALID);
}

TEST(first_use_is_for_what_is_new_on_both_sides_and_off_by_default)
{
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_UNKNOWN);
    trust.is_first_use = true;
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_NEW);
    assert_int_equal(trust_judge(&trust, &nobody, key_a), TRUST_UNKNOWN); /* nothing to pin to */
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_judge(&trust, &a, key_b), TRUST_WRONG_KEY);
    assert_int_equal(trust_judge(&trust, &b, key_a), TRUST_WRONG_KEY);
}

TEST(a_key_is_changed_by_rotation_alone)
{
    uint8_t next[CRYPTO_KEY_BYTES] = {1};
    assert_int_equal(trust_rotate(&trust, &a, next), E_NOT_FOUND);
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_pin(&trust, &b, key_b), OK);
    assert_int_equal(trust_rotate(&trust, &a, key_b), E_EXISTS);
    assert_int_equal(trust_rotate(&trust, &a, next), OK);
    assert_int_equal(trust_judge(&trust, &a, next), TRUST_YES);
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_WRONG_KEY);
}

TEST(what_is_forgotten_is_unknown_again)
{
    assert_int_equal(trust_forget_id(&trust, &a), E_NOT_FOUND);
    assert_int_equal(trust_forget_key(&trust, key_a), E_NOT_FOUND);
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_deny_id(&trust, &a), OK);
    assert_int_equal(trust_allow(&trust, key_b), OK);
    assert_int_equal(trust_forget_id(&trust, &a), OK); /* both entries */
    assert_int_equal(trust_judge(&trust, &a, key_a), TRUST_UNKNOWN);
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_YES);
    assert_int_equal(trust_forget_key(&trust, key_b), OK);
    assert_int_equal(trust_judge(&trust, &b, key_b), TRUST_UNKNOWN);
}

/* As many pins as there is room for, with ids of 64 bytes. */
static void fill(void)
{
    for (int i = 0; i < TRUST_MAX; i++) {
        char text[BUS_NAME_MAX + 1];
        struct bus_name id;
        uint8_t key[CRYPTO_KEY_BYTES] = {(uint8_t)i, 1};
        (void)snprintf(text, sizeof(text), "%064d", i);
        assert_true(bus_name_set(&id, text, BUS_NAME_MAX));
        assert_int_equal(trust_pin(&trust, &id, key), OK);
    }
}

TEST(a_full_store_takes_no_more_and_loses_nothing)
{
    fill();
    uint32_t changes = trust.changes;
    assert_int_equal(trust_pin(&trust, &a, key_a), E_LIMIT);
    assert_int_equal(trust_allow(&trust, key_a), E_LIMIT);
    assert_int_equal(trust_deny_key(&trust, key_a), E_LIMIT);
    assert_int_equal(trust_deny_id(&trust, &a), E_LIMIT);
    assert_int_equal(trust.changes, changes);
}

TEST(a_store_survives_as_bytes)
{
    fill();
    size_t len = trust_save(&trust, bytes);
    assert_int_equal(len, TRUST_BYTES_MAX);
    assert_int_equal(trust_load(&loaded, bytes, len), OK);
    assert_memory_equal(loaded.slot, trust.slot, sizeof(trust.slot));
    (void)begin(NULL);
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_deny_id(&trust, &b), OK);
    assert_int_equal(trust_deny_key(&trust, key_b), OK);
    assert_int_equal(trust_allow(&trust, key_b), OK);
    loaded.is_first_use = true;
    assert_int_equal(trust_load(&loaded, bytes, trust_save(&trust, bytes)), OK);
    assert_memory_equal(loaded.slot, trust.slot, sizeof(trust.slot));
    assert_true(loaded.is_first_use); /* is a setting and not stored */
}

TEST(a_damaged_store_is_not_taken_in_part)
{
    assert_int_equal(trust_pin(&trust, &a, key_a), OK);
    assert_int_equal(trust_deny_id(&trust, &b), OK);
    size_t len = trust_save(&trust, bytes);
    assert_int_equal(trust_allow(&loaded, key_b), OK);
    struct trust before = loaded;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(trust_load(&loaded, bytes, cut), E_CORRUPT);
    }
    assert_int_equal(trust_load(&loaded, bytes, len + 1), E_CORRUPT);
    const size_t places[] = {0, 4, 5, 6, 7, 8, 41, 42}; /* magic, version, count, kinds, lengths */
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        bytes[places[i]] ^= 0x80;
        assert_int_equal(trust_load(&loaded, bytes, len), E_CORRUPT);
        bytes[places[i]] ^= 0x80;
    }
    memcpy(bytes + 41, bytes + 6, 35); /* the first entry twice */
    assert_int_equal(trust_load(&loaded, bytes, 76), E_CORRUPT);
    assert_memory_equal(&loaded, &before, sizeof(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_is_trusted_who_was_not_told_of, begin),
        cmocka_unit_test_setup(a_pin_binds_an_id_to_one_key_and_a_key_to_one_id, begin),
        cmocka_unit_test_setup(an_allowed_key_is_let_in_under_any_id_but_a_pinned_one, begin),
        cmocka_unit_test_setup(denial_is_stronger_than_everything, begin),
        cmocka_unit_test_setup(first_use_is_for_what_is_new_on_both_sides_and_off_by_default,
                               begin),
        cmocka_unit_test_setup(a_key_is_changed_by_rotation_alone, begin),
        cmocka_unit_test_setup(what_is_forgotten_is_unknown_again, begin),
        cmocka_unit_test_setup(a_full_store_takes_no_more_and_loses_nothing, begin),
        cmocka_unit_test_setup(a_store_survives_as_bytes, begin),
        cmocka_unit_test_setup(a_damaged_store_is_not_taken_in_part, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
