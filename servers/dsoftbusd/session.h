/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One session with a peer over a stream of bytes: handshake, records, channels.
 *
 * Bytes and time go in, bytes for the stream wait in `out`. The owner (node.c) moves them, decides
 * whether the key that proved itself is to be trusted, and answers for the services. Pure.
 *
 *     IDLE -> HANDSHAKE -> PROVEN -> OPEN -> ENDED
 *
 * From PROVEN on the peer has shown that it has the secret of `peer_key`; nothing more is read
 * until the owner admits it. From anywhere an error leads to ENDED, with the counter that says why.
 *
 * I1  In ENDED no key is left. `out` may hold a last sealed frame.
 * I2  `out` never grows past its end: what does not fit is refused, owed, or dropped and counted.
 * I3  A channel never holds more than the credit given for it.
 *
 * Nothing is sealed before OPEN, and nothing is taken that was not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "bus_name.h"
#include "bus_stats.h"
#include "frame.h"
#include "noise.h"
#include "record.h"

enum {
    SESSION_CHANNELS = 6,
    SESSION_CHANNELS_EACH = SESSION_CHANNELS / 2, /* opened by one side at a time */
    SESSION_FRAME_MAX = RECORD_BYTES_MAX + CRYPTO_TAG_BYTES,
    SESSION_OUT_BYTES = 3 * (FRAME_HEADER_BYTES + SESSION_FRAME_MAX),
    SESSION_OUT_RESERVE = 512, /* data leaves this much for everything else */
    SESSION_STEP_MS = 3000,    /* for each message of the handshake */
    SESSION_KEEPALIVE_MS = 10 * 1000,
    SESSION_SILENT_MS = 30 * 1000,
    SESSION_PING_MS = 5000,
    SESSION_REKEY_FRAMES = 65536,
};

enum session_state {
    SESSION_IDLE,
    SESSION_HANDSHAKE,
    SESSION_PROVEN,
    SESSION_OPEN,
    SESSION_ENDED,
};

enum channel_state {
    CHANNEL_FREE,
    CHANNEL_OPENING, /* we asked */
    CHANNEL_ASKED,   /* the peer asked; `service` says for what */
    CHANNEL_OPEN,
};

/* What is new on a channel; the owner takes it. */
enum channel_news {
    NEWS_ASKED = 1,
    NEWS_ACCEPTED = 2,
    NEWS_REFUSED = 4, /* and the channel is free */
    NEWS_DATA = 8,
    NEWS_ENDED = 16, /* the peer sends no more */
};

struct channel {
    enum channel_state state;
    uint8_t news;
    bool is_ours;
    bool has_ended;      /* we send no more */
    bool has_peer_ended; /* the peer does not either */
    bool is_dropped;     /* what comes is thrown away */
    bool is_busy;        /* for the owner: a request of it is being answered */
    bool owes_end;       /* END is to be sent when there is room */
    bool owes_answer;    /* ACCEPT or REFUSE is */
    uint8_t refusal;     /* of NEWS_REFUSED and of an owed answer; 0: none */
    uint16_t id;
    uint32_t tx_credit; /* bytes the peer still takes */
    uint32_t rx_credit; /* bytes we still take */
    uint32_t owed;      /* taken out, and not yet given back as credit */
    struct bus_name service;
    uint32_t rx_len;
    uint8_t rx[RECORD_DATA_MAX];
};

enum session_ping {
    PING_NONE,
    PING_WAITS,
    PING_OK,   /* answered, nonce and text */
    PING_LOST, /* not answered in time */
};

struct session {
    enum session_state state;
    bool is_initiator;
    bool is_confirmed;    /* both sides have admitted the other */
    enum bus_counter why; /* in ENDED */
    struct bus_stats *stats;
    uint8_t peer_key[CRYPTO_KEY_BYTES];
    struct noise_handshake handshake;
    struct noise_cipher tx;
    struct noise_cipher rx;
    uint64_t tx_frames; /* since the last key of ours */
    uint64_t rekey_frames;
    uint64_t step_until_us;
    uint64_t heard_us;
    uint64_t sent_us;  /* when something was last put out */
    uint64_t moved_us; /* when the stream last took something, or nothing waited */
    uint16_t next_channel;
    uint16_t last_peer_channel;
    struct channel channels[SESSION_CHANNELS];
    enum session_ping ping;
    uint8_t ping_body[PING_NONCE_BYTES + PING_TEXT_MAX];
    uint32_t ping_number; /* whoever pings counts */
    size_t ping_len;
    uint64_t ping_sent_us;
    uint64_t ping_rtt_us; /* of PING_OK */
    struct frame_reader reader;
    uint8_t in[SESSION_FRAME_MAX];
    size_t out_len;
    uint8_t out[SESSION_OUT_BYTES];
};

