/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the keys of the process come from: the key file of the image [keys.h], what the dsoftbusd
 * before has left [kept.h], or fresh random bytes; and where they and the trust are left.
 */
#pragma once

#include "trust.h"

/* Maps what is kept, if init gives it. Errors as memory_attach. */
MUST_CHECK int identity_open(void);

/*
 * The secret of node 0 or 1, and whom it trusts from the start; says which kind it is. A secret of
 * the file is never kept, an ephemeral one is. E_AGAIN: there is no entropy.
 */
MUST_CHECK int identity_find(int which, const struct bus_name *id,
                             uint8_t secret[CRYPTO_KEY_BYTES], struct trust *trust);

/* Leaves the trust of node 0 to the next dsoftbusd, if it has changed since. */
void identity_keep(const struct trust *trust);
