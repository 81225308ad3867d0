/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <string.h>

#include <base/bytes.h>

enum {
    US_PER_MS = 1000,
    CONTROL_RECORD_BYTES = FRAME_HEADER_BYTES + RECORD_HEADER_BYTES + CRYPTO_TAG_BYTES,
};

static const struct crypto_span nothing = {NULL, 0};

static uint64_t after_ms(uint64_t now_us, uint64_t span_ms)
{
    return now_us + span_ms * US_PER_MS;
}

/* --- frames out --- */

/* Seals a record at the end of `out`; there is room. E_LIMIT: no nonce is left for it. */
static int seal(struct session *session, const struct record *record, uint64_t now_us)
{
    uint8_t *frame = session->out + session->out_len;
    uint8_t *body = frame + FRAME_HEADER_BYTES;
    size_t len = record_write(record, body);
    int error = noise_seal(&session->tx, nothing, (struct crypto_span){body, len}, body);
    if (error != OK) {
        crypto_wipe(body, len);
        return error;
    }
    len += CRYPTO_TAG_BYTES; /* <= SESSION_FRAME_MAX */
    bytes_put_be32(frame, (uint32_t)len);
    session->out_len += FRAME_HEADER_BYTES + len;
    session->tx_frames++;
    session->sent_us = now_us;
    bus_count(session->stats, BUS_frame_sent);
    return OK;
}

/* As session_put, but E_LIMIT when the nonces are used up. */
static int try_put(struct session *session, const struct record *record, size_t reserve,
                   uint64_t now_us)
{
    bool is_rekey_due = session->tx_frames >= session->rekey_frames;
    size_t needed = CONTROL_RECORD_BYTES + record->body.len + reserve +
                    (is_rekey_due ? CONTROL_RECORD_BYTES : 0);
    if (session->state != SESSION_OPEN) {
        return E_STATE;
    }
    if (needed > sizeof(session->out) - session->out_len) {
        return E_AGAIN;
    }
    if (is_rekey_due) {
        const struct record rekey = {.kind = RECORD_REKEY};
        int error = seal(session, &rekey, now_us);
        if (error != OK) {
            return error;
        }
        noise_rekey(&session->tx);
        session->tx_frames = 0;
        bus_count(session->stats, BUS_rekey_sent);
    }
    return seal(session, record, now_us);
}

int session_put(struct session *session, const struct record *record, size_t reserve,
                uint64_t now_us)
{
    int error = try_put(session, record, reserve, now_us);
    if (error == E_LIMIT) {
        session_end(session, BUS_end_nonces, now_us);
        return E_STATE;
    }
    return error;
}

/* --- beginning and end --- */

void session_end(struct session *session, enum bus_counter why, uint64_t now_us)
{
    if (session->state == SESSION_ENDED) {
        return;
    }
    if (session->state == SESSION_OPEN && why == BUS_end_by_us) {
        const struct record bye = {.kind = RECORD_BYE};
        (void)!try_put(session, &bye, 0, now_us); /* if it cannot be said, the stream says it */
    } else {
        session->out_len = 0;
    }
    noise_abandon(&session->handshake);
    crypto_wipe(&session->tx, sizeof(session->tx));
    crypto_wipe(&session->rx, sizeof(session->rx));
    crypto_wipe(session->in, sizeof(session->in));
    crypto_wipe(session->channels, sizeof(session->channels));
    session->ping = session->ping == PING_WAITS ? PING_LOST : session->ping;
    session->state = SESSION_ENDED;
    session->why = why;
    bus_count(session->stats, why);
}

static void write_handshake(struct session *session, uint64_t now_us)
{
    size_t len;
    int error = noise_write(&session->handshake, nothing, session->out + session->out_len,
                            sizeof(session->out) - session->out_len, &len);
    if (error != OK) {
        session_end(session, BUS_end_handshake, now_us);
        return;
    }
    session->out_len += len;
    session->sent_us = now_us;
    session->step_until_us = after_ms(now_us, SESSION_STEP_MS);
}

