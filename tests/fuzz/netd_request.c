/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any words as requests of clients to netd, on loopback alone: a byte for the client, then eight
 * words, as often as they fit. Every second one comes with a notification.
 */
#include <string.h>

#include "servers/netd/service.h"
#include "fuzz.h"

enum {
    BYTES_PER_REQUEST = 1 + 8 * IPC_WORDS,
    NOTIFICATION = 0x1001,
};

static void drop_line(void *context, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
}

static struct stack stack;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct stack_config config = {.lines = {drop_line, NULL}};
    uint64_t now_us = 0;
    uint64_t next_us;
    REQUIRE(stack_init(&stack, &config, now_us) == OK);
    for (; size >= BYTES_PER_REQUEST; data += BYTES_PER_REQUEST, size -= BYTES_PER_REQUEST) {
        uint64_t reply[IPC_WORDS];
        struct service_request request = {
            .badge = data[0] >> 1,
            .notification = (data[0] & 1) != 0 ? NOTIFICATION : HANDLE_NONE,
            .counter_hz = 10000000,
        };
        memcpy(request.words, data + 1, sizeof(request.words));
        bool is_kept = service_answer(&stack, &request, reply);
        REQUIRE(!is_kept || request.notification != HANDLE_NONE);
        now_us += 100000;
        (void)!stack_input(&stack, now_us);
        (void)!stack_finish(&stack, now_us, &next_us);
        REQUIRE(next_us > now_us);
    }
    stack_close(&stack);
    return 0;
}
