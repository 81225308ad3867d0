/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as handshake messages, of every pattern, role and hash: nobody without the keys
 * completes one, and whatever fails is erased.
 *
 * A byte for pattern, role and hash; then messages, each behind a byte of length.
 */
#include <string.h>

#include "servers/dsoftbusd/noise.h"
#include "fuzz.h"

static const struct noise_pattern *const patterns[] = {&noise_nk, &noise_kk, &noise_xk, &noise_ik,
                                                       &noise_xx};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[CRYPTO_KEY_BYTES] = {1};
    static const uint8_t ephemeral[CRYPTO_KEY_BYTES] = {2};
    static const uint8_t peer[CRYPTO_KEY_BYTES] = {9};
    static struct noise_handshake handshake;
    static struct noise_handshake dead;
    uint8_t message[512];
    size_t len;
    if (size == 0) {
        return 0;
    }
    const struct noise_setup setup = {
        .pattern = patterns[(data[0] >> 2) % 5],
        .hash = (data[0] & 1) != 0 ? &crypto_blake2s : &crypto_sha256,
        .is_initiator = (data[0] & 2) != 0,
        .static_secret = secret,
        .ephemeral_secret = ephemeral,
        .peer_static = peer,
    };
    REQUIRE(noise_begin(&handshake, &setup) == OK);
    for (data++, size--; size > 0 && !noise_is_done(&handshake) && !handshake.is_dead;) {
        if (noise_is_our_turn(&handshake)) {
            (void)!noise_write(&handshake, (struct crypto_span){NULL, 0}, message, sizeof(message),
                               &len);
            continue;
        }
        size_t taken = data[0] < size - 1 ? data[0] : size - 1;
        (void)!noise_read(&handshake, (struct crypto_span){data + 1, taken}, message,
                          sizeof(message), &len);
        data += 1 + taken;
        size -= 1 + taken;
    }
    if (handshake.is_dead) {
        memset(&dead, 0, sizeof(dead));
        dead.is_dead = true;
        REQUIRE(memcmp(&handshake, &dead, sizeof(dead)) == 0);
    }
    return 0;
}
