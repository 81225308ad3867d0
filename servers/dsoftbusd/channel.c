/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channels of a session [session.h]: opening, credit, data, end.
 *
 * What must be said and has no room is owed, and paid when the stream has taken something.
 */
#include "session.h"

#include <string.h>

#include <base/bytes.h>

/* Credit is given back in pieces of at least this. */
enum { CREDIT_PIECE = RECORD_DATA_MAX / 2 };

static struct channel *find(struct session *session, uint16_t id)
{
    for (int i = 0; i < SESSION_CHANNELS; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->state != CHANNEL_FREE && channel->id == id) {
            return channel;
        }
    }
    return NULL;
}

/* A free one, unless the side that asks has its share. */
static struct channel *find_free(struct session *session, bool is_ours)
{
    struct channel *found = NULL;
    int count = 0;
    for (int i = 0; i < SESSION_CHANNELS; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->state != CHANNEL_FREE) {
            count += channel->is_ours == is_ours;
        } else if (channel->news == 0) { /* else its refusal was not taken yet */
            found = channel;
        }
    }
    return count < SESSION_CHANNELS_EACH ? found : NULL;
}

/* Nothing of it is kept but news. */
static void free_channel(struct channel *channel)
{
    crypto_wipe(channel->rx, sizeof(channel->rx));
    channel->state = CHANNEL_FREE;
    channel->owes_end = false;
    channel->owes_answer = false;
    channel->owed = 0;
    channel->rx_len = 0;
}

/* When both sides have said that they send no more, and what came was taken. */
static void free_if_done(struct channel *channel)
{
    if (channel->state == CHANNEL_OPEN && channel->has_ended && !channel->owes_end &&
        channel->has_peer_ended && channel->rx_len == 0) {
        free_channel(channel);
    }
}

/* --- out --- */

static int put(struct session *session, uint16_t id, enum record_kind kind, struct crypto_span body,
               uint64_t now_us)
{
    const struct record record = {.channel = id, .kind = kind, .body = body};
    return session_put(session, &record, 0, now_us);
}

static int put_credit(struct session *session, const struct channel *channel, enum record_kind kind,
                      uint32_t credit, uint64_t now_us)
{
    uint8_t body[CREDIT_BYTES];
    bytes_put_be32(body, credit);
    return put(session, channel->id, kind, (struct crypto_span){body, sizeof(body)}, now_us);
}

static void pay_answer(struct session *session, struct channel *channel, uint64_t now_us)
{
    const struct crypto_span refusal = {&channel->refusal, 1};
    if (channel->refusal == 0) {
        channel->owes_answer =
            put_credit(session, channel, RECORD_ACCEPT, RECORD_DATA_MAX, now_us) != OK;
    } else if (put(session, channel->id, RECORD_REFUSE, refusal, now_us) == OK) {
        free_channel(channel);
    }
}

static void pay_channel(struct session *session, struct channel *channel, uint64_t now_us)
{
    if (channel->owes_answer) {
        pay_answer(session, channel, now_us);
    }
    if (channel->state != CHANNEL_OPEN || channel->owes_answer) {
        return;
    }
    /* All, when nothing waits: the peer may need more than is left to send at all. */
    bool is_worth_it = !channel->has_peer_ended && channel->owed != 0 &&
                       (channel->owed >= CREDIT_PIECE || channel->rx_len == 0);
    if (is_worth_it && put_credit(session, channel, RECORD_CREDIT, channel->owed, now_us) == OK) {
        channel->rx_credit += channel->owed; /* <= RECORD_DATA_MAX */
        channel->owed = 0;
    }
    const struct crypto_span nothing = {NULL, 0};
    if (channel->owes_end && put(session, channel->id, RECORD_END, nothing, now_us) == OK) {
        channel->owes_end = false;
    }
    free_if_done(channel);
}

void channel_pay(struct session *session, uint64_t now_us)
{
    for (int i = 0; i < SESSION_CHANNELS && session->state == SESSION_OPEN; i++) {
        pay_channel(session, &session->channels[i], now_us);
    }
}

