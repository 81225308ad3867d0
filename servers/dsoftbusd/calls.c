/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a node [node.h]: ours to services of peers, and theirs to ours.
 *
 * A call of ours has a channel of its own and one request. A peer may send several on one; they
 * are answered one after the other, each when there is room for the longest answer.
 */
#include "node.h"

#include <string.h>

enum { US_PER_MS = 1000 };

/* --- ours --- */

static struct channel *channel_of(struct node *node, const struct call *call)
{
    return &node->links[call->link].session.channels[call->channel];
}

static void finish(struct node *node, struct call *call, enum call_status status, uint64_t now_us)
{
    const struct node_event event = {
        .kind = EVENT_CALL_DONE, .call = call->token, .us = now_us - call->sent_us};
    bool is_answered = status < CALL_NO_SERVICE;
    call->state = CALL_DONE;
    call->status = status;
    call->rtt_us = now_us - call->sent_us;
    call->until_us = now_us + (uint64_t)NODE_KEEP_MS * US_PER_MS;
    call->len = is_answered ? call->len : 0;
    bus_count(&node->stats, is_answered              ? BUS_call_answered
                            : status == CALL_TIMEOUT ? BUS_call_timeout
                                                     : BUS_call_failed);
    node_say(node, &event);
}

static enum call_status status_of_refusal(uint8_t refusal)
{
    switch (refusal) {
    case REFUSAL_NO_SERVICE: return CALL_NO_SERVICE;
    case REFUSAL_DENIED: return CALL_DENIED;
    default: return CALL_BUSY;
    }
}

/* Sends the request once the channel is open and takes it. */
static void send_request(struct node *node, struct call *call, uint64_t now_us)
{
    struct session *session = &node->links[call->link].session;
    struct channel *channel = channel_of(node, call);
    const struct call_request request = {call->token, {call->bytes, call->len}};
    if (call->state != CALL_WAITS || call->is_sent ||
        !channel_has_room(session, channel, REQUEST_HEADER_BYTES + call->len)) {
        return;
    }
    size_t len = call_write_request(&request, node->scratch);
    if (channel_send(session, channel, (struct crypto_span){node->scratch, len}, now_us) == OK) {
        call->is_sent = true;
        channel_end(session, channel, now_us);
        bus_count(&node->stats, BUS_call_sent);
    }
}

static void read_answer(struct node *node, struct call *call, uint8_t news, uint64_t now_us)
{
    struct channel *channel = channel_of(node, call);
    struct call_answer answer;
    size_t used;
    int error = call_read_answer(channel->rx, channel->rx_len, &answer, &used);
    if (error == E_AGAIN && (news & NEWS_ENDED) == 0) {
        return;
    }
    bool is_good = error == OK && call->is_sent && answer.number == call->token;
    if (is_good) {
        call->len = (uint16_t)answer.bytes.len; /* <= CALL_BYTES_MAX */
        memcpy(call->bytes, answer.bytes.bytes, answer.bytes.len);
    }
    finish(node, call, is_good ? (enum call_status)answer.status : CALL_LOST, now_us);
    channel_drop(&node->links[call->link].session, channel, now_us);
}

static void take_our_news(struct node *node, struct call *call, uint8_t news, uint64_t now_us)
{
    if ((news & NEWS_REFUSED) != 0) {
        finish(node, call, status_of_refusal(channel_of(node, call)->refusal), now_us);
        return;
    }
    if ((news & NEWS_ACCEPTED) != 0) {
        call->state = CALL_WAITS;
    }
    if ((news & (NEWS_DATA | NEWS_ENDED)) != 0) {
        read_answer(node, call, news, now_us);
    }
}

static struct call *find_call(struct node *node, int link, int channel)
{
    for (int i = 0; i < NODE_CALLS; i++) {
        struct call *call = &node->calls[i];
        if ((call->state == CALL_ASKING || call->state == CALL_WAITS) && call->link == link &&
            call->channel == channel) {
            return call;
        }
    }
    return NULL;
}