void session_begin(struct session *session, const struct session_setup *setup, uint64_t now_us)
{
    const struct noise_setup noise = {
        .pattern = &noise_xk,
        .hash = &crypto_blake2s,
        .is_initiator = setup->is_initiator,
        .static_secret = setup->static_secret,
        .static_public = setup->static_public,
        .ephemeral_secret = setup->ephemeral_secret,
        .peer_static = setup->peer_key,
    };
    memset(session, 0, sizeof(*session));
    session->state = SESSION_HANDSHAKE;
    session->is_initiator = setup->is_initiator;
    session->stats = setup->stats;
    session->rekey_frames = setup->rekey_frames != 0 ? setup->rekey_frames : SESSION_REKEY_FRAMES;
    session->heard_us = now_us;
    session->moved_us = now_us;
    session->next_channel = setup->is_initiator ? 1 : 2;
    session->step_until_us = after_ms(now_us, SESSION_STEP_MS);
    frame_begin(&session->reader, session->in, sizeof(session->in));
    if (noise_begin(&session->handshake, &noise) != OK) {
        session_end(session, BUS_end_handshake, now_us);
    } else if (setup->is_initiator) {
        write_handshake(session, now_us);
    }
}

static void confirm(struct session *session)
{
    if (!session->is_confirmed) {
        session->is_confirmed = true;
        bus_count(session->stats, BUS_auth_ok);
    }
}

static void put_keepalive(struct session *session, uint64_t now_us)
{
    const struct record keepalive = {.kind = RECORD_KEEPALIVE};
    (void)!session_put(session, &keepalive, 0, now_us); /* without room other words are under way */
    session->sent_us = now_us;
}

void session_admit(struct session *session, uint64_t now_us)
{
    if (session->state != SESSION_PROVEN) {
        return;
    }
    session->state = SESSION_OPEN;
    session->heard_us = now_us;
    session->sent_us = now_us;
    if (!session->is_initiator) {
        confirm(session);
        put_keepalive(session, now_us);
    }
}

/* --- the handshake --- */

/* A whole message is in `in`. */
static void read_handshake(struct session *session, size_t len, uint64_t now_us)
{
    uint8_t payload[1];
    size_t payload_len;
    const struct crypto_span message = {session->in, len};
    int error = noise_read(&session->handshake, message, payload, sizeof(payload), &payload_len);
    if (error != OK) {
        session_end(session, BUS_end_handshake, now_us);
        return;
    }
    session->step_until_us = after_ms(now_us, SESSION_STEP_MS);
    if (noise_is_our_turn(&session->handshake)) {
        write_handshake(session, now_us);
    }
    if (!noise_is_done(&session->handshake)) {
        return; /* or it has ended */
    }
    memcpy(session->peer_key, session->handshake.peer_static, CRYPTO_KEY_BYTES);
    if (noise_finish(&session->handshake, &session->tx, &session->rx, NULL) == OK) {
        session->state = SESSION_PROVEN;
    }
}

/* Messages have a length of their own and no header. Gives how many bytes were taken. */
static size_t input_handshake(struct session *session, const uint8_t *bytes, size_t len,
                              uint64_t now_us)
{
    size_t whole = noise_next_bytes(&session->handshake); /* <= sizeof(in) */
    size_t missing = whole - session->reader.have;
    size_t taken = len < missing ? len : missing;
    memcpy(session->in + session->reader.have, bytes, taken);
    session->reader.have += (uint32_t)taken;
    if (session->reader.have == whole) {
        session->reader.have = 0;
        read_handshake(session, whole, now_us);
    }
    return taken;
}

/* --- records in --- */

static void answer_ping(struct session *session, const struct record *ping, uint64_t now_us)
{
    const struct record pong = {.kind = RECORD_PONG, .body = ping->body};
    bool is_out = session_put(session, &pong, 0, now_us) == OK;
    bus_count(session->stats, is_out ? BUS_ping_received : BUS_ping_dropped);
}

static void take_pong(struct session *session, const struct record *pong, uint64_t now_us)
{
    if (session->ping != PING_WAITS || pong->body.len != session->ping_len ||
        !crypto_is_equal(pong->body.bytes, session->ping_body, session->ping_len)) {
        bus_count(session->stats, BUS_ping_unmatched);
        return;
    }
    session->ping = PING_OK;
    session->ping_rtt_us = now_us - session->ping_sent_us;
    bus_count(session->stats, BUS_ping_answered);
}

static void take_record(struct session *session, const struct record *record, uint64_t now_us)
{
    switch (record->kind) {
    case RECORD_PING: answer_ping(session, record, now_us); break;
    case RECORD_PONG: take_pong(session, record, now_us); break;
    case RECORD_KEEPALIVE: break;
    case RECORD_REKEY:
        noise_rekey(&session->rx);
        bus_count(session->stats, BUS_rekey_received);
        break;
    case RECORD_BYE: session_end(session, BUS_end_by_peer, now_us); break;
    case RECORD_OPEN:
    case RECORD_ACCEPT:
    case RECORD_REFUSE:
    case RECORD_DATA:
    case RECORD_CREDIT:
    case RECORD_END: (void)!channel_input(session, record, now_us); break;
    }
}

