/* SPDX-License-Identifier: BSD-2-Clause */
#include "node.h"

#include <string.h>

enum {
    US_PER_MS = 1000,
    FIRST_ANNOUNCE_MS = 250, /* at most */
};

int node_init(struct node *node, const struct node_config *config, uint64_t now_us)
{
    if (!bus_name_is_good((const uint8_t *)config->id.text, config->id.len) || config->port == 0 ||
        config->random == NULL) {
        return E_INVALID;
    }
    /* --- committed --- */
    memset(node, 0, sizeof(*node));
    node->config = *config;
    node->started_us = now_us;
    peers_init(&node->peers, now_us);
    node->refusals = bucket_full(NODE_REFUSALS_BURST, now_us);
    node->announce_us = now_us + bus_name_hash(&config->id) % (FIRST_ANNOUNCE_MS * US_PER_MS);
    return OK;
}

const uint8_t *node_public_key(struct node *node)
{
    if (!node->has_public_key) {
        crypto_x25519_public(node->config.secret, node->public_key);
        node->has_public_key = true;
    }
    return node->public_key;
}

/* --- events --- */

void node_say(struct node *node, const struct node_event *event)
{
    if (node->event_count == NODE_EVENTS) {
        bus_count(&node->stats, BUS_event_lost);
        return;
    }
    node->events[(node->event_first + node->event_count) % NODE_EVENTS] = *event;
    node->event_count++;
}

bool node_next_event(struct node *node, struct node_event *event)
{
    if (node->event_count == 0) {
        return false;
    }
    *event = node->events[node->event_first];
    node->event_first = (node->event_first + 1) % NODE_EVENTS;
    node->event_count--;
    return true;
}

static void say_peer(struct node *node, enum node_event_kind kind, const struct peer *peer)
{
    const struct node_event event = {
        .kind = kind,
        .peer = peer->announce.id,
        .address = peer->address,
        .port = peer->announce.port,
    };
    node_say(node, &event);
}

bool node_may_say_refused(struct node *node, uint64_t now_us)
{
    return bucket_take(&node->refusals, NODE_REFUSALS_RATE, NODE_REFUSALS_BURST, now_us);
}

static void say_refused(struct node *node, const struct announce *announce, uint32_t address,
                        enum bus_counter reason)
{
    const struct node_event event = {
        .kind = EVENT_ANNOUNCE_REFUSED,
        .peer = announce->id,
        .address = address,
        .port = announce->port,
        .reason = reason,
    };
    node_say(node, &event);
}

/* Whether a person may want to know of it. */
static bool is_worth_telling(enum bus_counter refusal)
{
    return refusal == BUS_announce_own_id || refusal == BUS_announce_denied ||
           refusal == BUS_announce_not_pinned || refusal == BUS_announce_key_changed;
}

/* --- announces --- */

/* Whether it is ours or what trust says of it; BUS_announce_new: nothing against it. */
static enum bus_counter judge(struct node *node, const struct announce *announce)
{
    bool is_our_id = bus_name_is_equal(&announce->id, &node->config.id);
    bool is_our_key = crypto_is_equal(announce->key, node_public_key(node), CRYPTO_KEY_BYTES);
    if (is_our_id || is_our_key) {
        return is_our_id && is_our_key ? BUS_announce_own : BUS_announce_own_id;
    }
    switch (trust_judge(&node->trust, &announce->id, announce->key)) {
    case TRUST_DENIED: return BUS_announce_denied;
    case TRUST_WRONG_KEY: return BUS_announce_not_pinned;
    case TRUST_YES:
    case TRUST_NEW:
    case TRUST_UNKNOWN: break;
    }
    return BUS_announce_new;
}

static enum bus_counter take_announce(struct node *node, uint32_t address,
                                      const struct announce *announce, uint64_t now_us)
{
    struct peer *peer = NULL;
    struct peer evicted = {.is_used = false};
    enum bus_counter verdict = judge(node, announce);
    if (verdict == BUS_announce_new) {
        const struct heard heard = {
            .announce = announce,
            .address = address,
            .is_pinned = trust_find_key(&node->trust, &announce->id) != NULL,
        };
        verdict = peers_hear(&node->peers, &heard, now_us, &peer, &evicted);
    }
    if (evicted.is_used) {
        bus_count(&node->stats, BUS_peer_evicted);
        say_peer(node, EVENT_PEER_LOST, &evicted);
    }
    if (verdict == BUS_announce_new || verdict == BUS_announce_changed) {
        bool is_new = verdict == BUS_announce_new;
        say_peer(node, is_new ? EVENT_PEER_FOUND : EVENT_PEER_CHANGED, peer);
    } else if (is_worth_telling(verdict) && node_may_say_refused(node, now_us)) {
        say_refused(node, announce, address, verdict);
    }
    if (peer != NULL) {
        links_tick(node, now_us);
    }
    return verdict;
}

