/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host node keeps in files: its secret as hex, and whom it trusts as trust.h writes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../trust.h"

/* The 32 bytes of 64 hex digits. */
MUST_CHECK bool files_read_hex(const char *text, uint8_t *key);
void files_print_key(const char *before, const uint8_t *key);

/* All of these say on standard error why they fail. */

/* Makes a new secret in a file that only its owner reads and that was not there. */
MUST_CHECK bool files_make_key(const char *path, uint8_t *secret);
/* Refuses a file that others may read. */
MUST_CHECK bool files_read_key(const char *path, uint8_t *secret);
/* A file that is not there is an empty store. */
MUST_CHECK bool files_read_trust(const char *path, struct trust *trust);
/* In one step: the file is as before, or whole. */
MUST_CHECK bool files_write_trust(const char *path, const struct trust *trust);
