/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame.h"

#include <string.h>

#include <base/bytes.h>

void frame_begin(struct frame_reader *reader, uint8_t *buffer, uint32_t size)
{
    *reader = (struct frame_reader){.buffer = buffer, .size = size};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int frame_read(struct frame_reader *reader, const uint8_t *bytes, size_t len, size_t *used)
{
    *used = 0;
    if (reader->have >= FRAME_HEADER_BYTES &&
        reader->have - FRAME_HEADER_BYTES == reader->length) { /* the last one was handed out */
        reader->have = 0;
    }
    if (reader->have < FRAME_HEADER_BYTES) {
        size_t taken = least(len, FRAME_HEADER_BYTES - reader->have);
        if (taken != 0) {
            memcpy(reader->header + reader->have, bytes, taken);
        }
        reader->have += (uint32_t)taken; /* <= FRAME_HEADER_BYTES */
        *used = taken;
        if (reader->have < FRAME_HEADER_BYTES) {
            return E_AGAIN;
        }
        reader->length = bytes_get_be32(reader->header);
    }
    if (reader->length < FRAME_LENGTH_MIN || reader->length > FRAME_LENGTH_MAX) {
        return E_CORRUPT;
    }
    if (reader->length > reader->size) {
        return E_LIMIT;
    }
    uint32_t at = reader->have - FRAME_HEADER_BYTES; /* < length */
    size_t taken = least(len - *used, reader->length - at);
    if (taken != 0) {
        memcpy(reader->buffer + at, bytes + *used, taken);
    }
    reader->have += (uint32_t)taken; /* <= FRAME_HEADER_BYTES + length */
    *used += taken;
    return at + taken == reader->length ? OK : E_AGAIN;
}
