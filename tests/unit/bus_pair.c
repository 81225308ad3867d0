/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus_pair.h"

#include <base/bytes.h>

enum { START_US = 1000 * 1000 };

struct pair pair;

static void begin_end(int which)
{
    uint8_t ephemeral[CRYPTO_KEY_BYTES];
    memset(ephemeral, 0x70 + which, sizeof(ephemeral));
    const struct session_setup setup = {
        .is_initiator = which == 0,
        .static_secret = pair.secrets[which],
        .static_public = pair.keys[which],
        .ephemeral_secret = ephemeral,
        .peer_key = which == 0 ? pair.keys[1] : NULL,
        .stats = &pair.stats[which],
        .rekey_frames = pair.rekey_frames,
    };
    session_begin(&pair.ends[which], &setup, pair.now_us);
}

int pair_begin(void **state)
{
    (void)state;
    pair.now_us = START_US;
    memset(pair.stats, 0, sizeof(pair.stats));
    for (int i = 0; i < 2; i++) {
        memset(pair.secrets[i], 0x31 + i, CRYPTO_KEY_BYTES);
        crypto_x25519_public(pair.secrets[i], pair.keys[i]);
    }
    begin_end(0);
    begin_end(1);
    return 0;
}

size_t pair_move(int from, size_t piece)
{
    size_t moved = 0;
    while (pair.ends[from].out_len > 0) {
        uint8_t bytes[SESSION_OUT_BYTES];
        size_t len = pair.ends[from].out_len < piece ? pair.ends[from].out_len : piece;
        memcpy(bytes, pair.ends[from].out, len);
        session_sent(&pair.ends[from], len, pair.now_us);
        size_t taken = session_input(&pair.ends[1 - from], bytes, len, pair.now_us);
        moved += taken;
        if (taken < len) {
            break;
        }
    }
    return moved;
}

void pair_move_all(void)
{
    while (pair_move(0, SESSION_OUT_BYTES) + pair_move(1, SESSION_OUT_BYTES) > 0) {
    }
}

int pair_begin_open(void **state)
{
    (void)pair_begin(state);
    pair_move_all();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.ends[i].state, SESSION_PROVEN);
        session_admit(&pair.ends[i], pair.now_us);
    }
    pair_move_all();
    return 0;
}

void pair_assert_ended(int which, enum bus_counter why)
{
    const uint8_t zero[sizeof(struct noise_cipher)] = {0};
    assert_int_equal(pair.ends[which].state, SESSION_ENDED);
    assert_string_equal(bus_counter_name(pair.ends[which].why), bus_counter_name(why));
    assert_int_equal(pair.stats[which].value[why], 1);
    assert_memory_equal(&pair.ends[which].tx, zero, sizeof(zero)); /* I1 */
    assert_memory_equal(&pair.ends[which].rx, zero, sizeof(zero));
    assert_true(pair.ends[which].handshake.is_dead);
}

size_t pair_forge(const void *record, size_t len)
{
    const struct crypto_span nothing = {NULL, 0};
    const struct crypto_span plain = {record, len};
    bytes_put_be32(pair.forged, (uint32_t)len + CRYPTO_TAG_BYTES);
    assert_int_equal(noise_seal(&pair.ends[0].tx, nothing, plain, pair.forged + FRAME_HEADER_BYTES),
                     OK);
    return FRAME_HEADER_BYTES + len + CRYPTO_TAG_BYTES;
}

void pair_inject(size_t len)
{
    (void)session_input(&pair.ends[1], pair.forged, len, pair.now_us);
}
