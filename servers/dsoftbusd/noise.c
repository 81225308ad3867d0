/* SPDX-License-Identifier: BSD-2-Clause */
#include "noise.h"

#include <string.h>

#include <base/fmt.h>

enum { PROTOCOL_NAME_MAX = 64 };

static const struct crypto_span nothing = {NULL, 0};

/* --- ciphers: [Noise §5.1] --- */

static int check_cipher(const struct noise_cipher *cipher)
{
    if (!cipher->has_key) {
        return E_STATE;
    }
    return cipher->nonce == UINT64_MAX ? E_LIMIT : OK; /* the last one is for rekey alone */
}

int noise_seal(struct noise_cipher *cipher, struct crypto_span extra, struct crypto_span plain,
               uint8_t *sealed)
{
    int error = check_cipher(cipher);
    if (error != OK) {
        return error;
    }
    crypto_seal(cipher->key, cipher->nonce, extra, plain, sealed);
    cipher->nonce++;
    return OK;
}

int noise_open(struct noise_cipher *cipher, struct crypto_span extra, struct crypto_span sealed,
               uint8_t *plain)
{
    int error = check_cipher(cipher);
    if (error == OK) {
        error = crypto_open(cipher->key, cipher->nonce, extra, sealed, plain);
    }
    if (error == OK) {
        cipher->nonce++;
    }
    return error;
}

void noise_rekey(struct noise_cipher *cipher)
{
    uint8_t zeros[CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES] = {0};
    crypto_seal(cipher->key, UINT64_MAX, nothing, (struct crypto_span){zeros, CRYPTO_KEY_BYTES},
                zeros);
    memcpy(cipher->key, zeros, CRYPTO_KEY_BYTES);
    crypto_wipe(zeros, sizeof(zeros));
}

/* --- the symmetric state: [Noise §5.2] --- */

static void mix_hash(struct noise_handshake *handshake, struct crypto_span data)
{
    const struct crypto_span spans[] = {{handshake->digest, CRYPTO_HASH_BYTES}, data};
    handshake->hash->digest(spans, 2, handshake->digest);
}

static void mix_key(struct noise_handshake *handshake, const uint8_t *shared)
{
    const struct crypto_span material = {shared, CRYPTO_KEY_BYTES};
    crypto_hkdf(handshake->hash, handshake->chaining, material, handshake->chaining,
                handshake->cipher.key);
    handshake->cipher.has_key = true;
    handshake->cipher.nonce = 0;
}

static size_t tag_bytes(const struct noise_handshake *handshake)
{
    return handshake->cipher.has_key ? CRYPTO_TAG_BYTES : 0;
}

/* Room for plain.len + tag_bytes() at `sealed`. */
static int seal_and_hash(struct noise_handshake *handshake, struct crypto_span plain,
                         uint8_t *sealed)
{
    const struct crypto_span digest = {handshake->digest, CRYPTO_HASH_BYTES};
    size_t len = plain.len + tag_bytes(handshake);
    if (handshake->cipher.has_key) {
        int error = noise_seal(&handshake->cipher, digest, plain, sealed);
        if (error != OK) {
            return error;
        }
    } else if (len != 0) {
        memmove(sealed, plain.bytes, len);
    }
    mix_hash(handshake, (struct crypto_span){sealed, len});
    return OK;
}

/* Room for sealed.len - tag_bytes() at `plain`, which does not overlap. */
static int open_and_hash(struct noise_handshake *handshake, struct crypto_span sealed,
                         uint8_t *plain)
{
    const struct crypto_span digest = {handshake->digest, CRYPTO_HASH_BYTES};
    if (handshake->cipher.has_key) {
        int error = noise_open(&handshake->cipher, digest, sealed, plain);
        if (error != OK) {
            return error;
        }
    } else if (sealed.len != 0) {
        memcpy(plain, sealed.bytes, sealed.len);
    }
    mix_hash(handshake, sealed);
    return OK;
}

/* --- the handshake: [Noise §5.3] --- */

/* The name, or its digest if it is longer than one. */
static void begin_digest(struct noise_handshake *handshake)
{
    char name[PROTOCOL_NAME_MAX];
    size_t len = fmt_format(name, sizeof(name), "Noise_%s_25519_ChaChaPoly_%s",
                            handshake->pattern->name, handshake->hash->name);
    if (len <= CRYPTO_HASH_BYTES) {
        memcpy(handshake->digest, name, len); /* the rest is zero */
    } else {
        const struct crypto_span whole = {(const uint8_t *)name, len};
        handshake->hash->digest(&whole, 1, handshake->digest);
    }
    memcpy(handshake->chaining, handshake->digest, CRYPTO_HASH_BYTES);
}

