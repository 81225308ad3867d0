/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <assert.h>
#include <string.h>

#include <base/bytes.h>

static_assert((int)REQUEST_MAX <= (int)RECORD_DATA_MAX, "a request fits into the credit");
static_assert((int)ANSWER_MAX <= (int)RECORD_DATA_MAX, "and an answer");

int call_read_request(const uint8_t *bytes, size_t len, size_t most, struct call_request *request,
                      size_t *used)
{
    if (len < REQUEST_HEADER_BYTES) {
        return E_AGAIN;
    }
    size_t body_len = bytes_get_be16(bytes + 4);
    request->number = bytes_get_be32(bytes);
    if (body_len > most || body_len > CALL_BYTES_MAX) {
        return E_RANGE;
    }
    if (len - REQUEST_HEADER_BYTES < body_len) {
        return E_AGAIN;
    }
    request->bytes = (struct crypto_span){bytes + REQUEST_HEADER_BYTES, body_len};
    *used = REQUEST_HEADER_BYTES + body_len;
    return OK;
}

int call_read_answer(const uint8_t *bytes, size_t len, struct call_answer *answer, size_t *used)
{
    if (len < ANSWER_HEADER_BYTES) {
        return E_AGAIN;
    }
    size_t body_len = bytes_get_be16(bytes + 5);
    answer->number = bytes_get_be32(bytes);
    answer->status = bytes[4];
    if (answer->status > CALL_TOO_LONG) {
        return E_CORRUPT;
    }
    if (body_len > CALL_BYTES_MAX) {
        return E_RANGE;
    }
    if (len - ANSWER_HEADER_BYTES < body_len) {
        return E_AGAIN;
    }
    answer->bytes = (struct crypto_span){bytes + ANSWER_HEADER_BYTES, body_len};
    *used = ANSWER_HEADER_BYTES + body_len;
    return OK;
}

size_t call_write_request(const struct call_request *request, uint8_t *bytes)
{
    bytes_put_be32(bytes, request->number);
    bytes_put_be16(bytes + 4, (uint16_t)request->bytes.len); /* <= CALL_BYTES_MAX */
    if (request->bytes.len != 0) {
        memcpy(bytes + REQUEST_HEADER_BYTES, request->bytes.bytes, request->bytes.len);
    }
    return REQUEST_HEADER_BYTES + request->bytes.len;
}

size_t call_write_answer(const struct call_answer *answer, uint8_t *bytes)
{
    bytes_put_be32(bytes, answer->number);
    bytes[4] = answer->status;
    bytes_put_be16(bytes + 5, (uint16_t)answer->bytes.len); /* <= CALL_BYTES_MAX */
    if (answer->bytes.len != 0) {
        memmove(bytes + ANSWER_HEADER_BYTES, answer->bytes.bytes, answer->bytes.len);
    }
    return ANSWER_HEADER_BYTES + answer->bytes.len;
}
