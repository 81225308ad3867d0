/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handshakes: the published vectors of every pattern, and what becomes of each kind of damage.
 *
 * The vectors are read line by line, as tests/vectors/noise has them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "servers/dsoftbusd/noise.h"
#include "hex.h"

enum {
    LINE_MAX_BYTES = 1024,
    TEXT_MAX = 256,
    XK_MESSAGES = 3,
    VECTORS_PER_FILE = 5,
};

struct party {
    uint8_t prologue[TEXT_MAX];
    size_t prologue_len;
    uint8_t secret[CRYPTO_KEY_BYTES];
    uint8_t ephemeral[CRYPTO_KEY_BYTES];
    uint8_t peer[CRYPTO_KEY_BYTES];
    bool has_secret;
    bool has_peer;
    struct noise_handshake handshake;
    struct noise_cipher tx;
    struct noise_cipher rx;
};

static struct party parties[2]; /* initiator, responder */

static const struct crypto_span nothing = {NULL, 0};
static const struct noise_pattern *const patterns[] = {&noise_nk, &noise_kk, &noise_xk, &noise_ik,
                                                       &noise_xx};

static void begin_party(struct party *party, const struct noise_pattern *pattern,
                        const struct crypto_hash *hash)
{
    struct noise_setup setup = {
        .pattern = pattern,
        .hash = hash,
        .is_initiator = party == &parties[0],
        .prologue = {party->prologue, party->prologue_len},
        .static_secret = party->has_secret ? party->secret : NULL,
        .ephemeral_secret = party->ephemeral,
        .peer_static = party->has_peer ? party->peer : NULL,
    };
    assert_int_equal(noise_begin(&party->handshake, &setup), OK);
}

/* Both sides of XK with fixed keys. */
static int begin_xk(void **state)
{
    (void)state;
    memset(parties, 0, sizeof(parties));
    for (uint8_t i = 0; i < 2; i++) {
        memset(parties[i].secret, 0x21 + i, CRYPTO_KEY_BYTES);
        memset(parties[i].ephemeral, 0x41 + i, CRYPTO_KEY_BYTES);
        parties[i].has_secret = true;
    }
    crypto_x25519_public(parties[1].secret, parties[0].peer);
    parties[0].has_peer = true;
    begin_party(&parties[0], &noise_xk, &crypto_blake2s);
    begin_party(&parties[1], &noise_xk, &crypto_blake2s);
    return 0;
}

/* The next message of the handshake, from whoever has the turn. */
static size_t write_next(uint8_t *message)
{
    size_t len = 0;
    struct party *sender = &parties[noise_is_our_turn(&parties[0].handshake) ? 0 : 1];
    assert_int_equal(noise_write(&sender->handshake, nothing, message, TEXT_MAX, &len), OK);
    return len;
}

static int read_next(int receiver, const uint8_t *message, size_t len)
{
    uint8_t payload[TEXT_MAX];
    size_t payload_len = 0;
    return noise_read(&parties[receiver].handshake, (struct crypto_span){message, len}, payload,
                      sizeof(payload), &payload_len);
}

/* The first `count` messages. */
static void pass_messages(int count)
{
    uint8_t message[TEXT_MAX];
    for (int i = 0; i < count; i++) {
        size_t len = write_next(message);
        assert_int_equal(read_next((i + 1) % 2, message, len), OK);
    }
}

static void finish_xk(void)
{
    pass_messages(XK_MESSAGES);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(noise_finish(&parties[i].handshake, &parties[i].tx, &parties[i].rx, NULL),
                         OK);
    }
}

/* --- the published vectors --- */

struct vector_file {
    FILE *file;
    char line[LINE_MAX_BYTES];
};

/* The value of the next `"NAME": "VALUE"` line; NULL when a list ends before one, or the file. */
static const char *next_value(struct vector_file *from, const char **name)
{
    while (fgets(from->line, sizeof(from->line), from->file) != NULL) {
        char *quote = strchr(from->line, '"');
        if (quote == NULL && strchr(from->line, ']') != NULL) {
            return NULL;
        }
        char *colon = quote == NULL ? NULL : strstr(quote, "\": \"");
        if (colon == NULL) {
            continue;
        }
        *colon = '\0';
        *name = quote + 1;
        char *value = colon + strlen("\": \"");
        value[strcspn(value, "\"")] = '\0';
        return value;
    }
    return NULL;
}

