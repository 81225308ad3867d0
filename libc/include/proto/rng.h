/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to rng, on the role "rng": random bytes for keys, ports, identifiers.
 *
 * Answered at once, whatever the device does.
 *
 *     label      words of the request   words of the reply
 *     RNG_GET    none                   0 status, 1-7 random bytes, 8 in a word
 *
 * Status: E_AGAIN no entropy yet, neither from the machine's seed nor from a device, and it is not
 * known when there will be; E_BAD_CALL no such label.
 */
#pragma once

#include <abi/types.h>

enum rng_label {
    RNG_GET = 1,
};

enum { RNG_BYTES = (IPC_WORDS - 1) * 8 }; /* of one reply */