/* All borrowed and copied, but for the counters. */
struct session_setup {
    bool is_initiator;
    const uint8_t *static_secret;
    const uint8_t *static_public;
    const uint8_t *ephemeral_secret; /* fresh random bytes */
    const uint8_t *peer_key;         /* of an initiator: who is meant */
    struct bus_stats *stats;         /* kept */
    uint64_t rekey_frames;           /* 0: SESSION_REKEY_FRAMES */
};

/* Begins the handshake on a stream that is connected; an initiator's first message is in `out`. */
void session_begin(struct session *session, const struct session_setup *setup, uint64_t now_us);

/*
 * Bytes from the stream; gives how many were taken: all, unless the session is PROVEN or ENDED
 * then. The rest is offered again after session_admit.
 */
size_t session_input(struct session *session, const uint8_t *bytes, size_t len, uint64_t now_us);

/*
 * The owner trusts `peer_key`: PROVEN becomes OPEN. A responder says so with a first record, which
 * is how an initiator learns that it was admitted, too: until then it is not confirmed.
 */
void session_admit(struct session *session, uint64_t now_us);

/* Ends it and counts why; END_by_us says goodbye if there is room. Once ended, nothing changes. */
void session_end(struct session *session, enum bus_counter why, uint64_t now_us);

/* The stream took the first `len` bytes of `out`. */
void session_sent(struct session *session, size_t len, uint64_t now_us);

/* Whatever is due: deadlines, keep-alive, what was owed for want of room. */
void session_tick(struct session *session, uint64_t now_us);

/* When session_tick has something to do; UINT64_MAX: never. */
uint64_t session_next_us(const struct session *session);

/*
 * Asks the peer to send `nonce` (PING_NONCE_BYTES, fresh) and the text back; `ping` says what
 * becomes of it. E_STATE: not open. E_BUSY: one is under way. E_RANGE: too long a text. E_AGAIN: no
 * room.
 */
MUST_CHECK int session_ping(struct session *session, const uint8_t *nonce, struct crypto_span text,
                            uint64_t now_us);

/* --- channels: channel.c --- */

/* Asks for a service. E_STATE. E_LIMIT: SESSION_CHANNELS_EACH are open. E_AGAIN: no room. */
MUST_CHECK int session_open_channel(struct session *session, const struct bus_name *service,
                                    uint64_t now_us, struct channel **channel);

/* Answers one that was ASKED; a refused one is free when the refusal is out. */
void channel_accept(struct session *session, struct channel *channel, uint64_t now_us);
void channel_refuse(struct session *session, struct channel *channel, enum refusal refusal,
                    uint64_t now_us);

/*
 * Sends all of it or nothing. E_STATE: not open, or ended. E_AGAIN: no credit or no room now.
 * E_RANGE: more than RECORD_DATA_MAX, or nothing.
 */
MUST_CHECK int channel_send(struct session *session, struct channel *channel,
                            struct crypto_span bytes, uint64_t now_us);

/* Whether channel_send would take so many bytes now. */
MUST_CHECK bool channel_has_room(const struct session *session, const struct channel *channel,
                                 size_t len);

/* Takes the first `len` bytes of `rx` out, which is credit for the peer. */
void channel_consume(struct session *session, struct channel *channel, uint32_t len,
                     uint64_t now_us);

/* Sends no more. It is free when the peer has ended, too, and all that came was consumed. */
void channel_end(struct session *session, struct channel *channel, uint64_t now_us);

/* As channel_end, and what comes is thrown away; one that is OPENING ends once it is answered. */
void channel_drop(struct session *session, struct channel *channel, uint64_t now_us);

/* The next channel with news, which are taken; NULL: none. */
struct channel *session_next_news(struct session *session, uint8_t *news);

/* --- between session.c and channel.c --- */

/* Seals a record into `out`, leaving `reserve` bytes of it. E_AGAIN: no room. */
MUST_CHECK int session_put(struct session *session, const struct record *record, size_t reserve,
                           uint64_t now_us);

/* A record for a channel. False: it breaks the rules, and the session has ended. */
MUST_CHECK bool channel_input(struct session *session, const struct record *record,
                              uint64_t now_us);

/* Sends what is owed on channels as far as there is room. */
void channel_pay(struct session *session, uint64_t now_us);