int session_open_channel(struct session *session, const struct bus_name *service, uint64_t now_us,
                         struct channel **channel)
{
    uint8_t body[CREDIT_BYTES + BUS_NAME_MAX];
    struct channel *found = find_free(session, true);
    if (session->state != SESSION_OPEN) {
        return E_STATE;
    }
    if (found == NULL || session->next_channel > UINT16_MAX - 2) {
        return E_LIMIT;
    }
    bytes_put_be32(body, RECORD_DATA_MAX);
    memcpy(body + CREDIT_BYTES, service->text, service->len);
    const struct crypto_span whole = {body, (size_t)CREDIT_BYTES + service->len};
    int error = put(session, session->next_channel, RECORD_OPEN, whole, now_us);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    memset(found, 0, sizeof(*found));
    found->state = CHANNEL_OPENING;
    found->is_ours = true;
    found->id = session->next_channel;
    found->rx_credit = RECORD_DATA_MAX;
    session->next_channel += 2;
    *channel = found;
    return OK;
}

void channel_accept(struct session *session, struct channel *channel, uint64_t now_us)
{
    if (channel->state == CHANNEL_ASKED && !channel->owes_answer) {
        channel->state = CHANNEL_OPEN;
        channel->rx_credit = RECORD_DATA_MAX;
        channel->owes_answer = true;
        pay_channel(session, channel, now_us);
    }
}

void channel_refuse(struct session *session, struct channel *channel, enum refusal refusal,
                    uint64_t now_us)
{
    if (channel->state == CHANNEL_ASKED && !channel->owes_answer) {
        channel->refusal = (uint8_t)refusal;
        channel->owes_answer = true;
        pay_channel(session, channel, now_us);
    }
}

int channel_send(struct session *session, struct channel *channel, struct crypto_span bytes,
                 uint64_t now_us)
{
    if (channel->state != CHANNEL_OPEN || channel->has_ended || channel->owes_answer) {
        return E_STATE;
    }
    if (bytes.len == 0 || bytes.len > RECORD_DATA_MAX) {
        return E_RANGE;
    }
    if (bytes.len > channel->tx_credit) {
        return E_AGAIN;
    }
    const struct record data = {.channel = channel->id, .kind = RECORD_DATA, .body = bytes};
    int error = session_put(session, &data, SESSION_OUT_RESERVE, now_us);
    if (error != OK) {
        return error;
    }
    channel->tx_credit -= (uint32_t)bytes.len;
    return OK;
}

bool channel_has_room(const struct session *session, const struct channel *channel, size_t len)
{
    size_t needed = 2 * (FRAME_HEADER_BYTES + RECORD_HEADER_BYTES + CRYPTO_TAG_BYTES) + len +
                    SESSION_OUT_RESERVE; /* twice: a new key may be due */
    return channel->state == CHANNEL_OPEN && !channel->has_ended && !channel->owes_answer &&
           len <= channel->tx_credit && needed <= sizeof(session->out) - session->out_len;
}

void channel_consume(struct session *session, struct channel *channel, uint32_t len,
                     uint64_t now_us)
{
    uint32_t taken = len < channel->rx_len ? len : channel->rx_len;
    memmove(channel->rx, channel->rx + taken, channel->rx_len - taken);
    channel->rx_len -= taken;
    channel->owed += taken;
    pay_channel(session, channel, now_us);
}

void channel_end(struct session *session, struct channel *channel, uint64_t now_us)
{
    if (channel->state == CHANNEL_OPEN && !channel->has_ended) {
        channel->has_ended = true;
        channel->owes_end = true;
        pay_channel(session, channel, now_us);
    }
}

void channel_drop(struct session *session, struct channel *channel, uint64_t now_us)
{
    if (channel->state == CHANNEL_OPENING || channel->state == CHANNEL_OPEN) {
        channel->is_dropped = true;
        channel->news = 0;
        channel_end(session, channel, now_us);
        channel_consume(session, channel, channel->rx_len, now_us);
    }
}

