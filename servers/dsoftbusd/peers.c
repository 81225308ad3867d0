/* SPDX-License-Identifier: BSD-2-Clause */
#include "peers.h"

#include <string.h>

enum { US_PER_MS = 1000 };

void peers_init(struct peers *peers, uint64_t now_us)
{
    memset(peers, 0, sizeof(*peers));
    peers->new_ones = bucket_full(PEERS_NEW_BURST, now_us);
}

struct peer *peers_find(struct peers *peers, const struct bus_name *id)
{
    for (int i = 0; i < PEERS_MAX; i++) {
        struct peer *peer = &peers->slot[i];
        if (peer->is_used && bus_name_is_equal(&peer->announce.id, id)) {
            return peer;
        }
    }
    return NULL;
}

struct peer *peers_find_key(struct peers *peers, const uint8_t *key)
{
    for (int i = 0; i < PEERS_MAX; i++) {
        struct peer *peer = &peers->slot[i];
        if (peer->is_used && crypto_is_equal(peer->announce.key, key, CRYPTO_KEY_BYTES)) {
            return peer;
        }
    }
    return NULL;
}

static bool was_heard_within(const struct peer *peer, uint64_t span_ms, uint64_t now_us)
{
    return now_us - peer->heard_us < span_ms * US_PER_MS;
}

/*
 * Whether a peer stays where it is, whatever an announce from elsewhere says: fixed, in a session,
 * or heard a moment ago at an address where no connection has failed.
 */
static bool is_held(const struct peer *peer, uint64_t now_us)
{
    return peer->is_fixed || peer->sessions > 0 ||
           (peer->failures == 0 && was_heard_within(peer, PEER_HOLD_MS, now_us));
}

/* Whether `a` gives way before `b`: a free one first, then one without a pin, then the older. */
static bool gives_way_before(const struct peer *a, const struct peer *b)
{
    if (a->is_used != b->is_used) {
        return !a->is_used;
    }
    if (a->is_pinned != b->is_pinned) {
        return !a->is_pinned;
    }
    return a->heard_us < b->heard_us;
}

/* The slot for a newcomer, or NULL. */
static struct peer *find_room(struct peers *peers, bool is_pinned)
{
    struct peer *found = NULL;
    for (int i = 0; i < PEERS_MAX; i++) {
        struct peer *peer = &peers->slot[i];
        bool may_go =
            peer->sessions == 0 && !peer->is_fixed && (!peer->is_pinned || is_pinned);
        if ((!peer->is_used || may_go) && (found == NULL || gives_way_before(peer, found))) {
            found = peer;
        }
    }
    return found;
}

static enum bus_counter add(struct peers *peers, const struct heard *heard, uint64_t now_us,
                            struct peer **peer, struct peer *evicted)
{
    if (!heard->is_pinned &&
        !bucket_take(&peers->new_ones, PEERS_NEW_RATE, PEERS_NEW_BURST, now_us)) {
        return BUS_announce_new_rate;
    }
    struct peer *slot = find_room(peers, heard->is_pinned);
    if (slot == NULL) {
        return BUS_announce_full;
    }
    /* --- committed --- */
    *evicted = *slot;
    *slot = (struct peer){
        .is_used = true,
        .is_pinned = heard->is_pinned,
        .address = heard->address,
        .heard_us = now_us,
        .announce = *heard->announce,
    };
    *peer = slot;
    return BUS_announce_new;
}

int peers_fix(struct peers *peers, const struct announce *announce, uint32_t address,
              uint64_t now_us)
{
    struct peer *slot = find_room(peers, true);
    if (peers_find(peers, &announce->id) != NULL) {
        return E_EXISTS;
    }
    if (slot == NULL || slot->is_used) {
        return E_LIMIT;
    }
    *slot = (struct peer){
        .is_used = true,
        .is_pinned = true,
        .is_fixed = true,
        .address = address,
        .heard_us = now_us,
        .announce = *announce,
    };
    return OK;
}

static bool says_the_same(const struct announce *a, const struct announce *b)
{
    if (a->port != b->port || a->service_count != b->service_count) {
        return false;
    }
    for (size_t i = 0; i < a->service_count; i++) {
        if (!bus_name_is_equal(&a->services[i], &b->services[i])) {
            return false;
        }
    }
    return true;
}

enum bus_counter peers_hear(struct peers *peers, const struct heard *heard, uint64_t now_us,
                            struct peer **peer, struct peer *evicted)
{
    evicted->is_used = false;
    struct peer *known = peers_find(peers, &heard->announce->id);
    if (known == NULL) {
        return add(peers, heard, now_us, peer, evicted);
    }
    if (!crypto_is_equal(known->announce.key, heard->announce->key, CRYPTO_KEY_BYTES)) {
        return BUS_announce_key_changed;
    }
    bool has_moved = known->address != heard->address ||
                     (known->is_fixed && known->announce.port != heard->announce->port);
    if (has_moved && is_held(known, now_us)) {
        return BUS_announce_moved;
    }
    if (was_heard_within(known, PEER_DEBOUNCE_MS, now_us)) {
        return BUS_announce_debounced;
    }
    /* --- committed --- */
    bool is_same = !has_moved && says_the_same(&known->announce, heard->announce);
    known->announce = *heard->announce;
    known->address = heard->address;
    known->heard_us = now_us;
    known->is_pinned = heard->is_pinned;
    *peer = known;
    return is_same ? BUS_announce_refreshed : BUS_announce_changed;
}

/* When the entry ends unless it is heard; UINT64_MAX: fixed, or not while it is in a session. */
static uint64_t end_us(const struct peer *peer)
{
    bool can_end = peer->is_used && !peer->is_fixed && peer->sessions == 0;
    return can_end ? peer->heard_us + (uint64_t)PEER_TTL_MS * US_PER_MS : UINT64_MAX;
}

bool peers_expire(struct peers *peers, uint64_t now_us, struct peer *gone)
{
    for (int i = 0; i < PEERS_MAX; i++) {
        if (end_us(&peers->slot[i]) <= now_us) {
            *gone = peers->slot[i];
            peers->slot[i].is_used = false;
            return true;
        }
    }
    return false;
}

uint64_t peers_next_us(const struct peers *peers)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; i < PEERS_MAX; i++) {
        uint64_t due_us = end_us(&peers->slot[i]);
        next_us = due_us < next_us ? due_us : next_us;
    }
    return next_us;
}
