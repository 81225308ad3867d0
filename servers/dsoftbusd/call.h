/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests and answers as bytes on a channel.
 *
 *     request  0  4  number, high byte first     answer  0  4  number of the request
 *              4  2  length                              4  1  status
 *              6     bytes                               5  2  length
 *                                                        7     bytes
 *
 * A service takes the next request of a channel when it has answered the one before.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "crypto.h"
#include "record.h"

enum {
    CALL_BYTES_MAX = 1024,
    REQUEST_HEADER_BYTES = 6,
    ANSWER_HEADER_BYTES = 7,
    REQUEST_MAX = REQUEST_HEADER_BYTES + CALL_BYTES_MAX,
    ANSWER_MAX = ANSWER_HEADER_BYTES + CALL_BYTES_MAX,
};

enum call_status {
    CALL_OK = 0,
    CALL_FAILED = 1,   /* the service could not */
    CALL_TOO_LONG = 2, /* longer than the service takes */
    /* From here on never on the wire: what the caller is told without an answer. */
    CALL_NO_SERVICE = 64,
    CALL_DENIED = 65,
    CALL_BUSY = 66,
    CALL_TIMEOUT = 67,
    CALL_LOST = 68, /* session or channel ended, or what came was no answer */
};

struct call_request {
    uint32_t number;
    struct crypto_span bytes;
};

struct call_answer {
    uint32_t number;
    uint8_t status;
    struct crypto_span bytes;
};

/*
 * What stands at the beginning of `len` bytes; gives how many it has. E_AGAIN: more is needed.
 * E_RANGE: its bytes are more than `most`; the number is there.
 */
MUST_CHECK int call_read_request(const uint8_t *bytes, size_t len, size_t most,
                                 struct call_request *request, size_t *used);
/* As above. E_CORRUPT: a status that no answer has. */
MUST_CHECK int call_read_answer(const uint8_t *bytes, size_t len, struct call_answer *answer,
                                size_t *used);

/* Room for the header and the bytes, at most CALL_BYTES_MAX; gives how many. */
size_t call_write_request(const struct call_request *request, uint8_t *bytes);
size_t call_write_answer(const struct call_answer *answer, uint8_t *bytes);
