/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The links of a node [node.h]: whom to connect to, whom to let in, what becomes of a session.
 */
#include "node.h"

#include <string.h>

#include <base/fmt.h>

enum {
    US_PER_MS = 1000,
    KEY_NAME_BYTES = 16,
    BACKOFF_MOST = 6, /* NODE_RETRY_FIRST_MS << 6 is above NODE_RETRY_MOST_MS */
};

static uint64_t after_ms(uint64_t now_us, uint64_t span_ms)
{
    return now_us + span_ms * US_PER_MS;
}

/* Whether there is a session on it that both sides have admitted. */
static bool is_open(const struct link *link)
{
    return link->state == LINK_UP && link->session.state == SESSION_OPEN &&
           link->session.is_confirmed;
}

static void say(struct node *node, const struct link *link, enum node_event_kind kind)
{
    const struct node_event event = {
        .kind = kind,
        .peer = link->peer,
        .address = link->address,
        .port = link->port,
        .is_ours = link->is_ours,
        .reason = link->session.why,
        .us = link->session.ping_rtt_us,
        .call = link->session.ping_number,
    };
    node_say(node, &event);
}

int links_find_open(const struct node *node, const struct bus_name *peer)
{
    int found = -1;
    for (int i = 0; i < NODE_LINKS; i++) {
        const struct link *link = &node->links[i];
        if (is_open(link) && bus_name_is_equal(&link->peer, peer) && (found < 0 || link->is_ours)) {
            found = i;
        }
    }
    return found;
}

bool node_has_session(const struct node *node, const struct bus_name *peer)
{
    return links_find_open(node, peer) >= 0;
}

/* Whether there is a link of ours to this peer, in whatever state. */
static bool has_link_of_ours(const struct node *node, const struct bus_name *peer)
{
    for (int i = 0; i < NODE_LINKS; i++) {
        const struct link *link = &node->links[i];
        if (link->state != LINK_FREE && link->is_ours && bus_name_is_equal(&link->peer, peer)) {
            return true;
        }
    }
    return false;
}

/* For each peer in the table: how many sessions there are with the key it announced. */
static void count_sessions(struct node *node)
{
    for (int i = 0; i < PEERS_MAX; i++) {
        struct peer *peer = &node->peers.slot[i];
        peer->sessions = 0;
        for (int j = 0; j < NODE_LINKS && peer->is_used; j++) {
            const struct link *link = &node->links[j];
            if (is_open(link) &&
                crypto_is_equal(link->session.peer_key, peer->announce.key, CRYPTO_KEY_BYTES)) {
                peer->sessions++; /* <= NODE_LINKS */
            }
        }
    }
}

/* Sets when to try this peer again: at once a second after a session, later after each failure. */
static void plan_retry(struct node *node, const struct link *link, bool has_failed, uint64_t now_us)
{
    struct peer *peer = peers_find(&node->peers, &link->peer);
    if (peer == NULL || !link->is_ours) {
        return;
    }
    uint64_t span_ms = (uint64_t)NODE_RETRY_FIRST_MS << peer->failures; /* <= 2^6 s */
    span_ms = span_ms < NODE_RETRY_MOST_MS ? span_ms : NODE_RETRY_MOST_MS;
    uint64_t jitter_ms = bus_name_hash(&node->config.id) % (span_ms / 4);
    peer->retry_us = after_ms(now_us, span_ms + jitter_ms);
    if (has_failed && peer->failures < BACKOFF_MOST) {
        peer->failures++;
    }
}

/* --- trust --- */

/* A name for a key that has none. */
static void name_after_key(struct bus_name *name, const uint8_t *key)
{
    char text[KEY_NAME_BYTES];
    size_t len =
        fmt_format(text, sizeof(text), "key-%02x%02x%02x%02x", key[0], key[1], key[2], key[3]);
    (void)!bus_name_set(name, text, len);
}

/* The id a peer's key is known under, if any. */
static void find_peer(struct node *node, struct link *link)
{
    const uint8_t *key = link->session.peer_key;
    const struct bus_name *pinned = trust_find_id(&node->trust, key);
    const struct peer *peer = peers_find_key(&node->peers, key);
    if (link->is_ours) {
        return; /* we asked for it by its id */
    }
    link->peer = (struct bus_name){.len = 0};
    if (pinned != NULL) {
        link->peer = *pinned;
    } else if (peer != NULL) {
        link->peer = peer->announce.id;
    }
}

