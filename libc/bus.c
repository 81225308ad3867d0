/* SPDX-License-Identifier: BSD-2-Clause */
#include <wherry/bus.h>

#include <stdbool.h>
#include <string.h>

#include <wherry/event.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

/* --- requests with buffers --- */

struct buffer {
    uint8_t bytes[BUS_BYTES_MAX];
    size_t len;
};

/* A request; its status when the call itself succeeds. */
static MUST_CHECK int ask(struct message *message)
{
    ticks_t deadline = time_after(time_now(), BUS_ANSWER_MS * NS_PER_MS);
    int error = ipc_call(startup_handle(ROLE_BUS), message, deadline);
    if (error == E_TIMEOUT) {
        event_show_life();
    }
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

static MUST_CHECK int add(struct buffer *buffer, const void *bytes, size_t len)
{
    if (len > sizeof(buffer->bytes) - buffer->len) {
        return E_RANGE;
    }
    if (len != 0) {
        memcpy(buffer->bytes + buffer->len, bytes, len);
    }
    buffer->len += len;
    return OK;
}

static MUST_CHECK int add_name(struct buffer *buffer, const char *name)
{
    size_t len = strnlen(name, BUS_ID_MAX + 1);
    uint8_t byte = (uint8_t)len;
    int error = len > BUS_ID_MAX ? E_RANGE : add(buffer, &byte, 1);
    return error == OK ? add(buffer, name, len) : error;
}

static MUST_CHECK int put(const struct buffer *buffer)
{
    int error = OK;
    for (size_t at = 0; at < buffer->len && error == OK; at += BUS_PIECE_BYTES) {
        size_t left = buffer->len - at;
        size_t len = left < BUS_PIECE_BYTES ? left : BUS_PIECE_BYTES;
        struct message message = {.words = {BUS_PUT, at | (uint64_t)len << 32}};
        memcpy(&message.words[2], buffer->bytes + at, len);
        error = ask(&message);
    }
    return error;
}

static MUST_CHECK int get(struct buffer *buffer)
{
    int error;
    size_t len;
    buffer->len = 0;
    do {
        struct message message = {.words = {BUS_GET, buffer->len}};
        error = ask(&message);
        len = message.words[1] < BUS_BYTES_MAX ? message.words[1] : BUS_BYTES_MAX;
        size_t left = len > buffer->len ? len - buffer->len : 0;
        size_t piece = left < BUS_PIECE_BYTES ? left : BUS_PIECE_BYTES;
        memcpy(buffer->bytes + buffer->len, &message.words[2], piece);
        buffer->len += piece;
    } while (error == OK && buffer->len < len);
    return error;
}

/* What a question has brought, and how much of the buffer was taken. */
struct answer {
    struct message message;
    struct buffer buffer;
    size_t at;
};

/* Takes from the front of what is left; E_CORRUPT: it is too short. */
static MUST_CHECK int take(struct answer *answer, void *bytes, size_t len)
{
    if (answer->buffer.len - answer->at < len) {
        return E_CORRUPT;
    }
    memcpy(bytes, answer->buffer.bytes + answer->at, len);
    answer->at += len;
    return OK;
}

static MUST_CHECK int take_name(struct answer *answer, char name[BUS_ID_MAX + 1])
{
    uint8_t len = 0;
    int error = take(answer, &len, 1);
    if (error == OK) {
        error = len > BUS_ID_MAX ? E_CORRUPT : take(answer, name, len);
    }
    if (error == OK) {
        name[len] = '\0';
    }
    return error;
}

/* A question about the entry at `index`; the name that every buffer of an entry begins with. */
static MUST_CHECK int look(enum bus_label label, uint64_t index, struct answer *answer,
                           char name[BUS_ID_MAX + 1])
{
    answer->message = (struct message){.words = {label, index}};
    answer->at = 0;
    int error = ask(&answer->message);
    if (error == OK) {
        error = get(&answer->buffer);
    }
    return error == OK ? take_name(answer, name) : error;
}

/* A request whose buffer is to be sent before; the program can be signalled. */
static MUST_CHECK int start(struct message *message, const struct buffer *buffer)
{
    struct sysret copy =
        sys_handle_copy(startup_handle(ROLE_NOTIFICATION), RIGHT_WRITE | RIGHT_GRANT, 0);
    if (copy.status != OK) {
        return (int)copy.status;
    }
    message->handles[0] = (handle_t)copy.value;
    message->handle_count = 1;
    int error = put(buffer);
    if (error == OK) {
        error = ask(message);
    }
    sys_handle_close((handle_t)copy.value);
    return error;
}

/* --- what is there --- */

int bus_get_node(uint64_t *index, struct bus_node *node)
{
    struct answer answer;
    const uint64_t *words = answer.message.words;
    int error = look(BUS_NODE_GET, *index, &answer, node->id);
    if (error == OK) {
        error = take(&answer, node->key, BUS_KEY_BYTES);
    }
    if (error == OK) {
        node->port = (uint16_t)words[1];
        node->mode = words[2] < BUS_MODES ? (enum bus_mode)words[2] : BUS_MODE_NONE;
        node->up_seconds = words[3];
        node->has_met = words[4] == 1;
        ++*index;
    }
    return error;
}

int bus_get_peer(uint64_t *index, struct bus_peer *peer)
{
    struct answer answer;
    const uint64_t *words = answer.message.words;
    int error = look(BUS_PEER_GET, *index, &answer, peer->id);
    if (error == OK) {
        error = take(&answer, peer->key, BUS_KEY_BYTES);
    }
    peer->service_count = 0;
    while (error == OK && answer.at < answer.buffer.len && peer->service_count < BUS_SERVICES_MAX) {
        error = take_name(&answer, peer->services[peer->service_count++]);
    }
    if (error == OK) {
        peer->address = (uint32_t)words[1];
        peer->port = (uint16_t)(words[1] >> 32);
        peer->flags = (uint32_t)words[2];
        peer->heard_seconds = words[3];
        *index = words[4];
    }
    return error;
}

int bus_get_service(uint64_t *index, struct bus_service *service)
{
    struct answer answer;
    int error = look(BUS_SERVICE_GET, *index, &answer, service->name);
    if (error == OK) {
        service->policy = (enum bus_policy)answer.message.words[1];
        service->request_max = (uint32_t)answer.message.words[2];
        *index = answer.message.words[3];
    }
    return error;
}

int bus_get_trusted(uint64_t *index, struct bus_trusted *trusted)
{
    struct answer answer;
    int error = look(BUS_TRUST_GET, *index, &answer, trusted->id);
    memset(trusted->key, 0, BUS_KEY_BYTES);
    if (error == OK && answer.at < answer.buffer.len) {
        error = take(&answer, trusted->key, BUS_KEY_BYTES);
    }
    if (error == OK) {
        trusted->kind = (enum bus_trust)answer.message.words[1];
        *index = answer.message.words[2];
    }
    return error;
}

int bus_get_counter(uint64_t *index, char name[BUS_COUNTER_NAME_WORDS * 8 + 1], uint64_t *value)
{
    struct message message = {.words = {BUS_COUNTER_GET, *index}};
    int error = ask(&message);
    if (error == OK) {
        memcpy(name, &message.words[2], BUS_COUNTER_NAME_WORDS * 8);
        name[BUS_COUNTER_NAME_WORDS * 8] = '\0';
        *value = message.words[1];
        ++*index;
    }
    return error;
}

int bus_set_trust(enum bus_trust action, const char *id, const uint8_t *key)
{
    struct buffer buffer = {.len = 0};
    struct message message = {.words = {BUS_TRUST_SET, action}};
    int error = add_name(&buffer, id != NULL ? id : "");
    if (error == OK && key != NULL) {
        error = add(&buffer, key, BUS_KEY_BYTES);
    }
    if (error == OK) {
        error = put(&buffer);
    }
    return error == OK ? ask(&message) : error;
}

/* --- pings and calls --- */

/* Waits for the result of what `message` has started; it has the words of BUS_TAKE then. */
static MUST_CHECK int await(struct message *message, ticks_t deadline)
{
    uint64_t token = message->words[1], bits;
    int error;
    do {
        int woken = event_wait(EVENT_BUS, deadline, &bits);
        *message = (struct message){.words = {BUS_TAKE, token}};
        error = ask(message);
        if (woken != OK && error == E_AGAIN) {
            return woken;
        }
    } while (error == E_AGAIN); /* the signal was for something else */
    return error;
}

int bus_ping(const char *peer, ticks_t deadline, uint64_t *rtt_us)
{
    static const char text[] = "a program's ping"; /* which no capture may show */
    struct buffer buffer = {.len = 0};
    struct message message = {.words = {BUS_PING_START, EVENT_BUS}};
    int error = add_name(&buffer, peer);
    if (error == OK) {
        error = add(&buffer, text, sizeof(text) - 1);
    }
    if (error == OK) {
        error = start(&message, &buffer);
    }
    if (error == OK) {
        error = await(&message, deadline);
    }
    *rtt_us = message.words[1];
    return error == OK && message.words[2] != BUS_DONE ? E_TIMEOUT : error;
}

int bus_call(struct bus_call *call, ticks_t deadline)
{
    struct buffer buffer = {.len = 0};
    struct message message = {.words = {BUS_CALL_START, EVENT_BUS}};
    int error = call->request_len > BUS_CALL_MAX ? E_RANGE : add_name(&buffer, call->peer);
    if (error == OK) {
        error = add_name(&buffer, call->service);
    }
    if (error == OK) {
        error = add(&buffer, call->request, call->request_len);
    }
    if (error == OK) {
        error = start(&message, &buffer);
    }
    if (error == OK) {
        error = await(&message, deadline);
    }
    if (error == OK) {
        error = get(&buffer);
    }
    if (error != OK) {
        return error;
    }
    call->rtt_us = message.words[1];
    call->result = message.words[2] < BUS_RESULTS ? (enum bus_result)message.words[2] : BUS_LOST;
    call->answer_len = buffer.len < BUS_CALL_MAX ? buffer.len : BUS_CALL_MAX;
    memcpy(call->answer, buffer.bytes, call->answer_len);
    return OK;
}

const char *bus_result_text(enum bus_result result)
{
    static const char *const texts[BUS_RESULTS] = {
        [BUS_DONE] = "done",
        [BUS_FAILED] = "the service could not",
        [BUS_TOO_LONG] = "the request is longer than the service takes",
        [BUS_NO_SERVICE] = "the peer has no such service",
        [BUS_DENIED] = "the service is not for this node",
        [BUS_NO_CHANNEL] = "the peer is busy",
        [BUS_LATE] = "no answer in time",
        [BUS_LOST] = "the session ended",
    };
    return texts[result < BUS_RESULTS ? result : BUS_LOST];
}

/* --- services of its own --- */

static uint64_t epoch; /* of the dsoftbusd that has our services; 0: none has */

int bus_serve(const char *service, enum bus_policy policy, uint32_t request_max)
{
    struct buffer buffer = {.len = 0};
    struct message message = {.words = {BUS_SERVE, EVENT_BUS, policy, request_max, epoch}};
    int error = add_name(&buffer, service);
    if (error == OK) {
        error = start(&message, &buffer);
    }
    if (error == OK || error == E_RESTARTED) {
        epoch = error == OK ? message.words[1] : 0;
    }
    return error;
}

/* E_AGAIN: there is none. */
static MUST_CHECK int take_request(struct bus_request *request)
{
    struct answer answer;
    int error = look(BUS_NEXT, 0, &answer, request->peer);
    if (error == OK) {
        error = take_name(&answer, request->service);
    }
    if (error != OK) {
        return error;
    }
    request->number = answer.message.words[1];
    request->len = answer.buffer.len - answer.at;
    return request->len > BUS_CALL_MAX ? E_CORRUPT : take(&answer, request->bytes, request->len);
}

int bus_next(struct bus_request *request)
{
    for (;;) {
        uint64_t bits;
        int error = take_request(request);
        if (error == E_NOT_FOUND) {
            epoch = 0;
        }
        if (error != E_AGAIN) {
            return error;
        }
        error = event_wait(EVENT_BUS, DEADLINE_FOREVER, &bits);
        if (error != OK) {
            return error;
        }
    }
}

static MUST_CHECK int reply(const struct bus_request *request, uint64_t status, const void *answer,
                            size_t len)
{
    struct buffer buffer = {.len = 0};
    struct message message = {.words = {BUS_ANSWER, request->number, status}};
    int error = add(&buffer, answer, len);
    if (error == OK) {
        error = put(&buffer);
    }
    return error == OK ? ask(&message) : error;
}

int bus_answer(const struct bus_request *request, const void *answer, size_t len)
{
    return len > BUS_CALL_MAX ? E_RANGE : reply(request, 0, answer, len);
}

int bus_fail(const struct bus_request *request)
{
    return reply(request, 1, NULL, 0);
}
