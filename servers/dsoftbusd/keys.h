/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key file of a program image: who this node is, and whose keys it knows from the start.
 *
 * Lines of words: `secret ID KEY` and `pin ID KEY`, a key as 64 hexadecimal digits; the line
 * `TEST` says that the keys are for tests; `#` begins a comment. The secret of another id pins
 * that id to its public key. Strict, and all or nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "trust.h"

struct keys_file {
    const char *text;
    size_t len;
    bool takes_tests; /* the build lets keys of tests in */
};

/* What the file says for one id. */
struct keys {
    bool has_secret;
    uint8_t secret[CRYPTO_KEY_BYTES];
};

/*
 * Reads the file for `id`: its secret into `keys`, the others into `trust`. E_DENIED: keys of
 * tests that the build does not take. E_CORRUPT: line *line is not understood, or is there
 * twice. E_LIMIT: more than the store of trust holds. After an error trust is as before.
 */
MUST_CHECK int keys_read(const struct keys_file *file, const struct bus_name *id,
                         struct keys *keys, struct trust *trust, unsigned *line);
