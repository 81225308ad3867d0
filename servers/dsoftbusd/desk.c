/* SPDX-License-Identifier: BSD-2-Clause */
#include "desk.h"

#include <string.h>

enum { US_PER_S = 1000 * 1000 };

void desk_init(struct desk *desk, uint64_t epoch)
{
    memset(desk, 0, sizeof(*desk));
    desk->epoch = epoch;
}

void desk_add_node(struct desk *desk, struct node *node)
{
    desk->node[desk->nodes++] = node; /* at most DESK_NODES, by the caller */
}

int desk_admit(struct desk *desk, uint64_t badge, const struct init_bus *rights)
{
    for (int i = 0; i < DESK_CLIENTS; i++) {
        struct desk_client *client = &desk->client[i];
        if (client->badge == 0) {
            client->badge = badge;
            client->rights = *rights;
            return OK;
        }
    }
    return E_LIMIT;
}

static int find_client(const struct desk *desk, uint64_t badge)
{
    for (int i = 0; i < DESK_CLIENTS; i++) {
        if (desk->client[i].badge == badge && badge != 0) {
            return i;
        }
    }
    return -1;
}

/* --- buffers --- */

bool desk_take_name(struct crypto_span *bytes, struct bus_name *name)
{
    if (bytes->len == 0 || bytes->len - 1 < bytes->bytes[0]) {
        return false;
    }
    size_t len = bytes->bytes[0];
    if (!bus_name_set(name, bytes->bytes + 1, len)) {
        return false;
    }
    *bytes = (struct crypto_span){bytes->bytes + 1 + len, bytes->len - 1 - len};
    return true;
}

void desk_put(struct desk_client *client, const void *bytes, size_t len)
{
    memcpy(client->out + client->out_len, bytes, len); /* callers put <= BUS_BYTES_MAX in all */
    client->out_len += len;
}

void desk_put_name(struct desk_client *client, const struct bus_name *name)
{
    desk_put(client, &name->len, 1);
    desk_put(client, name->text, name->len);
}

static int put_piece(struct desk_client *client, const uint64_t words[IPC_WORDS])
{
    uint64_t offset = words[1] & UINT32_MAX;
    uint64_t len = words[1] >> 32;
    if (offset == 0) {
        client->in_len = 0;
    }
    if (offset != client->in_len || len == 0 || len > BUS_PIECE_BYTES ||
        len > sizeof(client->in) - client->in_len) {
        return E_INVALID;
    }
    /* --- committed --- */
    memcpy(client->in + client->in_len, &words[2], len);
    client->in_len += len;
    return OK;
}

static int get_piece(const struct desk_client *client, const uint64_t words[IPC_WORDS],
                     uint64_t reply[IPC_WORDS])
{
    if (words[1] > client->out_len) {
        return E_INVALID;
    }
    size_t left = client->out_len - words[1];
    reply[1] = client->out_len;
    memcpy(&reply[2], client->out + words[1], left < BUS_PIECE_BYTES ? left : BUS_PIECE_BYTES);
    return OK;
}

/* --- what is there --- */

static int get_node(struct desk *desk, struct desk_client *client, uint64_t index,
                    uint64_t reply[IPC_WORDS], uint64_t now_us)
{
    if (index >= (uint64_t)desk->nodes) {
        return E_NOT_FOUND;
    }
    struct node *node = desk->node[index];
    desk_put_name(client, &node->config.id);
    desk_put(client, node_public_key(node), CRYPTO_KEY_BYTES);
    reply[1] = node->config.port;
    reply[2] = desk->mode[index];
    reply[3] = (now_us - node->started_us) / US_PER_S;
    reply[4] = desk->has_met;
    return OK;
}

