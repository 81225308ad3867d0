/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls between programs: a message of 8 words and up to 4 handles, in registers [abi/ipc.h].
 *
 * Inline, so that words of a local message that nobody looks at twice never touch memory.
 */
#pragma once

#include <abi/ipc.h>
#include <abi/syscall.h>
#include <base/attributes.h>
#include <ipc_arch.h>

struct message {
    uint64_t words[IPC_WORDS]; /* word 0 is the label */
    handle_t handles[IPC_HANDLES_MAX];
    uint32_t handle_count; /* to send; afterwards, received */
    uint32_t accept_count; /* handles the answer, or the next request, may bring; kept */
    uint64_t badge;        /* of a received request */
    uint64_t bits;         /* of the bound notification; not 0: no request came */
};

static inline MUST_CHECK int ipc_exchange(uint64_t number, handle_t endpoint,
                                          struct message *message, ticks_t deadline)
{
    struct ipc_registers r = {
        .control = number | message->handle_count << IPC_SENT_SHIFT |
                   message->accept_count << IPC_ACCEPT_SHIFT,
        .target = endpoint,
        .deadline = deadline,
        .handles = {(uint64_t)message->handles[1] << 32 | message->handles[0],
                    (uint64_t)message->handles[3] << 32 | message->handles[2]},
    };
    for (int i = 0; i < IPC_WORDS; i++) {
        r.words[i] = message->words[i];
    }
    ipc_trap(&r);
    for (int i = 0; i < IPC_WORDS; i++) {
        message->words[i] = r.words[i];
    }
    for (int i = 0; i < IPC_HANDLES_MAX; i++) {
        message->handles[i] = (handle_t)(r.handles[i / 2] >> 32 * (i % 2));
    }
    int64_t status = (int64_t)r.control;
    message->handle_count = status < 0 ? 0 : (uint32_t)r.control >> IPC_SENT_SHIFT & IPC_COUNT_MASK;
    message->badge = r.target;
    message->bits = r.deadline;
    return status < 0 ? (int)status : OK;
}

/*
 * Sends the message and waits for the answer, which replaces it.
 * Errors as the kernel's call: E_TIMEOUT, E_CLOSED, E_PEER_DIED, ...; the words are then zero.
 */
static inline MUST_CHECK int ipc_call(handle_t endpoint, struct message *message, ticks_t deadline)
{
    return ipc_exchange(SYS_call, endpoint, message, deadline);
}

/*
 * Answers the current caller with the message, if there is a caller, and waits for the next request
 * or for bits of the bound notification, whichever replaces it. An error is one of the wait.
 */
static inline MUST_CHECK int ipc_reply_wait(handle_t endpoint, struct message *message,
                                            ticks_t deadline)
{
    return ipc_exchange(SYS_reply_wait, endpoint, message, deadline);
}