/* Whether this side's static key is known to the peer, or becomes so. */
static bool uses_static(const struct noise_pattern *pattern, bool is_initiator)
{
    if (is_initiator ? pattern->is_initiator_known : pattern->is_responder_known) {
        return true;
    }
    for (size_t i = is_initiator ? 0 : 1; i < pattern->message_count; i += 2) {
        if (memchr(pattern->tokens[i], NOISE_S, NOISE_TOKENS_MAX) != NULL) {
            return true;
        }
    }
    return false;
}

/* What both sides know before the first message. */
static void mix_known(struct noise_handshake *handshake, struct crypto_span prologue)
{
    const struct crypto_span ours = {handshake->static_public, CRYPTO_KEY_BYTES};
    const struct crypto_span theirs = {handshake->peer_static, CRYPTO_KEY_BYTES};
    begin_digest(handshake);
    mix_hash(handshake, prologue);
    if (handshake->pattern->is_initiator_known) {
        mix_hash(handshake, handshake->is_initiator ? ours : theirs);
    }
    if (handshake->pattern->is_responder_known) {
        mix_hash(handshake, handshake->is_initiator ? theirs : ours);
    }
}

int noise_begin(struct noise_handshake *handshake, const struct noise_setup *setup)
{
    const struct noise_pattern *pattern = setup->pattern;
    bool is_peer_known =
        setup->is_initiator ? pattern->is_responder_known : pattern->is_initiator_known;
    if (setup->ephemeral_secret == NULL || (is_peer_known && setup->peer_static == NULL) ||
        (uses_static(pattern, setup->is_initiator) && setup->static_secret == NULL)) {
        return E_INVALID;
    }
    /* --- committed --- */
    *handshake = (struct noise_handshake){
        .pattern = pattern,
        .hash = setup->hash,
        .is_initiator = setup->is_initiator,
    };
    memcpy(handshake->ephemeral_secret, setup->ephemeral_secret, CRYPTO_KEY_BYTES);
    if (setup->static_secret != NULL) {
        memcpy(handshake->static_secret, setup->static_secret, CRYPTO_KEY_BYTES);
        if (setup->static_public != NULL) {
            memcpy(handshake->static_public, setup->static_public, CRYPTO_KEY_BYTES);
        } else {
            crypto_x25519_public(handshake->static_secret, handshake->static_public);
        }
    }
    if (is_peer_known) {
        memcpy(handshake->peer_static, setup->peer_static, CRYPTO_KEY_BYTES);
    }
    mix_known(handshake, setup->prologue);
    return OK;
}

void noise_abandon(struct noise_handshake *handshake)
{
    crypto_wipe(handshake, sizeof(*handshake));
    handshake->is_dead = true;
}

static bool is_over(const struct noise_handshake *handshake)
{
    return handshake->is_dead || handshake->pattern == NULL ||
           handshake->done == handshake->pattern->message_count;
}

bool noise_is_our_turn(const struct noise_handshake *handshake)
{
    return !is_over(handshake) && (handshake->done % 2 == 0) == handshake->is_initiator;
}

bool noise_is_done(const struct noise_handshake *handshake)
{
    return !handshake->is_dead && handshake->pattern != NULL && is_over(handshake);
}

size_t noise_next_bytes(const struct noise_handshake *handshake)
{
    if (is_over(handshake)) {
        return 0;
    }
    size_t len = 0;
    size_t tag = tag_bytes(handshake);
    const uint8_t *token = handshake->pattern->tokens[handshake->done];
    for (; *token != NOISE_END; token++) {
        if (*token == NOISE_E) {
            len += CRYPTO_KEY_BYTES;
        } else if (*token == NOISE_S) {
            len += CRYPTO_KEY_BYTES + tag;
        } else {
            tag = CRYPTO_TAG_BYTES;
        }
    }
    return len + tag; /* <= 32 + 48 + 16 */
}

/* One of EE, ES, SE, SS: the first letter is the initiator's key, the second the responder's. */
static int agree(struct noise_handshake *handshake, uint8_t token)
{
    uint8_t shared[CRYPTO_KEY_BYTES];
    bool is_first_static = token == NOISE_SE || token == NOISE_SS;
    bool is_second_static = token == NOISE_ES || token == NOISE_SS;
    bool is_ours_static = handshake->is_initiator ? is_first_static : is_second_static;
    bool is_theirs_static = handshake->is_initiator ? is_second_static : is_first_static;
    int error = crypto_x25519(
        is_ours_static ? handshake->static_secret : handshake->ephemeral_secret,
        is_theirs_static ? handshake->peer_static : handshake->peer_ephemeral, shared);
    if (error == OK) {
        mix_key(handshake, shared);
    }
    crypto_wipe(shared, sizeof(shared));
    return error;
}