static int get_peer(const struct node *node, struct desk_client *client, uint64_t index,
                    uint64_t reply[IPC_WORDS], uint64_t now_us)
{
    while (index < PEERS_MAX && !node->peers.slot[index].is_used) {
        index++;
    }
    if (index >= PEERS_MAX) {
        return E_NOT_FOUND;
    }
    const struct peer *peer = &node->peers.slot[index];
    const struct announce *announce = &peer->announce;
    const uint8_t *pin = trust_find_key(&node->trust, &announce->id);
    desk_put_name(client, &announce->id);
    desk_put(client, announce->key, CRYPTO_KEY_BYTES);
    for (size_t i = 0; i < announce->service_count; i++) {
        desk_put_name(client, &announce->services[i]);
    }
    reply[1] = peer->address | (uint64_t)announce->port << 32;
    reply[2] = (node_has_session(node, &announce->id) ? (uint64_t)BUS_PEER_SESSION : 0) |
               (pin != NULL ? (uint64_t)BUS_PEER_PINNED : 0);
    reply[3] = (now_us - peer->heard_us) / US_PER_S;
    reply[4] = index + 1;
    return OK;
}

static int get_service(const struct node *node, struct desk_client *client, uint64_t index,
                       uint64_t reply[IPC_WORDS])
{
    while (index < SERVICES_MAX && !node->services.slot[index].is_used) {
        index++;
    }
    if (index >= SERVICES_MAX) {
        return E_NOT_FOUND;
    }
    const struct service *service = &node->services.slot[index];
    desk_put_name(client, &service->name);
    reply[1] = service->policy;
    reply[2] = service->request_max;
    reply[3] = index + 1;
    return OK;
}

static int get_counter(const struct node *node, uint64_t index, uint64_t reply[IPC_WORDS])
{
    if (index >= BUS_COUNTER_COUNT) {
        return E_NOT_FOUND;
    }
    const char *name = bus_counter_name((enum bus_counter)index);
    size_t len = strnlen(name, BUS_COUNTER_NAME_WORDS * sizeof(uint64_t));
    reply[1] = node->stats.value[index];
    memcpy(&reply[2], name, len);
    return OK;
}

/* --- trust --- */

static_assert((int)BUS_TRUST_PIN == (int)TRUST_PIN && (int)BUS_TRUST_ALLOW == (int)TRUST_ALLOW &&
                  (int)BUS_TRUST_DENY_KEY == (int)TRUST_DENY_KEY &&
                  (int)BUS_TRUST_DENY_ID == (int)TRUST_DENY_ID,
              "an entry goes out as it is");

static int get_trust(const struct node *node, struct desk_client *client, uint64_t index,
                     uint64_t reply[IPC_WORDS])
{
    while (index < TRUST_MAX && node->trust.slot[index].kind == TRUST_FREE) {
        index++;
    }
    if (index >= TRUST_MAX) {
        return E_NOT_FOUND;
    }
    const struct trust_entry *entry = &node->trust.slot[index];
    desk_put_name(client, &entry->id);
    if (entry->kind != TRUST_DENY_ID) {
        desk_put(client, entry->key, CRYPTO_KEY_BYTES);
    }
    reply[1] = entry->kind;
    reply[2] = index + 1;
    return OK;
}

static int change_trust(struct trust *trust, uint64_t action, const struct bus_name *id,
                        const uint8_t *key)
{
    switch (action) {
    case BUS_TRUST_PIN: return key == NULL ? E_INVALID : trust_pin(trust, id, key);
    case BUS_TRUST_ROTATE: return key == NULL ? E_INVALID : trust_rotate(trust, id, key);
    case BUS_TRUST_ALLOW: return key == NULL ? E_INVALID : trust_allow(trust, key);
    case BUS_TRUST_DENY_KEY: return key == NULL ? E_INVALID : trust_deny_key(trust, key);
    case BUS_TRUST_FORGET_KEY: return key == NULL ? E_INVALID : trust_forget_key(trust, key);
    case BUS_TRUST_DENY_ID: return trust_deny_id(trust, id);
    case BUS_TRUST_FORGET_ID: return trust_forget_id(trust, id);
    default: return E_INVALID;
    }
}

