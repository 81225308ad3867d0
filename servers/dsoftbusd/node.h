/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One node of the bus: it announces itself, knows its peers, and keeps a session with each that it
 * trusts.
 *
 * The whole of a node but its sockets, clock and random numbers. Whoever has those (dsoftbusd, the
 * host node, a simulation) brings datagrams, streams and time, and does what node_next_action
 * says. A link is a stream of bytes, made by us or by a peer, and the session on it.
 *
 *     on a datagram        node_hear
 *     on a connection      node_accept; node_connected when one of ours is made
 *     on bytes             node_input; node_output and node_sent while the stream takes some
 *     on the end of one    node_closed
 *     at node_next_us      node_tick
 *     after each of these  node_next_action, node_next_event until there is none
 *
 * I1  No session without trust: a key that trust.h does not say yes to gets none.
 * I2  No handshake without entropy.
 * I3  One link to each peer is ours, one is the peer's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "announce.h"
#include "call.h"
#include "peers.h"
#include "services.h"
#include "session.h"
#include "sources.h"
#include "trust.h"

enum {
    NODE_OUT_MAX = 8,
    NODE_IN_MAX = 8,
    NODE_LINKS = NODE_OUT_MAX + NODE_IN_MAX,
    NODE_HALF_OPEN_MAX = 4,
    NODE_HALF_OPEN_EACH = 2, /* from one address */
    NODE_CALLS = 4,
    NODE_EVENTS = 32,
    NODE_CONNECT_MS = 5000,
    NODE_DRAIN_MS = 1000, /* for the last bytes of a session that ended */
    NODE_RETRY_FIRST_MS = 1000,
    NODE_RETRY_MOST_MS = 60 * 1000,
    NODE_CALL_MS = 5000,
    NODE_KEEP_MS = 10 * 1000, /* an answer that nobody takes */
    NODE_REFUSALS_RATE = 1,   /* a second, of events about refused announces and keys */
    NODE_REFUSALS_BURST = 8,
};

enum link_state {
    LINK_FREE,
    LINK_WANTED,     /* a connection is to be made */
    LINK_CONNECTING, /* is being made */
    LINK_UP,
    LINK_DRAINING, /* the session has ended; what it said last is on its way */
    LINK_CLOSING,  /* the stream is to be closed */
};

struct link {
    enum link_state state;
    bool is_ours;
    bool was_told;       /* EVENT_AUTH_OK is out */
    uint32_t generation; /* differs for each stream a link has had */
    uint32_t address;
    uint16_t port;
    uint64_t until_us; /* for a connection, or the last bytes */
    struct bus_name peer;
    struct session session;
};

/* What becomes of a call of ours. */
enum call_state {
    CALL_FREE,
    CALL_ASKING, /* for a channel */
    CALL_WAITS,  /* for its answer */
    CALL_DONE,
};

struct call {
    enum call_state state;
    enum call_status status; /* of CALL_DONE */
    bool is_sent;
    uint32_t token;
    uint8_t link;
    uint8_t channel;
    uint64_t until_us;
    uint64_t sent_us;
    uint64_t rtt_us;
    uint16_t len; /* of `bytes`: the request, then the answer */
    uint8_t bytes[CALL_BYTES_MAX];
};

enum node_action_kind {
    ACTION_ANNOUNCE, /* `bytes` to the group */
    ACTION_CONNECT,  /* `link` to address and port */
    ACTION_CLOSE,    /* `link`; it is free when this returns */
};

struct node_action {
    enum node_action_kind kind;
    int link;
    uint32_t address;
    uint16_t port;
    struct crypto_span bytes; /* until the next call of the node */
};

enum node_event_kind {
    EVENT_PEER_FOUND,
    EVENT_PEER_CHANGED,
    EVENT_PEER_LOST,
    EVENT_ANNOUNCE_REFUSED, /* `reason`: another key, denied, not pinned, our own id */
    EVENT_AUTH_OK,
    EVENT_AUTH_FAILED, /* `reason`: end_handshake, end_handshake_late, end_key_refused */
    EVENT_SESSION_ENDED,
    EVENT_PING_OK, /* `us` is the round trip */
    EVENT_PING_LOST,
    EVENT_CALL_DONE, /* `call` is its token */
};

struct node_event {
    enum node_event_kind kind;
    struct bus_name peer;
    uint32_t address;
    uint16_t port;
    bool is_ours; /* the link */
    enum bus_counter reason;
    uint64_t us;
    uint32_t call; /* its token; of a ping its number */
};

struct node_config {
    struct bus_name id;
    uint16_t port;
    uint8_t secret[CRYPTO_KEY_BYTES];
    uint64_t rekey_frames; /* 0: SESSION_REKEY_FRAMES */
    void *context;
    /* Fresh random bytes; anything but OK: there are none. */
    int (*random)(void *context, uint8_t *bytes, size_t len);
};

struct node {
    struct node_config config;
    bool has_public_key;                  /* it is worth a million instructions, so it is made */
    uint8_t public_key[CRYPTO_KEY_BYTES]; /* when somebody asks for it: node_public_key */
    struct bus_stats stats;
    struct trust trust;
    struct services services;
    struct peers peers;
    struct sources sources;
    struct bucket refusals;
    struct link links[NODE_LINKS];
    int link_end; /* from here on all are free */
    struct call calls[NODE_CALLS];
    uint32_t next_call;
    uint32_t last_ping; /* the number of the last one begun */
    uint32_t next_generation;
    uint64_t started_us;
    uint32_t announces;
    uint64_t announce_us; /* when the next is due */
    bool is_silent;       /* announces nothing */
    bool is_closed;       /* and begins nothing */
    uint8_t datagram[ANNOUNCE_BYTES_MAX];
    size_t datagram_len;       /* 0: not written yet */
    uint32_t datagram_changes; /* of the services, when it was */
    struct node_event events[NODE_EVENTS];
    uint32_t event_first;
    uint32_t event_count;
    uint8_t scratch[ANSWER_MAX];
};

