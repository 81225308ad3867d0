/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any requests of local processes at the desk of dsoftbusd, from one that may everything, one that
 * may offer, and one that nobody knows. Each request is a byte of who, one of label, two of the
 * first word, one each of the second and third, and what BUS_PUT would bring before it, behind a
 * byte of length.
 */
#include <stdbool.h>
#include <string.h>

#include "servers/dsoftbusd/desk.h"
#include "fuzz.h"

enum { HEAD = 7, ASKER = 1, SERVER = 2 };

static struct desk desk;
static struct node node;
static struct node fresh; /* as it is at first: made once, its key takes long */
static uint64_t now_us;

static int fixed_bytes(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    memset(bytes, 0x33, len);
    return OK;
}

static void begin(void)
{
    static const struct init_bus all = {.flags = MAY_ASK | MAY_TRUST};
    static const struct init_bus server = {.services = {"a", "b"}};
    const struct node_config config = {
        .id = {1, "n"}, .port = 1, .secret = {1}, .random = fixed_bytes};
    now_us = 1000;
    desk_init(&desk, 1);
    if (fresh.config.port == 0) {
        REQUIRE(node_init(&fresh, &config, now_us) == OK);
    }
    node = fresh;
    desk_add_node(&desk, &node);
    desk.is_open = true;
    REQUIRE(desk_admit(&desk, ASKER, &all) == OK && desk_admit(&desk, SERVER, &server) == OK);
}

static void ask(uint64_t badge, const uint64_t words[IPC_WORDS])
{
    struct desk_request request = {.badge = badge, .notification = 7};
    uint64_t reply[IPC_WORDS];
    bool kept;
    handle_t dropped;
    memcpy(request.words, words, sizeof(request.words));
    desk_answer(&desk, &request, reply, now_us, &kept, &dropped);
    int64_t status = (int64_t)reply[0];
    REQUIRE(status <= 0 && status > -100);
    REQUIRE(!kept || status == OK);
    for (int i = 1; i < IPC_WORDS && status != OK; i++) {
        REQUIRE(reply[i] == 0);
    }
}

static void put(uint64_t badge, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += BUS_PIECE_BYTES) {
        size_t piece = len - at < BUS_PIECE_BYTES ? len - at : BUS_PIECE_BYTES;
        uint64_t words[IPC_WORDS] = {BUS_PUT, at | (uint64_t)piece << 32};
        memcpy(&words[2], bytes + at, piece);
        ask(badge, words);
    }
}

/* What must hold whatever was asked. */
static void check(void)
{
    for (int i = 0; i < DESK_CLIENTS; i++) {
        REQUIRE(desk.client[i].in_len <= BUS_BYTES_MAX);
        REQUIRE(desk.client[i].out_len <= BUS_BYTES_MAX);
    }
    for (int i = 0; i < SERVICES_MAX; i++) { /* nothing but what the manifest names */
        const struct service *service = &node.services.slot[i];
        REQUIRE(!service->is_used || (service->name.len == 1 && (service->name.text[0] == 'a' ||
                                                                   service->name.text[0] == 'b')));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    while (size >= HEAD) {
        const uint64_t words[IPC_WORDS] = {data[1], (uint64_t)data[2] | (uint64_t)data[3] << 32,
                                           data[4], data[5]};
        size_t len = data[6];
        uint64_t badge = data[0] % 4;
        data += HEAD;
        size -= HEAD;
        len = len < size ? len : size;
        put(badge, data, len);
        ask(badge, words);
        if (badge == 3) { /* time, and deaths */
            now_us += 1000 * 1000;
            desk_gone(&desk, words[0] % 4, now_us);
            desk_tick(&desk, now_us);
        }
        struct desk_wakeup wakeup;
        while (desk_next_wakeup(&desk, &wakeup)) {
            REQUIRE(wakeup.notification == 7);
        }
        check();
        data += len;
        size -= len;
    }
    return 0;
}
