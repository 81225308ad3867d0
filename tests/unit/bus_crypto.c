/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The primitives of the bus against published vectors, and the inputs an attacker would choose.
 */
#include "test.h"

#include "servers/dsoftbusd/crypto.h"
#include "hex.h"

enum { LONGEST = 300 };

/* Whether `bytes` are those of the text. */
static bool is_hex(const uint8_t *bytes, const char *text)
{
    uint8_t expected[LONGEST];
    size_t len = hex_read(text, expected, sizeof(expected));
    return len == strlen(text) / 2 && memcmp(bytes, expected, len) == 0;
}

static void multiply(const char *secret, const char *point, uint8_t *shared)
{
    uint8_t k[CRYPTO_KEY_BYTES];
    uint8_t u[CRYPTO_KEY_BYTES];
    (void)hex_read(secret, k, sizeof(k));
    (void)hex_read(point, u, sizeof(u));
    assert_int_equal(crypto_x25519(k, u, shared), OK);
}

/* [RFC 7748 §5.2] */
TEST(x25519_gives_the_published_products)
{
    uint8_t shared[CRYPTO_KEY_BYTES];
    multiply("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
             "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", shared);
    assert_true(is_hex(shared, "c3da55379de9c6908e94ea4df28d084f"
                               "32eccf03491c71f754b4075577a28552"));
    multiply("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
             "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493", shared);
    assert_true(is_hex(shared, "95cbde9476e8907d7aade45cb4b873f8"
                               "8b595a68799fa152e6f8f7647aac7957"));
}

/* [RFC 7748 §5.2], the second test */
TEST(x25519_a_thousand_times_over_gives_the_published_key)
{
    uint8_t k[CRYPTO_KEY_BYTES] = {9};
    uint8_t u[CRYPTO_KEY_BYTES] = {9};
    for (int round = 1; round <= 1000; round++) {
        uint8_t product[CRYPTO_KEY_BYTES];
        assert_int_equal(crypto_x25519(k, u, product), OK);
        memcpy(u, k, sizeof(u));
        memcpy(k, product, sizeof(k));
        if (round == 1) {
            assert_true(is_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f"
                                  "7897b87bb6854b783c60e80311ae3079"));
        }
    }
    assert_true(is_hex(k, "684cf59ba83309552800ef566f2f4d3c"
                          "1c3887c49360e3875f2eb94d99532c51"));
}