static int set_trust(struct node *node, uint64_t action, struct crypto_span in, uint64_t now_us)
{
    struct bus_name id = {.len = 0};
    if (in.len != 0 && in.bytes[0] == 0) { /* no id */
        in = (struct crypto_span){in.bytes + 1, in.len - 1};
    } else if (!desk_take_name(&in, &id)) {
        return E_INVALID;
    }
    if (in.len != 0 && in.len != CRYPTO_KEY_BYTES) {
        return E_INVALID;
    }
    int error = change_trust(&node->trust, action, &id, in.len != 0 ? in.bytes : NULL);
    if (error == OK) {
        node_recheck(node, now_us);
    }
    return error;
}

/* --- pings and calls --- */

/* Whether one can be begun; what was done and not taken is forgotten. */
static int make_room(struct desk_client *client, const struct desk_request *request)
{
    if (request->notification == HANDLE_NONE) {
        return E_INVALID;
    }
    if (client->ask.state != DESK_ASK_NONE && client->ask.state != DESK_ASK_DONE) {
        return E_BUSY;
    }
    return client->ask.notification != HANDLE_NONE ? E_BUSY : OK; /* its signal is still to come */
}

static void begin_ask(struct desk *desk, struct desk_client *client,
                      const struct desk_request *request)
{
    client->ask.token = ++desk->next_token;
    client->ask.notification = request->notification;
    client->ask.bits = request->words[1];
    client->ask.rtt_us = 0;
}

static int start_ping(struct desk *desk, struct desk_client *client,
                      const struct desk_request *request, struct crypto_span in, uint64_t now_us)
{
    struct bus_name peer;
    int error = make_room(client, request);
    if (error != OK || !desk_take_name(&in, &peer) || in.len > BUS_PING_MAX) {
        return error != OK ? error : E_INVALID;
    }
    error = node_ping(desk->node[0], &peer, in, now_us);
    if (error != OK) {
        return error == E_BUSY ? E_AGAIN : error;
    }
    /* --- committed --- */
    begin_ask(desk, client, request);
    client->ask.state = DESK_ASK_PING;
    client->ask.is_call = false;
    client->ask.number = desk->node[0]->last_ping;
    return OK;
}

static int start_call(struct desk *desk, struct desk_client *client,
                      const struct desk_request *request, struct crypto_span in, uint64_t now_us)
{
    struct bus_name peer;
    struct bus_name service;
    uint32_t call;
    int error = make_room(client, request);
    if (error != OK || !desk_take_name(&in, &peer) || !desk_take_name(&in, &service) ||
        in.len > CALL_BYTES_MAX) {
        return error != OK ? error : E_INVALID;
    }
    error = node_call(desk->node[0], &peer, &service, in, now_us, &call);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    begin_ask(desk, client, request);
    client->ask.state = DESK_ASK_CALL;
    client->ask.is_call = true;
    client->ask.number = call;
    return OK;
}

static enum bus_result result_of(enum call_status status)
{
    switch (status) {
    case CALL_OK: return BUS_DONE;
    case CALL_FAILED: return BUS_FAILED;
    case CALL_TOO_LONG: return BUS_TOO_LONG;
    case CALL_NO_SERVICE: return BUS_NO_SERVICE;
    case CALL_DENIED: return BUS_DENIED;
    case CALL_BUSY: return BUS_NO_CHANNEL;
    case CALL_TIMEOUT: return BUS_LATE;
    case CALL_LOST: break;
    }
    return BUS_LOST;
}