/* I1: whether the key that was proved gets a session. */
static bool may_enter(struct node *node, struct link *link)
{
    const uint8_t *key = link->session.peer_key;
    enum trust_verdict verdict = trust_judge(&node->trust, &link->peer, key);
    if (verdict == TRUST_NEW && trust_pin(&node->trust, &link->peer, key) == OK) {
        bus_count(&node->stats, BUS_first_use);
        verdict = TRUST_YES;
    }
    return verdict == TRUST_YES;
}

void node_recheck(struct node *node, uint64_t now_us)
{
    for (int i = 0; i < NODE_LINKS; i++) {
        struct link *link = &node->links[i];
        if (is_open(link)) {
            find_peer(node, link);
            const uint8_t *key = link->session.peer_key;
            if (trust_judge(&node->trust, &link->peer, key) != TRUST_YES) {
                session_end(&link->session, BUS_end_key_refused, now_us);
            }
        }
    }
    links_tick(node, now_us);
}

/* I3: a peer that begins anew has forgotten the session before. */
static void replace_others(struct node *node, const struct link *link, uint64_t now_us)
{
    for (int i = 0; i < NODE_LINKS && !link->is_ours; i++) {
        struct link *other = &node->links[i];
        if (other != link && is_open(other) && !other->is_ours &&
            crypto_is_equal(other->session.peer_key, link->session.peer_key, CRYPTO_KEY_BYTES)) {
            session_end(&other->session, BUS_end_replaced, now_us);
        }
    }
}

/* --- what becomes of a session --- */

static void settle_end(struct node *node, int index, uint64_t now_us)
{
    struct link *link = &node->links[index];
    bool was_open = link->session.is_confirmed;
    calls_lose(node, index, now_us);
    if (was_open) {
        say(node, link, EVENT_SESSION_ENDED);
    } else if (link->is_ours || node_may_say_refused(node, now_us)) {
        say(node, link, EVENT_AUTH_FAILED);
    }
    struct peer *peer = peers_find(&node->peers, &link->peer);
    if (was_open && peer != NULL) {
        peer->failures = 0;
    }
    plan_retry(node, link, !was_open, now_us);
    link->state = link->session.out_len != 0 ? LINK_DRAINING : LINK_CLOSING;
    link->until_us = after_ms(now_us, NODE_DRAIN_MS);
    count_sessions(node);
}

static void settle_proven(struct node *node, struct link *link, uint64_t now_us)
{
    find_peer(node, link);
    if (!may_enter(node, link)) {
        session_end(&link->session, BUS_end_key_refused, now_us);
        return;
    }
    if (link->peer.len == 0) {
        name_after_key(&link->peer, link->session.peer_key);
    }
    session_admit(&link->session, now_us);
}

/* Both sides have admitted the other. */
static void settle_confirmed(struct node *node, struct link *link, uint64_t now_us)
{
    link->was_told = true;
    replace_others(node, link, now_us);
    say(node, link, EVENT_AUTH_OK);
    count_sessions(node);
}

/* After anything that may have changed a session. */
static void settle(struct node *node, int index, uint64_t now_us)
{
    struct link *link = &node->links[index];
    struct session *session = &link->session;
    if (link->state != LINK_UP) {
        return;
    }
    if (session->state == SESSION_PROVEN) {
        settle_proven(node, link, now_us);
    }
    if (is_open(link) && !link->was_told) {
        settle_confirmed(node, link, now_us);
    }
    if (session->state == SESSION_OPEN) {
        calls_take_news(node, index, now_us);
    }
    if (session->ping == PING_OK || session->ping == PING_LOST) {
        say(node, link, session->ping == PING_OK ? EVENT_PING_OK : EVENT_PING_LOST);
        session->ping = PING_NONE;
    }
    if (session->state == SESSION_ENDED) {
        settle_end(node, index, now_us);
    }
}

/* --- beginning --- */

static int find_free(const struct node *node)
{
    for (int i = 0; i < NODE_LINKS; i++) {
        if (node->links[i].state == LINK_FREE) {
            return i;
        }
    }
    return -1;
}

void node_free_link(struct node *node, int link)
{
    node->links[link].state = LINK_FREE;
    while (node->link_end > 0 && node->links[node->link_end - 1].state == LINK_FREE) {
        node->link_end--;
    }
}

