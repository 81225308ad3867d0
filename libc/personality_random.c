/* SPDX-License-Identifier: BSD-2-Clause */
/* getrandom: bytes from rng, or the truth that there are none. */
#include "personality.h"

#include <errno.h>
#include <string.h>

#include <abi/error.h>
#include <proto/rng.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/time.h>

enum { ANSWER_SECONDS = 1 }; /* rng answers at once, unless it is dead or hung */

/* The bytes of one reply. */
static MUST_CHECK int ask(struct message *message)
{
    *message = (struct message){.words = {RNG_GET}};
    ticks_t deadline = time_after(time_now(), ANSWER_SECONDS * NS_PER_SECOND);
    int error = ipc_call(startup_handle(ROLE_RNG), message, deadline);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

long personality_getrandom(void *buffer, size_t bytes)
{
    struct message message;
    uint8_t *to = buffer;
    int error = OK;
    for (size_t left = bytes; left > 0 && error == OK;) {
        size_t part = left < RNG_BYTES ? left : RNG_BYTES;
        error = ask(&message);
        if (error == OK) {
            memcpy(to, &message.words[1], part);
            to += part;
            left -= part;
        }
    }
    explicit_bzero(&message, sizeof(message));
    return error == OK ? (long)bytes : personality_errno(error);
}
