/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The primitives that Noise is made of: X25519, ChaCha20-Poly1305, two hashes and the key
 * derivation over them.
 *
 * The arithmetic is BearSSL's and libb2's, compiled unmodified; this file gives it one shape and
 * the checks that BearSSL leaves to its caller. Pure: random bytes come from the caller.
 *
 * Nothing here branches on a secret or indexes by one. What a function puts on the stack itself it
 * erases; BearSSL does not erase its own.
 *
 * [RFC 7748] [RFC 8439] [RFC 7693] [FIPS 180-4] [RFC 2104]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

enum {
    CRYPTO_KEY_BYTES = 32,
    CRYPTO_TAG_BYTES = 16,
    CRYPTO_HASH_BYTES = 32, /* of both hashes */
    CRYPTO_BLOCK_BYTES = 64,
};

/* Bytes that the function borrows. `bytes` may be NULL when `len` is 0. */
struct crypto_span {
    const uint8_t *bytes;
    size_t len;
};

/* A hash over spans as if they stood behind each other; 32 bytes of result, blocks of 64. */
struct crypto_hash {
    const char *name; /* as in the name of a Noise protocol */
    void (*digest)(const struct crypto_span *spans, size_t count, uint8_t *digest);
};

extern const struct crypto_hash crypto_blake2s;
extern const struct crypto_hash crypto_sha256;

/* Overwrites with zeros, whatever the compiler thinks of it. */
void crypto_wipe(void *at, size_t len);

/* Takes the same time wherever they differ. */
MUST_CHECK bool crypto_is_equal(const uint8_t *a, const uint8_t *b, size_t len);

/*
 * The secret times the point. E_DENIED, and `shared` is zero: the point has a low order, so that
 * the result would be known to everybody. [RFC 7748 §6.1]
 */
MUST_CHECK int crypto_x25519(const uint8_t *secret, const uint8_t *point, uint8_t *shared);

/* The public key of a secret. Any 32 bytes are a secret. */
void crypto_x25519_public(const uint8_t *secret, uint8_t *key);

/*
 * Seals `len` bytes of `plain` into `sealed`, which gets CRYPTO_TAG_BYTES more. Both may be the
 * same buffer. The nonce is Noise's: 4 zero bytes, then the number, low byte first. [Noise §12.3]
 */
void crypto_seal(const uint8_t *key, uint64_t nonce, struct crypto_span extra,
                 struct crypto_span plain, uint8_t *sealed);

/*
 * Opens into `plain`, which gets CRYPTO_TAG_BYTES less; both may be the same buffer. E_CORRUPT: too
 * short for a tag. E_DENIED: the tag is wrong, and `plain` is zero.
 */
MUST_CHECK int crypto_open(const uint8_t *key, uint64_t nonce, struct crypto_span extra,
                           struct crypto_span sealed, uint8_t *plain);

/* HMAC over spans as if they stood behind each other; the key is 32 bytes. At most three spans. */
void crypto_hmac(const struct crypto_hash *hash, const uint8_t *key,
                 const struct crypto_span *spans, size_t count, uint8_t *mac);

/* Two keys from a chaining key, which may be the first of them, and new material. [Noise §4.3] */
void crypto_hkdf(const struct crypto_hash *hash, const uint8_t *chaining,
                 struct crypto_span material, uint8_t *first, uint8_t *second);