static void take_party_value(const char *name, const char *value)
{
    struct party *party = &parties[strncmp(name, "resp_", 5) == 0 ? 1 : 0];
    const char *what = name + 5;
    if (strcmp(what, "prologue") == 0) {
        party->prologue_len = hex_read(value, party->prologue, sizeof(party->prologue));
    } else if (strcmp(what, "ephemeral") == 0) {
        assert_int_equal(hex_read(value, party->ephemeral, CRYPTO_KEY_BYTES), CRYPTO_KEY_BYTES);
    } else if (strcmp(what, "static") == 0) {
        assert_int_equal(hex_read(value, party->secret, CRYPTO_KEY_BYTES), CRYPTO_KEY_BYTES);
        party->has_secret = true;
    } else {
        assert_string_equal(what, "remote_static");
        assert_int_equal(hex_read(value, party->peer, CRYPTO_KEY_BYTES), CRYPTO_KEY_BYTES);
        party->has_peer = true;
    }
}

static const struct noise_pattern *find_pattern(const char *protocol)
{
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        char start[16];
        (void)snprintf(start, sizeof(start), "Noise_%s_", patterns[i]->name);
        if (strncmp(protocol, start, strlen(start)) == 0) {
            return patterns[i];
        }
    }
    fail_msg("no pattern for %s", protocol);
    return NULL;
}

/* Message `index` of a vector: it must be what we write, and be read by the other side. */
static void check_message(const struct noise_pattern *pattern, size_t index, const char *text,
                          const char *expected)
{
    uint8_t payload[TEXT_MAX];
    uint8_t wire[TEXT_MAX];
    uint8_t ours[TEXT_MAX];
    uint8_t read[TEXT_MAX];
    struct crypto_span plain = {payload, hex_read(text, payload, sizeof(payload))};
    size_t wire_len = hex_read(expected, wire, sizeof(wire));
    size_t ours_len = plain.len + CRYPTO_TAG_BYTES;
    size_t read_len = plain.len;
    struct party *from = &parties[index % 2];
    struct party *to = &parties[1 - index % 2];
    if (index < pattern->message_count) {
        size_t empty_len = noise_next_bytes(&from->handshake);
        assert_int_equal(noise_write(&from->handshake, plain, ours, sizeof(ours), &ours_len), OK);
        assert_int_equal(empty_len, ours_len - plain.len);
        const struct crypto_span message = {ours, ours_len};
        assert_int_equal(noise_read(&to->handshake, message, read, sizeof(read), &read_len), OK);
    } else {
        const struct crypto_span sealed = {ours, ours_len};
        assert_int_equal(noise_seal(&from->tx, nothing, plain, ours), OK);
        assert_int_equal(noise_open(&to->rx, nothing, sealed, read), OK);
    }
    assert_int_equal(ours_len, wire_len);
    assert_memory_equal(ours, wire, wire_len);
    assert_int_equal(read_len, plain.len);
    assert_memory_equal(read, payload, plain.len);
}

static void check_end(const uint8_t *expected)
{
    for (int i = 0; i < 2; i++) {
        uint8_t digest[CRYPTO_HASH_BYTES];
        struct party *party = &parties[i];
        assert_int_equal(noise_finish(&party->handshake, &party->tx, &party->rx, digest), OK);
        assert_memory_equal(digest, expected, sizeof(digest));
    }
}

static void check_vector(struct vector_file *from, const char *protocol,
                         const struct crypto_hash *hash)
{
    uint8_t digest[CRYPTO_HASH_BYTES];
    char payload[LINE_MAX_BYTES] = "";
    const struct noise_pattern *pattern = find_pattern(protocol);
    const char *name;
    const char *value;
    size_t index = 0;
    memset(parties, 0, sizeof(parties));
    while ((value = next_value(from, &name)) != NULL) {
        if (strcmp(name, "handshake_hash") == 0) {
            assert_int_equal(hex_read(value, digest, sizeof(digest)), sizeof(digest));
            begin_party(&parties[0], pattern, hash);
            begin_party(&parties[1], pattern, hash);
        } else if (strcmp(name, "payload") == 0) {
            (void)snprintf(payload, sizeof(payload), "%s", value);
        } else if (strcmp(name, "ciphertext") == 0) {
            check_message(pattern, index, payload, value);
            index++;
            if (index == pattern->message_count) {
                check_end(digest);
            }
        } else {
            take_party_value(name, value);
        }
    }
    assert_int_equal(index, 6);
}

