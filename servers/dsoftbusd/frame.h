/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of a session out of a stream of bytes: 4 bytes of length, high byte first, then so many
 * bytes, 17 to 65,535: a sealed record.
 *
 * A frame longer than the buffer is refused: no record that the peer has credit for needs it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

enum {
    FRAME_HEADER_BYTES = 4,
    FRAME_LENGTH_MIN = 17, /* a tag and a byte */
    FRAME_LENGTH_MAX = 65535,
};

struct frame_reader {
    uint8_t *buffer; /* borrowed for as long as the reader is used */
    uint32_t size;
    uint32_t have; /* bytes of header and frame that came */
    uint32_t length;
    uint8_t header[FRAME_HEADER_BYTES];
};

void frame_begin(struct frame_reader *reader, uint8_t *buffer, uint32_t size);

/*
 * Takes bytes up to the end of a frame; `used` says how many. OK: `length` bytes of a frame are in
 * the buffer until the next call. E_AGAIN: all used, more is needed. E_CORRUPT: a length that no
 * frame has. E_LIMIT: longer than the buffer. After an error the stream is worth nothing.
 */
MUST_CHECK int frame_read(struct frame_reader *reader, const uint8_t *bytes, size_t len,
                          size_t *used);