/* All of a message but its payload; gives how many bytes. There is room for noise_next_bytes(). */
static int write_tokens(struct noise_handshake *handshake, uint8_t *message, size_t *len)
{
    int error = OK;
    uint8_t *at = message;
    const uint8_t *token = handshake->pattern->tokens[handshake->done];
    for (; *token != NOISE_END && error == OK; token++) {
        if (*token == NOISE_E) {
            crypto_x25519_public(handshake->ephemeral_secret, at);
            mix_hash(handshake, (struct crypto_span){at, CRYPTO_KEY_BYTES});
            at += CRYPTO_KEY_BYTES;
        } else if (*token == NOISE_S) {
            const struct crypto_span key = {handshake->static_public, CRYPTO_KEY_BYTES};
            size_t bytes = CRYPTO_KEY_BYTES + tag_bytes(handshake);
            error = seal_and_hash(handshake, key, at);
            at += bytes;
        } else {
            error = agree(handshake, *token);
        }
    }
    *len = (size_t)(at - message);
    return error;
}

int noise_write(struct noise_handshake *handshake, struct crypto_span payload, uint8_t *message,
                size_t size, size_t *len)
{
    if (!noise_is_our_turn(handshake)) {
        return E_STATE;
    }
    size_t overhead = noise_next_bytes(handshake);
    if (payload.len > NOISE_MESSAGE_MAX - overhead || size < overhead + payload.len) {
        noise_abandon(handshake);
        return E_RANGE;
    }
    size_t used = 0;
    int error = write_tokens(handshake, message, &used);
    if (error == OK) {
        error = seal_and_hash(handshake, payload, message + used);
    }
    if (error != OK) {
        noise_abandon(handshake);
        crypto_wipe(message, size);
        return error;
    }
    handshake->done++;
    *len = overhead + payload.len;
    return OK;
}

/* All of a message but its payload, which is left. It is at least noise_next_bytes() long. */
static int read_tokens(struct noise_handshake *handshake, struct crypto_span *message)
{
    int error = OK;
    const uint8_t *token = handshake->pattern->tokens[handshake->done];
    for (; *token != NOISE_END && error == OK; token++) {
        size_t bytes = 0;
        if (*token == NOISE_E) {
            bytes = CRYPTO_KEY_BYTES;
            memcpy(handshake->peer_ephemeral, message->bytes, bytes);
            mix_hash(handshake, (struct crypto_span){message->bytes, bytes});
        } else if (*token == NOISE_S) {
            bytes = CRYPTO_KEY_BYTES + tag_bytes(handshake);
            error = open_and_hash(handshake, (struct crypto_span){message->bytes, bytes},
                                  handshake->peer_static);
        } else {
            error = agree(handshake, *token);
        }
        message->bytes += bytes;
        message->len -= bytes;
    }
    return error;
}

int noise_read(struct noise_handshake *handshake, struct crypto_span message, uint8_t *payload,
               size_t size, size_t *len)
{
    if (is_over(handshake) || noise_is_our_turn(handshake)) {
        return E_STATE;
    }
    size_t overhead = noise_next_bytes(handshake);
    int error = OK;
    if (message.len < overhead) {
        error = E_CORRUPT;
    } else if (message.len > NOISE_MESSAGE_MAX || size < message.len - overhead) {
        error = E_RANGE;
    } else {
        *len = message.len - overhead;
        error = read_tokens(handshake, &message);
    }
    if (error == OK) {
        error = open_and_hash(handshake, message, payload);
    }
    if (error != OK) {
        noise_abandon(handshake);
        return error;
    }
    handshake->done++;
    return OK;
}

int noise_finish(struct noise_handshake *handshake, struct noise_cipher *tx,
                 struct noise_cipher *rx, uint8_t *digest)
{
    if (!noise_is_done(handshake)) {
        return E_STATE;
    }
    *tx = (struct noise_cipher){.has_key = true};
    *rx = (struct noise_cipher){.has_key = true};
    crypto_hkdf(handshake->hash, handshake->chaining, nothing,
                handshake->is_initiator ? tx->key : rx->key,
                handshake->is_initiator ? rx->key : tx->key);
    if (digest != NULL) {
        memcpy(digest, handshake->digest, CRYPTO_HASH_BYTES);
    }
    noise_abandon(handshake);
    return OK;
}