static void check_file(const char *path, const struct crypto_hash *hash)
{
    struct vector_file from = {.file = fopen(path, "r")};
    const char *name;
    const char *value;
    int vectors = 0;
    assert_non_null(from.file);
    while ((value = next_value(&from, &name)) != NULL) {
        char protocol[TEXT_MAX];
        assert_string_equal(name, "protocol_name");
        (void)snprintf(protocol, sizeof(protocol), "%s", value);
        check_vector(&from, protocol, hash);
        vectors++;
    }
    (void)fclose(from.file);
    assert_int_equal(vectors, VECTORS_PER_FILE);
}

TEST(every_pattern_gives_its_published_messages_with_blake2s)
{
    check_file("tests/vectors/noise/cacophony_25519_ChaChaPoly_BLAKE2s.json", &crypto_blake2s);
}

TEST(every_pattern_gives_its_published_messages_with_sha256)
{
    check_file("tests/vectors/noise/cacophony_25519_ChaChaPoly_SHA256.json", &crypto_sha256);
}

/* --- XK --- */

TEST(xk_messages_with_empty_payloads_have_48_48_and_64_bytes)
{
    const size_t expected[XK_MESSAGES] = {48, 48, 64};
    uint8_t message[TEXT_MAX];
    for (int i = 0; i < XK_MESSAGES; i++) {
        size_t len = write_next(message);
        assert_int_equal(len, expected[i]);
        assert_int_equal(read_next((i + 1) % 2, message, len), OK);
    }
    assert_true(noise_is_done(&parties[0].handshake));
    assert_true(noise_is_done(&parties[1].handshake));
    assert_int_equal(noise_next_bytes(&parties[0].handshake), 0);
    uint8_t key[CRYPTO_KEY_BYTES];
    crypto_x25519_public(parties[0].secret, key);
    assert_memory_equal(parties[1].handshake.peer_static, key, sizeof(key));
}

/* Nothing of the handshake is left but the mark that it is dead. */
static void assert_is_erased(const struct noise_handshake *handshake)
{
    static struct noise_handshake dead;
    memset(&dead, 0, sizeof(dead));
    dead.is_dead = true;
    assert_memory_equal(handshake, &dead, sizeof(dead));
}

TEST(a_message_with_any_bit_wrong_ends_the_handshake)
{
    for (int bad = 0; bad < XK_MESSAGES; bad++) {
        for (size_t bit = 0; bit < 8 * 64; bit++) {
            uint8_t message[TEXT_MAX];
            (void)begin_xk(NULL);
            pass_messages(bad);
            size_t len = write_next(message);
            if (bit >= 8 * len) {
                break;
            }
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(read_next((bad + 1) % 2, message, len), E_DENIED);
            assert_is_erased(&parties[(bad + 1) % 2].handshake);
        }
    }
}

TEST(a_message_cut_at_any_byte_or_longer_ends_the_handshake)
{
    for (int bad = 0; bad < XK_MESSAGES; bad++) {
        size_t len = 1;
        for (size_t cut = 0; cut <= len + 1; cut++) {
            uint8_t message[TEXT_MAX] = {0};
            (void)begin_xk(NULL);
            pass_messages(bad);
            len = write_next(message);
            if (cut == len) {
                continue;
            }
            assert_int_equal(read_next((bad + 1) % 2, message, cut),
                             cut < len ? E_CORRUPT : E_DENIED);
            assert_is_erased(&parties[(bad + 1) % 2].handshake);
        }
    }
}

TEST(an_ephemeral_key_of_low_order_ends_the_handshake)
{
    uint8_t message[TEXT_MAX];
    size_t len = write_next(message);
    memset(message, 0, CRYPTO_KEY_BYTES);
    assert_int_equal(read_next(1, message, len), E_DENIED);
    assert_is_erased(&parties[1].handshake);
}

TEST(a_static_key_of_low_order_ends_the_handshake_it_would_begin)
{
    uint8_t message[TEXT_MAX];
    size_t len;
    memset(parties[0].peer, 0, CRYPTO_KEY_BYTES);
    begin_party(&parties[0], &noise_xk, &crypto_blake2s);
    assert_int_equal(noise_write(&parties[0].handshake, nothing, message, TEXT_MAX, &len),
                     E_DENIED);
    assert_is_erased(&parties[0].handshake);
}

