/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests of clients: decodes words, asks the stack, encodes words. [proto/netd.h]
 *
 * Pure but for what it asks of the stack. Every word of a request is hostile. Answers at once,
 * whatever is asked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>

#include "stack.h"

struct service_request {
    uint64_t badge;
    uint64_t words[IPC_WORDS];
    handle_t notification; /* that came with it, or HANDLE_NONE */
    uint64_t counter_hz;   /* of the ticks in the words */
};

/*
 * Answers one request. True: the notification was kept, to come back from pings_next_wakeup;
 * false: the caller still has it.
 */
MUST_CHECK bool service_answer(struct stack *stack, const struct service_request *request,
                               uint64_t reply[IPC_WORDS]);

/* A moment of the CPU's counter as microseconds, and back, rounded up. FOREVER stays FOREVER. */
uint64_t service_ticks_to_us(ticks_t ticks, uint64_t counter_hz);
ticks_t service_us_to_ticks(uint64_t us, uint64_t counter_hz);
