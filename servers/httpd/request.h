/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of an HTTP request: one pure function over the bytes that have come so far.
 *
 * Only what a server of fixed pages needs: GET and HEAD, no bodies, no escapes in paths (such a
 * path is a page that does not exist). Lines end with CR LF; a bare LF is taken too.
 * [RFC 9112 §2-§6]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    REQUEST_BYTES_MAX = 2048, /* of a head; longer ones are refused with 431 */
};

enum request_verdict {
    REQUEST_MORE = 0, /* the head is not whole yet */
    REQUEST_WHOLE = 200,
    REQUEST_BAD = 400,
    REQUEST_NO_METHOD = 405,
    REQUEST_BODY = 413,    /* it announces a body */
    REQUEST_TOO_LONG = 431,
    REQUEST_VERSION = 505,
};

struct request {
    bool is_head;    /* HEAD: the answer has no body */
    bool keeps_open; /* the client wants the connection to stay */
    const char *path; /* in the bytes given, without the query */
    size_t path_bytes;
    size_t bytes; /* of the whole head; what follows is the next request */
};

/*
 * Looks at the first `bytes` of what came. `request` is set when the verdict is REQUEST_WHOLE;
 * every other but REQUEST_MORE ends the connection with that status.
 */
enum request_verdict request_parse(const char *text, size_t bytes, struct request *request);