int node_call(struct node *node, const struct bus_name *peer, const struct bus_name *service,
              struct crypto_span request, uint64_t now_us, uint32_t *token)
{
    struct channel *channel;
    struct call *call = NULL;
    int link = links_find_open(node, peer);
    for (int i = 0; i < NODE_CALLS && call == NULL; i++) {
        call = node->calls[i].state == CALL_FREE ? &node->calls[i] : NULL;
    }
    if (request.len > CALL_BYTES_MAX || service->len == 0) {
        return E_RANGE;
    }
    if (link < 0) {
        return E_NOT_FOUND;
    }
    if (call == NULL) {
        return E_LIMIT;
    }
    struct session *session = &node->links[link].session;
    int error = session_open_channel(session, service, now_us, &channel);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    *call = (struct call){
        .state = CALL_ASKING,
        .token = ++node->next_call,
        .link = (uint8_t)link,                             /* < NODE_LINKS */
        .channel = (uint8_t)(channel - session->channels), /* < SESSION_CHANNELS */
        .sent_us = now_us,
        .until_us = now_us + (uint64_t)NODE_CALL_MS * US_PER_MS,
        .len = (uint16_t)request.len,
    };
    if (request.len != 0) {
        memcpy(call->bytes, request.bytes, request.len);
    }
    *token = call->token;
    return OK;
}

int node_take_answer(struct node *node, uint32_t token, enum call_status *status, uint8_t *answer,
                     size_t *len)
{
    for (int i = 0; i < NODE_CALLS; i++) {
        struct call *call = &node->calls[i];
        if (call->state == CALL_FREE || call->token != token) {
            continue;
        }
        if (call->state != CALL_DONE) {
            return E_AGAIN;
        }
        *status = call->status;
        *len = call->len;
        memcpy(answer, call->bytes, call->len);
        call->state = CALL_FREE;
        return OK;
    }
    return E_NOT_FOUND;
}

void calls_lose(struct node *node, int link, uint64_t now_us)
{
    for (int i = 0; i < NODE_CALLS; i++) {
        struct call *call = &node->calls[i];
        if ((call->state == CALL_ASKING || call->state == CALL_WAITS) && call->link == link) {
            finish(node, call, CALL_LOST, now_us);
        }
    }
}

void calls_tick(struct node *node, uint64_t now_us)
{
    for (int i = 0; i < NODE_CALLS; i++) {
        struct call *call = &node->calls[i];
        if (call->state == CALL_FREE || call->until_us > now_us) {
            continue;
        }
        if (call->state == CALL_DONE) {
            call->state = CALL_FREE; /* nobody took it */
        } else {
            finish(node, call, CALL_TIMEOUT, now_us);
            channel_drop(&node->links[call->link].session, channel_of(node, call), now_us);
        }
    }
}

uint64_t calls_next_us(const struct node *node)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; i < NODE_CALLS; i++) {
        const struct call *call = &node->calls[i];
        if (call->state != CALL_FREE && call->until_us < next_us) {
            next_us = call->until_us;
        }
    }
    return next_us;
}

/* --- theirs --- */

static void take_asked(struct node *node, struct link *link, struct channel *channel,
                       uint64_t now_us)
{
    const struct service *service = services_find(&node->services, &channel->service);
    if (service == NULL) {
        bus_count(&node->stats, BUS_call_no_service);
        channel_refuse(&link->session, channel, REFUSAL_NO_SERVICE, now_us);
    } else if (!service_admits(service, &link->peer)) {
        bus_count(&node->stats, BUS_call_denied);
        channel_refuse(&link->session, channel, REFUSAL_DENIED, now_us);
    } else {
        channel_accept(&link->session, channel, now_us);
    }
}

/* Sends an answer whose bytes may lie in `scratch`, and takes the request out. */
static int put_answer(struct node *node, struct session *session, struct channel *channel,
                      const struct call_answer *answer, uint64_t now_us)
{
    struct call_request request;
    size_t used = channel->rx_len; /* of a request that is too long, all */
    (void)!call_read_request(channel->rx, channel->rx_len, CALL_BYTES_MAX, &request, &used);
    size_t len = call_write_answer(answer, node->scratch);
    int error = channel_send(session, channel, (struct crypto_span){node->scratch, len}, now_us);
    if (error == OK) {
        channel->is_busy = false;
        channel_consume(session, channel, (uint32_t)used, now_us);
    }
    return error;
}

