/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as an announce, and as a stored trust: what is taken is what would be written.
 */
#include <string.h>

#include "servers/dsoftbusd/announce.h"
#include "servers/dsoftbusd/trust.h"
#include "fuzz.h"

static struct announce announce;
static struct trust trust;
static uint8_t again[TRUST_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (announce_read(data, size, &announce) == BUS_announce_new) {
        size_t len = announce_write(&announce, again);
        REQUIRE(len == size && memcmp(again, data, len) == 0);
    }
    trust = (struct trust){.is_first_use = false};
    if (trust_load(&trust, data, size) == OK) {
        size_t len = trust_save(&trust, again);
        REQUIRE(len == size && memcmp(again, data, len) == 0);
    }
    return 0;
}