/* [RFC 7748 §6.1] */
TEST(a_public_key_and_an_agreement_are_the_published_ones)
{
    uint8_t secret[CRYPTO_KEY_BYTES];
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t shared[CRYPTO_KEY_BYTES];
    (void)hex_read("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", secret, 32);
    crypto_x25519_public(secret, key);
    assert_true(is_hex(key, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
    multiply("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
             "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", shared);
    assert_true(is_hex(shared, "4a5d9d5ba4ce2de1728e3bf480350f25"
                               "e07e21c947d19e3376f09b3c1e161742"));
}

TEST(a_point_of_low_order_is_refused)
{
    const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    const uint8_t zero[CRYPTO_KEY_BYTES] = {0};
    uint8_t secret[CRYPTO_KEY_BYTES];
    memset(secret, 0x5a, sizeof(secret));
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        uint8_t point[CRYPTO_KEY_BYTES];
        uint8_t shared[CRYPTO_KEY_BYTES];
        (void)hex_read(points[i], point, sizeof(point));
        for (int high_bit = 0; high_bit < 2; high_bit++) { /* which is ignored */
            memset(shared, 0xff, sizeof(shared));
            assert_int_equal(crypto_x25519(secret, point, shared), E_DENIED);
            assert_memory_equal(shared, zero, sizeof(zero));
            point[31] ^= 0x80;
        }
    }
}

TEST(an_agreement_may_be_written_over_the_point)
{
    uint8_t secret[CRYPTO_KEY_BYTES] = {1, 2, 3};
    uint8_t point[CRYPTO_KEY_BYTES] = {9};
    uint8_t shared[CRYPTO_KEY_BYTES];
    assert_int_equal(crypto_x25519(secret, point, shared), OK);
    assert_int_equal(point[0], 9); /* borrowed */
    assert_int_equal(crypto_x25519(secret, point, point), OK);
    assert_memory_equal(point, shared, sizeof(shared));
}

/* [RFC 7693 B] [FIPS 180-4, examples] */
TEST(both_hashes_give_the_published_digests)
{
    uint8_t digest[CRYPTO_HASH_BYTES];
    const struct crypto_span abc = {(const uint8_t *)"abc", 3};
    crypto_blake2s.digest(&abc, 1, digest);
    assert_true(is_hex(digest, "508c5e8c327c14e2e1a72ba34eeb452f"
                               "37458b209ed63a294d999b4c86675982"));
    crypto_sha256.digest(&abc, 1, digest);
    assert_true(is_hex(digest, "ba7816bf8f01cfea414140de5dae2223"
                               "b00361a396177a9cb410ff61f20015ad"));
    crypto_blake2s.digest(NULL, 0, digest);
    assert_true(is_hex(digest, "69217a3079908094e11121d042354a7c"
                               "1f55b6482ca1a51e1b250dfd1ed0eef9"));
}

/* The digests of 300 messages, hashed; the result is that of Python's hashlib. */
TEST(a_message_of_any_length_in_any_pieces_has_one_digest)
{
    const struct crypto_hash *const hashes[] = {&crypto_blake2s, &crypto_sha256};
    const char *const expected[] = {
        "c483bc6278408ac63a7af18327709fd3419b43ae36bf65f01a73a4f4a1826c58",
        "d5238871a46ac4a1a75ac3fb19d645b0b3b9e5f35f5f720e2b240d605c6b694e",
    };
    static uint8_t digests[LONGEST * CRYPTO_HASH_BYTES];
    for (size_t h = 0; h < 2; h++) {
        for (size_t len = 0; len < LONGEST; len++) {
            uint8_t message[LONGEST];
            uint8_t again[CRYPTO_HASH_BYTES];
            for (size_t i = 0; i < len; i++) {
                message[i] = (uint8_t)(i * 7 + len);
            }
            uint8_t *digest = digests + len * CRYPTO_HASH_BYTES;
            hashes[h]->digest(&(struct crypto_span){message, len}, 1, digest);
            size_t cut = len / 3;
            const struct crypto_span pieces[] = {
                {message, cut}, {NULL, 0}, {message + cut, len - cut}};
            hashes[h]->digest(pieces, 3, again);
            assert_memory_equal(digest, again, sizeof(again));
        }
        uint8_t all[CRYPTO_HASH_BYTES];
        hashes[h]->digest(&(struct crypto_span){digests, sizeof(digests)}, 1, all);
        assert_true(is_hex(all, expected[h]));
    }
}

/* [RFC 4231 §4.2]; a shorter key is one with zeros behind it. */
TEST(hmac_gives_the_published_code)
{
    uint8_t key[CRYPTO_KEY_BYTES] = {0};
    uint8_t mac[CRYPTO_HASH_BYTES];
    memset(key, 0x0b, 20);
    const struct crypto_span pieces[] = {{(const uint8_t *)"Hi ", 3},
                                         {(const uint8_t *)"There", 5}};
    crypto_hmac(&crypto_sha256, key, pieces, 2, mac);
    assert_true(is_hex(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
}

/* [RFC 8439 A.5] */
static const char aead_key[] = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
static const char aead_extra[] = "f33388860000000000004e91";
static const uint64_t aead_nonce = 0x0807060504030201;
static const char aead_plain[] =
    "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
    "replaced, or obsoleted by other documents at any time. It is inappropriate to use "
    "Internet-Drafts as reference material or to cite them other than as "
    "/\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
static const char aead_sealed[] =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43ee"
    "a09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b9481"
    "14ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0"
    "f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa7699"
    "1955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130"
    "305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f"
    "38";

TEST(aead_seals_and_opens_the_published_message)
{
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t extra[16];
    uint8_t buffer[LONGEST];
    size_t len = sizeof(aead_plain) - 1;
    (void)hex_read(aead_key, key, sizeof(key));
    struct crypto_span with = {extra, hex_read(aead_extra, extra, sizeof(extra))};
    struct crypto_span plain = {(const uint8_t *)aead_plain, len};
    crypto_seal(key, aead_nonce, with, plain, buffer);
    assert_true(is_hex(buffer, aead_sealed));
    struct crypto_span sealed = {buffer, len + CRYPTO_TAG_BYTES};
    assert_int_equal(crypto_open(key, aead_nonce, with, sealed, buffer), OK);
    assert_memory_equal(buffer, aead_plain, len);
}

TEST(a_message_with_any_bit_wrong_does_not_open)
{
    uint8_t key[CRYPTO_KEY_BYTES] = {7};
    uint8_t extra[5] = {1, 2, 3, 4, 5};
    uint8_t text[33];
    uint8_t sealed[sizeof(text) + CRYPTO_TAG_BYTES];
    uint8_t opened[sizeof(text)];
    const uint8_t zero[sizeof(text)] = {0};
    memset(text, 0x77, sizeof(text));
    struct crypto_span with = {extra, sizeof(extra)};
    struct crypto_span all = {sealed, sizeof(sealed)};
    crypto_seal(key, 3, with, (struct crypto_span){text, sizeof(text)}, sealed);
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        memset(opened, 0xff, sizeof(opened));
        assert_int_equal(crypto_open(key, 3, with, all, opened), E_DENIED);
        assert_memory_equal(opened, zero, sizeof(zero)); /* nothing of it leaks */
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(extra); bit++) {
        extra[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(crypto_open(key, 3, with, all, opened), E_DENIED);
        extra[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(crypto_open(key, 4, with, all, opened), E_DENIED);
    key[31] ^= 1;
    assert_int_equal(crypto_open(key, 3, with, all, opened), E_DENIED);
    key[31] ^= 1;
    assert_int_equal(crypto_open(key, 3, with, all, opened), OK);
    assert_memory_equal(opened, text, sizeof(text));
}

TEST(a_message_shorter_than_its_tag_is_no_message)
{
    uint8_t key[CRYPTO_KEY_BYTES] = {7};
    uint8_t sealed[CRYPTO_TAG_BYTES];
    uint8_t opened[1];
    const struct crypto_span nothing = {NULL, 0};
    crypto_seal(key, 0, nothing, nothing, sealed);
    for (size_t len = 0; len < sizeof(sealed); len++) {
        struct crypto_span cut = {sealed, len};
        assert_int_equal(crypto_open(key, 0, nothing, cut, opened), E_CORRUPT);
    }
    struct crypto_span whole = {sealed, sizeof(sealed)};
    assert_int_equal(crypto_open(key, 0, nothing, whole, opened), OK);
}

TEST(equality_looks_at_every_byte)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_true(crypto_is_equal(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] = 0x80;
        assert_false(crypto_is_equal(a, b, sizeof(a)));
        b[i] = 0;
    }
    crypto_wipe(a, sizeof(a));
    assert_true(crypto_is_equal(a, b, sizeof(a)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x25519_gives_the_published_products),
        cmocka_unit_test(x25519_a_thousand_times_over_gives_the_published_key),
        cmocka_unit_test(a_public_key_and_an_agreement_are_the_published_ones),
        cmocka_unit_test(a_point_of_low_order_is_refused),
        cmocka_unit_test(an_agreement_may_be_written_over_the_point),
        cmocka_unit_test(both_hashes_give_the_published_digests),
        cmocka_unit_test(a_message_of_any_length_in_any_pieces_has_one_digest),
        cmocka_unit_test(hmac_gives_the_published_code),
        cmocka_unit_test(aead_seals_and_opens_the_published_message),
        cmocka_unit_test(a_message_with_any_bit_wrong_does_not_open),
        cmocka_unit_test(a_message_shorter_than_its_tag_is_no_message),
        cmocka_unit_test(equality_looks_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