/* The request at the beginning of the channel's bytes goes to its service. */
static void serve_request(struct node *node, int index, struct channel *channel,
                          const struct call_request *request, uint64_t now_us)
{
    struct link *link = &node->links[index];
    const struct service *service = services_find(&node->services, &channel->service);
    struct call_answer answer = {.number = request->number, .status = CALL_FAILED};
    struct service_call call = {
        .call = (uint64_t)link->generation << 32 | (uint32_t)index << 16 | channel->id,
        .peer = &link->peer,
        .service = &channel->service,
        .now_us = now_us,
        .request = request->bytes,
        .answer = node->scratch + ANSWER_HEADER_BYTES,
    };
    bus_count(&node->stats, BUS_call_received);
    if (service != NULL) { /* it may have gone since the channel was opened */
        int error = service->serve(service->context, &call);
        if (error == E_AGAIN) {
            channel->is_busy = true;
            return;
        }
        if (error == OK && call.answer_len <= CALL_BYTES_MAX) {
            answer.status = CALL_OK;
            answer.bytes = (struct crypto_span){call.answer, call.answer_len};
        }
    }
    (void)!put_answer(node, &link->session, channel, &answer, now_us); /* there is room */
}

/* The next request of a channel, if it is there whole and there is room for an answer. */
static bool serve_next(struct node *node, int index, struct channel *channel, uint64_t now_us)
{
    struct session *session = &node->links[index].session;
    const struct service *service = services_find(&node->services, &channel->service);
    size_t most = service != NULL ? service->request_max : CALL_BYTES_MAX;
    struct call_request request;
    size_t used;
    if (channel->state != CHANNEL_OPEN || channel->is_ours || channel->is_busy ||
        channel->is_dropped || channel->has_ended) {
        return false;
    }
    int error = call_read_request(channel->rx, channel->rx_len, most, &request, &used);
    if (error == E_AGAIN) {
        if (channel->has_peer_ended) { /* and what is left is no request */
            channel_drop(session, channel, now_us);
        }
        return false;
    }
    if (!channel_has_room(session, channel, ANSWER_MAX)) {
        return false; /* until the peer has taken more */
    }
    if (error == OK) {
        serve_request(node, index, channel, &request, now_us);
        return !channel->is_busy;
    }
    const struct call_answer answer = {.number = request.number, .status = CALL_TOO_LONG};
    bus_count(&node->stats, BUS_call_oversized);
    (void)!put_answer(node, session, channel, &answer, now_us); /* there is room */
    channel_drop(session, channel, now_us);
    return false;
}

int node_answer(struct node *node, uint64_t call, enum call_status status,
                struct crypto_span answer, uint64_t now_us)
{
    uint32_t index = (uint32_t)call >> 16;
    if (answer.len > CALL_BYTES_MAX || status > CALL_TOO_LONG) {
        return E_RANGE;
    }
    if (index >= NODE_LINKS || node->links[index].generation != call >> 32 ||
        node->links[index].state != LINK_UP) {
        return E_NOT_FOUND;
    }
    struct session *session = &node->links[index].session;
    for (int i = 0; i < SESSION_CHANNELS && session->state == SESSION_OPEN; i++) {
        struct channel *channel = &session->channels[i];
        struct call_request request;
        size_t used;
        if (channel->state == CHANNEL_OPEN && channel->is_busy && !channel->is_ours &&
            channel->id == (uint16_t)call &&
            call_read_request(channel->rx, channel->rx_len, CALL_BYTES_MAX, &request, &used) ==
                OK) {
            const struct call_answer whole = {request.number, (uint8_t)status, answer};
            return put_answer(node, session, channel, &whole, now_us);
        }
    }
    return E_NOT_FOUND;
}

void calls_take_news(struct node *node, int link, uint64_t now_us)
{
    struct link *from = &node->links[link];
    struct channel *channel;
    uint8_t news;
    while ((channel = session_next_news(&from->session, &news)) != NULL) {
        int index = (int)(channel - from->session.channels);
        struct call *call = channel->is_ours ? find_call(node, link, index) : NULL;
        if (call != NULL) {
            take_our_news(node, call, news, now_us);
        } else if ((news & NEWS_ASKED) != 0) {
            take_asked(node, from, channel, now_us);
        }
    }
    for (int i = 0; i < NODE_CALLS; i++) {
        struct call *call = &node->calls[i];
        if (call->link == link) {
            send_request(node, call, now_us);
        }
    }
    for (int i = 0; i < SESSION_CHANNELS && from->session.state == SESSION_OPEN; i++) {
        while (serve_next(node, link, &from->session.channels[i], now_us)) {
        }
    }
}