struct channel *session_next_news(struct session *session, uint8_t *news)
{
    for (int i = 0; i < SESSION_CHANNELS && session->state == SESSION_OPEN; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->news != 0) {
            *news = channel->news;
            channel->news = 0;
            return channel;
        }
    }
    return NULL;
}

/* --- in --- */

static bool take_open(struct session *session, const struct record *record)
{
    bool is_odd = record->channel % 2 != 0;
    struct channel *channel = find_free(session, false);
    if (is_odd == session->is_initiator || record->channel <= session->last_peer_channel ||
        channel == NULL) {
        return false;
    }
    struct bus_name service;
    if (!bus_name_set(&service, record->body.bytes + CREDIT_BYTES,
                      record->body.len - CREDIT_BYTES)) {
        return false;
    }
    /* --- committed --- */
    memset(channel, 0, sizeof(*channel));
    channel->state = CHANNEL_ASKED;
    channel->id = record->channel;
    channel->tx_credit = bytes_get_be32(record->body.bytes);
    channel->service = service;
    channel->news = NEWS_ASKED;
    session->last_peer_channel = record->channel;
    return true;
}

static bool take_answer(struct channel *channel, const struct record *record)
{
    if (channel->state != CHANNEL_OPENING) {
        return false;
    }
    if (record->kind == RECORD_ACCEPT) {
        channel->state = CHANNEL_OPEN;
        channel->tx_credit = bytes_get_be32(record->body.bytes);
        channel->news |= NEWS_ACCEPTED;
    } else {
        channel->refusal = record->body.bytes[0];
        free_channel(channel);
        channel->news = NEWS_REFUSED;
    }
    if (channel->is_dropped) { /* the one who asked has gone */
        channel->news = 0;
        channel->has_ended = true;
        channel->owes_end = channel->state == CHANNEL_OPEN;
    }
    return true;
}

static bool take_credit(struct channel *channel, const struct record *record)
{
    uint32_t more = bytes_get_be32(record->body.bytes);
    if (channel->state != CHANNEL_OPEN || more > UINT32_MAX - channel->tx_credit) {
        return false;
    }
    channel->tx_credit += more;
    return true;
}

static bool take_end(struct channel *channel)
{
    if (channel->state != CHANNEL_OPEN || channel->has_peer_ended) {
        return false;
    }
    channel->has_peer_ended = true;
    channel->news |= channel->is_dropped ? 0 : NEWS_ENDED;
    free_if_done(channel);
    return true;
}

static bool take_data(struct channel *channel, const struct record *record)
{
    if (channel->state != CHANNEL_OPEN || channel->has_peer_ended) {
        return false;
    }
    uint32_t len = (uint32_t)record->body.len; /* <= rx_credit */
    channel->rx_credit -= len;
    if (channel->is_dropped) {
        channel->owed += len;
        return true;
    }
    memcpy(channel->rx + channel->rx_len, record->body.bytes, len);
    channel->rx_len += len; /* I3: <= RECORD_DATA_MAX */
    channel->news |= NEWS_DATA;
    return true;
}

bool channel_input(struct session *session, const struct record *record, uint64_t now_us)
{
    struct channel *channel = find(session, record->channel);
    bool is_good = true;
    if (record->kind == RECORD_OPEN) {
        is_good = take_open(session, record);
    } else if (channel == NULL) { /* what the peer sent before it knew that all was said */
        bus_count(session->stats, BUS_channel_stale);
    } else if (record->kind == RECORD_DATA && record->body.len > channel->rx_credit) {
        session_end(session, BUS_end_flow, now_us);
        return false;
    } else if (record->kind == RECORD_ACCEPT || record->kind == RECORD_REFUSE) {
        is_good = take_answer(channel, record);
    } else if (record->kind == RECORD_DATA) {
        is_good = take_data(channel, record);
    } else if (record->kind == RECORD_CREDIT) {
        is_good = take_credit(channel, record);
    } else {
        is_good = take_end(channel);
    }
    if (is_good && channel != NULL) {
        pay_channel(session, channel, now_us);
    }
    if (!is_good) {
        session_end(session, BUS_end_record, now_us);
    }
    return is_good;
}
