/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records: what is inside a frame once it is opened.
 *
 *     0  2  channel, high byte first; 0 is the session itself
 *     2  1  kind
 *     3     body, whose length the table below bounds
 *
 * A channel is two streams of bytes between a client and a service. Whoever began the session
 * opens odd channels, the other even ones, each number higher than the last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/attributes.h>

#include "bus_name.h"
#include "crypto.h"

enum {
    RECORD_HEADER_BYTES = 3,
    RECORD_DATA_MAX = 1280,
    RECORD_BYTES_MAX = RECORD_HEADER_BYTES + RECORD_DATA_MAX,
    PING_NONCE_BYTES = 16,
    PING_TEXT_MAX = 64,
    CREDIT_BYTES = 4,
};

/* X(number, name, of the session itself, least and most bytes of the body) */
#define RECORD_KINDS(X)                                                                            \
    /* A nonce, fresh for each ping, and a text; both come back. */                                \
    X(1, RECORD_PING, true, PING_NONCE_BYTES, PING_NONCE_BYTES + PING_TEXT_MAX)                    \
    X(2, RECORD_PONG, true, PING_NONCE_BYTES, PING_NONCE_BYTES + PING_TEXT_MAX)                    \
    X(3, RECORD_KEEPALIVE, true, 0, 0)                                                             \
    /* What its sender sends after this is under its next key. */                                  \
    X(4, RECORD_REKEY, true, 0, 0)                                                                 \
    X(5, RECORD_BYE, true, 0, 0)                                                                   \
    /* Bytes the sender takes on this channel, and the name of a service. */                       \
    X(16, RECORD_OPEN, false, CREDIT_BYTES + 1, CREDIT_BYTES + BUS_NAME_MAX)                       \
    X(17, RECORD_ACCEPT, false, CREDIT_BYTES, CREDIT_BYTES)                                        \
    X(18, RECORD_REFUSE, false, 1, 1)                                                              \
    X(19, RECORD_DATA, false, 1, RECORD_DATA_MAX)                                                  \
    /* So many bytes more are taken. */                                                            \
    X(20, RECORD_CREDIT, false, CREDIT_BYTES, CREDIT_BYTES)                                        \
    /* Its sender sends no more on this channel; it is closed when both have said so. */           \
    X(21, RECORD_END, false, 0, 0)

enum record_kind {
#define RECORD_ENUM(number, name, is_control, least, most) name = (number),
    RECORD_KINDS(RECORD_ENUM)
#undef RECORD_ENUM
};

/* Why a channel is refused, in REFUSE. */
enum refusal {
    REFUSAL_NO_SERVICE = 1,
    REFUSAL_DENIED = 2,
    REFUSAL_BUSY = 3,
};

struct record {
    uint16_t channel;
    enum record_kind kind;
    struct crypto_span body; /* inside what was read */
};

/* False: it breaks the format. */
MUST_CHECK bool record_read(const uint8_t *bytes, size_t len, struct record *record);

/* Room for the header and the body; gives how many bytes. The body is not where it is written. */
size_t record_write(const struct record *record, uint8_t *bytes);
