/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a frame. The frame is copied to memory of exactly its size, so that the sanitizer
 * sees every byte read outside it.
 */
#include <string.h>

#include "servers/netd/ingress.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ingress_rules rules = {
        .mac = {0x02, 0, 0, 0, 0, 1},
        .mtu = 1500,
        .takes_ip6 = true,
    };
    uint8_t *frame = malloc(size == 0 ? 1 : size);
    memcpy(frame, data, size);
    enum counter verdict = ingress_check(&rules, frame, size);
    REQUIRE(verdict <= COUNTER_tcp_checksum); /* the last of its refusals */
    free(frame);
    return 0;
}