TEST(a_responder_with_another_key_is_not_the_one_meant)
{
    uint8_t message[TEXT_MAX];
    parties[1].secret[0] ^= 8;
    begin_party(&parties[1], &noise_xk, &crypto_blake2s);
    size_t len = write_next(message);
    assert_int_equal(read_next(1, message, len), E_DENIED);
}

TEST(sides_with_different_prologues_do_not_agree)
{
    uint8_t message[TEXT_MAX];
    parties[1].prologue_len = 1;
    begin_party(&parties[1], &noise_xk, &crypto_blake2s);
    size_t len = write_next(message);
    assert_int_equal(read_next(1, message, len), E_DENIED);
}

TEST(a_step_out_of_turn_changes_nothing)
{
    uint8_t message[TEXT_MAX];
    size_t len;
    struct party *first = &parties[0];
    struct noise_handshake *second = &parties[1].handshake;
    assert_int_equal(noise_write(second, nothing, message, TEXT_MAX, &len), E_STATE);
    assert_int_equal(read_next(0, message, 48), E_STATE);
    assert_int_equal(noise_finish(&first->handshake, &first->tx, &first->rx, NULL), E_STATE);
    finish_xk();
    assert_int_equal(noise_write(&first->handshake, nothing, message, TEXT_MAX, &len), E_STATE);
    assert_int_equal(read_next(0, message, 48), E_STATE);
}

TEST(a_message_without_room_ends_the_handshake)
{
    uint8_t message[TEXT_MAX];
    uint8_t small[4];
    size_t len;
    struct noise_handshake *first = &parties[0].handshake;
    assert_int_equal(noise_write(first, nothing, message, 47, &len), E_RANGE);
    assert_is_erased(first);
    (void)begin_xk(NULL);
    const struct crypto_span too_long = {message, NOISE_MESSAGE_MAX - 47};
    assert_int_equal(noise_write(first, too_long, message, NOISE_MESSAGE_MAX + 1, &len), E_RANGE);
    (void)begin_xk(NULL);
    const struct crypto_span payload = {parties[0].secret, sizeof(small) + 1};
    assert_int_equal(noise_write(first, payload, message, TEXT_MAX, &len), OK);
    const struct crypto_span whole = {message, len};
    assert_int_equal(noise_read(&parties[1].handshake, whole, small, sizeof(small), &len), E_RANGE);
}

TEST(a_handshake_needs_the_keys_of_its_pattern)
{
    uint8_t key[CRYPTO_KEY_BYTES] = {1};
    struct noise_handshake *handshake = &parties[0].handshake;
    for (size_t i = 0; i < 2 * sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct noise_setup setup = {.pattern = patterns[i / 2], .hash = &crypto_blake2s};
        setup.is_initiator = i % 2 != 0;
        setup.static_secret = key;
        setup.peer_static = key;
        assert_int_equal(noise_begin(handshake, &setup), E_INVALID);
        setup.ephemeral_secret = key;
        assert_int_equal(noise_begin(handshake, &setup), OK);
        setup.static_secret = NULL;
        bool needs_none = setup.pattern == &noise_nk && setup.is_initiator;
        assert_int_equal(noise_begin(handshake, &setup), needs_none ? OK : E_INVALID);
        setup.static_secret = key;
        setup.peer_static = NULL;
        bool is_known = setup.is_initiator ? setup.pattern->is_responder_known
                                           : setup.pattern->is_initiator_known;
        assert_int_equal(noise_begin(handshake, &setup), is_known ? E_INVALID : OK);
    }
}

/* --- ciphers --- */

static int pass(const char *text)
{
    uint8_t sealed[TEXT_MAX];
    uint8_t opened[TEXT_MAX];
    size_t len = strlen(text);
    const struct crypto_span plain = {(const uint8_t *)text, len};
    int error = noise_seal(&parties[0].tx, nothing, plain, sealed);
    if (error != OK) {
        return error;
    }
    const struct crypto_span wire = {sealed, len + CRYPTO_TAG_BYTES};
    error = noise_open(&parties[1].rx, nothing, wire, opened);
    assert_true(error != OK || memcmp(opened, text, len) == 0);
    return error;
}