enum bus_counter node_hear(struct node *node, uint32_t address, const uint8_t *bytes, size_t len,
                           uint64_t now_us)
{
    struct announce announce;
    enum bus_counter verdict = BUS_announce_rate;
    if (sources_take(&node->sources, address, now_us)) {
        verdict = announce_read(bytes, len, &announce);
        if (verdict == BUS_announce_new) {
            verdict = take_announce(node, address, &announce, now_us);
        }
    }
    bus_count(&node->stats, verdict);
    return verdict;
}

int node_add_peer(struct node *node, const struct bus_name *id, uint32_t address, uint16_t port,
                  uint64_t now_us)
{
    struct announce announce = {.id = *id, .port = port};
    const uint8_t *key = trust_find_key(&node->trust, id);
    if (port == 0 || key == NULL) {
        return port == 0 ? E_INVALID : E_NOT_FOUND;
    }
    memcpy(announce.key, key, CRYPTO_KEY_BYTES);
    int error = peers_fix(&node->peers, &announce, address, now_us);
    if (error == OK) {
        links_tick(node, now_us);
    }
    return error;
}

/* What we say of ourselves, as bytes: the same each time, unless a service came or went. */
static struct crypto_span write_announce(struct node *node)
{
    if (node->datagram_len != 0 && node->datagram_changes == node->services.changes) {
        return (struct crypto_span){node->datagram, node->datagram_len};
    }
    struct announce announce = {.id = node->config.id, .port = node->config.port};
    memcpy(announce.key, node_public_key(node), CRYPTO_KEY_BYTES);
    for (int i = 0; i < SERVICES_MAX; i++) { /* <= ANNOUNCE_SERVICES_MAX */
        const struct service *service = &node->services.slot[i];
        if (service->is_used && service->policy != SERVICE_FOR_NOBODY) {
            announce.services[announce.service_count++] = service->name;
        }
    }
    node->datagram_len = announce_write(&announce, node->datagram);
    node->datagram_changes = node->services.changes;
    return (struct crypto_span){node->datagram, node->datagram_len};
}

/* --- time --- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void node_tick(struct node *node, uint64_t now_us)
{
    struct peer gone;
    while (peers_expire(&node->peers, now_us, &gone)) {
        bus_count(&node->stats, BUS_peer_expired);
        say_peer(node, EVENT_PEER_LOST, &gone);
    }
    calls_tick(node, now_us);
    links_tick(node, now_us);
}

uint64_t node_next_us(const struct node *node)
{
    uint64_t announce_us = node->is_silent ? UINT64_MAX : node->announce_us;
    return sooner(sooner(announce_us, peers_next_us(&node->peers)),
                  sooner(links_next_us(node), calls_next_us(node)));
}

/* --- actions --- */

static bool link_action(struct node *node, int index, uint64_t now_us, struct node_action *action)
{
    struct link *link = &node->links[index];
    *action = (struct node_action){.link = index, .address = link->address, .port = link->port};
    if (link->state == LINK_WANTED) {
        action->kind = ACTION_CONNECT;
        link->state = LINK_CONNECTING;
        link->until_us = now_us + (uint64_t)NODE_CONNECT_MS * US_PER_MS;
        return true;
    }
    if (link->state == LINK_CLOSING) {
        action->kind = ACTION_CLOSE;
        node_free_link(node, index);
        return true;
    }
    return false;
}

bool node_next_action(struct node *node, uint64_t now_us, struct node_action *action)
{
    if (!node->is_silent && node->announce_us <= now_us) {
        *action = (struct node_action){.kind = ACTION_ANNOUNCE, .bytes = write_announce(node)};
        node->announce_us = now_us + announce_pause_us(&node->config.id, node->announces);
        node->announces++;
        bus_count(&node->stats, BUS_announce_sent);
        return true;
    }
    for (int i = 0; i < node->link_end; i++) {
        if (link_action(node, i, now_us, action)) {
            return true;
        }
    }
    return false;
}
