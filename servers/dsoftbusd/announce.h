/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Announces, version 1: what a node says about itself by multicast, and how it is read.
 *
 *     0   4  "NXSB"
 *     4   1  version, 1
 *     5   1  n, bytes of the id, 1 to 64
 *     6   n  id
 *   6+n   2  port of sessions, high byte first, not 0
 *   8+n  32  X25519 public key
 *  40+n   1  number of services, 0 to 16; for each: a byte of length, 1 to 64, and a name
 *
 * Nothing may follow. Ids and names are names as bus_name.h has them.
 *
 * The key is a claim: it becomes an identity when a handshake proves it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

#include "bus_name.h"
#include "bus_stats.h"
#include "crypto.h"

enum {
    ANNOUNCE_VERSION = 1,
    ANNOUNCE_SERVICES_MAX = 16,
    ANNOUNCE_BYTES_MAX = 4 + 1 + 1 + BUS_NAME_MAX + 2 + CRYPTO_KEY_BYTES + 1 +
                         ANNOUNCE_SERVICES_MAX * (1 + BUS_NAME_MAX),
    ANNOUNCE_PERIOD_MS = 5000,
    ANNOUNCE_FIRST_MS = 1000, /* between the first ones */
    ANNOUNCE_FIRST_COUNT = 3,
};

struct announce {
    struct bus_name id;
    uint16_t port;
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t service_count;
    struct bus_name services[ANNOUNCE_SERVICES_MAX];
};

/* BUS_announce_new: well formed, and `announce` is whole. Else why not; it is then undefined. */
MUST_CHECK enum bus_counter announce_read(const uint8_t *bytes, size_t len,
                                          struct announce *announce);

/* Room for ANNOUNCE_BYTES_MAX; gives how many. Everything in it is as announce_read wants it. */
size_t announce_write(const struct announce *announce, uint8_t *bytes);

/*
 * Microseconds from announce number `count` to the next: the period, a fifth more or less as id and
 * number say, so that nodes that start together drift apart.
 */
uint64_t announce_pause_us(const struct bus_name *id, uint32_t count);