TEST(after_a_rekey_both_sides_go_on_and_the_old_key_is_gone)
{
    finish_xk();
    assert_int_equal(pass("before"), OK);
    uint8_t old[CRYPTO_KEY_BYTES];
    memcpy(old, parties[0].tx.key, sizeof(old));
    noise_rekey(&parties[0].tx);
    assert_memory_not_equal(old, parties[0].tx.key, sizeof(old));
    assert_int_equal(pass("one side alone"), E_DENIED);
    parties[0].tx.nonce--;
    noise_rekey(&parties[1].rx);
    assert_int_equal(pass("after"), OK);
    assert_int_equal(parties[0].tx.nonce, 2); /* it goes on */
}

/* [Noise §4.2]: the key is what zeros seal to under the last nonce. */
TEST(a_rekey_is_the_one_of_the_specification)
{
    uint8_t sealed[CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES] = {0};
    struct noise_cipher cipher = {.has_key = true, .key = {1, 2, 3}};
    const struct crypto_span zeros = {sealed, CRYPTO_KEY_BYTES};
    crypto_seal(cipher.key, UINT64_MAX, nothing, zeros, sealed);
    noise_rekey(&cipher);
    assert_memory_equal(cipher.key, sealed, CRYPTO_KEY_BYTES);
}

TEST(the_last_nonce_is_never_used)
{
    uint8_t sealed[CRYPTO_TAG_BYTES];
    const struct crypto_span some = {sealed, sizeof(sealed)};
    finish_xk();
    parties[0].tx.nonce = UINT64_MAX - 1;
    parties[1].rx.nonce = UINT64_MAX - 1;
    assert_int_equal(pass("last"), OK);
    assert_int_equal(pass("none"), E_LIMIT);
    assert_int_equal(noise_open(&parties[1].rx, nothing, some, sealed), E_LIMIT);
    assert_int_equal(pass("none"), E_LIMIT); /* for ever */
}

TEST(a_forged_message_does_not_move_the_nonce)
{
    uint8_t forged[32] = {0};
    uint8_t opened[32];
    const struct crypto_span message = {forged, sizeof(forged)};
    finish_xk();
    assert_int_equal(noise_open(&parties[1].rx, nothing, message, opened), E_DENIED);
    assert_int_equal(pass("genuine"), OK);
}

TEST(a_cipher_without_a_key_seals_and_opens_nothing)
{
    struct noise_cipher none = {.has_key = false};
    uint8_t text[CRYPTO_TAG_BYTES] = {0};
    uint8_t out[2 * CRYPTO_TAG_BYTES];
    const struct crypto_span some = {text, sizeof(text)};
    assert_int_equal(noise_seal(&none, nothing, some, out), E_STATE);
    assert_int_equal(noise_open(&none, nothing, some, out), E_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_gives_its_published_messages_with_blake2s),
        cmocka_unit_test(every_pattern_gives_its_published_messages_with_sha256),
        cmocka_unit_test_setup(xk_messages_with_empty_payloads_have_48_48_and_64_bytes, begin_xk),
        cmocka_unit_test(a_message_with_any_bit_wrong_ends_the_handshake),
        cmocka_unit_test(a_message_cut_at_any_byte_or_longer_ends_the_handshake),
        cmocka_unit_test_setup(an_ephemeral_key_of_low_order_ends_the_handshake, begin_xk),
        cmocka_unit_test_setup(a_static_key_of_low_order_ends_the_handshake_it_would_begin,
                               begin_xk),
        cmocka_unit_test_setup(a_responder_with_another_key_is_not_the_one_meant, begin_xk),
        cmocka_unit_test_setup(sides_with_different_prologues_do_not_agree, begin_xk),
        cmocka_unit_test_setup(a_step_out_of_turn_changes_nothing, begin_xk),
        cmocka_unit_test_setup(a_message_without_room_ends_the_handshake, begin_xk),
        cmocka_unit_test(a_handshake_needs_the_keys_of_its_pattern),
        cmocka_unit_test_setup(after_a_rekey_both_sides_go_on_and_the_old_key_is_gone, begin_xk),
        cmocka_unit_test(a_rekey_is_the_one_of_the_specification),
        cmocka_unit_test_setup(the_last_nonce_is_never_used, begin_xk),
        cmocka_unit_test_setup(a_forged_message_does_not_move_the_nonce, begin_xk),
        cmocka_unit_test(a_cipher_without_a_key_seals_and_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