/* A free link for a new stream. */
static struct link *take_link(struct node *node, int index, bool is_ours)
{
    struct link *link = &node->links[index];
    memset(link, 0, sizeof(*link));
    node->link_end = index < node->link_end ? node->link_end : index + 1;
    link->is_ours = is_ours;
    link->generation = ++node->next_generation;
    return link;
}

/* I2: the handshake on a stream that is there. False: no entropy. */
static bool begin_session(struct node *node, struct link *link, const uint8_t *peer_key,
                          uint64_t now_us)
{
    uint8_t ephemeral[CRYPTO_KEY_BYTES];
    if (node->config.random(node->config.context, ephemeral, sizeof(ephemeral)) != OK) {
        bus_count(&node->stats, BUS_session_no_entropy);
        return false;
    }
    const struct session_setup setup = {
        .is_initiator = link->is_ours,
        .static_secret = node->config.secret,
        .static_public = node_public_key(node),
        .ephemeral_secret = ephemeral,
        .peer_key = peer_key,
        .stats = &node->stats,
        .rekey_frames = node->config.rekey_frames,
    };
    bus_count(&node->stats, link->is_ours ? BUS_session_out : BUS_session_in);
    link->state = LINK_UP;
    session_begin(&link->session, &setup, now_us);
    crypto_wipe(ephemeral, sizeof(ephemeral));
    return true;
}

int node_accept(struct node *node, uint32_t address, uint16_t port, uint64_t now_us, int *link)
{
    int theirs = 0;
    int half_open = 0;
    int half_open_here = 0;
    for (int i = 0; i < NODE_LINKS; i++) {
        const struct link *other = &node->links[i];
        bool is_theirs = other->state != LINK_FREE && !other->is_ours;
        bool is_half = is_theirs && other->state == LINK_UP && !is_open(other);
        theirs += is_theirs;
        half_open += is_half;
        half_open_here += is_half && other->address == address;
    }
    int index = find_free(node);
    if (theirs >= NODE_IN_MAX || index < 0 || node->is_closed) {
        bus_count(&node->stats, BUS_session_full);
        return E_LIMIT;
    }
    if (half_open >= NODE_HALF_OPEN_MAX || half_open_here >= NODE_HALF_OPEN_EACH) {
        bus_count(&node->stats, BUS_session_half_open);
        return E_LIMIT;
    }
    struct link *taken = take_link(node, index, false);
    taken->address = address;
    taken->port = port;
    if (!begin_session(node, taken, NULL, now_us)) {
        node_free_link(node, index);
        return E_LIMIT;
    }
    *link = index;
    return OK;
}

void node_connected(struct node *node, int link, uint64_t now_us)
{
    struct link *made = &node->links[link];
    if (made->state != LINK_CONNECTING) {
        return;
    }
    const struct peer *peer = peers_find(&node->peers, &made->peer);
    const uint8_t *key = trust_find_key(&node->trust, &made->peer);
    if (key == NULL && peer != NULL) {
        key = peer->announce.key;
    }
    if (key == NULL || node->is_closed || !begin_session(node, made, key, now_us)) {
        plan_retry(node, made, true, now_us);
        made->state = LINK_CLOSING;
        return;
    }
    settle(node, link, now_us);
}

void node_closed(struct node *node, int link, uint64_t now_us)
{
    struct link *gone = &node->links[link];
    if (gone->state == LINK_UP) {
        session_end(&gone->session, BUS_end_lost, now_us);
        settle(node, link, now_us);
    } else if (gone->state == LINK_CONNECTING || gone->state == LINK_WANTED) {
        plan_retry(node, gone, true, now_us);
    }
    node_free_link(node, link);
}

void node_close(struct node *node, uint64_t now_us)
{
    for (int i = 0; i < NODE_LINKS; i++) {
        if (node->links[i].state == LINK_UP) {
            session_end(&node->links[i].session, BUS_end_by_us, now_us);
            settle(node, i, now_us);
        }
    }
    node->is_silent = true;
    node->is_closed = true;
    crypto_wipe(node->config.secret, sizeof(node->config.secret));
}

static int count_ours(const struct node *node)
{
    int ours = 0;
    for (int i = 0; i < NODE_LINKS; i++) {
        ours += node->links[i].state != LINK_FREE && node->links[i].is_ours;
    }
    return ours;
}

