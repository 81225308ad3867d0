/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the head of a request: what is told lies inside them, and more bytes behind a
 * verdict do not change it.
 */
#include "fuzz.h"

#include <servers/httpd/request.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct request request, again;
    size_t bytes = size < REQUEST_BYTES_MAX ? size : REQUEST_BYTES_MAX;
    enum request_verdict verdict = request_parse(text, bytes, &request);
    if (verdict == REQUEST_WHOLE) {
        REQUIRE(request.bytes > 0 && request.bytes <= bytes);
        REQUIRE(request.path > text && request.path[0] == '/' && request.path_bytes > 0);
        REQUIRE(request.path_bytes < request.bytes - (size_t)(request.path - text));
        REQUIRE(request_parse(text, request.bytes, &again) == REQUEST_WHOLE);
        REQUIRE(again.bytes == request.bytes);
        REQUIRE(request_parse(text, request.bytes - 1, &again) == REQUEST_MORE);
    }
    REQUIRE(verdict != REQUEST_MORE || bytes < REQUEST_BYTES_MAX);
    return 0;
}