static int take(struct desk *desk, struct desk_client *client, uint64_t token,
                uint64_t reply[IPC_WORDS])
{
    enum call_status status;
    size_t len;
    if (token != client->ask.token || client->ask.state == DESK_ASK_NONE) {
        return E_NOT_FOUND;
    }
    if (client->ask.state != DESK_ASK_DONE) {
        return E_AGAIN;
    }
    /* --- committed --- */
    client->ask.state = DESK_ASK_NONE;
    if (client->ask.is_call) {
        int error =
            node_take_answer(desk->node[0], client->ask.number, &status, client->out, &len);
        client->ask.result = error == OK ? result_of(status) : BUS_LOST; /* it waited too long */
        client->out_len = error == OK ? len : 0;
    }
    reply[1] = client->ask.rtt_us;
    reply[2] = client->ask.result;
    return OK;
}

/* --- all requests --- */

static bool asks_trust(uint64_t label)
{
    return label == BUS_TRUST_GET || label == BUS_TRUST_SET;
}

/* I1. What is offered is looked at by name. */
static bool may(const struct desk_client *client, uint64_t label)
{
    switch (label) {
    case BUS_SERVE:
    case BUS_UNSERVE:
    case BUS_NEXT:
    case BUS_ANSWER: return client->rights.services[0][0] != '\0';
    case BUS_PEER_GET:
    case BUS_PING_START:
    case BUS_CALL_START:
    case BUS_TAKE: return (client->rights.flags & MAY_ASK) != 0;
    default: return !asks_trust(label) || (client->rights.flags & MAY_TRUST) != 0;
    }
}

/* I4. */
static bool is_served(const struct desk *desk, uint64_t label)
{
    return desk->is_open || (desk->nodes != 0 && asks_trust(label));
}

static int dispatch(struct desk *desk, int index, const struct desk_request *request,
                    struct crypto_span in, uint64_t reply[IPC_WORDS], uint64_t now_us,
                    handle_t *dropped)
{
    struct desk_client *client = &desk->client[index];
    const uint64_t *words = request->words;
    switch (words[0]) {
    case BUS_NODE_GET: return get_node(desk, client, words[1], reply, now_us);
    case BUS_PEER_GET: return get_peer(desk->node[0], client, words[1], reply, now_us);
    case BUS_SERVICE_GET: return get_service(desk->node[0], client, words[1], reply);
    case BUS_COUNTER_GET: return get_counter(desk->node[0], words[1], reply);
    case BUS_PING_START: return start_ping(desk, client, request, in, now_us);
    case BUS_CALL_START: return start_call(desk, client, request, in, now_us);
    case BUS_TAKE: return take(desk, client, words[1], reply);
    case BUS_TRUST_GET: return get_trust(desk->node[0], client, words[1], reply);
    case BUS_TRUST_SET: return set_trust(desk->node[0], words[1], in, now_us);
    case BUS_SERVE: return desk_serve(desk, index, request, in, dropped);
    case BUS_UNSERVE: return desk_unserve(desk, index, in);
    case BUS_NEXT: return desk_next(desk, index, reply);
    case BUS_ANSWER: return desk_take_reply(desk, index, words, in, now_us);
    default: return E_BAD_CALL;
    }
}

static bool starts_something(uint64_t label)
{
    return label == BUS_PING_START || label == BUS_CALL_START || label == BUS_SERVE;
}

static int answer(struct desk *desk, const struct desk_request *request,
                  uint64_t reply[IPC_WORDS], uint64_t now_us, handle_t *dropped)
{
    uint64_t label = request->words[0];
    int index = find_client(desk, request->badge);
    if (index < 0) {
        return E_DENIED;
    }
    struct desk_client *client = &desk->client[index];
    if (label == BUS_PUT) {
        return put_piece(client, request->words);
    }
    if (label == BUS_GET) {
        return get_piece(client, request->words, reply);
    }
    const struct crypto_span in = {client->in, client->in_len};
    client->in_len = 0; /* used up, whatever becomes of it; its bytes stay until the next piece */
    if (!may(client, label)) {
        return E_DENIED;
    }
    if (!is_served(desk, label)) {
        return E_UNSUPPORTED; /* no identity yet, no port, or no room for trust */
    }
    client->out_len = 0;
    int error = dispatch(desk, index, request, in, reply, now_us, dropped);
    if (error == OK && (label == BUS_PING_START || label == BUS_CALL_START)) {
        reply[1] = client->ask.token;
    } else if (error == OK && label == BUS_SERVE) {
        reply[1] = desk->epoch;
    }
    return error;
}