/* Connects to each trusted peer that is there and has no link of ours. */
static void want(struct node *node, uint64_t now_us)
{
    for (int i = 0; i < PEERS_MAX; i++) {
        struct peer *peer = &node->peers.slot[i];
        const struct bus_name *id = &peer->announce.id;
        if (!peer->is_used || peer->retry_us > now_us || has_link_of_ours(node, id)) {
            continue;
        }
        peer->retry_us = 0;
        enum trust_verdict verdict = trust_judge(&node->trust, id, peer->announce.key);
        int index = find_free(node);
        if ((verdict != TRUST_YES && verdict != TRUST_NEW) || count_ours(node) >= NODE_OUT_MAX ||
            index < 0 || node->is_closed) {
            continue;
        }
        struct link *link = take_link(node, index, true);
        link->state = LINK_WANTED;
        link->peer = *id;
        link->address = peer->address;
        link->port = peer->announce.port;
    }
}

/* --- bytes --- */

void node_input(struct node *node, int link, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    struct link *from = &node->links[link];
    size_t at = 0;
    while (at < len && from->state == LINK_UP) {
        at += session_input(&from->session, bytes + at, len - at, now_us);
        settle(node, link, now_us); /* PROVEN becomes OPEN or ENDED, so that each round moves */
    }
    links_tick(node, now_us);
}

struct crypto_span node_output(const struct node *node, int link)
{
    const struct link *to = &node->links[link];
    bool has_stream = to->state == LINK_UP || to->state == LINK_DRAINING;
    return (struct crypto_span){to->session.out, has_stream ? to->session.out_len : 0};
}

void node_sent(struct node *node, int link, size_t len, uint64_t now_us)
{
    struct link *to = &node->links[link];
    if (to->state != LINK_UP && to->state != LINK_DRAINING) {
        return;
    }
    session_sent(&to->session, len, now_us);
    settle(node, link, now_us);
    if (to->state == LINK_DRAINING && to->session.out_len == 0) {
        to->state = LINK_CLOSING;
    }
}

/* --- time --- */

void links_tick(struct node *node, uint64_t now_us)
{
    for (int i = 0; i < node->link_end; i++) {
        struct link *link = &node->links[i];
        if (link->state == LINK_UP) {
            session_tick(&link->session, now_us);
            settle(node, i, now_us);
        } else if (link->state == LINK_CONNECTING && link->until_us <= now_us) {
            plan_retry(node, link, true, now_us);
            link->state = LINK_CLOSING;
        } else if (link->state == LINK_DRAINING && link->until_us <= now_us) {
            link->state = LINK_CLOSING;
        }
    }
    want(node, now_us);
}

uint64_t links_next_us(const struct node *node)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; i < node->link_end; i++) {
        const struct link *link = &node->links[i];
        uint64_t due_us = UINT64_MAX;
        if (link->state == LINK_UP) {
            due_us = session_next_us(&link->session);
        } else if (link->state == LINK_CONNECTING || link->state == LINK_DRAINING) {
            due_us = link->until_us;
        } else if (link->state == LINK_WANTED || link->state == LINK_CLOSING) {
            due_us = 0; /* an action waits */
        }
        next_us = due_us < next_us ? due_us : next_us;
    }
    for (int i = 0; i < PEERS_MAX; i++) {
        const struct peer *peer = &node->peers.slot[i];
        bool waits =
            peer->is_used && peer->retry_us != 0 && !has_link_of_ours(node, &peer->announce.id);
        next_us = waits && peer->retry_us < next_us ? peer->retry_us : next_us;
    }
    return next_us;
}

/* --- pings --- */

int node_ping(struct node *node, const struct bus_name *peer, struct crypto_span text,
              uint64_t now_us)
{
    uint8_t nonce[PING_NONCE_BYTES];
    int index = links_find_open(node, peer);
    if (index < 0) {
        return E_NOT_FOUND;
    }
    if (node->config.random(node->config.context, nonce, sizeof(nonce)) != OK) {
        return E_UNSUPPORTED;
    }
    struct session *session = &node->links[index].session;
    int error = session_ping(session, nonce, text, now_us);
    if (error == OK) {
        session->ping_number = ++node->last_ping;
    }
    return error;
}
