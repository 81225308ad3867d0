/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handshake of the bus: what a session costs each of its two sides, with the sources that
 * dsoftbusd has. The keys are any; the work does not depend on them.
 */
#include "bench.h"

#include <string.h>

#include <abi/error.h>
#include <wherry/console.h>
#include <wherry/startup.h>
#include <wherry/time.h>

#include "noise.h"

enum { SIDES = 2, MESSAGES = 3, MESSAGE_MAX = 64 };

struct side {
    struct noise_handshake handshake;
    uint8_t secret[CRYPTO_KEY_BYTES];
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t ephemeral[CRYPTO_KEY_BYTES];
    ticks_t ticks;
    int error; /* the first */
};

static struct side sides[SIDES];

static void begin(struct side *side, const struct side *peer, bool is_initiator)
{
    const struct noise_setup setup = {
        .pattern = &noise_xk,
        .hash = &crypto_blake2s,
        .is_initiator = is_initiator,
        .static_secret = side->secret,
        .static_public = side->key,
        .ephemeral_secret = side->ephemeral,
        .peer_static = is_initiator ? peer->key : NULL,
    };
    ticks_t start = time_now();
    side->error = noise_begin(&side->handshake, &setup);
    side->ticks = time_now() - start;
}

static void pass_message(struct side *from, struct side *to)
{
    uint8_t message[MESSAGE_MAX];
    uint8_t payload[MESSAGE_MAX];
    size_t len = 0, payload_len = 0;
    const struct crypto_span nothing = {NULL, 0};
    ticks_t start = time_now();
    int error = noise_write(&from->handshake, nothing, message, sizeof(message), &len);
    ticks_t written = time_now();
    from->error = from->error != OK ? from->error : error;
    from->ticks += written - start;
    const struct crypto_span received = {message, len};
    error = noise_read(&to->handshake, received, payload, sizeof(payload), &payload_len);
    to->error = to->error != OK ? to->error : error;
    to->ticks += time_now() - written;
}

static void finish(struct side *side, struct noise_cipher *tx, struct noise_cipher *rx)
{
    ticks_t start = time_now();
    int error = noise_finish(&side->handshake, tx, rx, NULL);
    side->error = side->error != OK ? side->error : error;
    side->ticks += time_now() - start;
}

bool bench_noise_xk(void)
{
    struct noise_cipher ciphers[SIDES][SIDES];
    for (int i = 0; i < SIDES; i++) {
        memset(sides[i].secret, 0x11 + i, CRYPTO_KEY_BYTES);
        memset(sides[i].ephemeral, 0x71 + i, CRYPTO_KEY_BYTES);
        crypto_x25519_public(sides[i].secret, sides[i].key);
    }
    begin(&sides[0], &sides[1], true);
    begin(&sides[1], &sides[0], false);
    for (int i = 0; i < MESSAGES; i++) {
        pass_message(&sides[i % 2], &sides[1 - i % 2]);
    }
    ticks_t most = 0;
    for (int i = 0; i < SIDES; i++) {
        finish(&sides[i], &ciphers[i][0], &ciphers[i][1]);
        most = sides[i].ticks > most ? sides[i].ticks : most;
    }
    if (sides[0].error != OK || sides[1].error != OK ||
        memcmp(ciphers[0][0].key, ciphers[1][1].key, CRYPTO_KEY_BYTES) != 0) {
        console_print("bench: noise_xk FAIL");
        return false;
    }
    console_print("bench: noise_xk %lu insn",
                  (unsigned long)time_ns_at(most, boot_facts()->counter_hz));
    return true;
}