void desk_answer(struct desk *desk, const struct desk_request *request,
                 uint64_t reply[IPC_WORDS], uint64_t now_us, bool *kept, handle_t *dropped)
{
    memset(reply, 0, IPC_WORDS * sizeof(reply[0]));
    *dropped = HANDLE_NONE;
    int error = answer(desk, request, reply, now_us, dropped);
    *kept = error == OK && starts_something(request->words[0]) &&
            request->notification != HANDLE_NONE;
    if (error != OK) {
        memset(reply, 0, IPC_WORDS * sizeof(reply[0]));
    }
    reply[0] = (uint64_t)(int64_t)error;
}

/* --- what happens meanwhile --- */

static void finish_ask(struct desk *desk, struct desk_client *client,
                       const struct node_event *event)
{
    uint8_t nothing[CALL_BYTES_MAX];
    enum call_status status;
    size_t len;
    if (client->ask.state == DESK_ASK_ABANDONED) {
        (void)!node_take_answer(desk->node[0], client->ask.number, &status, nothing, &len);
        client->ask.state = DESK_ASK_NONE;
        return;
    }
    client->ask.state = DESK_ASK_DONE;
    client->ask.result = event->kind == EVENT_PING_LOST ? BUS_LATE : BUS_DONE;
    client->ask.rtt_us = event->us;
}

void desk_event(struct desk *desk, int node, const struct node_event *event)
{
    bool is_ping = event->kind == EVENT_PING_OK || event->kind == EVENT_PING_LOST;
    for (int i = 0; i < DESK_CLIENTS && node == 0; i++) {
        struct desk_client *client = &desk->client[i];
        bool waits_for_call =
            client->ask.state == DESK_ASK_CALL || client->ask.state == DESK_ASK_ABANDONED;
        bool is_its_kind = (is_ping && client->ask.state == DESK_ASK_PING) ||
                           (event->kind == EVENT_CALL_DONE && waits_for_call);
        if (is_its_kind && client->ask.number == event->call) {
            finish_ask(desk, client, event);
        }
    }
}

void desk_tick(struct desk *desk, uint64_t now_us)
{
    desk_expire_errands(desk, now_us);
}

void desk_gone(struct desk *desk, uint64_t badge, uint64_t now_us)
{
    int index = find_client(desk, badge);
    if (index < 0) {
        return;
    }
    struct desk_client *client = &desk->client[index];
    desk_remove_services(desk, index, now_us);
    client->ask.state =
        client->ask.state == DESK_ASK_CALL ? DESK_ASK_ABANDONED : DESK_ASK_NONE;
    client->in_len = 0;
    client->out_len = 0;
}

bool desk_next_wakeup(struct desk *desk, struct desk_wakeup *wakeup)
{
    for (int i = 0; i < DESK_CLIENTS; i++) {
        struct desk_client *client = &desk->client[i];
        bool is_under_way =
            client->ask.state == DESK_ASK_PING || client->ask.state == DESK_ASK_CALL;
        if (client->ask.notification != HANDLE_NONE && !is_under_way) {
            *wakeup = (struct desk_wakeup){client->ask.notification, client->ask.bits, true};
            client->ask.notification = HANDLE_NONE;
            return true;
        }
        if (client->bell_rings && client->bell != HANDLE_NONE) {
            *wakeup = (struct desk_wakeup){client->bell, client->bell_bits, false};
            client->bell_rings = false;
            return true;
        }
    }
    return false;
}