/* A whole frame is in `in`; it is opened where it lies. */
static void take_frame(struct session *session, uint64_t now_us)
{
    struct record record;
    const struct crypto_span sealed = {session->in, session->reader.length};
    int error = noise_open(&session->rx, nothing, sealed, session->in);
    if (error != OK) {
        session_end(session, error == E_LIMIT ? BUS_end_nonces : BUS_end_forged, now_us);
        return;
    }
    bus_count(session->stats, BUS_frame_received);
    session->heard_us = now_us;
    if (!record_read(session->in, sealed.len - CRYPTO_TAG_BYTES, &record)) {
        session_end(session, BUS_end_record, now_us);
        return;
    }
    confirm(session);
    take_record(session, &record, now_us);
}

size_t session_input(struct session *session, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    size_t at = 0;
    while (at < len) {
        if (session->state == SESSION_HANDSHAKE) {
            at += input_handshake(session, bytes + at, len - at, now_us);
            continue;
        }
        if (session->state != SESSION_OPEN) {
            break;
        }
        size_t used;
        int error = frame_read(&session->reader, bytes + at, len - at, &used);
        at += used;
        if (error == OK) {
            take_frame(session, now_us);
        } else if (error != E_AGAIN) {
            session_end(session, BUS_end_length, now_us);
        }
    }
    return at;
}

/* --- time and room --- */

void session_sent(struct session *session, size_t len, uint64_t now_us)
{
    if (len == 0) {
        return;
    }
    memmove(session->out, session->out + len, session->out_len - len);
    session->out_len -= len;
    session->moved_us = now_us;
    channel_pay(session, now_us);
}

/* When the session ends unless something comes. */
static uint64_t end_us(const struct session *session)
{
    if (!session->is_confirmed) {
        return session->step_until_us;
    }
    uint64_t moved_us = session->out_len != 0 ? session->moved_us : UINT64_MAX;
    uint64_t since_us = moved_us < session->heard_us ? moved_us : session->heard_us;
    return after_ms(since_us, SESSION_SILENT_MS);
}

void session_tick(struct session *session, uint64_t now_us)
{
    if (session->state == SESSION_IDLE || session->state == SESSION_ENDED) {
        return;
    }
    if (session->out_len == 0) {
        session->moved_us = now_us;
    }
    if (end_us(session) <= now_us) {
        session_end(session, session->is_confirmed ? BUS_end_silent : BUS_end_handshake_late,
                    now_us);
        return;
    }
    if (session->ping == PING_WAITS && after_ms(session->ping_sent_us, SESSION_PING_MS) <= now_us) {
        session->ping = PING_LOST;
    }
    if (session->state == SESSION_OPEN) {
        channel_pay(session, now_us);
        if (after_ms(session->sent_us, SESSION_KEEPALIVE_MS) <= now_us) {
            put_keepalive(session, now_us);
        }
    }
}

uint64_t session_next_us(const struct session *session)
{
    if (session->state == SESSION_IDLE || session->state == SESSION_ENDED) {
        return UINT64_MAX;
    }
    uint64_t next_us = end_us(session);
    if (session->state == SESSION_OPEN) {
        uint64_t keepalive_us = after_ms(session->sent_us, SESSION_KEEPALIVE_MS);
        next_us = keepalive_us < next_us ? keepalive_us : next_us;
    }
    if (session->ping == PING_WAITS) {
        uint64_t ping_us = after_ms(session->ping_sent_us, SESSION_PING_MS);
        next_us = ping_us < next_us ? ping_us : next_us;
    }
    return next_us;
}

int session_ping(struct session *session, const uint8_t *nonce, struct crypto_span text,
                 uint64_t now_us)
{
    uint8_t body[PING_NONCE_BYTES + PING_TEXT_MAX];
    if (text.len > PING_TEXT_MAX) {
        return E_RANGE;
    }
    if (session->state == SESSION_OPEN && session->ping == PING_WAITS) {
        return E_BUSY;
    }
    size_t len = PING_NONCE_BYTES + text.len;
    memcpy(body, nonce, PING_NONCE_BYTES);
    if (text.len != 0) {
        memcpy(body + PING_NONCE_BYTES, text.bytes, text.len);
    }
    const struct record ping = {.kind = RECORD_PING, .body = {body, len}};
    int error = session_put(session, &ping, 0, now_us);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    memcpy(session->ping_body, body, len);
    session->ping_len = len;
    session->ping = PING_WAITS;
    session->ping_sent_us = now_us;
    bus_count(session->stats, BUS_ping_sent);
    return OK;
}
