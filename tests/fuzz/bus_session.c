/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes on a link, from somebody who is let in: a responder whose peer holds the right keys
 * and says whatever it likes. The first byte says how far the peer keeps to the protocol:
 *
 *     0  not at all: the rest goes into the stream from the first byte of the handshake
 *     1  through the handshake; the rest goes into the stream as it is
 *     2  the rest is records, each behind two bytes of length, sealed as they should be
 *     3  the rest is requests of a channel to a service, cut anywhere
 */
#include <string.h>

#include <base/bytes.h>

#include "servers/dsoftbusd/node.h"
#include "fuzz.h"

enum {
    ADDRESS = 0x0a000001,
    MS = 1000,
};

/* Both ends, as they are now, before the first message, and once both are let in. */
struct ends {
    bool is_there;
    struct node node;
    struct session peer;
    struct bus_stats stats;
};

static struct ends now;
static struct ends before;
static struct ends open;
static struct node *const node = &now.node;
static struct session *const peer = &now.peer;
static uint8_t secret[CRYPTO_KEY_BYTES] = {1};
static uint8_t frame[FRAME_HEADER_BYTES + FRAME_LENGTH_MAX];
static uint64_t now_us;
static int link_index;

static int fixed_bytes(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    memset(bytes, 0x33, len);
    return OK;
}

/* Between the two ends, as long as there is something. */
static void pass(void)
{
    for (int i = 0; i < 100; i++) {
        uint8_t bytes[SESSION_OUT_BYTES];
        size_t from_peer = peer->out_len;
        memcpy(bytes, peer->out, from_peer);
        session_sent(peer, from_peer, now_us);
        node_input(node, link_index, bytes, from_peer, now_us);
        struct crypto_span out = node_output(node, link_index);
        memcpy(bytes, out.bytes, out.len);
        node_sent(node, link_index, out.len, now_us);
        (void)session_input(peer, bytes, out.len, now_us);
        session_admit(peer, now_us);
        if (from_peer == 0 && out.len == 0) {
            break;
        }
    }
}

static void begin(void)
{
    struct node_config config = {.port = 1, .random = fixed_bytes, .secret = {2}};
    struct service service = {
        .policy = SERVICE_FOR_PEERS, .serve = service_echo, .request_max = 100};
    uint8_t key[CRYPTO_KEY_BYTES];
    now_us = 1000 * MS;
    memset(&now, 0, sizeof(now));
    REQUIRE(bus_name_set(&config.id, "fuzz", 4));
    REQUIRE(node_init(node, &config, now_us) == OK);
    REQUIRE(bus_name_set(&service.name, "echo", 4));
    REQUIRE(services_add(&node->services, &service) == OK);
    crypto_x25519_public(secret, key);
    REQUIRE(trust_allow(&node->trust, key) == OK);
    REQUIRE(node_accept(node, ADDRESS, 1, now_us, &link_index) == OK);
    const struct session_setup setup = {
        .is_initiator = true,
        .static_secret = secret,
        .static_public = key,
        .ephemeral_secret = secret,
        .peer_key = node_public_key(node),
        .stats = &now.stats,
    };
    session_begin(peer, &setup, now_us);
}

/* The ends as they are before or after the handshake, which is done once. */
static void restore(bool is_open)
{
    if (!before.is_there) {
        begin();
        before = now;
        before.is_there = true;
        pass();
        REQUIRE(peer->is_confirmed && node->stats.value[BUS_auth_ok] == 1);
        open = now;
        open.is_there = true;
    }
    now = is_open ? open : before;
}

static void send_record(const uint8_t *record, size_t len)
{
    const struct crypto_span nothing = {NULL, 0};
    if (peer->state != SESSION_OPEN) {
        return;
    }
    bytes_put_be32(frame, (uint32_t)len + CRYPTO_TAG_BYTES);
    REQUIRE(noise_seal(&peer->tx, nothing, (struct crypto_span){record, len},
                       frame + FRAME_HEADER_BYTES) == OK);
    node_input(node, link_index, frame, FRAME_HEADER_BYTES + len + CRYPTO_TAG_BYTES, now_us);
}

static void send_records(const uint8_t *data, size_t size)
{
    while (size > 2) {
        size_t len = 1 + bytes_get_be16(data) % RECORD_BYTES_MAX;
        len = len < size - 2 ? len : size - 2;
        send_record(data + 2, len);
        data += 2 + len;
        size -= 2 + len;
        pass();
    }
}

static void send_requests(const uint8_t *data, size_t size)
{
    struct channel *channel;
    struct bus_name echo;
    uint8_t news;
    REQUIRE(bus_name_set(&echo, "echo", 4));
    if (session_open_channel(peer, &echo, now_us, &channel) != OK) {
        return;
    }
    pass();
    while (size > 1) {
        size_t len = data[0] < size - 1 ? data[0] : size - 1;
        (void)!channel_send(peer, channel, (struct crypto_span){data + 1, len}, now_us);
        data += 1 + len;
        size -= 1 + len;
        pass();
        while (session_next_news(peer, &news) != NULL) {
        }
        channel_consume(peer, channel, channel->rx_len, now_us);
    }
}

/* Whatever came: bounded tables, no session for anybody else, and time goes on. */
static void check(void)
{
    struct node_event event;
    struct node_action action;
    while (node_next_event(node, &event)) {
        REQUIRE(event.kind != EVENT_PEER_FOUND);
    }
    node_tick(node, now_us);
    while (node_next_action(node, now_us, &action)) {
    }
    REQUIRE(node_next_us(node) > now_us);
    REQUIRE(node->stats.value[BUS_auth_ok] <= 1);
    for (int i = 0; i < SESSION_CHANNELS; i++) {
        const struct channel *channel = &node->links[link_index].session.channels[i];
        REQUIRE(channel->rx_len <= RECORD_DATA_MAX && channel->rx_credit <= RECORD_DATA_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    restore(data[0] % 4 != 0);
    switch (data[0] % 4) {
    case 2: send_records(data + 1, size - 1); break;
    case 3: send_requests(data + 1, size - 1); break;
    default: node_input(node, link_index, data + 1, size - 1, now_us); break;
    }
    REQUIRE(data[0] % 4 != 0 || node->stats.value[BUS_auth_ok] == 0);
    check();
    return 0;
}