/* E_INVALID: no id, no port, no random. The id is at most BUS_NAME_MAX bytes. */
MUST_CHECK int node_init(struct node *node, const struct node_config *config, uint64_t now_us);

/* CRYPTO_KEY_BYTES, which stay. Requires that the node is not closed, or was asked before. */
const uint8_t *node_public_key(struct node *node);
/* Ends every session with a goodbye; nothing secret stays but in what `out` still holds. */
void node_close(struct node *node, uint64_t now_us);

/* An announce from the group; says what became of it. */
enum bus_counter node_hear(struct node *node, uint32_t address, const uint8_t *bytes, size_t len,
                           uint64_t now_us);

/*
 * A pinned peer that need not be heard: it is at this address and port, and is connected to until
 * it is there. E_NOT_FOUND: no pin. E_INVALID: no port. Else as peers_fix.
 */
MUST_CHECK int node_add_peer(struct node *node, const struct bus_name *id, uint32_t address,
                             uint16_t port, uint64_t now_us);

/* A peer has connected. Gives the link. E_LIMIT: close it. */
MUST_CHECK int node_accept(struct node *node, uint32_t address, uint16_t port, uint64_t now_us,
                           int *link);
/* The connection of an ACTION_CONNECT is there. */
void node_connected(struct node *node, int link, uint64_t now_us);
/* The stream has ended or was never made; the link is free. Whoever had it closes it. */
void node_closed(struct node *node, int link, uint64_t now_us);

/* Bytes that came on a link. */
void node_input(struct node *node, int link, const uint8_t *bytes, size_t len, uint64_t now_us);
/* Bytes for the link's stream, which stay until node_sent says that it took them. */
struct crypto_span node_output(const struct node *node, int link);
void node_sent(struct node *node, int link, size_t len, uint64_t now_us);

void node_tick(struct node *node, uint64_t now_us);
uint64_t node_next_us(const struct node *node);

/* Trust has changed: sessions with keys it no longer says yes to end. */
void node_recheck(struct node *node, uint64_t now_us);

/* False: nothing to do. */
MUST_CHECK bool node_next_action(struct node *node, uint64_t now_us, struct node_action *action);
MUST_CHECK bool node_next_event(struct node *node, struct node_event *event);

/* Whether there is a session with this peer. */
MUST_CHECK bool node_has_session(const struct node *node, const struct bus_name *peer);

/*
 * Asks a peer for a sign of life, on the link that is ours if there is one. EVENT_PING_OK or _LOST
 * follows, with the number that is node->last_ping now. E_NOT_FOUND: no session.
 * E_UNSUPPORTED: no entropy. Else as session_ping.
 */
MUST_CHECK int node_ping(struct node *node, const struct bus_name *peer, struct crypto_span text,
                         uint64_t now_us);

/*
 * Calls a service of a peer; EVENT_CALL_DONE with the token follows within NODE_CALL_MS.
 * E_NOT_FOUND: no session. E_RANGE: too long. E_LIMIT: too many calls, or channels. E_AGAIN.
 */
MUST_CHECK int node_call(struct node *node, const struct bus_name *peer,
                         const struct bus_name *service, struct crypto_span request,
                         uint64_t now_us, uint32_t *token);
/*
 * Takes the answer of a call that is done; it is then forgotten. `answer` has room for
 * CALL_BYTES_MAX. E_NOT_FOUND: no such call. E_AGAIN: not done.
 */
MUST_CHECK int node_take_answer(struct node *node, uint32_t token, enum call_status *status,
                                uint8_t *answer, size_t *len);

/*
 * Answers a call that its service left for later. E_NOT_FOUND: the caller has gone. E_RANGE: too
 * long. E_AGAIN: no room now.
 */
MUST_CHECK int node_answer(struct node *node, uint64_t call, enum call_status status,
                           struct crypto_span answer, uint64_t now_us);

/*
 * The service `status`, whose context is the node: lines of text, how long it has been up, how many
 * peers and sessions, and every counter that is not 0, as far as an answer is long.
 */
int node_status(void *context, struct service_call *call);

/* --- between node.c, links.c and calls.c --- */

void node_say(struct node *node, const struct node_event *event);
/* Whether one more refusal may be told; a flood of them is counted only. */
MUST_CHECK bool node_may_say_refused(struct node *node, uint64_t now_us);

void node_free_link(struct node *node, int link);
/* New connections to trusted peers, deadlines of links and sessions. */
void links_tick(struct node *node, uint64_t now_us);
uint64_t links_next_us(const struct node *node);
/* The link with an open session with this peer, ours first; -1: none. */
int links_find_open(const struct node *node, const struct bus_name *peer);

/* What is new on the channels of an open session, and what can go on. */
void calls_take_news(struct node *node, int link, uint64_t now_us);
/* A session has ended; calls on it are lost. */
void calls_lose(struct node *node, int link, uint64_t now_us);
void calls_tick(struct node *node, uint64_t now_us);
uint64_t calls_next_us(const struct node *node);
