/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handshakes of the Noise Protocol Framework, and the ciphers they end in.
 *
 * A pattern is data, the hash a parameter; the curve is 25519 and the cipher ChaChaPoly. Messages
 * go in and out as bytes; who sends them, and whether a key is to be trusted, is the caller's.
 * Pure: the ephemeral secret comes in, and must be fresh random bytes for each handshake.
 *
 * I1  After any error of write or read the handshake is dead: its keys are erased, and every
 *     further step is E_STATE.
 * I2  A cipher never uses a nonce twice: at the last one it refuses, for ever.
 *
 * [Noise] is revision 34 of the specification.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "crypto.h"

enum {
    NOISE_MESSAGES_MAX = 3,
    NOISE_TOKENS_MAX = 4,
    NOISE_MESSAGE_MAX = 65535, /* [Noise §3] */
};

/* [Noise §7.1] */
enum noise_token {
    NOISE_END,
    NOISE_E,
    NOISE_S,
    NOISE_EE,
    NOISE_ES,
    NOISE_SE,
    NOISE_SS,
};

/* Messages alternate, the initiator's first. [Noise §7.5] */
struct noise_pattern {
    const char *name;
    bool is_initiator_known; /* its static key is the responder's before the first message */
    bool is_responder_known; /* and the other way round */
    uint8_t message_count;
    uint8_t tokens[NOISE_MESSAGES_MAX][NOISE_TOKENS_MAX + 1]; /* each row ends with NOISE_END */
};

extern const struct noise_pattern noise_nk;
extern const struct noise_pattern noise_kk;
extern const struct noise_pattern noise_xk;
extern const struct noise_pattern noise_ik;
extern const struct noise_pattern noise_xx;

/* [Noise §5.1] */
struct noise_cipher {
    bool has_key;
    uint8_t key[CRYPTO_KEY_BYTES];
    uint64_t nonce;
};

struct noise_handshake {
    const struct noise_pattern *pattern;
    const struct crypto_hash *hash;
    bool is_initiator;
    bool is_dead;
    uint8_t done; /* messages written and read */
    uint8_t chaining[CRYPTO_HASH_BYTES];
    uint8_t digest[CRYPTO_HASH_BYTES];
    struct noise_cipher cipher;
    uint8_t static_secret[CRYPTO_KEY_BYTES];
    uint8_t static_public[CRYPTO_KEY_BYTES];
    uint8_t ephemeral_secret[CRYPTO_KEY_BYTES];
    uint8_t peer_static[CRYPTO_KEY_BYTES];
    uint8_t peer_ephemeral[CRYPTO_KEY_BYTES];
};

/* All borrowed and copied. A key that the pattern does not need may be NULL. */
struct noise_setup {
    const struct noise_pattern *pattern;
    const struct crypto_hash *hash;
    bool is_initiator;
    struct crypto_span prologue;
    const uint8_t *static_secret;
    const uint8_t *static_public; /* of static_secret; NULL: made from it */
    const uint8_t *ephemeral_secret;
    const uint8_t *peer_static;
};

/* E_INVALID: the pattern needs a key that is not there. */
MUST_CHECK int noise_begin(struct noise_handshake *handshake, const struct noise_setup *setup);

/*
 * Writes the next message with this payload; gives its length.
 * E_STATE: not our turn, or dead. E_RANGE: `size` or the message is too small or long. E_DENIED: a
 * key of the peer has a low order.
 */
MUST_CHECK int noise_write(struct noise_handshake *handshake, struct crypto_span payload,
                           uint8_t *message, size_t size, size_t *len);

/*
 * Reads the peer's message; its payload, never longer than the message, goes to `payload`.
 * E_STATE: not the peer's turn, or dead. E_CORRUPT: too short for the pattern. E_RANGE: longer
 * than a message may be, or `size` too small. E_DENIED: not by who it claims to be by, changed
 * under way, or with a key of low order.
 */
MUST_CHECK int noise_read(struct noise_handshake *handshake, struct crypto_span message,
                          uint8_t *payload, size_t size, size_t *len);

/* Whether the next message is ours to write. False once the handshake is done or dead. */
MUST_CHECK bool noise_is_our_turn(const struct noise_handshake *handshake);
MUST_CHECK bool noise_is_done(const struct noise_handshake *handshake);

/* Bytes of the next message with an empty payload; 0 when there is none. */
size_t noise_next_bytes(const struct noise_handshake *handshake);

/*
 * Gives the two ciphers and the digest of the whole handshake (CRYPTO_HASH_BYTES, or NULL), and
 * erases the rest. E_STATE: not done. [Noise §5.2, Split]
 */
MUST_CHECK int noise_finish(struct noise_handshake *handshake, struct noise_cipher *tx,
                            struct noise_cipher *rx, uint8_t *digest);

/* Ends it at once; nothing secret stays. */
void noise_abandon(struct noise_handshake *handshake);

/*
 * Seals `plain` into `sealed`, with CRYPTO_TAG_BYTES more; may be the same buffer. E_STATE: no
 * key. E_LIMIT: the nonces are used up. [Noise §5.1, EncryptWithAd]
 */
MUST_CHECK int noise_seal(struct noise_cipher *cipher, struct crypto_span extra,
                          struct crypto_span plain, uint8_t *sealed);

/*
 * The reverse; may be the same buffer. E_CORRUPT: shorter than a tag. E_DENIED: not genuine;
 * `plain` is zero and the nonce as before. E_STATE, E_LIMIT. [Noise §5.1, DecryptWithAd]
 */
MUST_CHECK int noise_open(struct noise_cipher *cipher, struct crypto_span extra,
                          struct crypto_span sealed, uint8_t *plain);

/* A new key that does not tell the old one. The nonce goes on. [Noise §4.2, Rekey] */
void noise_rekey(struct noise_cipher *cipher);
