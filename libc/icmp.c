/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/icmp.h>

#include <string.h>

#include <proto/netd.h>
#include <wherry/event.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

enum {
    PAYLOAD_BYTES = 56,
    ANSWER_SECONDS = 1, /* netd answers at once, unless it is dead or hung */
};

/* A call on netd; its status is the answer's when the call itself succeeds. */
static MUST_CHECK int call_netd(struct message *message, ticks_t deadline)
{
    int error = ipc_call(startup_handle(ROLE_NETD), message, deadline);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

/*
 * Begins the exchange with these words; netd gets a handle with which it can signal us and do
 * nothing else.
 */
static MUST_CHECK int start(const uint64_t words[IPC_WORDS], ticks_t deadline, uint64_t *token)
{
    struct sysret copy =
        sys_handle_copy(startup_handle(ROLE_NOTIFICATION), RIGHT_WRITE | RIGHT_GRANT, 0);
    if (copy.status != OK) {
        return (int)copy.status;
    }
    struct message message = {.handles = {(handle_t)copy.value}, .handle_count = 1};
    memcpy(message.words, words, sizeof(message.words));
    int error = call_netd(&message, deadline);
    *token = message.words[1];
    sys_handle_close((handle_t)copy.value);
    return error;
}

static MUST_CHECK int ping(const uint64_t words[IPC_WORDS], ticks_t deadline,
                           uint64_t *round_trip_us)
{
    uint64_t token = 0, bits;
    int error = start(words, deadline, &token);
    if (error != OK) {
        return error;
    }
    struct message message;
    do {
        int woken = event_wait(EVENT_PING, deadline, &bits);
        message = (struct message){.words = {NETD_PING_TAKE, token}};
        error = call_netd(&message, time_after(time_now(), ANSWER_SECONDS * NS_PER_SECOND));
        if (woken != OK && error == E_AGAIN) {
            return woken;
        }
    } while (error == E_AGAIN); /* the signal was an earlier ping's */
    if (error == OK) {
        *round_trip_us = message.words[1];
    }
    return error;
}

int icmp_ping(uint32_t address, ticks_t deadline, uint64_t *round_trip_us)
{
    const uint64_t words[IPC_WORDS] = {NETD_PING_START, address, PAYLOAD_BYTES, deadline,
                                       EVENT_PING};
    return ping(words, deadline, round_trip_us);
}

int icmp_ping6(const uint8_t address[16], uint32_t interface, ticks_t deadline,
               uint64_t *round_trip_us)
{
    uint64_t words[IPC_WORDS] = {NETD_PING6_START};
    memcpy(words + 1, address, 16);
    words[3] = PAYLOAD_BYTES | (uint64_t)interface << 32;
    words[4] = deadline;
    words[5] = EVENT_PING;
    return ping(words, deadline, round_trip_us);
}
