/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"

#include <string.h>

#include <bearssl.h>
#include <blake2.h>

#include <base/bytes.h>

enum {
    NONCE_BYTES = 12,
    HMAC_SPANS_MAX = 3,
};

static const uint8_t zero_key[CRYPTO_KEY_BYTES];
static const uint8_t one[] = {1};
static const uint8_t two[] = {2};

void crypto_wipe(void *at, size_t len)
{
    explicit_bzero(at, len);
}

bool crypto_is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t differing = 0;
    for (size_t i = 0; i < len; i++) {
        differing |= a[i] ^ b[i];
    }
    return differing == 0;
}

static void digest_blake2s(const struct crypto_span *spans, size_t count, uint8_t *digest)
{
    blake2s_state state;
    (void)blake2s_init(&state, CRYPTO_HASH_BYTES); /* fails only for other lengths */
    for (size_t i = 0; i < count; i++) {
        if (spans[i].len != 0) {
            (void)blake2s_update(&state, spans[i].bytes, spans[i].len);
        }
    }
    (void)blake2s_final(&state, digest, CRYPTO_HASH_BYTES);
    crypto_wipe(&state, sizeof(state));
}

static void digest_sha256(const struct crypto_span *spans, size_t count, uint8_t *digest)
{
    br_sha256_context state;
    br_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].len != 0) {
            br_sha256_update(&state, spans[i].bytes, spans[i].len);
        }
    }
    br_sha256_out(&state, digest);
    crypto_wipe(&state, sizeof(state));
}

const struct crypto_hash crypto_blake2s = {.name = "BLAKE2s", .digest = digest_blake2s};
const struct crypto_hash crypto_sha256 = {.name = "SHA256", .digest = digest_sha256};

int crypto_x25519(const uint8_t *secret, const uint8_t *point, uint8_t *shared)
{
    memmove(shared, point, CRYPTO_KEY_BYTES); /* BearSSL multiplies in place */
    uint32_t is_good =
        br_ec_c25519_m31.mul(shared, CRYPTO_KEY_BYTES, secret, CRYPTO_KEY_BYTES, BR_EC_curve25519);
    bool is_zero =
        crypto_is_equal(shared, zero_key, CRYPTO_KEY_BYTES); /* BearSSL calls that good */
    if (is_good != 1 || is_zero) {
        crypto_wipe(shared, CRYPTO_KEY_BYTES);
        return E_DENIED;
    }
    return OK;
}

void crypto_x25519_public(const uint8_t *secret, uint8_t *key)
{
    (void)br_ec_c25519_m31.mulgen(key, secret, CRYPTO_KEY_BYTES, BR_EC_curve25519);
}

/* One run over `data` in place, and its tag. BearSSL takes the data as not const, the rest too. */
static void run(const uint8_t *key, uint64_t nonce, struct crypto_span extra, uint8_t *data,
                size_t len, uint8_t *tag, bool is_sealing)
{
    uint8_t iv[NONCE_BYTES] = {0};
    bytes_put_le64(iv + 4, nonce);
    br_poly1305_ctmul_run(key, iv, data, len, extra.bytes, extra.len, tag, br_chacha20_ct_run,
                          is_sealing);
}

void crypto_seal(const uint8_t *key, uint64_t nonce, struct crypto_span extra,
                 struct crypto_span plain, uint8_t *sealed)
{
    if (plain.len != 0) {
        memmove(sealed, plain.bytes, plain.len);
    }
    run(key, nonce, extra, sealed, plain.len, sealed + plain.len, true);
}

int crypto_open(const uint8_t *key, uint64_t nonce, struct crypto_span extra,
                struct crypto_span sealed, uint8_t *plain)
{
    uint8_t claimed[CRYPTO_TAG_BYTES];
    uint8_t tag[CRYPTO_TAG_BYTES];
    if (sealed.len < CRYPTO_TAG_BYTES) {
        return E_CORRUPT;
    }
    size_t len = sealed.len - CRYPTO_TAG_BYTES;
    memcpy(claimed, sealed.bytes + len, sizeof(claimed)); /* before `plain` may cover it */
    if (len != 0) {
        memmove(plain, sealed.bytes, len);
    }
    run(key, nonce, extra, plain, len, tag, false);
    bool is_genuine = crypto_is_equal(tag, claimed, sizeof(tag));
    crypto_wipe(tag, sizeof(tag)); /* of a forged message it is a secret */
    if (!is_genuine) {
        crypto_wipe(plain, len);
        return E_DENIED;
    }
    return OK;
}

void crypto_hmac(const struct crypto_hash *hash, const uint8_t *key,
                 const struct crypto_span *spans, size_t count, uint8_t *mac)
{
    uint8_t pad[CRYPTO_BLOCK_BYTES];
    uint8_t inner[CRYPTO_HASH_BYTES];
    struct crypto_span whole[1 + HMAC_SPANS_MAX] = {{pad, sizeof(pad)}};
    size_t taken = count < HMAC_SPANS_MAX ? count : HMAC_SPANS_MAX;
    for (size_t i = 0; i < taken; i++) {
        whole[1 + i] = spans[i];
    }
    memset(pad, 0x36, sizeof(pad));
    for (size_t i = 0; i < CRYPTO_KEY_BYTES; i++) {
        pad[i] ^= key[i];
    }
    hash->digest(whole, 1 + taken, inner);
    for (size_t i = 0; i < sizeof(pad); i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    whole[1] = (struct crypto_span){inner, sizeof(inner)};
    hash->digest(whole, 2, mac);
    crypto_wipe(pad, sizeof(pad));
    crypto_wipe(inner, sizeof(inner));
}

void crypto_hkdf(const struct crypto_hash *hash, const uint8_t *chaining,
                 struct crypto_span material, uint8_t *first, uint8_t *second)
{
    uint8_t extracted[CRYPTO_HASH_BYTES];
    crypto_hmac(hash, chaining, &material, 1, extracted);
    crypto_hmac(hash, extracted, &(struct crypto_span){one, 1}, 1, first);
    const struct crypto_span again[] = {{first, CRYPTO_HASH_BYTES}, {two, 1}};
    crypto_hmac(hash, extracted, again, 2, second);
    crypto_wipe(extracted, sizeof(extracted));
}
